//! The DaemonSet controller, reduced: one pod on each node, replaced one at a time when the template changes. Node selectors, taints
//! and surge are not looked at.

use std::sync::Arc;

use serde_json::{Value, json};

use super::pods::{self, NewPod};
use super::revision;
use crate::playground::cluster::json;
use crate::playground::cluster::kinds::Kind;
use crate::playground::cluster::model::{Model, Tone};
use crate::playground::cluster::store::Key;

/// Moves one DaemonSet on.
pub(in crate::playground::cluster) fn reconcile(model: &mut Model, key: &Key) {
    let Some(set) = model.store.get(key).cloned() else {
        return;
    };
    let update = revision::ensure(model, Kind::DaemonSet, &set);
    let hash = update
        .pointer("/metadata/labels")
        .and_then(|labels| labels.get(revision::LABEL))
        .cloned();
    let hash = hash.as_ref().and_then(Value::as_str).unwrap_or("").to_owned();
    let nodes: Vec<String> = model
        .store
        .list(Kind::Node, "")
        .map(|(key, _)| key.name.clone())
        .collect();
    let mine = owned(model, &set);
    for node in &nodes {
        if !mine
            .iter()
            .any(|pod| json::text(pod, "/spec/nodeName") == node.as_str())
        {
            let prefix = format!("{}-", key.name);
            let name = format!("{prefix}{}", model.ids.suffix());
            let empty = Value::Null;
            let template = set.pointer("/spec/template").unwrap_or(&empty);
            let new = NewPod {
                owner: &set,
                owner_kind: Kind::DaemonSet,
                name,
                generate_name: Some(prefix),
                template,
                labels: vec![(revision::LABEL, hash.clone())],
                node: Some(node.clone()),
            };
            pods::create(model, new);
        }
    }
    let settled = mine.iter().all(|pod| !pods::is_leaving(pod));
    if settled && let Some(outdated) = mine.iter().find(|pod| revision_of(pod) != hash) {
        let others_ready = mine
            .iter()
            .filter(|pod| revision_of(pod) == hash)
            .all(|pod| pods::is_ready(pod))
            && mine.len() == nodes.len();
        if others_ready {
            let message = format!("Deleted pod: {}", json::text(outdated, "/metadata/name"));
            model.delete(&Key::of(Kind::Pod, outdated), None);
            model.event(
                Kind::DaemonSet,
                &set,
                Tone::Normal,
                "SuccessfulDelete",
                &message,
                "daemonset-controller",
            );
        }
    }
    write_status(model, key, nodes.len(), &hash);
}

fn owned(model: &Model, set: &Value) -> Vec<Arc<Value>> {
    model.owned(
        Kind::Pod,
        json::text(set, "/metadata/namespace"),
        json::text(set, "/metadata/uid"),
    )
}

fn revision_of(pod: &Value) -> &str {
    pod.pointer("/metadata/labels")
        .and_then(|labels| labels.get(revision::LABEL))
        .and_then(Value::as_str)
        .unwrap_or("")
}

fn write_status(model: &mut Model, key: &Key, nodes: usize, hash: &str) {
    let Some(set) = model.store.get(key).cloned() else {
        return;
    };
    let mut pods = owned(model, &set);
    pods.retain(|pod| pods::is_active(pod));
    let updated = pods.iter().filter(|pod| revision_of(pod) == hash).count();
    let ready = pods::count_ready(&pods);
    let status = json!({"observedGeneration": json::int(&set, "/metadata/generation"), "desiredNumberScheduled": nodes,
        "currentNumberScheduled": pods.len(), "updatedNumberScheduled": updated, "numberReady": ready,
        "numberAvailable": ready, "numberMisscheduled": 0});
    pods::put_status(model, key, status);
}
