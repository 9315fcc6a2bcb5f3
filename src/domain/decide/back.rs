//! The clock went back: what waits has waited for nobody knows how long. Whoever was to be called is called now, glass that
//! stands is over, and what could still be started by a yes from before is proposed afresh.

use jiff::Timestamp;

use super::{Context, Tx, deadline, survey};
use crate::domain::command::Reply;
use crate::domain::event::Event;
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Incident, Phase};
use crate::domain::policy::Reason;
use crate::planted::{self, Bug};

pub fn clock_went_back(tx: &mut Tx<'_>, context: Context<'_>, from: Timestamp) -> Reply {
    if planted::is(Bug::ClockNotWatched) {
        return Reply::Stored;
    }
    tx.record(Event::ClockWentBack { from });
    let open: Vec<IncidentId> = tx.state().open().map(|incident| incident.id).collect();
    for id in open {
        // Before anything is proposed afresh, which would be given the whole time once more.
        deadline::page_if_due(tx, context, id);
        let of = |tx: &Tx<'_>, is: fn(&Incident) -> bool| tx.state().incident(id).is_some_and(is);
        if of(tx, |incident| incident.glass_until().is_some()) {
            tx.record(Event::GlassOver { incident: id });
        }
        if of(tx, is_untouched) {
            survey::renew(tx, context, id, vec![Reason::ClockWentBack]);
        }
    }
    Reply::Stored
}

/// Whether its plan waits for a yes or for its first step, and nothing of it ran.
fn is_untouched(incident: &Incident) -> bool {
    matches!(incident.phase, Phase::Proposed | Phase::Running)
        && incident.current().is_some_and(|track| {
            !track.begun() && track.run.started_at.is_none() && track.approval.deadline().is_some()
        })
}
