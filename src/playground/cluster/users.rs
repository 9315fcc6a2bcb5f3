//! Who is who: bearer tokens, users, and the rules that users have built in: those that a team would grant Interlock, no
//! more. What roles add, and what it all allows, is in `authorizer`.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use parking_lot::Mutex;
use rand::RngExt;
use serde_json::json;

use super::kinds::Kind;

/// A person or program with a kubeconfig.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClusterUser {
    /// May do everything.
    Admin,
    /// ServiceAccount `production/interlock`: what Interlock needs in `production` and `staging`.
    Interlock,
    /// ServiceAccount `production/noexec`: sees pods and deployments, may not exec.
    NoExec,
    /// ServiceAccount `production/interlock-tier-1`: restarts, scales, deletes pods, runs commands.
    TierOne,
    /// ServiceAccount `production/interlock-tier-2`: starts Jobs as well.
    TierTwo,
}

impl ClusterUser {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Admin,
        Self::Interlock,
        Self::NoExec,
        Self::TierOne,
        Self::TierTwo,
    ];

    /// Short name, as in a kubeconfig.
    pub fn short(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Interlock => "interlock",
            Self::NoExec => "noexec",
            Self::TierOne => "tier-1",
            Self::TierTwo => "tier-2",
        }
    }

    /// Name that the API server knows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Interlock => "system:serviceaccount:production:interlock",
            Self::NoExec => "system:serviceaccount:production:noexec",
            Self::TierOne => "system:serviceaccount:production:interlock-tier-1",
            Self::TierTwo => "system:serviceaccount:production:interlock-tier-2",
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    User(ClusterUser),
    /// A ServiceAccount: it has what roles are bound to it.
    Account(Arc<str>),
    Anonymous,
}

impl Identity {
    pub fn name(&self) -> &str {
        match self {
            Self::User(user) => user.name(),
            Self::Account(name) => name,
            Self::Anonymous => "system:anonymous",
        }
    }

    /// The rules that this identity has without any role.
    pub fn rules(&self) -> &'static [Rule] {
        match self {
            Self::User(ClusterUser::Interlock) => INTERLOCK,
            Self::User(ClusterUser::NoExec) => NOEXEC,
            Self::User(ClusterUser::TierOne) => TIER_ONE,
            Self::User(ClusterUser::TierTwo) => TIER_TWO,
            Self::User(ClusterUser::Admin) | Self::Account(_) | Self::Anonymous => &[],
        }
    }
}

/// One built-in rule.
pub(super) struct Rule {
    pub scope: RuleScope,
    pub group: &'static str,
    pub resources: &'static [&'static str],
    pub verbs: &'static [&'static str],
    /// Empty: whatever its name.
    pub names: &'static [&'static str],
}

pub(super) enum RuleScope {
    Namespaces(&'static [&'static str]),
    Everywhere,
}

const HOME: RuleScope = RuleScope::Namespaces(&["production", "staging"]);
const PRODUCTION: RuleScope = RuleScope::Namespaces(&["production"]);
const LOOK: &[&str] = &["get", "list", "watch"];

#[rustfmt::skip]
const INTERLOCK: &[Rule] = &[
    Rule { scope: HOME, group: "", resources: &["pods"], verbs: &["get", "list", "watch", "delete"], names: &[] },
    Rule { scope: HOME, group: "", resources: &["pods/log"], verbs: &["get"], names: &[] },
    Rule { scope: HOME, group: "", resources: &["pods/exec"], verbs: &["get", "create"], names: &[] },
    Rule { scope: HOME, group: "", resources: &["events", "services", "configmaps", "persistentvolumeclaims", "resourcequotas", "limitranges"], verbs: LOOK, names: &[] },
    Rule { scope: HOME, group: "apps", resources: &["deployments", "statefulsets", "daemonsets"], verbs: &["get", "list", "watch", "patch"], names: &[] },
    Rule { scope: HOME, group: "apps", resources: &["deployments/scale", "statefulsets/scale"], verbs: &["get", "patch", "update"], names: &[] },
    Rule { scope: HOME, group: "apps", resources: &["replicasets", "controllerrevisions"], verbs: LOOK, names: &[] },
    Rule { scope: HOME, group: "batch", resources: &["cronjobs"], verbs: LOOK, names: &[] },
    Rule { scope: HOME, group: "batch", resources: &["jobs"], verbs: &["get", "list", "watch", "create"], names: &[] },
    Rule { scope: HOME, group: "policy", resources: &["poddisruptionbudgets"], verbs: LOOK, names: &[] },
    Rule { scope: HOME, group: "autoscaling", resources: &["horizontalpodautoscalers"], verbs: LOOK, names: &[] },
    Rule { scope: HOME, group: "discovery.k8s.io", resources: &["endpointslices"], verbs: LOOK, names: &[] },
    Rule { scope: HOME, group: "coordination.k8s.io", resources: &["leases"], verbs: &["get", "list", "watch", "create", "update", "patch"], names: &[] },
    Rule { scope: RuleScope::Everywhere, group: "", resources: &["nodes", "namespaces"], verbs: LOOK, names: &[] },
    Rule { scope: PRODUCTION, group: "", resources: &["serviceaccounts/token"], verbs: &["create"], names: &["interlock-tier-1", "interlock-tier-2"] },
];

