//! The needs as objects for the cluster: accounts, roles and bindings, and the admission policies. All of them carry one
//! label, so that one command takes every right away.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::argument::quoted;
use super::needs::{Needs, Role};
use super::right::Right;
use super::{exec_policy, job_policy, own_policy, policy, workload_policy};
use crate::actions::kubernetes::epoch::SECRET;
use crate::domain::action::Tier;

/// On everything that is printed.
pub const LABEL: &str = "interlock.dev/rights";
/// Takes every right away, at once, and leaves the admission policies.
pub const KILL_SWITCH: &str =
    "kubectl delete rolebindings,clusterrolebindings --all-namespaces -l interlock.dev/rights=granted";

/// The accounts of one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accounts {
    /// `NAMESPACE/NAME` of the cluster's own account: it looks, and asks for the tokens of the others.
    pub own: (String, String),
    /// Those that run steps.
    pub tiers: BTreeMap<Tier, (String, String)>,
}

impl Accounts {
    /// The usual names in one namespace, for every tier that is needed. What is configured goes before.
    #[must_use]
    pub fn new(namespace: &str, needs: &Needs, configured: &BTreeMap<Tier, String>) -> Self {
        let usual = |tier: Tier| {
            let number = u8::from(tier);
            (namespace.to_owned(), format!("interlock-tier-{number}"))
        };
        let named = |tier| {
            let account = configured.get(&tier).and_then(|account| account.split_once('/'));
            account.map_or_else(|| usual(tier), |(home, name)| (home.to_owned(), name.to_owned()))
        };
        Self {
            own: (namespace.to_owned(), "interlock".to_owned()),
            tiers: needs
                .tiers()
                .into_iter()
                .map(|tier| (tier, named(tier)))
                .collect(),
        }
    }

    fn of(&self, role: Role) -> &(String, String) {
        match role {
            Role::Looks => &self.own,
            Role::Runs(tier) => self.tiers.get(&tier).unwrap_or(&self.own),
        }
    }

    /// How the API server calls the account of a tier.
    pub(super) fn user(&self, tier: Tier) -> String {
        user(self.of(Role::Runs(tier)))
    }

    /// All of them, as a CEL list.
    pub(super) fn users(&self) -> String {
        let all: Vec<String> = self
            .all()
            .into_iter()
            .map(|account| quoted(&user(account)))
            .collect();
        format!("[{}]", all.join(", "))
    }

    /// The own account, as a CEL list.
    pub(super) fn own_user(&self) -> String {
        format!("[{}]", quoted(&user(&self.own)))
    }

    /// What the roles of an account are called: as itself, and with its namespace where another has the same name.
    fn role_name(&self, account: &(String, String)) -> String {
        let (home, name) = account;
        let is_shared = self
            .all()
            .into_iter()
            .any(|other| other.1 == *name && other.0 != *home);
        match is_shared {
            true => format!("{name}.{home}"),
            false => name.clone(),
        }
    }

    fn all(&self) -> BTreeSet<&(String, String)> {
        self.tiers.values().chain([&self.own]).collect()
    }
}

fn user((namespace, name): &(String, String)) -> String {
    format!("system:serviceaccount:{namespace}:{name}")
}

pub(super) fn labels() -> Value {
    json!({"app.kubernetes.io/name": "interlock", LABEL: "granted"})
}

/// Which account, in which namespace; `None` for the whole cluster.
type Holding<'a> = (&'a (String, String), Option<&'a str>);

/// Everything to apply, in an order in which it can be applied. `standby`: what the cluster's own account needs beside its looks.
#[must_use]
pub fn objects(needs: &Needs, accounts: &Accounts, standby: &[Right]) -> Vec<Value> {
    let mut all: Vec<Value> = accounts
        .all()
        .into_iter()
        .map(|account| service_account(account, *account == accounts.own))
        .collect();
    let mut rights: BTreeMap<Holding<'_>, BTreeSet<&Right>> = BTreeMap::new();
    let policies = policies(needs, accounts, standby);
    let mut own = own(accounts, standby);
    own.extend(policy::reads(&policies));
    // Before the rights that they bound.
    all.extend(policies);
    for right in &own {
        rights
            .entry((&accounts.own, right.namespace.as_deref()))
            .or_default()
            .insert(right);
    }
    for need in &needs.needs {
        rights
            .entry((accounts.of(need.role), need.right.namespace.as_deref()))
            .or_default()
            .insert(&need.right);
    }
    for ((account, namespace), rights) in rights {
        let name = accounts.role_name(account);
        all.extend(role(account, &name, namespace, &rights));
    }
    all
}

/// What the cluster's own account needs beside its looks.
fn own(accounts: &Accounts, standby: &[Right]) -> Vec<Right> {
    let others = accounts
        .tiers
        .values()
        .filter(|account| **account != accounts.own);
    let others: Vec<String> = others.map(|(home, name)| format!("{home}/{name}")).collect();
    let mut own = tokens(others.iter());
    own.extend_from_slice(standby);
    own
}

