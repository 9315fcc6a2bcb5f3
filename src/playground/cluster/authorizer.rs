//! Who may do what, as RBAC decides it: the built-in rules of the users of a kubeconfig, and the roles that are bound to an
//! identity in the store. A request is decided with the roles as they stood when it came.
//!
//! Absent on purpose: aggregated cluster roles. A binding whose role is not there grants nothing, as on the real server.

use std::sync::Arc;

use serde_json::{Value, json};

use super::json;
use super::kinds::Kind;
use super::model::Model;
use super::store::Key;
use super::users::{Attributes, ClusterUser, Identity, RuleScope};

/// Every verb, group, resource.
const ANY: &str = "*";

/// One rule, and where it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    place: Place,
    verbs: Vec<String>,
    groups: Vec<String>,
    /// `pods`, `pods/exec`, `*`, `*/scale`.
    resources: Vec<String>,
    /// Empty: whatever its name.
    names: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Everywhere,
    Namespaces(Vec<String>),
}

impl Grant {
    fn allows(&self, asked: &Attributes<'_>) -> bool {
        let holds = |list: &[String], word: &str| list.iter().any(|one| one == ANY || one == word);
        self.is_in(asked.namespace)
            && holds(&self.verbs, asked.verb)
            && holds(&self.groups, asked.group)
            && self.resources.iter().any(|one| covers(one, asked.resource))
            && (self.names.is_empty() || self.names.iter().any(|name| name == asked.name))
    }

    fn is_in(&self, namespace: &str) -> bool {
        match &self.place {
            Place::Everywhere => true,
            Place::Namespaces(names) => names.iter().any(|name| name == namespace),
        }
    }

    fn shown(&self) -> Value {
        let mut rule = json!({"verbs": self.verbs, "apiGroups": self.groups, "resources": self.resources});
        if !self.names.is_empty() {
            rule["resourceNames"] = json!(self.names);
        }
        rule
    }
}

/// `*` is everything, `*/scale` that subresource of everything.
fn covers(rule: &str, asked: &str) -> bool {
    let sub = |text: &str| text.split_once('/').map(|(_, sub)| sub.to_owned());
    rule == ANY
        || rule == asked
        || rule
            .strip_prefix("*/")
            .is_some_and(|wanted| sub(asked).as_deref() == Some(wanted))
}

/// Everything that one identity may do.
#[derive(Clone, Debug)]
pub(super) struct Grants(Arc<[Grant]>);

impl Grants {
    /// As the roles and bindings stand now.
    pub fn of(model: &Model, identity: &Identity) -> Self {
        if *identity == Identity::Anonymous {
            return Self(Arc::new([]));
        }
        let built_in = identity.rules().iter().map(|rule| Grant {
            place: match &rule.scope {
                RuleScope::Everywhere => Place::Everywhere,
                RuleScope::Namespaces(names) => Place::Namespaces(owned(names)),
            },
            verbs: owned(rule.verbs),
            groups: owned(&[rule.group]),
            resources: owned(rule.resources),
            names: owned(rule.names),
        });
        let everything = Grant {
            place: Place::Everywhere,
            verbs: owned(&[ANY]),
            groups: owned(&[ANY]),
            resources: owned(&[ANY]),
            names: Vec::new(),
        };
        let is_admin = *identity == Identity::User(ClusterUser::Admin);
        let mut all: Vec<Grant> = basic().into_iter().chain(built_in).collect();
        all.extend(is_admin.then_some(everything));
        all.extend(bound(model, identity));
        Self(all.into())
    }

    pub fn allow(&self, asked: &Attributes<'_>) -> bool {
        self.0.iter().any(|grant| grant.allows(asked))
    }

