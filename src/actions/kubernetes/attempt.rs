//! One attempt at one cluster: the marked client, the deadline, and the checks that every verb makes before it
//! changes anything.
//!
//! Invariants: the target is read fresh, and must still be the object that was approved; a write carries the
//! `resourceVersion` of that reading, so whatever came in between makes the server refuse it.

use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;

use jiff::Timestamp;
use kube::Client;
use kube::api::{DynamicObject, PatchParams, PostParams};
use tokio::time::{Instant, timeout, timeout_at};

use super::failure::Failure;
use super::kinds;
use super::look;
use crate::actions::Mark;
use crate::actions::verdict::Verdict;
use crate::domain::action::ObjectRef;
use crate::ports::TargetState;

/// The field manager of everything that we write.
pub const MANAGER: &str = "interlock";
/// Annotation with the attempt that changed an object: evidence after a lost reply.
pub const ATTEMPT: &str = "interlock.dev/attempt";
/// Time for reading back after a write whose reply was lost; it comes on top of the deadline.
const READ_BACK: Duration = Duration::from_millis(1500);

/// What a verb works with.
pub struct Attempt<'a> {
    /// Marks every request with the attempt.
    pub client: Client,
    pub mark: Mark,
    /// What was approved.
    pub target: Option<&'a TargetState>,
    pub deadline: Instant,
    pub now: Timestamp,
    /// The target as our own change left it: what the next change of the same plan may rest on.
    pub left: OnceLock<TargetState>,
}

/// The end of a verb; `Err` only so that checks can be left with `?`.
pub type Outcome = Result<Verdict, Verdict>;

/// How far the live object must agree with the approved one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Same {
    /// The same object.
    Object,
    /// The same object with an unchanged spec.
    Spec,
}

impl Attempt<'_> {
    /// Waits for an answer until the deadline.
    ///
    /// # Errors
    /// What the server said, or that it said nothing in time.
    pub async fn ask<T>(&self, request: impl Future<Output = Result<T, kube::Error>>) -> Result<T, Failure> {
        within(self.deadline, request).await
    }

    /// Reads the target and compares it with the approved one.
    ///
    /// # Errors
    /// The verdict to end with: nothing has been changed.
    pub async fn live(&self, object: &ObjectRef, same: Same) -> Result<DynamicObject, Verdict> {
        let api = kinds::siblings(self.client.clone(), object);
        let live = self.ask(api.get(&object.name)).await.map_err(unchanged)?;
        if look::name(&live) != object.name {
            let failure = Failure::Lost("the answer is about another object".to_owned());
            return Err(unchanged(failure));
        }
        self.compare(object, &live, same)?;
        Ok(live)
    }

    /// Compares a reading with the approved target.
    ///
    /// # Errors
    /// The verdict to end with: nothing has been changed.
    pub fn compare(&self, object: &ObjectRef, live: &DynamicObject, same: Same) -> Result<(), Verdict> {
        let Some(approved) = self.target.filter(|approved| approved.object == *object) else {
            return Ok(());
        };
        if look::uid(live) != approved.uid {
            return Err(Verdict::failed(format!(
                "the target was replaced since it was approved: `{}` is another object by the same name",
                kinds::printed(object)
            )));
        }
        let generation = live.metadata.generation.unwrap_or(0);
        if same == Same::Spec && generation != approved.generation {
            return Err(Verdict::failed(format!(
                "409: the target changed since it was approved: `{}` was at generation {} and is at {generation}",
                kinds::printed(object),
                approved.generation
            )));
        }
        Ok(())
    }

    /// The container that was approved.
    #[must_use]
    pub fn container(&self) -> Option<&str> {
        let container = self.target?.container.as_ref()?;
        Some(container.name.as_str())
    }

    /// Keeps what a change of ours left, as the server's answer to it says: whatever anybody changes after that is
    /// not in it.
    pub fn leaves(&self, state: TargetState) {
        // A verb makes one change, so there is nothing to be replaced.
        let _ = self.left.set(state);
    }

    /// What to end with after a failed write. When the reply was lost, the object is read again: `evidence` says
    /// whether it shows that the write happened.
    pub async fn after_write(
        &self,
        failure: Failure,
        object: &ObjectRef,
        evidence: impl Fn(&DynamicObject) -> bool,
        done: String,
    ) -> Verdict {
        if !failure.leaves_open() {
            return unchanged(failure);
        }
        let api = kinds::siblings(self.client.clone(), object);
        match timeout(READ_BACK, api.get(&object.name)).await {
            Ok(Ok(live)) if self.is_the_one(object, &live) && evidence(&live) => {
                // One further than what was approved is our own change alone; further, and somebody else's is in it.
                let ours = self.target.map(|approved| approved.generation + 1);
                if live.metadata.generation == ours {
                    self.leaves(look::state(object, &live));
                }
                Verdict::done(format!(
                    "{done}\n(the reply was lost; read back from the cluster)\n"
                ))
            }
            Ok(Ok(_)) => Verdict::unknown(format!(
                "{failure}; `{}` does not show the change yet, which may still come",
                kinds::printed(object)
            )),
            Ok(Err(_)) | Err(_) => Verdict::unknown(format!(
                "{failure}; `{}` could not be read back",
                kinds::printed(object)
            )),
        }
    }

    fn is_the_one(&self, object: &ObjectRef, live: &DynamicObject) -> bool {
        look::name(live) == object.name && self.compare(object, live, Same::Object).is_ok()
    }

    /// Whether the object carries the mark of this attempt.
    #[must_use]
    pub fn is_mine(&self, live: &DynamicObject) -> bool {
        look::annotation(live, ATTEMPT) == Some(self.mark.to_string().as_str())
    }
}

/// Waits for an answer until the deadline.
///
/// # Errors
/// What the server said, or that it said nothing in time.
pub async fn within<T>(
    deadline: Instant,
    request: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T, Failure> {
    match timeout_at(deadline, request).await {
        Ok(answer) => answer.map_err(Failure::from),
        Err(_) => Err(Failure::Lost("no answer in time".to_owned())),
    }
}

/// A refusal before or instead of a write: nothing was changed.
#[must_use]
pub fn unchanged(failure: Failure) -> Verdict {
    match &failure {
        Failure::Conflict(message) => Verdict::failed(format!("409: {message}")),
        Failure::NotFound(_)
        | Failure::NoSuchApi(_)
        | Failure::Forbidden(_)
        | Failure::Unauthorized(_)
        | Failure::Refused { .. }
        | Failure::NotSent(_)
        | Failure::Server { .. }
        | Failure::Lost(_) => Verdict::failed(failure.to_string()),
    }
}

#[must_use]
pub fn patching() -> PatchParams {
    PatchParams {
        field_manager: Some(MANAGER.to_owned()),
        ..Default::default()
    }
}

#[must_use]
pub fn posting() -> PostParams {
    PostParams {
        field_manager: Some(MANAGER.to_owned()),
        ..Default::default()
    }
}
