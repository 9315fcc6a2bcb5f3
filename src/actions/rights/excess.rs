//! What an account holds and no runbook needs; and among it what no runbook could ever need, since Interlock has no action
//! that asks for it. The first is a finding, the second a reason not to start.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::held::{Held, HeldRule};
use super::right::Right;

const ANY: &str = "*";
/// What everybody who is known may ask about himself.
const OF_EVERYBODY: [&str; 2] = ["authorization.k8s.io", "authentication.k8s.io"];
const LOOKS: [&str; 3] = ["get", "list", "watch"];
/// Ways into a pod, or around the API server, that no action takes.
const WAYS_IN: [&str; 7] = [
    "pods/attach",
    "pods/portforward",
    "pods/ephemeralcontainers",
    "pods/proxy",
    "services/proxy",
    "nodes/proxy",
    "pods/eviction",
];

/// Verbs on one resource that are held without need. The text is how it is allowed by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Excess {
    pub namespace: String,
    /// `delete secrets`, `* *`, `patch deployments.apps`.
    pub what: String,
    /// The objects that it is for; empty: any.
    pub names: Vec<String>,
    /// No action of Interlock could ever use it.
    pub dangerous: bool,
}

/// What is held in a namespace beyond what is needed there.
#[must_use]
pub fn excess(namespace: &str, held: &Held, needed: &BTreeSet<&Right>) -> BTreeSet<Excess> {
    let mut found: BTreeMap<(String, Vec<String>), bool> = BTreeMap::new();
    for rule in &held.rules {
        for (group, resource) in places(rule) {
            if OF_EVERYBODY.contains(&group) && group != ANY {
                continue;
            }
            for verb in &rule.verbs {
                if is_needed(rule, verb, group, resource, needed) {
                    continue;
                }
                let dot = if group.is_empty() || group == ANY { "" } else { "." };
                let of = if group == ANY { "" } else { group };
                let key = (format!("{verb} {resource}{dot}{of}"), rule.names.clone());
                let dangerous = is_dangerous(verb, group, resource, &rule.names);
                *found.entry(key).or_default() |= dangerous;
            }
        }
    }
    let made = |((what, names), dangerous)| Excess {
        namespace: namespace.to_owned(),
        what,
        names,
        dangerous,
    };
    found.into_iter().map(made).collect()
}

fn places(rule: &HeldRule) -> impl Iterator<Item = (&str, &str)> {
    let groups = rule.groups.iter();
    groups.flat_map(|group| {
        rule.resources
            .iter()
            .map(move |resource| (group.as_str(), resource.as_str()))
    })
}

/// A rule for any object is needed when some step needs it for any, or a rule for named ones when each of them is needed.
fn is_needed(rule: &HeldRule, verb: &str, group: &str, resource: &str, needed: &BTreeSet<&Right>) -> bool {
    let fits = |right: &&&Right| right.verb == verb && right.group == group && right.resource == resource;
    let mut fitting = needed.iter().filter(fits);
    match rule.names.as_slice() {
        [] => fitting.any(|right| right.name.is_none()),
        names => {
            let wanted: Vec<&Option<String>> = fitting.map(|right| &right.name).collect();
            names.iter().all(|name| {
                wanted
                    .iter()
                    .any(|one| one.as_ref().is_none_or(|one| one == name))
            })
        }
    }
}

