//! Conditional writes: each carries the `resourceVersion` of the reading that it rests on.
//!
//! Controllers write an object's status all the time, and each such write makes a conditional one be refused with
//! 409. A refused write has certainly not happened, so when only the status moved (same uid, same generation) the
//! object is read and the write is made again, a few times. Nothing else is ever sent twice.

use http::header::CONTENT_TYPE;
use kube::api::{DynamicObject, Patch};
use serde_json::Value;

use super::attempt::{Attempt, MANAGER, Same, patching};
use super::failure::Failure;
use super::kinds;
use super::look;
use crate::domain::action::ObjectRef;
use crate::ports::TargetState;

/// How often a write is made when only the status moved in between.
const ROUNDS: usize = 5;

/// One write. The body holds the uid or version that it rests on.
pub enum Change {
    StrategicMerge(Value),
    JsonPatch(Value),
    /// A merge patch of the scale subresource.
    Scale(Value),
}

/// Makes the change that `change` builds out of a reading.
///
/// # Errors
/// What the server said, or that it said nothing in time.
pub async fn write(
    attempt: &Attempt<'_>,
    target: &ObjectRef,
    mut live: DynamicObject,
    change: impl Fn(&DynamicObject) -> Change,
) -> Result<(), Failure> {
    for _ in 1..ROUNDS {
        let message = match send(attempt, target, &live, change(&live)).await {
            Err(Failure::Conflict(message)) => message,
            done_or_other => return done_or_other,
        };
        let api = kinds::siblings(attempt.client.clone(), target);
        let Ok(fresh) = attempt.ask(api.get(&target.name)).await else {
            return Err(Failure::Conflict(message));
        };
        // Something in between sent it twice, and the second was refused for the first.
        if attempt.is_mine(&fresh) {
            return Err(Failure::Lost(message));
        }
        let refused = Failure::Conflict(message);
        if attempt.compare(target, &fresh, Same::Spec).is_err() {
            return Err(refused);
        }
        if look::uid(&fresh) != look::uid(&live) || fresh.metadata.generation != live.metadata.generation {
            return Err(refused);
        }
        live = fresh;
    }
    send(attempt, target, &live, change(&live)).await
}

/// Sends it, and keeps what it left of the target.
async fn send(
    attempt: &Attempt<'_>,
    target: &ObjectRef,
    live: &DynamicObject,
    change: Change,
) -> Result<(), Failure> {
    let api = kinds::siblings(attempt.client.clone(), target);
    let left = match change {
        Change::StrategicMerge(patch) => {
            let (params, patch) = (patching(), Patch::Strategic(&patch));
            let answer = attempt.ask(api.patch(&target.name, &params, &patch)).await?;
            changed(attempt, target, live, &answer)?
        }
        Change::Scale(patch) => {
            let wanted = patch.pointer("/spec/replicas").and_then(Value::as_i64);
            let (params, patch) = (patching(), Patch::Merge(&patch));
            let answer = attempt
                .ask(api.patch_scale(&target.name, &params, &patch))
                .await?;
            let is = answer.spec.and_then(|spec| spec.replicas);
            let about = |name: Option<&str>| name == Some(target.name.as_str());
            if !about(answer.metadata.name.as_deref()) || is.map(i64::from) != wanted {
                return Err(another(target));
            }
            scaled(target, live, is)
        }
        Change::JsonPatch(patch) => {
            let url = format!("{}/{}?fieldManager={MANAGER}", api.resource_url(), target.name);
            let request = http::Request::patch(url)
                .header(CONTENT_TYPE, "application/json-patch+json")
                .body(patch.to_string().into_bytes())
                .map_err(|error| Failure::NotSent(error.to_string()))?;
            let answer = attempt.ask(attempt.client.request::<DynamicObject>(request));
            changed(attempt, target, live, &answer.await?)?
        }
    };
    attempt.leaves(left);
    Ok(())
}

/// The state that an answer shows, where it is the object that was changed and has the change: a 200 alone proves nothing, whoever
/// it came from.
fn changed(
    attempt: &Attempt<'_>,
    target: &ObjectRef,
    live: &DynamicObject,
    answer: &DynamicObject,
) -> Result<TargetState, Failure> {
    let same = look::uid(answer) == look::uid(live) && look::name(answer) == target.name;
    match same && attempt.is_mine(answer) {
        true => Ok(look::state(target, answer)),
        false => Err(another(target)),
    }
}

/// The answer is about something else, so there is none.
pub(super) fn another(target: &ObjectRef) -> Failure {
    Failure::Lost(format!(
        "the answer is not about `{}` as it was to be",
        kinds::printed(target)
    ))
}

/// What a scale left. The subresource's answer has no generation; since the write rests on the version of `live`, it is
/// that of `live`, and one more when the number was another.
fn scaled(target: &ObjectRef, live: &DynamicObject, replicas: Option<i32>) -> TargetState {
    let before = look::state(target, live);
    let replicas = replicas
        .and_then(|replicas| u32::try_from(replicas).ok())
        .unwrap_or(before.replicas);
    TargetState {
        generation: before.generation + i64::from(replicas != before.replicas),
        replicas,
        ..before
    }
}