#[rustfmt::skip]
const TIER_ONE: &[Rule] = &[
    Rule { scope: HOME, group: "", resources: &["pods"], verbs: &["get", "list", "delete"], names: &[] },
    Rule { scope: HOME, group: "", resources: &["pods/exec"], verbs: &["get", "create"], names: &[] },
    Rule { scope: HOME, group: "apps", resources: &["deployments", "statefulsets", "daemonsets"], verbs: &["get", "list", "patch"], names: &[] },
    Rule { scope: HOME, group: "apps", resources: &["deployments/scale", "statefulsets/scale"], verbs: &["get", "patch", "update"], names: &[] },
    Rule { scope: HOME, group: "apps", resources: &["replicasets", "controllerrevisions"], verbs: LOOK, names: &[] },
];

#[rustfmt::skip]
const TIER_TWO: &[Rule] = &[
    Rule { scope: HOME, group: "", resources: &["pods"], verbs: &["get", "list", "delete"], names: &[] },
    Rule { scope: HOME, group: "", resources: &["pods/exec"], verbs: &["get", "create"], names: &[] },
    Rule { scope: HOME, group: "apps", resources: &["deployments", "statefulsets", "daemonsets"], verbs: &["get", "list", "patch"], names: &[] },
    Rule { scope: HOME, group: "apps", resources: &["deployments/scale", "statefulsets/scale"], verbs: &["get", "patch", "update"], names: &[] },
    Rule { scope: HOME, group: "apps", resources: &["replicasets", "controllerrevisions"], verbs: LOOK, names: &[] },
    Rule { scope: HOME, group: "batch", resources: &["cronjobs"], verbs: &["get", "list"], names: &[] },
    Rule { scope: HOME, group: "batch", resources: &["jobs"], verbs: &["get", "list", "create"], names: &[] },
];

#[rustfmt::skip]
const NOEXEC: &[Rule] = &[
    Rule { scope: PRODUCTION, group: "", resources: &["pods"], verbs: &["get", "list"], names: &[] },
    Rule { scope: PRODUCTION, group: "apps", resources: &["deployments", "replicasets"], verbs: &["get", "list"], names: &[] },
];

/// A ServiceAccount as it was when a token was made for it: one that was deleted takes its tokens with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub namespace: String,
    pub name: String,
    pub uid: String,
}

impl Account {
    fn identity(&self) -> Identity {
        let full = format!("system:serviceaccount:{}:{}", self.namespace, self.name);
        let known = ClusterUser::ALL.into_iter().find(|user| user.name() == full);
        known.map_or_else(|| Identity::Account(full.into()), Identity::User)
    }
}

/// The Secret that a token dies with, in its account's namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    pub name: String,
    pub uid: String,
}

/// A token that was asked for.
#[derive(Debug)]
struct Issued {
    account: Account,
    bound: Option<Bound>,
    /// Whether the API server is among its audiences.
    for_api: bool,
    expires: Timestamp,
}

/// The tokens: one for each user of a kubeconfig, and those that were asked for.
#[derive(Debug)]
pub(super) struct Users {
    fixed: BTreeMap<String, ClusterUser>,
    issued: Mutex<BTreeMap<String, Issued>>,
}

impl Users {
    /// Makes a fresh random token for each user.
    pub fn new() -> Self {
        let token = |user: ClusterUser| {
            let secret: [u8; 24] = rand::rng().random();
            (format!("{}.{}", user.short(), hex::encode(secret)), user)
        };
        Self {
            fixed: ClusterUser::ALL.into_iter().map(token).collect(),
            issued: Mutex::default(),
        }
    }

