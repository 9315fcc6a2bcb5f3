//! The Deployment controller: one ReplicaSet per template, revisions, and the rolling change from one to the next.
//! It follows the real one in what it counts (surge, unavailability) and in how it words events and conditions; it makes one move per
//! round, and the rounds go on until nothing moves.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{pods, revision};
use crate::playground::cluster::ids;
use crate::playground::cluster::json;
use crate::playground::cluster::kinds::Kind;
use crate::playground::cluster::model::{Model, Tone};
use crate::playground::cluster::store::Key;

/// The annotation that numbers the ReplicaSets of a Deployment.
pub(in crate::playground::cluster) const REVISION: &str = "deployment.kubernetes.io/revision";
const HASH_LABEL: &str = "pod-template-hash";
const COMPONENT: &str = "deployment-controller";

/// The numbers of a rolling change.
struct Plan {
    desired: i64,
    surge: i64,
    unavailable: i64,
}

/// Moves one Deployment on.
pub(in crate::playground::cluster) fn reconcile(model: &mut Model, key: &Key) {
    let Some(deployment) = model.store.get(key).cloned() else {
        return;
    };
    let Some(template) = deployment.pointer("/spec/template").cloned() else {
        return;
    };
    let uid = json::text(&deployment, "/metadata/uid").to_owned();
    let sets = model.owned(Kind::ReplicaSet, &key.namespace, &uid);
    let newest = sets.iter().find(|set| same_template(set, &template)).cloned();
    if json::truth(&deployment, "/spec/paused") {
        write_status(model, key, newest.as_deref());
        return;
    }
    let newest = ensure_newest(model, key, &deployment, &template, &sets, newest);
    let plan = Plan::of(&deployment);
    let sets = model.owned(Kind::ReplicaSet, &key.namespace, &uid);
    let old: Vec<Arc<Value>> = sets
        .into_iter()
        .filter(|set| json::text(set, "/metadata/uid") != json::text(&newest, "/metadata/uid"))
        .collect();
    if json::text(&deployment, "/spec/strategy/type") == "Recreate" {
        recreate(model, &deployment, &newest, &old, &plan);
    } else {
        roll(model, &deployment, &newest, &old, &plan);
    }
    let newest = model.store.get(&Key::of(Kind::ReplicaSet, &newest)).cloned();
    write_status(model, key, newest.as_deref());
    forget_old(model, key, &old);
}

impl Plan {
    fn of(deployment: &Value) -> Self {
        let desired = json::int(deployment, "/spec/replicas").unwrap_or(1).max(0);
        let share = |pointer: &str, round_up: i64| match deployment.pointer(pointer) {
            Some(Value::Number(number)) => number.as_i64().unwrap_or(0),
            other => {
                let text = other.and_then(Value::as_str).unwrap_or("25%");
                (desired * text.trim_end_matches('%').parse::<i64>().unwrap_or(25) + round_up) / 100
            }
        };
        let surge = share("/spec/strategy/rollingUpdate/maxSurge", 99);
        let unavailable = share("/spec/strategy/rollingUpdate/maxUnavailable", 0);
        // Both zero would never move; the real controller then takes one down.
        let unavailable = if surge == 0 && unavailable == 0 {
            1
        } else {
            unavailable
        };
        Self {
            desired,
            surge,
            unavailable,
        }
    }
}

fn same_template(set: &Value, template: &Value) -> bool {
    let mut have = set.pointer("/spec/template").cloned().unwrap_or(Value::Null);
    json::remove(&mut have, &["metadata", "labels", HASH_LABEL]);
    have == *template
}