fn is_dangerous(verb: &str, group: &str, resource: &str, names: &[String]) -> bool {
    let looks = LOOKS.contains(&verb);
    let kind = resource.split('/').next().unwrap_or_default();
    let core = group.is_empty() || group == ANY;
    match (verb, group, resource) {
        (_, _, "secrets") if core => true,
        (_, _, way) if WAYS_IN.contains(&way) => true,
        (ANY, _, _) | (_, ANY, _) | (_, _, ANY) => !looks || (resource == ANY && core),
        ("impersonate" | "escalate" | "bind" | "deletecollection" | "approve" | "sign", _, _) => true,
        _ if looks => false,
        (_, "rbac.authorization.k8s.io" | "admissionregistration.k8s.io" | "apiextensions.k8s.io", _) => true,
        // By name it is how accounts of tiers are used.
        ("create", "", "serviceaccounts/token") => names.is_empty(),
        // Exec, a Job, a restart and a pod to delete are what steps ask for, if not these steps.
        ("create", "", "pods/exec") | ("create", "batch", "jobs") => false,
        ("create", "coordination.k8s.io" | "events.k8s.io", _) | ("create", "", "events") => false,
        ("delete", "", "pods") => false,
        ("patch" | "update", "coordination.k8s.io", _) => false,
        ("patch", "apps", _) => false,
        ("update", "apps", _) => !resource.ends_with("/scale"),
        ("create" | "update" | "patch" | "delete", _, _) => !kind.is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(verbs: &[&str], group: &str, resources: &[&str], names: &[&str]) -> HeldRule {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        HeldRule {
            verbs: owned(verbs),
            groups: owned(&[group]),
            resources: owned(resources),
            names: owned(names),
        }
    }

    fn right(verb: &'static str, resource: &str, name: Option<&str>) -> Right {
        Right {
            namespace: Some("pay".to_owned()),
            group: "",
            resource: resource.to_owned(),
            verb,
            name: name.map(str::to_owned),
        }
    }

    fn of(rules: Vec<HeldRule>, needed: &[Right]) -> Vec<(String, bool)> {
        let held = Held {
            rules,
            incomplete: false,
        };
        let found = excess("pay", &held, &needed.iter().collect());
        found.into_iter().map(|one| (one.what, one.dangerous)).collect()
    }

    #[test]
    fn what_is_needed_is_no_excess_and_what_is_not_is_named() {
        let rules = vec![
            rule(&["get", "delete"], "", &["pods"], &[]),
            rule(&["delete"], "", &["secrets"], &[]),
            rule(
                &["create"],
                "authorization.k8s.io",
                &["selfsubjectaccessreviews"],
                &[],
            ),
        ];
        assert_eq!(
            of(rules, &[right("get", "pods", None)]),
            [
                ("delete pods".to_owned(), false),
                ("delete secrets".to_owned(), true)
            ]
        );
    }

    #[test]
    fn a_rule_for_any_object_is_more_than_a_step_that_names_one() {
        let needed = [right("delete", "pods", Some("queue-0"))];
        assert_eq!(
            of(vec![rule(&["delete"], "", &["pods"], &["queue-0"])], &needed),
            []
        );
        assert_eq!(
            of(vec![rule(&["delete"], "", &["pods"], &[])], &needed),
            [("delete pods".to_owned(), false)]
        );
    }

    #[test]
    fn what_no_action_could_use_is_dangerous() {
        for (verb, group, resource) in [
            ("*", "*", "*"),
            ("get", "", "secrets"),
            ("get", "*", "*"),
            ("get", "*", "secrets"),
            ("get", "*", "nodes/proxy"),
            ("approve", "certificates.k8s.io", "signers"),
            ("create", "certificates.k8s.io", "certificatesigningrequests"),
            ("list", "", "secrets"),
            ("create", "", "pods"),
            ("update", "apps", "deployments"),
            ("delete", "apps", "deployments"),
            ("create", "rbac.authorization.k8s.io", "rolebindings"),
            ("bind", "rbac.authorization.k8s.io", "clusterroles"),
            ("impersonate", "", "users"),
            ("create", "", "serviceaccounts/token"),
            ("get", "", "nodes/proxy"),
            ("create", "", "pods/attach"),
            (
                "delete",
                "admissionregistration.k8s.io",
                "validatingadmissionpolicies",
            ),
        ] {
            assert!(
                is_dangerous(verb, group, resource, &[]),
                "{verb} {resource}.{group}"
            );
        }
        for (verb, group, resource) in [
            ("get", "", "pods"),
            ("delete", "", "pods"),
            ("create", "", "pods/exec"),
            ("patch", "apps", "deployments/scale"),
            ("create", "batch", "jobs"),
            ("watch", "apps", "deployments"),
            ("get", "apps", "*"),
        ] {
            assert!(
                !is_dangerous(verb, group, resource, &[]),
                "{verb} {resource}.{group}"
            );
        }
    }
}
