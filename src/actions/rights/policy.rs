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

use super::roles::labels;

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
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
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
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name, "labels": labels()},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    })
}

/// Whatever does not meet the expression is answered with 403 and the message.
pub(super) fn only(expression: &str, message: &str) -> Value {
    json!({"expression": expression, "message": message, "reason": "Forbidden"})
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
