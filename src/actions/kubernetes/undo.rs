//! `kubectl rollout undo`: back to the pod template of an earlier revision, which a deployment keeps in its
//! ReplicaSets and the other workloads in ControllerRevisions.

use std::collections::BTreeMap;

use kube::api::{Api, ApiResource, DynamicObject};
use serde_json::{Value, json};

use super::attempt::{ATTEMPT, Attempt, Outcome, Same};
use super::failure::Failure;
use super::kinds;
use super::look;
use super::resolve;
use super::write::{self, Change};
use crate::actions::verdict::Verdict;
use crate::domain::action::{Kind, ObjectRef};

/// The label that the deployment controller adds to each ReplicaSet's template.
const TEMPLATE_HASH: &str = "pod-template-hash";

/// Rolls back to a revision, or to the one before the current. Refused with 409 when anything changed the object
/// after our reading.
///
/// # Errors
/// The verdict when nothing was changed.
pub async fn run(attempt: &Attempt<'_>, target: &ObjectRef, to_revision: Option<u32>) -> Outcome {
    let live = attempt.live(target, Same::Spec).await?;
    if live.data.pointer("/spec/paused").and_then(Value::as_bool) == Some(true) {
        return Err(Verdict::failed(format!(
            "{} is paused: resume it first (`kubectl rollout resume`)",
            kinds::printed(target)
        )));
    }
    let history = history(attempt, target, &live).await?;
    let (revision, template) = chosen(target, history, to_revision)?;
    if live.data.pointer("/spec/template") == Some(&template) {
        return Ok(Verdict::done(format!(
            "{} skipped rollback (current template already matches revision {revision})\n",
            kinds::printed(target)
        )));
    }
    let done = format!("{} rolled back to revision {revision}", kinds::printed(target));
    let change = |live: &DynamicObject| match target.kind {
        Kind::Deployment => replaced(attempt, live, &template),
        Kind::Pod
        | Kind::StatefulSet
        | Kind::DaemonSet
        | Kind::ReplicaSet
        | Kind::Job
        | Kind::CronJob
        | Kind::Service
        | Kind::ConfigMap
        | Kind::Node
        | Kind::Namespace
        | Kind::Event
        | Kind::Ingress
        | Kind::Endpoints
        | Kind::HorizontalPodAutoscaler
        | Kind::PersistentVolumeClaim
        | Kind::PodDisruptionBudget => merged(attempt, live, &template),
    };
    match write::write(attempt, target, live, change).await {
        Ok(()) => Ok(Verdict::done(format!("{done}\n"))),
        Err(failure) => Ok(attempt
            .after_write(failure, target, |live| attempt.is_mine(live), done)
            .await),
    }
}

/// Pod templates by revision.
type History = BTreeMap<i64, Value>;

async fn history(
    attempt: &Attempt<'_>,
    target: &ObjectRef,
    live: &DynamicObject,
) -> Result<History, Verdict> {
    let refused = |failure: Failure| Verdict::failed(format!("its revisions can't be read: {failure}"));
    let selector = look::selector(&live.data)
        .ok_or_else(|| Verdict::failed(format!("{} has no selector", kinds::printed(target))))?;
    let api = match target.kind {
        Kind::Deployment => kinds::objects(attempt.client.clone(), Kind::ReplicaSet, Some(&target.namespace)),
        Kind::StatefulSet | Kind::DaemonSet => {
            let resource = ApiResource {
                group: "apps".to_owned(),
                version: "v1".to_owned(),
                api_version: "apps/v1".to_owned(),
                kind: "ControllerRevision".to_owned(),
                plural: "controllerrevisions".to_owned(),
            };
            Api::namespaced_with(attempt.client.clone(), target.namespace.as_str(), &resource)
        }
        Kind::Pod
        | Kind::ReplicaSet
        | Kind::Job
        | Kind::CronJob
        | Kind::Service
        | Kind::ConfigMap
        | Kind::Node
        | Kind::Namespace
        | Kind::Event
        | Kind::Ingress
        | Kind::Endpoints
        | Kind::HorizontalPodAutoscaler
        | Kind::PersistentVolumeClaim
        | Kind::PodDisruptionBudget => {
            return Err(Verdict::failed(format!(
                "a {} has no rollout to undo",
                kinds::word(target.kind)
            )));
        }
    };
    let listing = tokio::time::timeout_at(attempt.deadline, resolve::list(&api, &selector));
    let found = listing
        .await
        .map_err(|_| Verdict::failed("its revisions were not read in time"))?;
    let own = found
        .map_err(refused)?
        .into_iter()
        .filter(|one| resolve::is_owned_by(one, look::uid(live)));
    Ok(own.filter_map(|one| revision_of(target.kind, &one)).collect())
}

fn revision_of(kind: Kind, one: &DynamicObject) -> Option<(i64, Value)> {
    if kind == Kind::Deployment {
        let mut template = one.data.pointer("/spec/template")?.clone();
        if let Some(Value::Object(labels)) = template.pointer_mut("/metadata/labels") {
            labels.remove(TEMPLATE_HASH);
        }
        return Some((resolve::revision(one), template));
    }
    let mut template = one.data.pointer("/data/spec/template")?.clone();
    if let Value::Object(fields) = &mut template {
        fields.remove("$patch");
    }
    Some((look::number(&one.data, "/revision"), template))
}

fn chosen(target: &ObjectRef, mut history: History, wanted: Option<u32>) -> Result<(i64, Value), Verdict> {
    let known: Vec<String> = history.keys().map(i64::to_string).collect();
    let wanted = match wanted {
        // 0 is kubectl's word for "the one before".
        None | Some(0) => history.keys().rev().nth(1).copied(),
        Some(number) => Some(i64::from(number)),
    };
    let Some(wanted) = wanted else {
        return Err(Verdict::failed(format!(
            "{} has no earlier revision to go back to",
            kinds::printed(target)
        )));
    };
    history.remove_entry(&wanted).ok_or_else(|| {
        Verdict::failed(format!(
            "{} has no revision {wanted}; it has {}",
            kinds::printed(target),
            known.join(", ")
        ))
    })
}

/// As kubectl does for deployments: a JSON patch that puts the whole template in place of the current one.
fn replaced(attempt: &Attempt<'_>, live: &DynamicObject, template: &Value) -> Change {
    let id = attempt.mark.to_string();
    let mark = match live.metadata.annotations {
        Some(_) => json!({"op": "add", "path": "/metadata/annotations/interlock.dev~1attempt", "value": id}),
        None => json!({"op": "add", "path": "/metadata/annotations", "value": {ATTEMPT: id}}),
    };
    Change::JsonPatch(json!([
        {"op": "test", "path": "/metadata/uid", "value": look::uid(live)},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": look::version(live)},
        {"op": "replace", "path": "/spec/template", "value": template},
        mark,
    ]))
}

/// As kubectl does for the others: a strategic merge patch whose template replaces.
fn merged(attempt: &Attempt<'_>, live: &DynamicObject, template: &Value) -> Change {
    let mut template = template.clone();
    if let Value::Object(fields) = &mut template {
        fields.insert("$patch".to_owned(), json!("replace"));
    }
    Change::StrategicMerge(json!({
        "metadata": {
            "uid": look::uid(live),
            "resourceVersion": look::version(live),
            "annotations": { ATTEMPT: attempt.mark.to_string() },
        },
        "spec": {"template": template},
    }))
}