    /// Makes a token in the shape of a real one: a JWT, whose signature only this double can tell.
    pub fn issue(&self, account: Account, bound: Option<Bound>, for_api: bool, expires: Timestamp) -> String {
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let secret: [u8; 32] = rand::rng().random();
        let subject = format!("system:serviceaccount:{}:{}", account.namespace, account.name);
        let token = format!(
            "{}.{}.{}",
            part(&json!({"alg": "RS256", "kid": "playground"})),
            part(&json!({"sub": subject, "exp": expires.as_second()})),
            URL_SAFE_NO_PAD.encode(secret)
        );
        let issued = Issued {
            account,
            bound,
            for_api,
            expires,
        };
        self.issued.lock().insert(token.clone(), issued);
        token
    }

    /// Every token that was issued.
    pub fn issued(&self) -> Vec<String> {
        self.issued.lock().keys().cloned().collect()
    }

    pub fn token(&self, user: ClusterUser) -> &str {
        self.fixed
            .iter()
            .find(|(_, owner)| **owner == user)
            .map_or("", |(token, _)| token)
    }

    /// Who sent a request; `None` for a token that nobody has, that has run out, or whose account or Secret is gone. `uid_of`
    /// knows the uid of either by namespace and name.
    pub fn identify(
        &self,
        authorization: Option<&str>,
        now: Timestamp,
        uid_of: impl Fn(Kind, &str, &str) -> Option<String>,
    ) -> Option<Identity> {
        let Some(header) = authorization else {
            return Some(Identity::Anonymous);
        };
        let token = header.strip_prefix("Bearer ").unwrap_or(header).trim();
        if let Some(user) = self.fixed.get(token) {
            return Some(Identity::User(*user));
        }
        let issued = self.issued.lock();
        let found = issued
            .get(token)
            .filter(|issued| issued.for_api && now < issued.expires)?;
        let account = &found.account;
        let is_there = |kind, name: &str, wanted: &str| {
            uid_of(kind, &account.namespace, name).is_some_and(|uid| uid == wanted)
        };
        let bound = found.bound.as_ref();
        let lives = is_there(Kind::ServiceAccount, &account.name, &account.uid)
            && bound.is_none_or(|bound| is_there(Kind::Secret, &bound.name, &bound.uid));
        lives.then(|| account.identity())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_worded_as_the_server_words_it() {
        let exec = Attributes {
            verb: "get",
            group: "",
            resource: "pods/exec",
            namespace: "kube-system",
            name: "x",
        };
        assert_eq!(
            exec.refusal(Identity::User(ClusterUser::Interlock).name()),
            "pods \"x\" is forbidden: User \"system:serviceaccount:production:interlock\" cannot get resource \"pods/exec\" \
             in API group \"\" in the namespace \"kube-system\""
        );
    }

    #[test]
    fn a_wrong_token_is_nobody_and_no_token_is_anonymous() {
        let users = Users::new();
        let identify = |header| users.identify(header, Timestamp::UNIX_EPOCH, |_, _, _| None);
        assert_eq!(identify(Some("Bearer wrong")), None);
        assert_eq!(identify(None), Some(Identity::Anonymous));
        let header = format!("Bearer {}", users.token(ClusterUser::Admin));
        assert_eq!(identify(Some(&header)), Some(Identity::User(ClusterUser::Admin)));
    }

    #[test]
    fn a_token_ends_with_its_time_and_with_its_account() {
        let users = Users::new();
        let account = Account {
            namespace: "production".to_owned(),
            name: "interlock-tier-1".to_owned(),
            uid: "one".to_owned(),
        };
        let at = |second| Timestamp::from_second(second).expect("a time");
        let header = |token: String| format!("Bearer {token}");
        let good = header(users.issue(account.clone(), None, true, at(600)));
        let elsewhere = header(users.issue(account.clone(), None, false, at(600)));
        let who = |header: &str, second, uid: &str| {
            users.identify(Some(header), at(second), |kind, _, _| {
                let uid = if kind == Kind::Secret { "secret" } else { uid };
                Some(uid.to_owned())
            })
        };
        let bound_to = |uid: &str| Bound {
            name: "epoch".to_owned(),
            uid: uid.to_owned(),
        };
        let lives = header(users.issue(account.clone(), Some(bound_to("secret")), true, at(600)));
        let dead = header(users.issue(account, Some(bound_to("older")), true, at(600)));
        assert_eq!(who(&good, 599, "one"), Some(Identity::User(ClusterUser::TierOne)));
        assert_eq!(who(&good, 600, "one"), None, "it has run out");
        assert_eq!(
            who(&good, 1, "two"),
            None,
            "the account was deleted and made anew"
        );
        assert_eq!(who(&lives, 1, "one"), Some(Identity::User(ClusterUser::TierOne)));
        assert_eq!(who(&dead, 1, "one"), None, "its Secret was deleted and made anew");
        assert_eq!(who(&elsewhere, 1, "one"), None, "it is meant for another service");
    }
}
