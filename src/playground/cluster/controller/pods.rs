//! What controllers that own pods share: making a pod from a template, counting pods, owner references, conditions.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::playground::cluster::json;
use crate::playground::cluster::kinds::Kind;
use crate::playground::cluster::model::{Model, Tone};
use crate::playground::cluster::store::Key;

/// What a controller wants a new pod to be.
pub(in crate::playground::cluster) struct NewPod<'a> {
    pub owner: &'a Value,
    pub owner_kind: Kind,
    pub name: String,
    /// Set for pods whose name has a random end.
    pub generate_name: Option<String>,
    pub template: &'a Value,
    /// Labels beyond the template's.
    pub labels: Vec<(&'static str, String)>,
    /// A node that the pod must run on (DaemonSets).
    pub node: Option<String>,
}

/// Makes a pod and tells of it in an event of the owner.
pub(in crate::playground::cluster) fn create(model: &mut Model, new: NewPod<'_>) -> Arc<Value> {
    let namespace = json::text(new.owner, "/metadata/namespace");
    let mut metadata = new.template.get("metadata").cloned().unwrap_or_else(|| json!({}));
    json::remove(&mut metadata, &["creationTimestamp"]);
    json::set(&mut metadata, &["name"], json!(new.name));
    json::set(&mut metadata, &["namespace"], json!(namespace));
    if let Some(prefix) = new.generate_name {
        json::set(&mut metadata, &["generateName"], json!(prefix));
    }
    for (key, value) in new.labels {
        json::set(&mut metadata, &["labels", key], json!(value));
    }
    json::set(
        &mut metadata,
        &["ownerReferences"],
        json!([owner_reference(new.owner_kind, new.owner)]),
    );
    let mut spec = new.template.get("spec").cloned().unwrap_or_else(|| json!({}));
    if let Some(node) = new.node {
        json::set(&mut spec, &["nodeName"], json!(node));
    }
    let pod =
        json!({"metadata": metadata, "spec": spec, "status": {"phase": "Pending", "qosClass": "BestEffort"}});
    let pod = model.create(Kind::Pod, with_pod_defaults(pod));
    let message = format!("Created pod: {}", json::text(&pod, "/metadata/name"));
    let component = format!("{}-controller", new.owner_kind.info().singular);
    model.event(
        new.owner_kind,
        new.owner,
        Tone::Normal,
        "SuccessfulCreate",
        &message,
        &component,
    );
    pod
}

/// What the server fills in where a pod's author said nothing.
pub(in crate::playground::cluster) fn with_pod_defaults(mut pod: Value) -> Value {
    let defaults = [
        ("restartPolicy", json!("Always")),
        ("terminationGracePeriodSeconds", json!(30)),
        ("dnsPolicy", json!("ClusterFirst")),
        ("schedulerName", json!("default-scheduler")),
        ("serviceAccountName", json!("default")),
        ("securityContext", json!({})),
    ];
    for (key, value) in defaults {
        if pod.pointer(&format!("/spec/{key}")).is_none() {
            json::set(&mut pod, &["spec", key], value);
        }
    }
    if let Some(containers) = pod.pointer_mut("/spec/containers").and_then(Value::as_array_mut) {
        for container in containers {
            for (key, value) in [
                ("imagePullPolicy", json!("IfNotPresent")),
                ("resources", json!({})),
                ("terminationMessagePath", json!("/dev/termination-log")),
                ("terminationMessagePolicy", json!("File")),
            ] {
                if container.get(key).is_none() {
                    json::set(container, &[key], value);
                }
            }
        }
    }
    pod
}

/// A reference to the controller of an object.
pub(in crate::playground::cluster) fn owner_reference(kind: Kind, owner: &Value) -> Value {
    json!({"apiVersion": kind.api_version(), "kind": kind.info().name, "name": json::text(owner, "/metadata/name"),
        "uid": json::text(owner, "/metadata/uid"), "controller": true, "blockOwnerDeletion": true})
}

/// Whether a pod is being deleted.
pub(in crate::playground::cluster) fn is_leaving(pod: &Value) -> bool {
    pod.pointer("/metadata/deletionTimestamp").is_some()
}

/// Whether a pod still counts towards what its owner wants: neither ended nor being deleted.
pub(in crate::playground::cluster) fn is_active(pod: &Value) -> bool {
    !is_leaving(pod) && !matches!(json::text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// Whether the Ready condition of a pod is true.
pub(in crate::playground::cluster) fn is_ready(pod: &Value) -> bool {
    json::list(pod, "/status/conditions").iter().any(|condition| {
        json::text(condition, "/type") == "Ready" && json::text(condition, "/status") == "True"
    })
}

/// How many of these pods are ready and not being deleted.
pub(in crate::playground::cluster) fn count_ready(pods: &[Arc<Value>]) -> i64 {
    let ready = pods.iter().filter(|pod| is_active(pod) && is_ready(pod)).count();
    i64::try_from(ready).unwrap_or(i64::MAX)
}

/// Stores an object's status, as the status subresource does. One that is the same is left alone.
pub(in crate::playground::cluster) fn put_status(model: &mut Model, key: &Key, status: Value) {
    let same = |object: &Arc<Value>| object.get("status") == Some(&status);
    if model.store.get(key).is_some_and(same) {
        return;
    }
    if let Some(mut object) = model.copy(key) {
        json::set(&mut object, &["status"], status);
        model.store.put(key.kind, object);
    }
}

/// A condition, keeping the transition time of the old one while its status is the same.
pub(in crate::playground::cluster) fn condition(
    model: &Model,
    old: &Value,
    kind: &str,
    truth: bool,
    reason: &str,
    message: &str,
) -> Value {
    let status = if truth { "True" } else { "False" };
    let before = json::list(old, "/status/conditions")
        .iter()
        .find(|condition| json::text(condition, "/type") == kind);
    let now = model.stamp();
    let mut new = json!({"type": kind, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": now, "lastUpdateTime": now});
    if let Some(before) = before
        && json::text(before, "/status") == status
    {
        new["lastTransitionTime"] = before.get("lastTransitionTime").cloned().unwrap_or(Value::Null);
        if json::text(before, "/reason") == reason && json::text(before, "/message") == message {
            new["lastUpdateTime"] = before.get("lastUpdateTime").cloned().unwrap_or(Value::Null);
        }
    }
    new
}
