//! How a person ends what a human has, and how a plan that came to no end is proposed once more.

use super::act::{Actor, open};
use super::alerts::{self, Led};
use super::{Context, Tx, advance, survey};
use crate::domain::command::{Answer, Reply};
use crate::domain::event::{Deed, Event, Refusal};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{ClosedAs, Incident, Phase, PlanRequest, Verdict};
use crate::domain::plan::Requester;

/// Characters of a reason that are kept: Slack's own limit for a message is 4,000.
const REASON_MOST: usize = 1_000;

/// Whoever may take an incident over may also say that it is over.
pub fn close(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    actor: &Actor<'_>,
    id: IncidentId,
    reason: String,
) -> Reply {
    let free = open(tx, id).and_then(|incident| match &incident.phase {
        Phase::Handed { .. } if incident.may_close() => Ok(!incident.all_resolved()),
        Phase::Handed { .. } => Err(Refusal::LooseEnd),
        Phase::Planning { .. }
        | Phase::Proposed
        | Phase::Running
        | Phase::Settling { .. }
        | Phase::Closed { .. } => Err(Refusal::NotWithHuman),
    });
    let firing = match actor.responder(context).and(free) {
        Ok(firing) => firing,
        Err(refusal) => return actor.refused(tx, Some(id), Deed::Close, refusal),
    };
    let manual = tx.state().incident(id).is_some_and(advance::is_manual);
    let result = ClosedAs::ByPerson {
        by: actor.who.id.clone(),
        name: actor.who.name.clone(),
        reason: reason.trim().chars().take(REASON_MOST).collect(),
    };
    advance::close(tx, context, id, result);
    Reply::Answer(Answer::Closed {
        incident: id,
        still_firing: firing && !manual,
    })
}

/// The same runbook with the same parameters, resolved anew and approved anew. Who asks for it counts as its requester, and so
/// does everybody behind the plan before, where a person was.
pub fn propose_again(tx: &mut Tx<'_>, context: Context<'_>, actor: &Actor<'_>, id: IncidentId) -> Reply {
    if open(tx, id).is_ok_and(Incident::may_match_again) {
        return match_again(tx, context, actor, id);
    }
    let request = open(tx, id).and_then(|incident| {
        let request = incident.request.as_ref().ok_or(Refusal::NotWaiting)?;
        if !incident.may_propose_again() {
            return Err(Refusal::NotWaiting);
        }
        Ok(again(incident, request, actor))
    });
    match actor.responder(context).and(request) {
        Err(refusal) => actor.refused(tx, Some(id), Deed::ProposeAgain, refusal),
        Ok(request) => {
            tx.record(Event::Asked {
                incident: Some(id),
                by: actor.who.clone(),
                deed: Deed::ProposeAgain,
            });
            survey::plan(tx, context, id, request);
            Reply::Answer(Answer::ProposedAgain)
        }
    }
}

/// No runbook was for it; one that was mended or written since may be. Who asks for it counts as its requester.
fn match_again(tx: &mut Tx<'_>, context: Context<'_>, actor: &Actor<'_>, id: IncidentId) -> Reply {
    let alert = tx.state().incident(id).and_then(Incident::first_alert).cloned();
    let found = alert
        .map(|alert| (alerts::matched(context, &alert), alert))
        .filter(|(matched, _)| matched.verdict != Verdict::None)
        .ok_or(Refusal::NoRunbook);
    let (matched, alert) = match actor.responder(context).and(found) {
        Err(refusal) => return actor.refused(tx, Some(id), Deed::ProposeAgain, refusal),
        Ok(found) => found,
    };
    tx.record(Event::Asked {
        incident: Some(id),
        by: actor.who.clone(),
        deed: Deed::ProposeAgain,
    });
    let found = (matched.verdict.clone(), matched.by);
    tx.record(Event::Matched {
        incident: id,
        matched,
    });
    let requester = Requester::Person(actor.person.id.clone());
    Reply::Answer(match alerts::follow(tx, context, id, &alert, found, requester) {
        Led::ToPlan => Answer::ProposedAgain,
        Led::ToChecklist => Answer::ChecklistFound,
        Led::ToChoice => Answer::SeveralFound,
        Led::Nowhere => Answer::Refused(Refusal::NoRunbook),
    })
}

/// Who asks is its requester now, and nobody who was behind it before is let go: neither those behind the plan that stands, nor
/// who asked last where no plan came of that.
fn again(incident: &Incident, request: &PlanRequest, actor: &Actor<'_>) -> PlanRequest {
    let stands = incident
        .current()
        .filter(|track| track.plan.runbook == request.runbook)
        .map(|track| (track.plan.no, incident.behind(&track.plan)))
        .filter(|(_, behind)| !behind.is_empty());
    let by = &actor.person.id;
    let mut asked_before = request.asked_before.clone();
    if let Requester::Person(id) = &request.requester {
        asked_before.insert(id.clone());
    }
    asked_before.retain(|id| id != by && !stands.as_ref().is_some_and(|(_, behind)| behind.contains(id)));
    PlanRequest {
        requester: Requester::Person(by.clone()),
        modified_from: stands.map(|(no, _)| no),
        asked_before,
        ..request.clone()
    }
}
