//! After an older copy was put in the place of the database, by our own restore or behind our back: what was decided since
//! then is forgotten, and nobody can tell what ran. Everything is frozen until a person lifts it, and nothing that was
//! approved or waits for approval counts any more.

use super::{Context, Tx, advance, freezing};
use crate::domain::command::Reply;
use crate::domain::event::Event;
use crate::domain::freeze::Scope;
use crate::domain::ids::{IncidentId, PlanNo, SilenceNo};
use crate::domain::incident::{HandoffReason, Incident};
use crate::domain::silence::{SilenceEnd, SilenceState};

/// Records it all; `entries` is how far the backup reaches.
pub fn restored(tx: &mut Tx<'_>, context: Context<'_>, entries: u64) -> Reply {
    let why = format!(
        "the database was restored from a backup that ends at entry {entries}, so nobody knows what ran since; everything \
         approved before is void"
    );
    void(tx, context, &why, "the database was restored from a backup");
    Reply::Stored
}

/// The anchors know more than the database does; `why` says how that was seen.
pub(super) fn rolled_back(tx: &mut Tx<'_>, context: Context<'_>, why: &str) -> Reply {
    void(
        tx,
        context,
        why,
        "the database can't be trusted, so no approval in it counts",
    );
    Reply::Stored
}

fn void(tx: &mut Tx<'_>, context: Context<'_>, why: &str, problem: &str) {
    freezing::by_interlock(tx, context, Scope::Everything, why.to_owned(), None);
    let silences: Vec<(IncidentId, SilenceNo)> = tx.state().open().filter_map(not_made).collect();
    for (incident, no) in silences {
        tx.record(Event::SilenceEnded {
            incident,
            no,
            how: SilenceEnd::Void,
            firing: None,
        });
    }
    let open: Vec<(IncidentId, PlanNo)> = tx.state().open().filter_map(undecided).collect();
    for (incident, plan) in open {
        let why = why.to_owned();
        tx.record(Event::Withdrawn { incident, plan, why });
        let why = problem.to_owned();
        advance::hand_over(tx, context, incident, HandoffReason::Void { why });
    }
}

/// The silence that waits for people or for Alertmanager.
fn not_made(incident: &Incident) -> Option<(IncidentId, SilenceNo)> {
    let silence = incident.silence()?;
    match silence.state {
        SilenceState::Proposed | SilenceState::Approved { .. } => Some((incident.id, silence.draft.no)),
        SilenceState::Active { .. }
        | SilenceState::Rejected { .. }
        | SilenceState::Failed { .. }
        | SilenceState::Ended { .. } => None,
    }
}

/// The plan whose approval could still count.
fn undecided(incident: &Incident) -> Option<(IncidentId, PlanNo)> {
    let track = incident.current()?;
    track.approval.deadline()?;
    Some((incident.id, track.plan.no))
}
