//! Who may do what: bearer tokens, users, and their rules. The rules are those that a team would grant Interlock, no more.

use std::collections::BTreeMap;

use rand::RngExt;

/// A person or program with a kubeconfig.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClusterUser {
    /// May do everything.
    Admin,
    /// ServiceAccount `production/interlock`: what Interlock needs in `production` and `staging`.
    Interlock,
    /// ServiceAccount `production/noexec`: sees pods and deployments, may not exec.
    NoExec,
}

impl ClusterUser {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Interlock, Self::NoExec];

    /// Short name, as in a kubeconfig.
    pub fn short(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Interlock => "interlock",
            Self::NoExec => "noexec",
        }
    }

    /// Name that the API server knows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Interlock => "system:serviceaccount:production:interlock",
            Self::NoExec => "system:serviceaccount:production:noexec",
        }
    }
}

/// What the authorizer is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attributes<'a> {
    pub verb: &'a str,
    pub group: &'a str,
    /// `pods` or `pods/exec`.
    pub resource: &'a str,
    pub namespace: &'a str,
    pub name: &'a str,
}

impl Attributes<'_> {
    /// The refusal, in the words of the real authorizer.
    pub fn refusal(&self, user: &str) -> String {
        let plural = self.resource.split('/').next().unwrap_or("");
        let qualified = if self.group.is_empty() {
            plural.to_owned()
        } else {
            format!("{plural}.{}", self.group)
        };
        let subject = if self.name.is_empty() {
            qualified
        } else {
            format!("{qualified} \"{}\"", self.name)
        };
        let place = if self.namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace \"{}\"", self.namespace)
        };
        format!(
            "{subject} is forbidden: User \"{user}\" cannot {} resource \"{}\" in API group \"{}\" {place}",
            self.verb, self.resource, self.group
        )
    }
}

/// The identity behind a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    User(ClusterUser),
    Anonymous,
}

impl Identity {
    pub fn name(self) -> &'static str {
        match self {
            Self::User(user) => user.name(),
            Self::Anonymous => "system:anonymous",
        }
    }

    /// Whether the rules let this identity do it.
    pub fn may(self, asked: &Attributes<'_>) -> bool {
        let rules: &[Rule] = match self {
            Self::User(ClusterUser::Admin) => return true,
            Self::User(ClusterUser::Interlock) => INTERLOCK,
            Self::User(ClusterUser::NoExec) => NOEXEC,
            Self::Anonymous => return false,
        };
        let review = asked.group == "authorization.k8s.io" && asked.resource.starts_with("selfsubject");
        review || rules.iter().any(|rule| rule.allows(asked))
    }
}

/// One rule of a role.
struct Rule {
    scope: RuleScope,
    group: &'static str,
    resources: &'static [&'static str],
    verbs: &'static [&'static str],
}

#[derive(PartialEq)]
enum RuleScope {
    Namespaces(&'static [&'static str]),
    Everywhere,
}

impl Rule {
    fn allows(&self, asked: &Attributes<'_>) -> bool {
        let here = match &self.scope {
            RuleScope::Namespaces(names) => names.contains(&asked.namespace),
            RuleScope::Everywhere => true,
        };
        here && self.group == asked.group
            && self.resources.contains(&asked.resource)
            && self.verbs.contains(&asked.verb)
    }
}

const HOME: RuleScope = RuleScope::Namespaces(&["production", "staging"]);
const PRODUCTION: RuleScope = RuleScope::Namespaces(&["production"]);
const LOOK: &[&str] = &["get", "list", "watch"];

