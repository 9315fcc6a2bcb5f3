//! What an action takes from the blast-radius budget on the live cluster, and the words for it: the domain's rules,
//! given what was seen.

use crate::domain::action::{Action, Cost, LiveFacts, ObjectPattern};
use crate::ports::TargetState;

/// Cost and blast of one attempt. `target` is the live state of what the action names; `caches` are
/// the workloads that the policy declares to be caches.
#[must_use]
pub fn cost_and_blast(
    action: &Action,
    target: Option<&TargetState>,
    caches: &[ObjectPattern],
) -> (Cost, String) {
    let live = LiveFacts {
        replicas: target.map_or(0, |target| target.replicas),
        is_cache: target.is_some_and(|target| caches.iter().any(|cache| cache.matches(&target.object))),
    };
    (action.cost(&live), action.blast(&live))
}
