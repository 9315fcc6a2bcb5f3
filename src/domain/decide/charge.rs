//! Who is in charge: a person takes an incident over, or had taken over one that was merged into it. From then on Interlock
//! only assists.

use super::act::{Actor, open};
use super::{Context, Tx, advance, plan_act};
use crate::domain::command::{Answer, Effect, Reply};
use crate::domain::event::{Deed, Event, Refusal, Who};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{HandoffReason, Phase};
use crate::planted::{self, Bug};

pub fn take_over(tx: &mut Tx<'_>, context: Context<'_>, actor: &Actor<'_>, id: IncidentId) -> Reply {
    let taken = open(tx, id).map(|incident| incident.commander.clone());
    let refusal = match (actor.responder(context), taken) {
        (Err(refusal), _) | (Ok(()), Err(refusal)) => Some(refusal),
        (Ok(()), Ok(Some((_, by)))) => Some(Refusal::AlreadyTaken { by }),
        (Ok(()), Ok(None)) => None,
    };
    if let Some(refusal) = refusal {
        return actor.refused(tx, Some(id), Deed::TakeOver, refusal);
    }
    let why = format!("it is in the hands of {}", actor.who.name);
    take(tx, context, id, &actor.who, None, why);
    Reply::Answer(Answer::TakenOver)
}

/// Whoever had the one has the other too, unless that one has somebody already. A fix that was verified there goes on being
/// watched: nothing starts any more that anybody could stop.
pub fn comes_along(tx: &mut Tx<'_>, context: Context<'_>, from: IncidentId, into: IncidentId) {
    let state = tx.state();
    let had = state
        .incident(from)
        .and_then(|incident| incident.commander.clone());
    let other = state
        .incident(into)
        .filter(|incident| incident.commander.is_none());
    let (Some((id, name)), Some(other)) = (had, other) else {
        return;
    };
    if planted::is(Bug::CommanderForgotten) {
        return;
    }
    let by = Who { id, name };
    if matches!(other.phase, Phase::Settling { .. }) {
        tx.record(Event::TakenOver {
            incident: into,
            by,
            with: Some(from),
        });
        return;
    }
    let why = format!("{} has taken over {from}, which was merged into this", by.name);
    take(tx, context, into, &by, Some(from), why);
}

fn take(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    id: IncidentId,
    by: &Who,
    with: Option<IncidentId>,
    why: String,
) {
    let goes_on = planted::is(Bug::TakenOverGoesOn);
    if !goes_on {
        plan_act::withdraw(tx, id, why);
    }
    tx.record(Event::TakenOver {
        incident: id,
        by: by.clone(),
        with,
    });
    if goes_on {
        return;
    }
    let by = by.name.clone();
    let tells = tx
        .state()
        .incident(id)
        .is_some_and(|incident| context.rules.hears(&incident.source));
    if tells {
        tx.effect(Effect::SourceAcknowledge {
            incident: id,
            by: by.clone(),
        });
    }
    advance::hand_over(tx, context, id, HandoffReason::TakenOver { by });
}
