//! The ReplicaSet controller: as many pods as wanted, and their count.

use std::sync::Arc;

use serde_json::{Value, json};

use super::pods::{self, NewPod};
use crate::playground::cluster::json;
use crate::playground::cluster::kinds::Kind;
use crate::playground::cluster::model::{Model, Tone};
use crate::playground::cluster::store::Key;

/// Pods made in one round; more come in the next.
const BURST: i64 = 100;

/// Brings the pods of one ReplicaSet to the wanted number.
pub(in crate::playground::cluster) fn reconcile(model: &mut Model, key: &Key) {
    let Some(set) = model.store.get(key).cloned() else {
        return;
    };
    let wanted = json::int(&set, "/spec/replicas").unwrap_or(1).max(0);
    let uid = json::text(&set, "/metadata/uid");
    let mut active: Vec<Arc<Value>> = model
        .owned(Kind::Pod, &key.namespace, uid)
        .into_iter()
        .filter(|pod| pods::is_active(pod))
        .collect();
    let have = i64::try_from(active.len()).unwrap_or(i64::MAX);
    for _ in 0..(wanted - have).clamp(0, BURST) {
        let prefix = format!("{}-", key.name);
        let name = format!("{prefix}{}", model.ids.suffix());
        let empty = Value::Null;
        let template = set.pointer("/spec/template").unwrap_or(&empty);
        pods::create(
            model,
            NewPod {
                owner: &set,
                owner_kind: Kind::ReplicaSet,
                name,
                generate_name: Some(prefix),
                template,
                labels: Vec::new(),
                node: None,
            },
        );
    }
    if have > wanted {
        // The real controller prefers pods that are not ready, then the newest.
        active.sort_by_key(|pod| {
            (
                pods::is_ready(pod),
                std::cmp::Reverse(json::text(pod, "/metadata/creationTimestamp").to_owned()),
            )
        });
        for pod in active.iter().take(usize::try_from(have - wanted).unwrap_or(0)) {
            let message = format!("Deleted pod: {}", json::text(pod, "/metadata/name"));
            model.delete(&Key::of(Kind::Pod, pod), None);
            let component = "replicaset-controller";
            model.event(
                Kind::ReplicaSet,
                &set,
                Tone::Normal,
                "SuccessfulDelete",
                &message,
                component,
            );
        }
    }
    write_status(model, key, uid);
}

fn write_status(model: &mut Model, key: &Key, uid: &str) {
    let Some(set) = model.store.get(key).cloned() else {
        return;
    };
    let mut pods = model.owned(Kind::Pod, &key.namespace, uid);
    pods.retain(|pod| pods::is_active(pod));
    let mut status =
        json!({"replicas": pods.len(), "observedGeneration": json::int(&set, "/metadata/generation")});
    if !pods.is_empty() {
        status["fullyLabeledReplicas"] = json!(pods.len());
        status["readyReplicas"] = json!(pods::count_ready(&pods));
        status["availableReplicas"] = json!(pods::count_ready(&pods));
    }
    pods::put_status(model, key, status);
}
