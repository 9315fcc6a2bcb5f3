//! `kubectl rollout restart`: a new stamp on the pod template, which makes the controller replace every pod.

use kube::api::DynamicObject;
use serde_json::json;

use super::attempt::{ATTEMPT, Attempt, Outcome, Same};
use super::kinds;
use super::look;
use super::write::{self, Change};
use crate::actions::verdict::Verdict;
use crate::domain::action::ObjectRef;

/// The annotation of a pod template that kubectl stamps, and so do we.
pub const STAMP: &str = "kubectl.kubernetes.io/restartedAt";

/// Restarts a workload. The write is refused with 409 when anything changed the object after our reading.
///
/// # Errors
/// The verdict when nothing was changed.
pub async fn run(attempt: &Attempt<'_>, target: &ObjectRef) -> Outcome {
    let live = attempt.live(target, Same::Spec).await?;
    if live
        .data
        .pointer("/spec/paused")
        .and_then(serde_json::Value::as_bool)
        == Some(true)
    {
        return Err(Verdict::failed(format!(
            "{} is paused: resume it first (`kubectl rollout resume`)",
            kinds::printed(target)
        )));
    }
    // Whole seconds, as kubectl writes it.
    let stamp = attempt.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let change = |live: &DynamicObject| {
        Change::StrategicMerge(json!({
            "metadata": {
                "uid": look::uid(live),
                "resourceVersion": look::version(live),
                "annotations": { ATTEMPT: attempt.mark.to_string() },
            },
            "spec": {"template": {"metadata": {"annotations": {STAMP: stamp}}}},
        }))
    };
    let done = format!("{} restarted", kinds::printed(target));
    match write::write(attempt, target, live, change).await {
        Ok(()) => Ok(Verdict::done(format!("{done}\n"))),
        Err(failure) => Ok(attempt
            .after_write(failure, target, |live| attempt.is_mine(live), done)
            .await),
    }
}
