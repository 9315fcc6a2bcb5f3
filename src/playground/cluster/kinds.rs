//! The table of resource kinds that the double serves: names, groups, scopes and subresources, as discovery shows them.
//! Names and short names are those of Kubernetes 1.36.

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is the Kubernetes kind of that name")]
pub enum Kind {
    Namespace,
    Node,
    ServiceAccount,
    Pod,
    Service,
    ConfigMap,
    Secret,
    Event,
    ResourceQuota,
    LimitRange,
    PersistentVolumeClaim,
    ReplicationController,
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    ControllerRevision,
    Job,
    CronJob,
    PodDisruptionBudget,
    HorizontalPodAutoscaler,
    Lease,
    EndpointSlice,
    Role,
    ClusterRole,
    RoleBinding,
    ClusterRoleBinding,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
}

/// Whether objects of a kind live in a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One for the whole cluster.
    Cluster,
    /// In a namespace.
    Namespaced,
}

/// What discovery says of a kind.
#[derive(Debug)]
pub struct KindInfo {
    /// The kind itself.
    pub kind: Kind,
    /// API group; empty for the core group.
    pub group: &'static str,
    /// API version within the group.
    pub version: &'static str,
    /// Resource name in paths, for example `deployments`.
    pub plural: &'static str,
    /// Name in the singular, for example `deployment`.
    pub singular: &'static str,
    /// Kind name, for example `Deployment`.
    pub name: &'static str,
    /// Short names that kubectl takes.
    pub short: &'static [&'static str],
    /// Scope.
    pub scope: Scope,
    /// Subresources beyond the object itself.
    pub subresources: &'static [&'static str],
    /// Whether `kubectl get all` shows it.
    pub in_all: bool,
}

const fn row(
    kind: Kind,
    group_version: (&'static str, &'static str),
    names: (&'static str, &'static str, &'static str),
    short: &'static [&'static str],
    scope: Scope,
    subresources: &'static [&'static str],
    in_all: bool,
) -> KindInfo {
    KindInfo {
        kind,
        group: group_version.0,
        version: group_version.1,
        name: names.0,
        plural: names.1,
        singular: names.2,
        short,
        scope,
        subresources,
        in_all,
    }
}

const CORE: (&str, &str) = ("", "v1");
const APPS: (&str, &str) = ("apps", "v1");
const BATCH: (&str, &str) = ("batch", "v1");
const RBAC: (&str, &str) = ("rbac.authorization.k8s.io", "v1");
const ADMISSION: (&str, &str) = (ADMISSION_GROUP, "v1");
/// Its kinds came with 1.30.
pub(super) const ADMISSION_GROUP: &str = "admissionregistration.k8s.io";
const STATUS: &[&str] = &["status"];
const SCALE: &[&str] = &["scale", "status"];

