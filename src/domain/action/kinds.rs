//! The kinds of Kubernetes object that a command may name, and every name kubectl has for them. Data with look-ups.
//! Secrets are not in the table: asking for one is refused with its own words in `kubectl`.

use super::types::Kind;

/// One row: how a kind is called.
#[derive(Debug)]
struct KindRow {
    kind: Kind,
    /// The name in our canonical command line, and for people.
    singular: &'static str,
    plural: &'static str,
    /// API group as kubectl appends it (`deployments.apps`); empty for the core group.
    group: &'static str,
    /// Short names from `kubectl api-resources`.
    short: &'static [&'static str],
    namespaced: bool,
}

const fn row(
    kind: Kind,
    singular: &'static str,
    plural: &'static str,
    group: &'static str,
    short: &'static [&'static str],
    namespaced: bool,
) -> KindRow {
    KindRow {
        kind,
        singular,
        plural,
        group,
        short,
        namespaced,
    }
}

/// Source: `kubectl api-resources` of Kubernetes 1.36.
const KINDS: &[KindRow] = &[
    row(Kind::Pod, "pod", "pods", "", &["po"], true),
    row(
        Kind::Deployment,
        "deployment",
        "deployments",
        "apps",
        &["deploy"],
        true,
    ),
    row(
        Kind::StatefulSet,
        "statefulset",
        "statefulsets",
        "apps",
        &["sts"],
        true,
    ),
    row(Kind::DaemonSet, "daemonset", "daemonsets", "apps", &["ds"], true),
    row(
        Kind::ReplicaSet,
        "replicaset",
        "replicasets",
        "apps",
        &["rs"],
        true,
    ),
    row(Kind::Job, "job", "jobs", "batch", &[], true),
    row(Kind::CronJob, "cronjob", "cronjobs", "batch", &["cj"], true),
    row(Kind::Service, "service", "services", "", &["svc"], true),
    row(Kind::ConfigMap, "configmap", "configmaps", "", &["cm"], true),
    row(Kind::Node, "node", "nodes", "", &["no"], false),
    row(Kind::Namespace, "namespace", "namespaces", "", &["ns"], false),
    row(Kind::Event, "event", "events", "", &["ev"], true),
    row(
        Kind::Ingress,
        "ingress",
        "ingresses",
        "networking.k8s.io",
        &["ing"],
        true,
    ),
    row(Kind::Endpoints, "endpoints", "endpoints", "", &["ep"], true),
    row(
        Kind::HorizontalPodAutoscaler,
        "horizontalpodautoscaler",
        "horizontalpodautoscalers",
        "autoscaling",
        &["hpa"],
        true,
    ),
    row(
        Kind::PersistentVolumeClaim,
        "persistentvolumeclaim",
        "persistentvolumeclaims",
        "",
        &["pvc"],
        true,
    ),
    row(
        Kind::PodDisruptionBudget,
        "poddisruptionbudget",
        "poddisruptionbudgets",
        "policy",
        &["pdb"],
        true,
    ),
];

impl Kind {
    /// Reads any name that kubectl has for the kind, in any case: `deploy`, `Deployments`, `deployments.apps`.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        let (name, group) = match word.split_once('.') {
            Some((name, group)) => (name, Some(group)),
            None => (word.as_str(), None),
        };
        KINDS
            .iter()
            .find(|row| row.singular == name || row.plural == name || row.short.contains(&name))
            .filter(|row| group.is_none_or(|group| !row.group.is_empty() && group_fits(row.group, group)))
            .map(|row| row.kind)
    }

    /// `deployment`: in our canonical command line and for people.
    #[must_use]
    pub fn singular(self) -> &'static str {
        row_of(self).map_or("object", |row| row.singular)
    }

    /// `deployments`.
    #[must_use]
    pub fn plural(self) -> &'static str {
        row_of(self).map_or("objects", |row| row.plural)
    }

    /// False for kinds that belong to the whole cluster.
    #[must_use]
    pub fn is_namespaced(self) -> bool {
        row_of(self).is_none_or(|row| row.namespaced)
    }

    /// The names that a message may offer.
    pub(crate) fn all_names() -> impl Iterator<Item = &'static str> {
        KINDS.iter().map(|row| row.singular)
    }
}

fn row_of(kind: Kind) -> Option<&'static KindRow> {
    KINDS.iter().find(|row| row.kind == kind)
}

/// `apps` or `v1.apps`, as kubectl reads `deployments.v1.apps`.
fn group_fits(group: &str, written: &str) -> bool {
    written == group || written.strip_prefix("v1.") == Some(group)
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.singular())
    }
}

impl std::fmt::Display for super::types::ObjectRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.kind.is_namespaced() {
            write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
        } else {
            write!(f, "{} {}", self.kind, self.name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_row_and_reads_back() {
        for row in KINDS {
            for word in [row.singular, row.plural]
                .into_iter()
                .chain(row.short.iter().copied())
            {
                assert_eq!(Kind::from_word(word), Some(row.kind), "{word}");
            }
            assert_eq!(row.kind.singular(), row.singular);
        }
        assert_eq!(KINDS.len(), 17);
        assert_eq!(Kind::from_word("Deployments.apps"), Some(Kind::Deployment));
        assert_eq!(Kind::from_word("deployments.v1.apps"), Some(Kind::Deployment));
        for word in ["deployments.batch", "pod.apps", "secret", "secrets", "role", ""] {
            assert_eq!(Kind::from_word(word), None, "{word}");
        }
    }
}