#[rustfmt::skip]
const INTERLOCK: &[Rule] = &[
    Rule { scope: HOME, group: "", resources: &["pods"], verbs: &["get", "list", "watch", "delete"] },
    Rule { scope: HOME, group: "", resources: &["pods/log"], verbs: &["get"] },
    Rule { scope: HOME, group: "", resources: &["pods/exec"], verbs: &["get", "create"] },
    Rule { scope: HOME, group: "", resources: &["events", "services", "configmaps", "persistentvolumeclaims", "resourcequotas", "limitranges"], verbs: LOOK },
    Rule { scope: HOME, group: "apps", resources: &["deployments", "statefulsets", "daemonsets"], verbs: &["get", "list", "watch", "patch"] },
    Rule { scope: HOME, group: "apps", resources: &["deployments/scale", "statefulsets/scale"], verbs: &["get", "patch", "update"] },
    Rule { scope: HOME, group: "apps", resources: &["replicasets", "controllerrevisions"], verbs: LOOK },
    Rule { scope: HOME, group: "batch", resources: &["cronjobs"], verbs: LOOK },
    Rule { scope: HOME, group: "batch", resources: &["jobs"], verbs: &["get", "list", "watch", "create"] },
    Rule { scope: HOME, group: "policy", resources: &["poddisruptionbudgets"], verbs: LOOK },
    Rule { scope: HOME, group: "autoscaling", resources: &["horizontalpodautoscalers"], verbs: LOOK },
    Rule { scope: HOME, group: "discovery.k8s.io", resources: &["endpointslices"], verbs: LOOK },
    Rule { scope: HOME, group: "coordination.k8s.io", resources: &["leases"], verbs: &["get", "list", "watch", "create", "update", "patch"] },
    Rule { scope: RuleScope::Everywhere, group: "", resources: &["nodes", "namespaces"], verbs: LOOK },
];

#[rustfmt::skip]
const NOEXEC: &[Rule] = &[
    Rule { scope: PRODUCTION, group: "", resources: &["pods"], verbs: &["get", "list"] },
    Rule { scope: PRODUCTION, group: "apps", resources: &["deployments", "replicasets"], verbs: &["get", "list"] },
];

/// The tokens.
#[derive(Debug)]
pub(super) struct Users(BTreeMap<String, ClusterUser>);

impl Users {
    /// Makes a fresh random token for each user.
    pub fn new() -> Self {
        let token = |user: ClusterUser| {
            let secret: [u8; 24] = rand::rng().random();
            (format!("{}.{}", user.short(), hex::encode(secret)), user)
        };
        Self(ClusterUser::ALL.into_iter().map(token).collect())
    }

    pub fn token(&self, user: ClusterUser) -> &str {
        self.0
            .iter()
            .find(|(_, owner)| **owner == user)
            .map_or("", |(token, _)| token)
    }

    /// Who sent a request; `None` for a token that nobody has.
    pub fn identify(&self, authorization: Option<&str>) -> Option<Identity> {
        match authorization.map(|header| header.strip_prefix("Bearer ").unwrap_or(header).trim()) {
            None => Some(Identity::Anonymous),
            Some(token) => self.0.get(token).map(|user| Identity::User(*user)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interlock_may_exec_at_home_only() {
        let interlock = Identity::User(ClusterUser::Interlock);
        let exec = |namespace| Attributes {
            verb: "get",
            group: "",
            resource: "pods/exec",
            namespace,
            name: "x",
        };
        assert!(interlock.may(&exec("production")));
        assert!(!interlock.may(&exec("kube-system")));
        assert!(!Identity::User(ClusterUser::NoExec).may(&exec("production")));
        assert_eq!(
            exec("kube-system").refusal(interlock.name()),
            "pods \"x\" is forbidden: User \"system:serviceaccount:production:interlock\" cannot get resource \"pods/exec\" \
             in API group \"\" in the namespace \"kube-system\""
        );
    }

    #[test]
    fn a_wrong_token_is_nobody_and_no_token_is_anonymous() {
        let users = Users::new();
        assert_eq!(users.identify(Some("Bearer wrong")), None);
        assert_eq!(users.identify(None), Some(Identity::Anonymous));
        let header = format!("Bearer {}", users.token(ClusterUser::Admin));
        assert_eq!(
            users.identify(Some(&header)),
            Some(Identity::User(ClusterUser::Admin))
        );
    }
}
