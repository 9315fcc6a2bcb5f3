//! Retention: which incidents' payloads may be erased, decided by what stands now, and put on record before anything goes.

use jiff::Timestamp;

use super::{Context, Tx};
use crate::domain::command::Reply;
use crate::domain::erasure::{Erasure, YOUNGEST};
use crate::domain::event::{Event, Who};
use crate::domain::ids::IncidentId;

/// Records what may go of what was asked for: never what is younger than [`YOUNGEST`], never what something hangs on.
pub fn erase(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    by: Option<Who>,
    incidents: Vec<IncidentId>,
    before: Timestamp,
    alone: bool,
) -> Reply {
    let latest = context.now.checked_sub(YOUNGEST).unwrap_or(Timestamp::MIN);
    let state = tx.state();
    let may: Vec<IncidentId> = incidents
        .into_iter()
        .filter(|id| state.lets_go(*id, context.now))
        .collect();
    let erasure = Erasure::of(may, before.min(latest), alone);
    if !erasure.is_empty() {
        let erasure = state.leaving(erasure);
        tx.record(Event::Erased { by, erasure });
    }
    Reply::Stored
}