fn number(set: &Value) -> i64 {
    json::annotation(set, REVISION)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

/// Finds or makes the ReplicaSet of the template and gives it the highest revision.
fn ensure_newest(
    model: &mut Model,
    key: &Key,
    deployment: &Arc<Value>,
    template: &Value,
    sets: &[Arc<Value>],
    found: Option<Arc<Value>>,
) -> Arc<Value> {
    let highest = sets.iter().map(|set| number(set)).max().unwrap_or(0);
    let newest = match found {
        Some(set) => {
            let revision = if number(&set) == highest {
                highest
            } else {
                highest + 1
            };
            let mut noted = (*set).clone();
            json::set(
                &mut noted,
                &["metadata", "annotations", REVISION],
                json!(revision.to_string()),
            );
            copy_annotations(deployment, &mut noted);
            model.store.put(Kind::ReplicaSet, noted)
        }
        None => make_set(model, key, deployment, template, highest + 1),
    };
    let revision = number(&newest).to_string();
    if json::annotation(deployment, REVISION) != Some(revision.as_str())
        && let Some(mut changed) = model.copy(key)
    {
        json::set(
            &mut changed,
            &["metadata", "annotations", REVISION],
            json!(revision),
        );
        model.store.put(Kind::Deployment, changed);
    }
    newest
}

fn make_set(model: &mut Model, key: &Key, deployment: &Value, template: &Value, revision: i64) -> Arc<Value> {
    let hash = ids::template_hash(template);
    let mut own_template = template.clone();
    json::set(
        &mut own_template,
        &["metadata", "labels", HASH_LABEL],
        json!(hash),
    );
    let mut selector = deployment
        .pointer("/spec/selector")
        .cloned()
        .unwrap_or_else(|| json!({}));
    json::set(&mut selector, &["matchLabels", HASH_LABEL], json!(hash));
    let labels = own_template
        .pointer("/metadata/labels")
        .cloned()
        .unwrap_or_else(|| json!({}));
    let mut set = json!({
        "metadata": {"name": format!("{}-{hash}", key.name), "namespace": key.namespace, "labels": labels,
            "annotations": {REVISION: revision.to_string()},
            "ownerReferences": [pods::owner_reference(Kind::Deployment, deployment)]},
        "spec": {"replicas": 0, "selector": selector, "template": own_template},
        "status": {"replicas": 0},
    });
    copy_annotations(deployment, &mut set);
    model.create(Kind::ReplicaSet, set)
}

/// Annotations go along with a revision (`kubernetes.io/change-cause` above all), except the bookkeeping ones.
fn copy_annotations(deployment: &Value, set: &mut Value) {
    let desired = json::int(deployment, "/spec/replicas").unwrap_or(1);
    if let Some(annotations) = deployment
        .pointer("/metadata/annotations")
        .and_then(Value::as_object)
    {
        for (name, value) in annotations {
            if name != REVISION && name != "kubectl.kubernetes.io/last-applied-configuration" {
                json::set(set, &["metadata", "annotations", name], value.clone());
            }
        }
    }
    json::set(
        set,
        &[
            "metadata",
            "annotations",
            "deployment.kubernetes.io/desired-replicas",
        ],
        json!(desired.to_string()),
    );
}

fn wanted(set: &Value) -> i64 {
    json::int(set, "/spec/replicas").unwrap_or(0)
}

fn available(set: &Value) -> i64 {
    json::int(set, "/status/availableReplicas").unwrap_or(0)
}

fn resize(model: &mut Model, deployment: &Value, set: &Value, replicas: i64) {
    let from = wanted(set);
    if from == replicas {
        return;
    }
    let mut changed = set.clone();
    json::set(&mut changed, &["spec", "replicas"], json!(replicas));
    let generation = json::int(set, "/metadata/generation").unwrap_or(1) + 1;
    json::set(&mut changed, &["metadata", "generation"], json!(generation));
    let desired = json::int(deployment, "/spec/replicas").unwrap_or(1);
    let noted = [
        "metadata",
        "annotations",
        "deployment.kubernetes.io/desired-replicas",
    ];
    json::set(&mut changed, &noted, json!(desired.to_string()));
    model.store.put(Kind::ReplicaSet, changed);
    let direction = if replicas > from { "up" } else { "down" };
    let name = json::text(set, "/metadata/name");
    let message = format!("Scaled {direction} replica set {name} from {from} to {replicas}");
    model.event(
        Kind::Deployment,
        deployment,
        Tone::Normal,
        "ScalingReplicaSet",
        &message,
        COMPONENT,
    );
}

fn roll(model: &mut Model, deployment: &Value, newest: &Value, old: &[Arc<Value>], plan: &Plan) {
    let total: i64 = old.iter().map(|set| wanted(set)).sum::<i64>() + wanted(newest);
    let current = wanted(newest);
    if current > plan.desired {
        resize(model, deployment, newest, plan.desired);
        return;
    }
    let room = plan.desired + plan.surge - total;
    if current < plan.desired && room > 0 {
        resize(
            model,
            deployment,
            newest,
            current + room.min(plan.desired - current),
        );
        return;
    }
    let least = plan.desired - plan.unavailable;
    let not_yet_available = current - available(newest);
    let mut removable = total - least - not_yet_available;
    let mut spare: i64 = old.iter().map(|set| available(set)).sum::<i64>() + available(newest) - least;
    for set in old.iter().filter(|set| wanted(set) > 0) {
        // Broken old pods go first, whatever is available; sound ones only as far as enough others are.
        let broken = (wanted(set) - available(set)).clamp(0, removable.max(0));
        let sound = (wanted(set) - broken)
            .min(spare.max(0))
            .min((removable - broken).max(0));
        let gone = broken + sound;
        removable -= gone;
        spare -= sound;
        resize(model, deployment, set, wanted(set) - gone);
    }
}

fn recreate(model: &mut Model, deployment: &Value, newest: &Value, old: &[Arc<Value>], plan: &Plan) {
    for set in old.iter().filter(|set| wanted(set) > 0) {
        resize(model, deployment, set, 0);
    }
    let namespace = json::text(deployment, "/metadata/namespace").to_owned();
    let lingering = old.iter().any(|set| {
        !model
            .owned(Kind::Pod, &namespace, json::text(set, "/metadata/uid"))
            .is_empty()
    });
    if !lingering {
        resize(model, deployment, newest, plan.desired);
    }
}

/// Old ReplicaSets beyond the history limit go, oldest first.
fn forget_old(model: &mut Model, key: &Key, old: &[Arc<Value>]) {
    let limit = model
        .store
        .get(key)
        .and_then(|deployment| json::int(deployment, "/spec/revisionHistoryLimit"));
    let mut empty: Vec<&Arc<Value>> = old
        .iter()
        .filter(|set| wanted(set) == 0 && json::int(set, "/status/replicas").unwrap_or(0) == 0)
        .collect();
    empty.sort_by_key(|set| number(set));
    let excess = revision::excess(empty.len(), limit);
    for set in empty.iter().take(excess) {
        model.delete(&Key::of(Kind::ReplicaSet, set), None);
    }
}

/// Reason and message of the condition `Available`.
fn availability(enough: bool) -> (&'static str, &'static str) {
    if enough {
        ("MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        (
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
        )
    }
}

fn write_status(model: &mut Model, key: &Key, newest: Option<&Value>) {
    let Some(deployment) = model.store.get(key).cloned() else {
        return;
    };
    let uid = json::text(&deployment, "/metadata/uid");
    let sets = model.owned(Kind::ReplicaSet, &key.namespace, uid);
    let sum = |pointer: &str| {
        sets.iter()
            .map(|set| json::int(set, pointer).unwrap_or(0))
            .sum::<i64>()
    };
    let (replicas, ready) = (sum("/status/replicas"), sum("/status/readyReplicas"));
    let updated = newest
        .and_then(|set| json::int(set, "/status/replicas"))
        .unwrap_or(0);
    let updated_ready = newest.map_or(0, available);
    let plan = Plan::of(&deployment);
    let enough = ready >= plan.desired - plan.unavailable;
    let (reason, message) = availability(enough);
    let done = updated == plan.desired && updated_ready == plan.desired && replicas == plan.desired;
    let set_name = newest.map_or("", |set| json::text(set, "/metadata/name"));
    let (progress, said) = if done {
        (
            "NewReplicaSetAvailable",
            format!("ReplicaSet \"{set_name}\" has successfully progressed."),
        )
    } else {
        (
            "ReplicaSetUpdated",
            format!("ReplicaSet \"{set_name}\" is progressing."),
        )
    };
    let mut status = json!({
        "observedGeneration": json::int(&deployment, "/metadata/generation"),
        "conditions": [
            pods::condition(model, &deployment, "Available", enough, reason, message),
            pods::condition(model, &deployment, "Progressing", true, progress, &said),
        ],
    });
    let counts = [
        ("replicas", replicas),
        ("updatedReplicas", updated),
        ("readyReplicas", ready),
        ("availableReplicas", ready),
        ("unavailableReplicas", (plan.desired.max(replicas) - ready).max(0)),
    ];
    for (name, count) in counts {
        if count > 0 {
            status[name] = json!(count);
        }
    }
    pods::put_status(model, key, status);
}
