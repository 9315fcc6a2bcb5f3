//! After a step of which nobody knows whether it happened, and that can't be repeated: what it may have broken is frozen
//! first; then it may be taken back, through the same gate, and a person says what was wrong.

use std::collections::{BTreeMap, BTreeSet};

use super::act::{Actor, open};
use super::{Context, Tx, freezing, judge, survey};
use crate::domain::action::EffectClass;
use crate::domain::command::{Answer, PlanRef, Reply};
use crate::domain::event::{Cause, Deed, Event, Judgement, Refusal, Who};
use crate::domain::freeze::Scope;
use crate::domain::ids::{AttemptId, IncidentId, PlanNo, StepNo};
use crate::domain::incident::{Incident, PlanRequest};
use crate::domain::plan::{PlannedStep, Requester};
use crate::domain::run::{RunResult, StepState};
use crate::planted::{self, Bug};

/// Freezes the target of an attempt whose outcome is unknown, where a second try could do harm.
pub fn contain(tx: &mut Tx<'_>, context: Context<'_>, attempt: AttemptId) {
    let scope = tx
        .state()
        .incident(attempt.incident)
        .and_then(|incident| incident.plan(attempt.plan))
        .and_then(|track| track.plan.step(attempt.step))
        .filter(|step| step.effect == EffectClass::Opaque && !planted::is(Bug::UnknownNotContained))
        .and_then(PlannedStep::target_key)
        .map(|target| Scope::Target { target });
    if let Some(scope) = scope {
        let (step, incident) = (attempt.step, attempt.incident);
        let reason = format!("nobody knows whether step {step} of {incident} happened");
        freezing::by_interlock(tx, context, scope, reason, Some(attempt));
    }
}

/// A person who may approve says that the step worked: then there is nothing to contain.
pub fn release(tx: &mut Tx<'_>, by: &Who, incident: IncidentId, plan: PlanNo, step: StepNo) {
    for (scope, over) in around(tx, incident, plan, step) {
        tx.record(Event::Unfrozen {
            by: by.clone(),
            reason: format!("step {step} of {incident} worked"),
            scope,
            over,
        });
    }
}

/// A person says that the step failed: what it may have left stays frozen until somebody has looked, and for that reason.
pub fn stays(tx: &mut Tx<'_>, by: &Who, incident: IncidentId, plan: PlanNo, step: StepNo) {
    for (scope, _) in around(tx, incident, plan, step) {
        tx.record(Event::StaysFrozen {
            incident,
            scope,
            reason: format!(
                "{} judged that step {step} of {incident} failed; lift it when its target is whole again",
                by.name
            ),
        });
    }
}

/// What is frozen around a step.
fn around(tx: &Tx<'_>, incident: IncidentId, plan: PlanNo, step: StepNo) -> Vec<(Scope, Option<AttemptId>)> {
    let around = tx.state().freeze.around(incident, plan, step);
    around.map(|held| (held.scope.clone(), held.over)).collect()
}

/// Proposes the Rollback of a step, as a plan of its own that is approved like any other. A step of unknown outcome counts
/// as failed from then on.
pub fn take_back(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    actor: &Actor<'_>,
    at: &PlanRef,
    step: StepNo,
) -> Reply {
    let wanted = actor
        .responder(context)
        .and_then(|()| open(tx, at.incident))
        .and_then(|incident| request(incident, actor, at, step));
    let (request, unknown) = match wanted {
        Ok(wanted) => wanted,
        Err(refusal) => return actor.refused(tx, Some(at.incident), Deed::TakeBack, refusal),
    };
    if unknown {
        if let Err(refusal) = judge::may_judge(tx, context, actor, at, step) {
            return actor.refused(tx, Some(at.incident), Deed::TakeBack, refusal);
        }
        tx.record(Event::StepJudged {
            incident: at.incident,
            plan: at.plan,
            step,
            judgement: Judgement::Failed,
            by: actor.who.clone(),
        });
        stays(tx, &actor.who, at.incident, at.plan, step);
        tx.record(Event::RunEnded {
            incident: at.incident,
            plan: at.plan,
            result: RunResult::Stopped {
                step,
                why: format!("{} has it taken back", actor.who.name),
                page: false,
            },
        });
    } else {
        tx.record(Event::Asked {
            incident: Some(at.incident),
            by: actor.who.clone(),
            deed: Deed::TakeBack,
        });
    }
    survey::plan(tx, context, at.incident, request);
    Reply::Answer(Answer::TakingBack { step })
}

/// What is to be planned, and whether the step is still of unknown outcome.
fn request(
    incident: &Incident,
    actor: &Actor<'_>,
    at: &PlanRef,
    step: StepNo,
) -> Result<(PlanRequest, bool), Refusal> {
    let (track, offered) = incident.may_take_back().ok_or(Refusal::NotWaiting)?;
    if offered != step || track.plan.no != at.plan || track.digest.short() != at.digest {
        return Err(Refusal::PlanChanged);
    }
    let (StepState::Unknown { attempt, .. } | StepState::Failed { attempt, .. }) = track.run.state(step)
    else {
        return Err(Refusal::NotWaiting);
    };
    let request = PlanRequest {
        runbook: track.plan.runbook.clone(),
        requester: Requester::Person(actor.person.id.clone()),
        parameters: track.plan.parameters.clone(),
        advised: BTreeMap::new(),
        skip: Vec::new(),
        modified_from: None,
        asked_before: BTreeSet::new(),
        takes_back: Some(AttemptId {
            incident: incident.id,
            plan: track.plan.no,
            step,
            attempt: *attempt,
        }),
    };
    let unknown = matches!(track.run.state(step), StepState::Unknown { .. });
    Ok((request, unknown))
}

/// A person says what was wrong. The answer is for those who read the journal and mend the runbook.
pub fn blame(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    actor: &Actor<'_>,
    at: &PlanRef,
    step: StepNo,
    cause: Cause,
) -> Reply {
    // Also when it is over: a runbook that goes on after a failure may have ended it at once.
    let asked = actor
        .responder(context)
        .and_then(|()| tx.state().incident(at.incident).ok_or(Refusal::NoSuchIncident))
        .and_then(|incident| {
            let (track, asked) = incident.asks_for_cause().ok_or(Refusal::NotWaiting)?;
            let same = track.plan.no == at.plan && asked == step;
            same.then_some(()).ok_or(Refusal::NotWaiting)
        });
    if let Err(refusal) = asked {
        return actor.refused(tx, Some(at.incident), Deed::Blame, refusal);
    }
    tx.record(Event::StepBlamed {
        incident: at.incident,
        plan: at.plan,
        step,
        cause,
        by: actor.who.clone(),
    });
    Reply::Answer(Answer::Blamed)
}