/// All kinds, in the order of the enum.
#[rustfmt::skip]
pub(super) static KINDS: [KindInfo; 29] = [
    row(Kind::Namespace, CORE, ("Namespace", "namespaces", "namespace"), &["ns"], Scope::Cluster, STATUS, false),
    row(Kind::Node, CORE, ("Node", "nodes", "node"), &["no"], Scope::Cluster, STATUS, false),
    row(Kind::ServiceAccount, CORE, ("ServiceAccount", "serviceaccounts", "serviceaccount"), &["sa"], Scope::Namespaced, &["token"], false),
    row(Kind::Pod, CORE, ("Pod", "pods", "pod"), &["po"], Scope::Namespaced, &["exec", "log", "status"], true),
    row(Kind::Service, CORE, ("Service", "services", "service"), &["svc"], Scope::Namespaced, STATUS, true),
    row(Kind::ConfigMap, CORE, ("ConfigMap", "configmaps", "configmap"), &["cm"], Scope::Namespaced, &[], false),
    row(Kind::Secret, CORE, ("Secret", "secrets", "secret"), &[], Scope::Namespaced, &[], false),
    row(Kind::Event, CORE, ("Event", "events", "event"), &["ev"], Scope::Namespaced, &[], false),
    row(Kind::ResourceQuota, CORE, ("ResourceQuota", "resourcequotas", "resourcequota"), &["quota"], Scope::Namespaced, STATUS, false),
    row(Kind::LimitRange, CORE, ("LimitRange", "limitranges", "limitrange"), &["limits"], Scope::Namespaced, &[], false),
    row(Kind::PersistentVolumeClaim, CORE, ("PersistentVolumeClaim", "persistentvolumeclaims", "persistentvolumeclaim"), &["pvc"], Scope::Namespaced, STATUS, false),
    row(Kind::ReplicationController, CORE, ("ReplicationController", "replicationcontrollers", "replicationcontroller"), &["rc"], Scope::Namespaced, STATUS, true),
    row(Kind::Deployment, APPS, ("Deployment", "deployments", "deployment"), &["deploy"], Scope::Namespaced, SCALE, true),
    row(Kind::ReplicaSet, APPS, ("ReplicaSet", "replicasets", "replicaset"), &["rs"], Scope::Namespaced, SCALE, true),
    row(Kind::StatefulSet, APPS, ("StatefulSet", "statefulsets", "statefulset"), &["sts"], Scope::Namespaced, SCALE, true),
    row(Kind::DaemonSet, APPS, ("DaemonSet", "daemonsets", "daemonset"), &["ds"], Scope::Namespaced, STATUS, true),
    row(Kind::ControllerRevision, APPS, ("ControllerRevision", "controllerrevisions", "controllerrevision"), &[], Scope::Namespaced, &[], false),
    row(Kind::Job, BATCH, ("Job", "jobs", "job"), &[], Scope::Namespaced, STATUS, true),
    row(Kind::CronJob, BATCH, ("CronJob", "cronjobs", "cronjob"), &["cj"], Scope::Namespaced, STATUS, true),
    row(Kind::PodDisruptionBudget, ("policy", "v1"), ("PodDisruptionBudget", "poddisruptionbudgets", "poddisruptionbudget"), &["pdb"], Scope::Namespaced, STATUS, false),
    row(Kind::HorizontalPodAutoscaler, ("autoscaling", "v2"), ("HorizontalPodAutoscaler", "horizontalpodautoscalers", "horizontalpodautoscaler"), &["hpa"], Scope::Namespaced, STATUS, true),
    row(Kind::Lease, ("coordination.k8s.io", "v1"), ("Lease", "leases", "lease"), &[], Scope::Namespaced, &[], false),
    row(Kind::EndpointSlice, ("discovery.k8s.io", "v1"), ("EndpointSlice", "endpointslices", "endpointslice"), &[], Scope::Namespaced, &[], false),
    row(Kind::Role, RBAC, ("Role", "roles", "role"), &[], Scope::Namespaced, &[], false),
    row(Kind::ClusterRole, RBAC, ("ClusterRole", "clusterroles", "clusterrole"), &[], Scope::Cluster, &[], false),
    row(Kind::RoleBinding, RBAC, ("RoleBinding", "rolebindings", "rolebinding"), &[], Scope::Namespaced, &[], false),
    row(Kind::ClusterRoleBinding, RBAC, ("ClusterRoleBinding", "clusterrolebindings", "clusterrolebinding"), &[], Scope::Cluster, &[], false),
    row(Kind::ValidatingAdmissionPolicy, ADMISSION, ("ValidatingAdmissionPolicy", "validatingadmissionpolicies", "validatingadmissionpolicy"), &[], Scope::Cluster, STATUS, false),
    row(Kind::ValidatingAdmissionPolicyBinding, ADMISSION, ("ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", "validatingadmissionpolicybinding"), &[], Scope::Cluster, &[], false),
];

impl Kind {
    /// What discovery says of this kind.
    pub fn info(self) -> &'static KindInfo {
        &KINDS[self as usize]
    }

    /// The kind behind group, version and resource name, if the double has it.
    pub(super) fn find(group: &str, version: &str, plural: &str) -> Option<Self> {
        KINDS
            .iter()
            .find(|info| info.group == group && info.version == version && info.plural == plural)
            .map(|info| info.kind)
    }

    /// `plural` or `plural.group`, as Status messages name a resource.
    pub(super) fn qualified(self) -> String {
        let info = self.info();
        if info.group.is_empty() {
            info.plural.to_owned()
        } else {
            format!("{}.{}", info.plural, info.group)
        }
    }

    /// `v1` or `group/version`.
    pub(super) fn api_version(self) -> String {
        let info = self.info();
        if info.group.is_empty() {
            info.version.to_owned()
        } else {
            format!("{}/{}", info.group, info.version)
        }
    }

    /// Whether a write that changes the spec raises `metadata.generation`.
    pub(super) fn counts_generations(self) -> bool {
        !matches!(
            self,
            Self::Namespace
                | Self::Node
                | Self::ConfigMap
                | Self::Secret
                | Self::Event
                | Self::ServiceAccount
                | Self::Service
                | Self::Role
                | Self::ClusterRole
                | Self::RoleBinding
                | Self::ClusterRoleBinding
        )
    }
}

impl KindInfo {
    /// Whether objects of this kind live in a namespace.
    pub fn is_namespaced(&self) -> bool {
        self.scope == Scope::Namespaced
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for info in &KINDS {
            assert_eq!(info.kind.info().plural, info.plural);
        }
    }
}