/// The admission policies among the objects, each with its binding.
#[must_use]
pub fn policies(needs: &Needs, accounts: &Accounts, standby: &[Right]) -> Vec<Value> {
    let mut all = exec_policy::objects(needs, accounts);
    all.extend(job_policy::objects(needs, accounts));
    all.extend(workload_policy::objects(needs, accounts));
    all.extend(own_policy::objects(&own(accounts, standby), accounts));
    all
}

/// What keeps these from being granted, for people: what no API server could be told, and what it would not take. Granting the
/// rights without what bounds them is no way out.
#[must_use]
pub fn unsaid(needs: &Needs, policies: &[Value]) -> BTreeSet<String> {
    let mut all = policy::too_long(policies);
    all.extend(needs.unsaid.iter().cloned());
    all
}

fn service_account((namespace, name): &(String, String), mounts: bool) -> Value {
    let mut account = json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": namespace, "labels": labels()},
    });
    if !mounts {
        account["automountServiceAccountToken"] = json!(false);
    }
    account
}

/// The right to ask for a token of each account, `NAMESPACE/NAME`, by name.
#[must_use]
pub fn tokens<'a>(accounts: impl Iterator<Item = &'a String>) -> Vec<Right> {
    let split = accounts.filter_map(|account| account.split_once('/'));
    split
        .map(|(namespace, name)| Right {
            namespace: Some(namespace.to_owned()),
            group: "",
            resource: "serviceaccounts/token".to_owned(),
            verb: "create",
            name: Some(name.to_owned()),
        })
        .collect()
}

/// What it takes to hold a Lease, `(NAMESPACE, NAME)`, and to replace the Secret of an epoch in each of these namespaces. RBAC
/// can't say the name of what is to be made.
#[must_use]
pub fn standby<'a>(lease: (&str, &str), homes: impl Iterator<Item = &'a str>) -> Vec<Right> {
    let right = |namespace: &str, group, resource: &str, verb, name: Option<&str>| Right {
        namespace: Some(namespace.to_owned()),
        group,
        resource: resource.to_owned(),
        verb,
        name: name.map(str::to_owned),
    };
    let (home, name) = lease;
    let of_lease = [("get", Some(name)), ("update", Some(name)), ("create", None)]
        .map(|(verb, name)| right(home, "coordination.k8s.io", "leases", verb, name));
    let of_secret = |home| {
        [("get", Some(SECRET)), ("delete", Some(SECRET)), ("create", None)]
            .map(|(verb, name)| right(home, "", "secrets", verb, name))
    };
    let homes: BTreeSet<&str> = homes.collect();
    let secrets = homes.into_iter().flat_map(of_secret);
    of_lease.into_iter().chain(secrets).collect()
}

fn role(
    (home, account): &(String, String),
    name: &str,
    namespace: Option<&str>,
    rights: &BTreeSet<&Right>,
) -> [Value; 2] {
    let (role, binding) = match namespace {
        Some(_) => ("Role", "RoleBinding"),
        None => ("ClusterRole", "ClusterRoleBinding"),
    };
    let metadata = |name: &str| {
        let mut metadata = json!({"name": name, "labels": labels()});
        if let Some(namespace) = namespace {
            metadata["namespace"] = json!(namespace);
        }
        metadata
    };
    [
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": role,
            "metadata": metadata(name),
            "rules": rules(rights),
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": binding,
            "metadata": metadata(name),
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role, "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": home}],
        }),
    ]
}

/// One rule for what has the same verbs and names. A right to any object makes those to named ones superfluous.
fn rules(rights: &BTreeSet<&Right>) -> Vec<Value> {
    let is_covered = |right: &Right| {
        right.name.is_some() && {
            let any = Right {
                name: None,
                ..right.clone()
            };
            rights.contains(&any)
        }
    };
    let mut names: BTreeMap<(&str, &str, &str), BTreeSet<&str>> = BTreeMap::new();
    for right in rights.iter().filter(|right| !is_covered(right)) {
        let found = names
            .entry((right.group, right.resource.as_str(), right.verb))
            .or_default();
        found.extend(right.name.as_deref());
    }
    let mut verbs: BTreeMap<(&str, &str, BTreeSet<&str>), BTreeSet<&str>> = BTreeMap::new();
    for ((group, resource, verb), names) in names {
        verbs.entry((group, resource, names)).or_default().insert(verb);
    }
    let rule = |((group, resource, names), verbs): (_, BTreeSet<&str>)| {
        let (group, resource, names): (&str, &str, BTreeSet<&str>) = (group, resource, names);
        let mut rule = json!({"apiGroups": [group], "resources": [resource], "verbs": verbs});
        if !names.is_empty() {
            rule["resourceNames"] = json!(names);
        }
        rule
    };
    verbs.into_iter().map(rule).collect()
}
