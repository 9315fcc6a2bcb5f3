//! After a backup was put in the place of the database: what was decided since then is forgotten, and nobody can tell what
//! ran. Everything is frozen until a person lifts it, and nothing that was approved or waits for approval counts any more.

use super::{Context, Tx, advance, freezing};
use crate::domain::command::Reply;
use crate::domain::event::Event;
use crate::domain::freeze::Scope;
use crate::domain::ids::{IncidentId, PlanNo};
use crate::domain::incident::{HandoffReason, Incident};

/// Records it all; `entries` is how far the backup reaches.
pub fn restored(tx: &mut Tx<'_>, context: Context<'_>, entries: u64) -> Reply {
    let why = format!(
        "the database was restored from a backup that ends at entry {entries}, so nobody knows what ran since; everything \
         approved before is void"
    );
    freezing::by_interlock(tx, context, Scope::Everything, why.clone());
    let open: Vec<(IncidentId, PlanNo)> = tx.state().open().filter_map(undecided).collect();
    for (incident, plan) in open {
        let why = why.clone();
        tx.record(Event::Withdrawn { incident, plan, why });
        let problems = vec!["the database was restored from a backup".to_owned()];
        advance::hand_over(tx, context, incident, HandoffReason::PlanBlocked { problems });
    }
    Reply::Stored
}

/// The plan whose approval could still count.
fn undecided(incident: &Incident) -> Option<(IncidentId, PlanNo)> {
    let track = incident.current()?;
    track.approval.deadline()?;
    Some((incident.id, track.plan.no))
}
