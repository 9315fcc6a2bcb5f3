//! Whether the admission policies that `rbac` prints are in force in a cluster: there, as they are printed now, and bound so that
//! they deny. What they bind is not bound otherwise, and nobody would notice: the rights are granted all the same.

use std::collections::BTreeMap;

use http::Request;
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use kube::Client;
use kube::api::{Api, PostParams};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::held::{HeldError, PATIENCE, Reviewer};
use super::policy::{API, BINDING, POLICY};
use crate::actions::kubernetes::attempt::within;
use crate::actions::kubernetes::failure::Failure;

/// How one policy stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    InForce,
    Missing,
    /// It is another than the runbooks ask for now.
    Differs,
    /// No binding of its own name puts it in force, or one that does not deny.
    Unbound,
    /// We may not read it.
    Unread,
}

/// How all of them stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bounds {
    /// Before Kubernetes 1.30 there are none.
    TooOld,
    /// By name.
    Policies(BTreeMap<String, Standing>),
}

impl Reviewer {
    /// Whose credentials these are: `system:serviceaccount:interlock:interlock`. `None` where the server does not know the
    /// question (before 1.28; it refuses it then, since no role names it), or does not say.
    ///
    /// # Errors
    /// The cluster does not answer within 3 s, or not as a cluster does.
    pub async fn who(&self) -> Result<Option<String>, HeldError> {
        let api: Api<SelfSubjectReview> = Api::all(self.0.clone());
        let params = PostParams::default();
        let asked = SelfSubjectReview::default();
        match within(Instant::now() + PATIENCE, api.create(&params, &asked)).await {
            Ok(answer) => Ok(answer
                .status
                .and_then(|status| status.user_info)
                .and_then(|user| user.username)),
            Err(Failure::NoSuchApi(_) | Failure::NotFound(_) | Failure::Forbidden(_)) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Compares the policies and bindings among `printed` with what the cluster has under their names.
    ///
    /// # Errors
    /// The cluster does not answer within 3 s each time, or not as a cluster does.
    pub async fn bounds(&self, printed: &[Value]) -> Result<Bounds, HeldError> {
        if !has_policies(&self.0).await? {
            return Ok(Bounds::TooOld);
        }
        let named = |kind: &'static str| {
            let of_kind = printed.iter().filter(move |object| object["kind"] == kind);
            of_kind.filter_map(|object| Some((object.pointer("/metadata/name")?.as_str()?, object)))
        };
        let bindings: BTreeMap<&str, &Value> = named(BINDING.0).collect();
        let mut all = BTreeMap::new();
        for (name, policy) in named(POLICY.0) {
            let mut standing = compared(&self.0, POLICY.1, name, policy).await?;
            if let (Standing::InForce, Some(binding)) = (standing, bindings.get(name)) {
                standing = match compared(&self.0, BINDING.1, name, binding).await? {
                    Standing::Missing | Standing::Differs => Standing::Unbound,
                    other => other,
                };
            }
            all.insert(name.to_owned(), standing);
        }
        Ok(Bounds::Policies(all))
    }
}

/// Older servers have the group without this resource.
async fn has_policies(client: &Client) -> Result<bool, HeldError> {
    let asked = client.list_api_group_resources(API);
    match within(Instant::now() + PATIENCE, asked).await {
        Ok(list) => Ok(list.resources.iter().any(|one| one.name == POLICY.1)),
        Err(Failure::NoSuchApi(_) | Failure::NotFound(_)) => Ok(false),
        Err(failure) => Err(failure.into()),
    }
}

async fn compared(
    client: &Client,
    resource: &str,
    name: &str,
    printed: &Value,
) -> Result<Standing, HeldError> {
    let asked = Request::get(format!("/apis/{API}/{resource}/{name}")).body(Vec::new());
    let asked = asked.map_err(|error| HeldError(error.to_string()))?;
    match within(Instant::now() + PATIENCE, client.request::<Value>(asked)).await {
        Ok(found) if are_same(printed, &found) => Ok(Standing::InForce),
        Ok(_) => Ok(Standing::Differs),
        Err(Failure::NotFound(_) | Failure::NoSuchApi(_)) => Ok(Standing::Missing),
        Err(Failure::Forbidden(_)) => Ok(Standing::Unread),
        Err(failure) => Err(failure.into()),
    }
}

/// But for what the server fills in, and what a binding does beside denying.
fn are_same(printed: &Value, found: &Value) -> bool {
    filled(&printed["spec"]) == filled(&found["spec"])
}

/// As `SetDefaults_MatchResources` and `SetDefaults_Rule` of Kubernetes (1.30 to 1.36) leave it.
fn filled(spec: &Value) -> Value {
    let mut spec = spec.clone();
    for field in ["matchConstraints", "matchResources"] {
        let Some(matches) = spec.get_mut(field).and_then(Value::as_object_mut) else {
            continue;
        };
        for (key, value) in [
            ("matchPolicy", json!("Equivalent")),
            ("namespaceSelector", json!({})),
            ("objectSelector", json!({})),
        ] {
            matches.entry(key).or_insert(value);
        }
        let rules = matches.get_mut("resourceRules").and_then(Value::as_array_mut);
        let rules = rules.into_iter().flatten().filter_map(Value::as_object_mut);
        rules.for_each(|rule| {
            rule.entry("scope").or_insert(json!("*"));
        });
    }
    let denies = |actions: &Vec<Value>| actions.iter().any(|action| action == "Deny");
    if spec["validationActions"].as_array().is_some_and(denies) {
        spec["validationActions"] = json!(["Deny"]);
    }
    spec
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_fills_in_is_no_difference_and_what_weakens_it_is() {
        let printed = json!({"spec": {"failurePolicy": "Fail", "matchConstraints": {"resourceRules": [{"resources": ["jobs"]}]}}});
        let found = json!({"spec": {"failurePolicy": "Fail", "matchConstraints": {
            "matchPolicy": "Equivalent", "namespaceSelector": {}, "objectSelector": {},
            "resourceRules": [{"resources": ["jobs"], "scope": "*"}],
        }}});
        assert!(are_same(&printed, &found));
        for (pointer, weaker) in [
            ("/spec/failurePolicy", json!("Ignore")),
            ("/spec/matchConstraints/matchPolicy", json!("Exact")),
            (
                "/spec/matchConstraints/namespaceSelector",
                json!({"matchLabels": {"a": "b"}}),
            ),
            (
                "/spec/matchConstraints/resourceRules/0/scope",
                json!("Namespaced"),
            ),
        ] {
            let mut found = found.clone();
            *found.pointer_mut(pointer).unwrap() = weaker;
            assert!(!are_same(&printed, &found), "{pointer}");
        }
        let binding = |actions: Value| json!({"spec": {"policyName": "x", "validationActions": actions}});
        assert!(are_same(
            &binding(json!(["Deny"])),
            &binding(json!(["Deny", "Audit"]))
        ));
        assert!(!are_same(&binding(json!(["Deny"])), &binding(json!(["Warn"]))));
    }
}
