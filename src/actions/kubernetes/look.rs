//! Reading fields of live objects: uid, generation, images, replicas. Says what is there and decides nothing.

use kube::api::DynamicObject;
use serde_json::Value;

use super::kinds::{self, Runs};
use crate::domain::action::{Kind, ObjectRef};
use crate::ports::TargetState;

/// The state that is shown, approved and compared again at the start.
#[must_use]
pub fn state(object: &ObjectRef, live: &DynamicObject) -> TargetState {
    let (replicas, ready) = replicas(object.kind, &live.data);
    TargetState {
        object: object.clone(),
        uid: uid(live).to_owned(),
        generation: live.metadata.generation.unwrap_or(0),
        images: images(object.kind, &live.data),
        replicas,
        ready,
        container: None,
        workload: None,
        disruption: None,
    }
}

/// `metadata.uid`, empty where the server gave none.
#[must_use]
pub fn uid(live: &DynamicObject) -> &str {
    live.metadata.uid.as_deref().unwrap_or("")
}

/// `metadata.resourceVersion`, empty where the server gave none.
#[must_use]
pub fn version(live: &DynamicObject) -> &str {
    live.metadata.resource_version.as_deref().unwrap_or("")
}

#[must_use]
pub fn name(live: &DynamicObject) -> &str {
    live.metadata.name.as_deref().unwrap_or("")
}

#[must_use]
pub fn annotation<'a>(live: &'a DynamicObject, key: &str) -> Option<&'a str> {
    live.metadata.annotations.as_ref()?.get(key).map(String::as_str)
}

/// A number at a JSON pointer; 0 where there is none, as the API leaves out zeros.
#[must_use]
pub fn number(data: &Value, pointer: &str) -> i64 {
    data.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

#[must_use]
pub fn text<'a>(data: &'a Value, pointer: &str) -> &'a str {
    data.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}

/// `spec.selector.matchLabels` and `matchExpressions` as a selector text. `None` when there is none or a part of it
/// can't be written: an empty selector would mean every pod.
#[must_use]
pub fn selector(data: &Value) -> Option<String> {
    let selector = data.pointer("/spec/selector")?;
    let mut terms = Vec::new();
    if let Some(labels) = selector.get("matchLabels").and_then(Value::as_object) {
        for (key, value) in labels {
            terms.push(format!("{key}={}", value.as_str()?));
        }
    }
    for expression in selector
        .get("matchExpressions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        terms.push(expression_term(expression)?);
    }
    (!terms.is_empty()).then(|| terms.join(","))
}

fn expression_term(expression: &Value) -> Option<String> {
    let key = expression.get("key")?.as_str()?;
    let values = || -> Option<String> {
        let list = expression.get("values")?.as_array()?;
        let texts: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
        Some(texts?.join(","))
    };
    match expression.get("operator")?.as_str()? {
        "In" => Some(format!("{key} in ({})", values()?)),
        "NotIn" => Some(format!("{key} notin ({})", values()?)),
        "Exists" => Some(key.to_owned()),
        "DoesNotExist" => Some(format!("!{key}")),
        _ => None,
    }
}

/// Desired and ready: 1 and 0 or 1 for a pod; 0 and 0 for kinds that run nothing.
fn replicas(kind: Kind, data: &Value) -> (u32, u32) {
    let count = |pointer: &str| u32::try_from(number(data, pointer)).unwrap_or(0);
    match kinds::runs(kind) {
        Runs::Itself => (1, u32::from(condition(data, "Ready"))),
        // The server always fills in what the spec leaves out, and fills in 1.
        Runs::Pods { wanted, ready } if wanted.starts_with("/spec/") && data.pointer(wanted).is_none() => {
            (1, count(ready))
        }
        Runs::Pods { wanted, ready } => (count(wanted), count(ready)),
        Runs::Jobs | Runs::Nothing => (0, 0),
    }
}

fn images(kind: Kind, data: &Value) -> Vec<String> {
    let pointer = match kinds::runs(kind) {
        Runs::Itself => "/spec/containers",
        Runs::Pods { .. } => "/spec/template/spec/containers",
        Runs::Jobs => "/spec/jobTemplate/spec/template/spec/containers",
        Runs::Nothing => return Vec::new(),
    };
    let containers = data.pointer(pointer).and_then(Value::as_array);
    containers
        .into_iter()
        .flatten()
        .map(|container| text(container, "/image").to_owned())
        .collect()
}

/// Whether a condition of `status.conditions` is `True`.
#[must_use]
pub fn condition(data: &Value, kind: &str) -> bool {
    conditions(data).any(|entry| text(entry, "/type") == kind && text(entry, "/status") == "True")
}

/// The entries of `status.conditions`.
pub fn conditions(data: &Value) -> impl Iterator<Item = &Value> {
    data.pointer("/status/conditions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}
