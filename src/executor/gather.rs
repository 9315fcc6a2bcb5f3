//! Gathering evidence before a plan is proposed: all looks of a runbook at once, within a few seconds in all. What does
//! not answer in time is missing, and named; nothing waits for it.

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;
use tokio::time::{Instant, timeout_at};

use super::read_freeze_file;
use super::worker::ExecutorParts;
use crate::domain::evidence::{Finding, Found, Look};
use crate::domain::freeze::FreezeFile;
use crate::domain::ids::IncidentId;

/// All looks of one plan together.
const WITHIN: Duration = Duration::from_secs(5);
/// Looks of one plan at the same time, at most.
const AT_ONCE: usize = 8;

/// One finding for each look, in order.
pub(super) async fn gather(parts: &ExecutorParts, incident: IncidentId, looks: &[Look]) -> Vec<Finding> {
    let deadline = Instant::now() + WITHIN;
    let frozen = looks.iter().any(Look::runs_a_program)
        && !matches!(
            read_freeze_file(parts.freeze_file.as_deref()).await,
            FreezeFile::Absent
        );
    let turns = looks
        .iter()
        .cloned()
        .map(|look| async move { take(parts, incident, &look, frozen, deadline).await });
    stream::iter(turns).buffered(AT_ONCE).collect().await
}

async fn take(
    parts: &ExecutorParts,
    incident: IncidentId,
    look: &Look,
    frozen: bool,
    deadline: Instant,
) -> Finding {
    let missing = |why: &str| look.found(parts.clock.now(), Found::Missing { why: why.to_owned() });
    if frozen && look.runs_a_program() {
        return missing("no program is run inside a pod in a freeze");
    }
    let left = deadline.saturating_duration_since(Instant::now());
    match timeout_at(deadline, parts.evidence.look(incident, look, left)).await {
        Ok(finding) => finding,
        Err(_) => missing("no answer within 5 s"),
    }
}
