//! What the admission policies have in common: each is about Interlock's own accounts alone, fails closed, and is written in
//! CEL that needs no type of what it looks at. Servers before 1.30 have no such policies.
//!
//! Facts that this leans on (Kubernetes 1.30 to 1.36, `apiserver/pkg/admission/plugin/policy`): `object` and `oldObject` are
//! plain maps at run time, after defaults and after the registry's own changes; `dyn()` keeps the server's type check, which
//! only warns, from taking them for records; a binding whose parameter is not there refuses with `Deny` whatever matches it,
//! whoever asks, before any condition is looked at.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::right::Right;
use super::roles::labels;

/// The group of both kinds, and each with its resource.
pub(super) const API: &str = "admissionregistration.k8s.io/v1";
pub(super) const POLICY: (&str, &str) = ("ValidatingAdmissionPolicy", "validatingadmissionpolicies");
pub(super) const BINDING: (&str, &str) = (
    "ValidatingAdmissionPolicyBinding",
    "validatingadmissionpolicybindings",
);
/// A server takes no longer expression: the code points that cel-go's parser reads.
const EXPRESSION: usize = 100_000;
/// What is longer is told in parts, with room for what stands around it.
const PART: usize = 50_000;
/// `kubectl apply` notes the whole object in an annotation, and all of these together have 256 KiB at most.
const OBJECT: usize = 250_000;
/// Digits of the digest in a name: enough that nobody finds two of the same by chance or by trying.
const DIGITS: usize = 20;

/// Which requests a policy is about.
#[derive(Clone, Copy)]
pub(super) struct Requests<'a> {
    pub group: &'a str,
    pub operations: &'a [&'a str],
    pub resources: &'a [&'a str],
}

/// A policy about requests of these users (a CEL list).
pub(super) fn policy(name: &str, requests: Requests<'_>, users: &str, validations: &[Value]) -> Value {
    json!({
        "apiVersion": API,
        "kind": POLICY.0,
        "metadata": {"name": name, "labels": labels()},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [{
                "apiGroups": [requests.group],
                "apiVersions": ["v1"],
                "operations": requests.operations,
                "resources": requests.resources,
            }]},
            "matchConditions": [{
                "name": "by-interlock",
                "expression": format!("request.userInfo.username in {users}"),
            }],
            "validations": validations,
        },
    })
}

/// The binding that puts the policy of the same name in force.
pub(super) fn binding(name: &str) -> Value {
    json!({
        "apiVersion": API,
        "kind": BINDING.0,
        "metadata": {"name": name, "labels": labels()},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    })
}

/// Whatever does not meet the expression is answered with 403 and the message.
pub(super) fn only(expression: &str, message: &str) -> Value {
    json!({"expression": expression, "message": message, "reason": "Forbidden"})
}

/// Alternatives as one expression. Many of them stand in variables, which a server reads and evaluates one by one, with the
/// expression that is left to name these.
pub(super) fn any(name: &str, alternatives: &[String]) -> (Vec<Value>, String) {
    let mut parts: Vec<String> = Vec::new();
    for alternative in alternatives {
        match parts.last_mut() {
            Some(part) if part.len() + alternative.len() <= PART => {
                part.push_str(" ||\n");
                part.push_str(alternative);
            }
            _ => parts.push(alternative.clone()),
        }
    }
    if parts.len() <= 1 {
        return (Vec::new(), parts.pop().unwrap_or_default());
    }
    let names: Vec<String> = (1..=parts.len()).map(|no| format!("{name}{no}")).collect();
    let of_part = |(name, part): (&String, &String)| json!({"name": name, "expression": part});
    let variables = names.iter().zip(&parts).map(of_part).collect();
    let all: Vec<String> = names.iter().map(|name| format!("variables.{name}")).collect();
    (variables, all.join(" || "))
}

pub(super) fn with(policy: &mut Value, variables: Vec<Value>) {
    if !variables.is_empty() {
        policy["spec"]["variables"] = Value::Array(variables);
    }
}

/// The rights to read these, by name: what is not in force is noticed then.
#[must_use]
pub fn reads(policies: &[Value]) -> Vec<Right> {
    let of = |object: &Value| {
        let resource = [POLICY, BINDING]
            .into_iter()
            .find(|kind| object["kind"] == kind.0)?;
        Some(Right {
            namespace: None,
            group: API.split('/').next().unwrap_or_default(),
            resource: resource.1.to_owned(),
            verb: "get",
            name: Some(object.pointer("/metadata/name")?.as_str()?.to_owned()),
        })
    };
    policies.iter().filter_map(of).collect()
}

/// What a server would not take of these objects, since it is too long, and what to do.
pub(super) fn too_long(objects: &[Value]) -> BTreeSet<String> {
    let policies = objects.iter().filter(|object| object["kind"] == POLICY.0);
    let told = policies.filter_map(|policy| {
        let spec = &policy["spec"];
        let lists = [&spec["variables"], &spec["validations"], &spec["matchConditions"]];
        let all = lists.into_iter().filter_map(Value::as_array).flatten();
        let expressions = all.filter_map(|one| one["expression"].as_str());
        let longest = expressions.map(|text| text.chars().count()).max().unwrap_or_default();
        let whole = policy.to_string().len();
        let what = if longest > EXPRESSION {
            format!("an expression of {longest} characters, and an API server reads at most {EXPRESSION}")
        } else if whole > OBJECT {
            format!("{whole} bytes, and kubectl applies at most {OBJECT}")
        } else {
            return None;
        };
        Some(format!(
            "the admission policy {} would have {what}: let parameters stand for what differs between commands, or run the              runbooks of some namespaces with an Interlock of their own",
            policy["metadata"]["name"].as_str().unwrap_or_default()
        ))
    });
    told.collect()
}

/// A name of its own for each list of parts: `a-b` and `c` are not `a` and `b-c`, so that no policy takes another's place.
pub(super) fn named(prefix: &str, parts: &[&str]) -> String {
    let digest = hex::encode(Sha256::digest(parts.join("/")));
    let digest = digest.get(..DIGITS).unwrap_or_default();
    let readable = parts.last().copied().unwrap_or_default();
    format!("{prefix}-{readable}-{digest}")
}

/// A map that may be missing, as a CEL expression that is a map in any case. `path` is `object.metadata.annotations`.
pub(super) fn map_at(path: &str) -> String {
    format!("(has({path}) ? dyn({path}) : dyn({{}}))")
}

/// That two maps (CEL expressions) are the same but for these keys.
pub(super) fn same_but(new: &str, old: &str, but: &[&str]) -> String {
    let keys: BTreeSet<String> = but.iter().map(|key| super::argument::quoted(key)).collect();
    let keys = format!("[{}]", keys.into_iter().collect::<Vec<_>>().join(", "));
    format!(
        "{new}.all(key, key in {keys} || (key in {old} && {new}[key] == {old}[key])) && \
         {old}.all(key, key in {keys} || key in {new})"
    )
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn no_two_objects_share_a_policy() {
        let names = [["a-b", "c"], ["a", "b-c"], ["a", "c"], ["b", "c"]].map(|parts| named("p", &parts));
        let different: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(different.len(), names.len(), "{names:?}");
        assert!(names[0].starts_with("p-c-"), "{names:?}");
    }
}
