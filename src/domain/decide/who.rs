//! Who may let an incident's plan go on, what stands in the way, and whether the person who asks could: `/runbook who`.

use super::act::Actor;
use super::{Context, Tx, world};
use crate::domain::command::{Answer, Reply};
use crate::domain::event::{Deed, Refusal};
use crate::domain::freeze::FreezeFile;
use crate::domain::ids::IncidentId;
use crate::domain::incident::Phase;
use crate::domain::policy::{Asking, Circumstances, Question, Who};
use crate::domain::prechecks;

pub fn who(tx: &mut Tx<'_>, context: Context<'_>, actor: &Actor<'_>, id: IncidentId) -> Reply {
    let Some(incident) = tx.state().incident(id) else {
        return actor.refused(tx, None, Deed::Ask, Refusal::NoSuchIncident);
    };
    let undecided = incident.current().filter(|_| match incident.phase {
        Phase::Planning { .. } | Phase::Proposed | Phase::Running => true,
        Phase::Settling { .. } | Phase::Handed { .. } | Phase::Closed { .. } => false,
    });
    let access = undecided.map(|track| {
        let part = track.part(track.upto, None);
        let behind = incident.behind(&track.plan);
        let question = Question {
            who: Who::Person(actor.person),
            asking: Asking::Approve,
            plan: &part,
            circumstances: Circumstances {
                now: context.now,
                team: &context.rules.team,
                behind: &behind,
                votes: track.approval.votes(),
                expires: track.approval.deadline(),
                freeze: &tx.state().freeze,
                freeze_file: &FreezeFile::Absent,
                counts: &tx.state().counts(incident, context.now),
                glass: incident.glass_at(context.now),
            },
        };
        let mut access = context.rules.policy.access(&question);
        access.against.extend(world::evidence_old(context, incident));
        access.against.extend(prechecks::unmet(incident, &track.plan));
        Box::new(access.of(incident))
    });
    actor.asked(
        tx,
        Some(id),
        Deed::Ask,
        Reply::Answer(Answer::Who { incident: id, access }),
    )
}
