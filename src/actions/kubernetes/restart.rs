//! `kubectl rollout restart`: a new stamp on the pod template, which makes the controller replace every pod.

use kube::api::Patch;
use serde_json::json;

use super::attempt::{ATTEMPT, Attempt, Outcome, Same, patching};
use super::kinds;
use super::look;
use crate::actions::verdict::Verdict;
use crate::domain::action::ObjectRef;

/// Restarts a workload. The write is refused with 409 when anything wrote the object after our reading.
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
    let patch = json!({
        "metadata": {
            "uid": look::uid(&live),
            "resourceVersion": look::version(&live),
            "annotations": { ATTEMPT: attempt.id.to_string() },
        },
        "spec": {"template": {"metadata": {"annotations": {
            // Whole seconds, as kubectl writes it.
            "kubectl.kubernetes.io/restartedAt": attempt.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }}}},
    });
    let api = kinds::siblings(attempt.client.clone(), target);
    let done = format!("{} restarted", kinds::printed(target));
    match attempt
        .ask(api.patch(&target.name, &patching(), &Patch::Strategic(&patch)))
        .await
    {
        Ok(_) => Ok(Verdict::done(format!("{done}\n"))),
        Err(failure) => Ok(attempt
            .after_write(failure, target, |live| attempt.is_mine(live), done)
            .await),
    }
}