    /// `status.resourceRules` of a SelfSubjectRulesReview.
    pub fn in_namespace(&self, namespace: &str) -> Vec<Value> {
        let here = self.0.iter().filter(|grant| grant.is_in(namespace));
        here.map(Grant::shown).collect()
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// `system:basic-user`: everybody who is known may ask what they may.
fn basic() -> [Grant; 2] {
    let review = |group: &str, resources: &[&str]| Grant {
        place: Place::Everywhere,
        verbs: owned(&["create"]),
        groups: owned(&[group]),
        resources: owned(resources),
        names: Vec::new(),
    };
    [
        review(
            "authorization.k8s.io",
            &["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
        ),
        review("authentication.k8s.io", &["selfsubjectreviews"]),
    ]
}

fn bound(model: &Model, identity: &Identity) -> Vec<Grant> {
    let mut found = Vec::new();
    for (key, binding) in model.store.list(Kind::RoleBinding, "") {
        if is_bound(binding, &key.namespace, identity) {
            let place = Place::Namespaces(vec![key.namespace.clone()]);
            found.extend(rules_of(model, binding, &key.namespace, &place));
        }
    }
    for (_, binding) in model.store.list(Kind::ClusterRoleBinding, "") {
        if is_bound(binding, "", identity) {
            found.extend(rules_of(model, binding, "", &Place::Everywhere));
        }
    }
    found
}

fn is_bound(binding: &Value, namespace: &str, identity: &Identity) -> bool {
    let user = identity.name();
    json::list(binding, "/subjects").iter().any(|subject| {
        let name = json::text(subject, "/name");
        match json::text(subject, "/kind") {
            "User" => name == user,
            "ServiceAccount" => {
                let home = match json::text(subject, "/namespace") {
                    "" => namespace,
                    named => named,
                };
                user == format!("system:serviceaccount:{home}:{name}")
            }
            "Group" => groups(user).iter().any(|group| group == name),
            _ => false,
        }
    })
}

/// The groups that the server puts a user into.
fn groups(user: &str) -> Vec<String> {
    let mut all = owned(&["system:authenticated"]);
    if let Some(rest) = user.strip_prefix("system:serviceaccount:") {
        all.push("system:serviceaccounts".to_owned());
        let namespace = rest.split(':').next().unwrap_or_default();
        all.push(format!("system:serviceaccounts:{namespace}"));
    }
    all
}

fn rules_of(model: &Model, binding: &Value, namespace: &str, place: &Place) -> Vec<Grant> {
    let name = json::text(binding, "/roleRef/name");
    let key = match json::text(binding, "/roleRef/kind") {
        "Role" => Key::new(Kind::Role, namespace, name),
        "ClusterRole" => Key::new(Kind::ClusterRole, "", name),
        _ => return Vec::new(),
    };
    let Some(role) = model.store.get(&key) else {
        return Vec::new();
    };
    let texts = |rule: &Value, field: &str| -> Vec<String> {
        let all = json::list(rule, field);
        all.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    json::list(role, "/rules")
        .iter()
        .map(|rule| Grant {
            place: place.clone(),
            verbs: texts(rule, "/verbs"),
            groups: texts(rule, "/apiGroups"),
            resources: texts(rule, "/resources"),
            names: texts(rule, "/resourceNames"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(resources: &[&str], names: &[&str]) -> Grant {
        Grant {
            place: Place::Namespaces(owned(&["pay"])),
            verbs: owned(&["get"]),
            groups: owned(&["apps"]),
            resources: owned(resources),
            names: owned(names),
        }
    }

    fn asked<'a>(namespace: &'a str, resource: &'a str, name: &'a str) -> Attributes<'a> {
        Attributes {
            verb: "get",
            group: "apps",
            resource,
            namespace,
            name,
        }
    }

    #[test]
    fn a_rule_holds_for_its_names_resources_and_namespace_alone() {
        let named = grant(&["deployments"], &["checkout"]);
        assert!(named.allows(&asked("pay", "deployments", "checkout")));
        assert!(!named.allows(&asked("pay", "deployments", "billing")));
        assert!(
            !named.allows(&asked("pay", "deployments", "")),
            "a list has no name"
        );
        assert!(!named.allows(&asked("pay", "deployments/scale", "checkout")));
        assert!(!named.allows(&asked("", "deployments", "checkout")));
        let scales = grant(&["*/scale"], &[]);
        assert!(scales.allows(&asked("pay", "deployments/scale", "x")));
        assert!(!scales.allows(&asked("pay", "deployments", "x")));
        assert!(grant(&["*"], &[]).allows(&asked("pay", "deployments/scale", "x")));
    }
}
