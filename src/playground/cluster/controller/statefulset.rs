//! The StatefulSet controller: pods with numbers, made in order, replaced from the highest down, one at a time.

use std::sync::Arc;

use serde_json::{Value, json};

use super::pods::{self, NewPod};
use super::revision;
use crate::playground::cluster::json;
use crate::playground::cluster::kinds::Kind;
use crate::playground::cluster::model::{Model, Tone};
use crate::playground::cluster::store::Key;

/// Moves one StatefulSet on.
pub(in crate::playground::cluster) fn reconcile(model: &mut Model, key: &Key) {
    let Some(set) = model.store.get(key).cloned() else {
        return;
    };
    let update = revision::ensure(model, Kind::StatefulSet, &set);
    let update_name = json::text(&update, "/metadata/name").to_owned();
    let wanted = json::int(&set, "/spec/replicas").unwrap_or(1).max(0);
    if !step(model, &set, key, wanted, &update_name) {
        roll(model, &set, key, wanted, &update_name);
    }
    write_status(model, key, wanted, &update_name);
}

fn pod_at(model: &Model, key: &Key, ordinal: i64) -> Option<Arc<Value>> {
    model
        .store
        .get(&Key::new(
            Kind::Pod,
            &key.namespace,
            &format!("{}-{ordinal}", key.name),
        ))
        .cloned()
}

/// Makes the next missing pod, or takes away the highest surplus one. True while the set is not yet whole.
fn step(model: &mut Model, set: &Arc<Value>, key: &Key, wanted: i64, update: &str) -> bool {
    let parallel = json::text(set, "/spec/podManagementPolicy") == "Parallel";
    for ordinal in 0..wanted {
        match pod_at(model, key, ordinal) {
            Some(pod) if pods::is_active(&pod) && pods::is_ready(&pod) => {}
            // One that does not become ready holds up the rest, unless a newer template can replace it.
            Some(pod) if !parallel => return pods::is_leaving(&pod) || revision_of(&pod) == update,
            Some(_) => {}
            None => {
                let name = format!("{}-{ordinal}", key.name);
                let empty = Value::Null;
                let template = set.pointer("/spec/template").unwrap_or(&empty);
                let labels = vec![
                    (revision::LABEL, update.to_owned()),
                    ("statefulset.kubernetes.io/pod-name", name.clone()),
                    ("apps.kubernetes.io/pod-index", ordinal.to_string()),
                ];
                let new = NewPod {
                    owner: set,
                    owner_kind: Kind::StatefulSet,
                    name,
                    generate_name: Some(format!("{}-", key.name)),
                    template,
                    labels,
                    node: None,
                };
                pods::create(model, new);
                if !parallel {
                    return true;
                }
            }
        }
    }
    let surplus = owned(model, set)
        .into_iter()
        .filter(|pod| ordinal_of(pod) >= wanted)
        .max_by_key(|pod| ordinal_of(pod));
    if let Some(pod) = surplus {
        if !pods::is_leaving(&pod) {
            remove(model, set, &pod);
        }
        return true;
    }
    false
}

/// Replaces the highest pod that has an older template.
fn roll(model: &mut Model, set: &Arc<Value>, key: &Key, wanted: i64, update: &str) {
    if json::text(set, "/spec/updateStrategy/type") == "OnDelete" {
        return;
    }
    let partition = json::int(set, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or(0);
    for ordinal in (partition.max(0)..wanted).rev() {
        let Some(pod) = pod_at(model, key, ordinal) else {
            return;
        };
        if pods::is_leaving(&pod) {
            return;
        }
        if revision_of(&pod) != update {
            remove(model, set, &pod);
            return;
        }
        if !pods::is_ready(&pod) {
            return;
        }
    }
}

fn remove(model: &mut Model, set: &Value, pod: &Value) {
    let name = json::text(pod, "/metadata/name");
    let message = format!(
        "delete Pod {name} in StatefulSet {} successful",
        json::text(set, "/metadata/name")
    );
    model.delete(&Key::of(Kind::Pod, pod), None);
    model.event(
        Kind::StatefulSet,
        set,
        Tone::Normal,
        "SuccessfulDelete",
        &message,
        "statefulset-controller",
    );
}

fn owned(model: &Model, set: &Value) -> Vec<Arc<Value>> {
    model.owned(
        Kind::Pod,
        json::text(set, "/metadata/namespace"),
        json::text(set, "/metadata/uid"),
    )
}

fn ordinal_of(pod: &Value) -> i64 {
    json::text(pod, "/metadata/name")
        .rsplit('-')
        .next()
        .and_then(|end| end.parse().ok())
        .unwrap_or(0)
}

fn revision_of(pod: &Value) -> &str {
    pod.pointer("/metadata/labels")
        .and_then(|labels| labels.get(revision::LABEL))
        .and_then(Value::as_str)
        .unwrap_or("")
}

fn write_status(model: &mut Model, key: &Key, wanted: i64, update: &str) {
    let Some(set) = model.store.get(key).cloned() else {
        return;
    };
    let mut pods = owned(model, &set);
    pods.retain(|pod| pods::is_active(pod));
    let updated = pods.iter().filter(|pod| revision_of(pod) == update).count();
    let ready = pods::count_ready(&pods);
    let all_updated = i64::try_from(updated).unwrap_or(0) == wanted && ready == wanted;
    let before = json::text(&set, "/status/currentRevision");
    let current = if all_updated || before.is_empty() {
        update
    } else {
        before
    };
    let on_current = pods.iter().filter(|pod| revision_of(pod) == current).count();
    let status = json!({"observedGeneration": json::int(&set, "/metadata/generation"), "replicas": pods.len(),
        "readyReplicas": ready, "availableReplicas": ready, "currentReplicas": on_current, "updatedReplicas": updated,
        "currentRevision": current, "updateRevision": update, "collisionCount": 0});
    pods::put_status(model, key, status);
}
