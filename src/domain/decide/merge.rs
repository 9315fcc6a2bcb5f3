//! A person says that two incidents are one: the alerts of the one go to the other, and it is closed.

use std::sync::Arc;

use super::act::{Actor, open};
use super::{Context, Tx, advance, alerts, carry, charge, plan_act};
use crate::domain::alert::Alert;
use crate::domain::cluster::Because;
use crate::domain::command::{Answer, Reply};
use crate::domain::escalation::Call;
use crate::domain::event::{Deed, Event, Refusal, Unfit};
use crate::domain::freeze::Scope;
use crate::domain::ids::IncidentId;
use crate::domain::incident::{ClosedAs, Incident, Phase};
use crate::planted::{self, Bug};

/// What waits for approval in the one is withdrawn; in the other everything goes on as when alerts join. Where a human was
/// called for the one and not for the other, one is called for that; whoever has taken over the one has the other too.
pub fn merge(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    actor: &Actor<'_>,
    from: IncidentId,
    into: IncidentId,
) -> Reply {
    let merged = actor.responder(context).and_then(|()| may_merge(tx, from, into));
    let firing = match merged {
        Ok(firing) => firing,
        Err(refusal) => return actor.refused(tx, Some(from), Deed::Merge, refusal),
    };
    let state = tx.state();
    let called = state
        .incident(from)
        .is_some_and(|incident| incident.paging.asked_at.is_some());
    let card = state.incident(into).and_then(|incident| incident.card.clone());
    let waited = |incident: &Incident| matches!(incident.phase, Phase::Proposed);
    let withdrawn = state.incident(from).is_some_and(waited);
    if !planted::is(Bug::MergeLeavesProposal) {
        plan_act::withdraw(tx, from, format!("{from} was merged into {into}"));
    }
    tx.record(Event::Merged {
        incident: from,
        into,
        alerts: firing.len(),
        by: actor.who.clone(),
        card,
    });
    let by = actor.who.clone();
    advance::close(tx, context, from, ClosedAs::Merged { into, by });
    // Before its alerts: nobody is to be called for them who has both already.
    charge::comes_along(tx, context, from, into);
    let count = firing.len();
    for alert in firing {
        let by = actor.who.name.clone();
        let because = Some(Because::Merged { from, by });
        let carried = carry::of(tx, from, &alert);
        alerts::join_with(tx, context, into, Arc::unwrap_or_clone(alert), because, carried);
    }
    if called && tx.state().incident(into).is_some_and(Incident::waits_for_people) {
        let why = format!("{from}, for which a human was called, was merged into it");
        advance::page_now(tx, into, Call::Waits, why);
    }
    Reply::Answer(Answer::Merged {
        from,
        into,
        alerts: count,
        withdrawn,
    })
}

fn unfit(why: Unfit) -> Refusal {
    Refusal::Unfit { why }
}

/// The alerts that go to the other one.
fn may_merge(tx: &Tx<'_>, from: IncidentId, into: IncidentId) -> Result<Vec<Arc<Alert>>, Refusal> {
    if from == into {
        let why = Unfit::MergeIntoItself { incident: from };
        return Err(Refusal::Unfit { why });
    }
    let incident = open(tx, from)?;
    // An answer is about the one that is to be merged, so what is wrong with the other names it.
    let other = open(tx, into).map_err(|refusal| match refusal {
        Refusal::Over => unfit(Unfit::MergeIntoOver { into }),
        Refusal::NoSuchIncident => unfit(Unfit::MergeIntoNone { into }),
        other => other,
    })?;
    if advance::is_manual(other) {
        return Err(unfit(match advance::is_manual(incident) {
            true => Unfit::MergeManuals { from, into },
            false => Unfit::MergeIntoManual { from, into },
        }));
    }
    if incident.has_loose_end() {
        return Err(Refusal::LooseEnd);
    }
    match &incident.phase {
        Phase::Planning { .. } | Phase::Proposed | Phase::Handed { .. } => {}
        Phase::Running | Phase::Settling { .. } => return Err(Refusal::StillRuns),
        Phase::Closed { .. } => return Err(Refusal::Over),
    }
    let own = Scope::IncidentBreaker { incident: from };
    // Its breaker would end with it, and the other's count knows nothing of what was started here.
    if tx.state().freeze.of(&own).is_some() {
        let why = Unfit::MergeWhileTripped { from, into };
        return Err(Refusal::Unfit { why });
    }
    // What a person started has no alert that could resolve.
    let alerts = incident.firing().filter(|_| !advance::is_manual(incident));
    Ok(alerts.cloned().collect())
}
