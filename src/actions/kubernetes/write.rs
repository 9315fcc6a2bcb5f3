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
        let refused = match send(attempt, target, &live, change(&live)).await {
            Err(Failure::Conflict(message)) => Failure::Conflict(message),
            done_or_other => return done_or_other,
        };
        let Ok(fresh) = attempt.live(target, Same::Spec).await else {
            return Err(refused);
        };
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
            look::state(target, &answer)
        }
        Change::Scale(patch) => {
            let (params, patch) = (patching(), Patch::Merge(&patch));
            let answer = attempt
                .ask(api.patch_scale(&target.name, &params, &patch))
                .await?;
            scaled(target, live, answer.spec.and_then(|spec| spec.replicas))
        }
        Change::JsonPatch(patch) => {
            let url = format!("{}/{}?fieldManager={MANAGER}", api.resource_url(), target.name);
            let request = http::Request::patch(url)
                .header(CONTENT_TYPE, "application/json-patch+json")
                .body(patch.to_string().into_bytes())
                .map_err(|error| Failure::NotSent(error.to_string()))?;
            let answer = attempt.ask(attempt.client.request::<DynamicObject>(request));
            look::state(target, &answer.await?)
        }
    };
    attempt.leaves(left);
    Ok(())
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
