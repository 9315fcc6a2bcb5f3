//! Starting a step: everything is checked again, and only then is the start recorded. Only a recorded start yields a permit.
//! Longer than other files, since all that a start is checked against is read together.

use super::world::{expected, live_cost, world_holds};
use super::{Context, Tx, advance, breaker, contain, survey, world};
use crate::domain::action::EffectClass;
use crate::domain::approval::{Approval, Vote};
use crate::domain::command::{Reply, StartStep};
use crate::domain::escalation::Call;
use crate::domain::event::{Event, Outcome, Who};
use crate::domain::ids::{AttemptId, IncidentId, PlanNo, StepNo};
use crate::domain::incident::{HandoffReason, Incident, Phase, PlanTrack};
use crate::domain::leave::Leave;
use crate::domain::plan::PlannedStep;
use crate::domain::policy::{self, Asking, Circumstances, Decision, LimitOf, Question, Reason, Request};
use crate::domain::prechecks;
use crate::domain::run::{Next, StepState, WaitsFor, over_budget};
use crate::planted::{self, Bug};
use crate::ports::{Order, Output, Survey, TargetState};

pub fn start(tx: &mut Tx<'_>, context: Context<'_>, request: &StartStep) -> Reply {
    let Some((incident, track, step)) = its_turn(tx, request) else {
        return Reply::NotStarted {
            reasons: vec![Reason::NotItsTurn],
        };
    };
    // An alert that went away takes the changes with it; looking on, to see whether it helped, does no harm.
    let resolved = incident.all_resolved() && !planted::is(Bug::StartAfterResolve);
    if !advance::is_manual(incident) && resolved && step.effect != EffectClass::Observe {
        let (incident, plan, step) = (request.incident, request.plan, request.step);
        let why = "the alert resolved before it started".to_owned();
        tx.record(Event::StepSkipped {
            incident,
            plan,
            step,
            why,
        });
        advance::advance(tx, context, request.incident);
        return Reply::NotStarted {
            reasons: vec![Reason::AlertResolved],
        };
    }
    if let Some(holder) = busy(tx, request, step) {
        return wait_for(tx, context, request, holder);
    }
    let reasons = objections(tx, context, request, incident, track, step);
    if reasons.is_empty() {
        return permit(tx, context, request);
    }
    let (untouched, said) = (track.run.started_at.is_none(), track.run.held == reasons);
    let spent = spent_of_budget(context, request, track, step);
    if reasons == [Reason::Expired] && advance::part_ends(tx, context, request.incident, request.step) {
        return Reply::NotStarted { reasons };
    }
    if untouched && reasons.iter().any(Reason::is_out_of_date) && !reasons.contains(&Reason::Expired) {
        let moved = reasons.iter().filter(|reason| reason.is_out_of_date());
        survey::renew(tx, context, request.incident, moved.cloned().collect());
        return Reply::NotStarted { reasons };
    }
    if untouched && reasons.iter().all(is_freeze) {
        return hold(tx, request, reasons, said);
    }
    refuse(tx, context, request, reasons, spent)
}

/// Between two approvals: who approves next is not shown what is no longer so.
pub fn rechecked(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    id: IncidentId,
    plan: PlanNo,
    seen: &[(StepNo, Survey)],
) -> Reply {
    let moved = tx.state().incident(id).and_then(|incident| {
        let track = incident.current().filter(|track| track.plan.no == plan)?;
        let waits = track.approval.is_pending() && matches!(incident.phase, Phase::Proposed);
        waits.then(|| world::moved(context, track, seen))
    });
    match moved {
        Some(reasons) if !reasons.is_empty() => survey::renew(tx, context, id, reasons),
        Some(_) | None => {}
    }
    Reply::Stored
}

/// The step, if and only if it is what the run wants next: the compare-and-set that makes a start happen at most once.
fn its_turn<'a>(
    tx: &'a Tx<'_>,
    request: &StartStep,
) -> Option<(&'a Incident, &'a PlanTrack, &'a PlannedStep)> {
    let incident = tx.state().incident(request.incident)?;
    let track = incident.current().filter(|track| track.plan.no == request.plan)?;
    let step = track.plan.step(request.step)?;
    let wanted = matches!(track.run.next(&track.plan),
        Next::Start { step, attempt, .. } if step == request.step && attempt == request.attempt);
    let wanted = wanted || planted::is(Bug::StartTwice);
    let covered = track.covers(request.step);
    (matches!(incident.phase, Phase::Running) && wanted && covered).then_some((incident, track, step))
}

fn busy(tx: &Tx<'_>, request: &StartStep, step: &PlannedStep) -> Option<AttemptId> {
    let target = step.target_key()?;
    tx.state()
        .holder(&target)
        .filter(|holder| holder.incident != request.incident && !planted::is(Bug::TargetsNotSerialised))
}

/// Another incident has the target. Said once, and again when yet another one has it; the time at which a human gets it
/// stays what was said first.
fn wait_for(tx: &mut Tx<'_>, context: Context<'_>, request: &StartStep, holder: AttemptId) -> Reply {
    let (incident, plan) = (request.incident, request.plan);
    let track = tx.state().incident(incident).and_then(Incident::current);
    let said = track.and_then(|track| track.run.waits);
    let until = said.map(|waits| waits.until).unwrap_or_else(|| {
        let latest = context.now.checked_add(context.rules.execute_by);
        let approved_until = track.and_then(|track| track.start_by(request.step, context.rules.execute_by));
        let latest = latest.unwrap_or(context.now);
        approved_until.map_or(latest, |by| by.min(latest))
    });
    let waits = WaitsFor {
        step: request.step,
        attempt: request.attempt,
        with: holder,
        until,
    };
    if said.is_none_or(|said| said.with.incident != holder.incident || said.step != request.step) {
        tx.record(Event::StepWaits {
            incident,
            plan,
            waits,
        });
    }
    Reply::NotYet {
        reasons: vec![Reason::TargetBusy {
            with: holder.to_string(),
        }],
    }
}

fn objections(
    tx: &Tx<'_>,
    context: Context<'_>,
    request: &StartStep,
    incident: &Incident,
    track: &PlanTrack,
    step: &PlannedStep,
) -> Vec<Reason> {
    let mut reasons = Vec::new();
    approval_holds(tx, context, request, incident, track, &mut reasons);
    let autonomy = track.plan.autonomy.min(context.rules.autonomy);
    if Leave::of(context.rules.mode, autonomy).is_none() {
        reasons.push(Reason::OnlyWatches);
    }
    if track.plan.digest().ok().as_ref() != Some(&track.digest) && !planted::is(Bug::DigestNotCompared) {
        reasons.push(Reason::DigestDiffers);
    }
    match &request.survey {
        Ok(survey) => world_holds(context, track, step, survey, &mut reasons),
        Err(error) => reasons.push(Reason::SurveyFailed {
            why: error.to_string(),
        }),
    }
    if track.run.started_at.is_none() {
        reasons.extend(world::moved(context, track, &request.beside));
    }
    reasons.extend(world::evidence_old(context, incident));
    // Looking on does no harm, and what a change has mended may be the signal that is gone.
    if step.effect != EffectClass::Observe {
        reasons.extend(prechecks::unmet(incident, &track.plan));
    }
    let cost = live_cost(context, request, step);
    for (key, need, left) in over_budget(&track.plan.budget, &track.run.spent, &cost) {
        let key = key.as_str();
        reasons.push(Reason::OverBudget {
            what: format!("it needs {need} of `{key}` and {left} are left"),
        });
    }
    reasons
}

/// The approval stands, has not run out, the people behind it still count, and the policy lets this step start now.
fn approval_holds(
    tx: &Tx<'_>,
    context: Context<'_>,
    request: &StartStep,
    incident: &Incident,
    track: &PlanTrack,
    reasons: &mut Vec<Reason>,
) {
    let Approval::Approved { votes, at, .. } = &track.approval else {
        reasons.push(Reason::NotItsTurn);
        return;
    };
    let untimely = context.now < *at || track.is_untimely(tx.state(), context.now);
    if untimely && !planted::is(Bug::ClockNotWatched) {
        reasons.push(Reason::ClockWentBack);
    }
    let behind = incident.behind(&track.plan);
    let part = track.part(track.upto, Some(request.step));
    // It is for people: what runs alone keeps to everything.
    let glass = incident.glass_at(context.now).filter(|_| !votes.is_empty());
    let request_of = Request {
        plan: &part,
        behind: &behind,
        glass,
    };
    let counting: Vec<Vote> = still_counting(context, request, votes, request_of)
        .into_iter()
        .map(|vote| of_this_plan(vote, track))
        .collect();
    let question = Question {
        who: policy::Who::Voters,
        asking: Asking::Start(request.step),
        plan: &part,
        circumstances: Circumstances {
            now: context.now,
            team: &context.rules.team,
            behind: &behind,
            votes: &counting,
            expires: track.start_by(request.step, context.rules.execute_by),
            freeze: &tx.state().freeze,
            freeze_file: &request.freeze_file,
            counts: &tx.state().counts(incident, context.now),
            glass,
        },
    };
    let have = u8::try_from(counting.len()).unwrap_or(u8::MAX);
    match context.rules.policy.answer(&question) {
        Decision::Deny { reasons: denied } => reasons.extend(denied),
        Decision::Allow => {}
        // Nobody voted: Interlock let it run alone, and that must still hold.
        Decision::RequireApproval { .. }
            if votes.is_empty() && survey::may_run_alone(context, incident, &track.plan) => {}
        Decision::RequireApproval { approvals } => reasons.push(Reason::Quorum {
            have,
            need: have.saturating_add(approvals),
        }),
    }
}

/// A second factor is for one plan and no other.
fn of_this_plan(mut vote: Vote, track: &PlanTrack) -> Vote {
    vote.ceremony.take_if(|given| given.digest != track.digest);
    vote
}

/// The votes of people who may still vote, with the groups that they are in now.
fn still_counting(context: Context<'_>, request: &StartStep, votes: &[Vote], plan: Request<'_>) -> Vec<Vote> {
    let now = |vote: &Vote| {
        if planted::is(Bug::RightsNotReread) {
            return Some(vote.clone());
        }
        let person = request.voters.iter().find(|person| person.id == vote.by)?;
        context
            .rules
            .policy
            .may_vote(person, &context.rules.team, plan)
            .ok()?;
        Some(Vote {
            groups: person.groups.clone(),
            ..vote.clone()
        })
    };
    votes.iter().filter_map(now).collect()
}

fn permit(tx: &mut Tx<'_>, context: Context<'_>, request: &StartStep) -> Reply {
    let attempt = AttemptId {
        incident: request.incident,
        plan: request.plan,
        step: request.step,
        attempt: request.attempt,
    };
    let Some((_, track, step)) = its_turn(tx, request) else {
        return Reply::NotStarted {
            reasons: vec![Reason::NotItsTurn],
        };
    };
    let Some(leave) = Leave::of(
        context.rules.mode,
        track.plan.autonomy.min(context.rules.autonomy),
    ) else {
        return Reply::NotStarted {
            reasons: vec![Reason::OnlyWatches],
        };
    };
    let order = Order {
        leave,
        attempt,
        permitted_at: context.now,
        action: step.action.clone(),
        filters: step.filters.clone(),
        expected: step.expected.clone(),
        tier: step.tier,
        // The container is the one that was shown, whoever changed the target last.
        target: expected(track, step).map(|target| TargetState {
            container: step.target.as_ref().and_then(|shown| shown.container.clone()),
            ..target.clone()
        }),
        timeout_seconds: step.timeout_seconds,
    };
    let cost = live_cost(context, request, step);
    let approved_by = track
        .approval
        .votes()
        .iter()
        .map(|vote| Who {
            id: vote.by.clone(),
            name: vote.name.clone(),
        })
        .collect();
    let digest = track.digest.clone();
    if planted::is(Bug::StartNotRecorded) {
        return Reply::Permit(Box::new(order));
    }
    tx.record(Event::StepStarted {
        incident: request.incident,
        attempt,
        digest,
        approved_by,
        cost,
    });
    breaker::trip_if_spent(tx, context, attempt);
    Reply::Permit(Box::new(order))
}

fn is_freeze(reason: &Reason) -> bool {
    matches!(reason, Reason::Frozen { .. } | Reason::FreezeFileUnreadable)
}

/// Frozen before anything has begun: the plan stays approved for as long as its approval lasts, and nothing starts
/// meanwhile. Said once.
fn hold(tx: &mut Tx<'_>, request: &StartStep, reasons: Vec<Reason>, said: bool) -> Reply {
    if !said {
        tx.record(Event::StepHeld {
            incident: request.incident,
            plan: request.plan,
            step: request.step,
            reasons: reasons.clone(),
        });
    }
    Reply::NotYet { reasons }
}

fn refuse(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    request: &StartStep,
    reasons: Vec<Reason>,
    spent: Vec<(LimitOf, u32)>,
) -> Reply {
    let (incident, plan) = (request.incident, request.plan);
    let held = tx.state().incident(incident);
    let begun = held.and_then(Incident::current).is_some_and(PlanTrack::begun);
    // In the middle of a run it ends as a step that may not start does.
    if reasons.contains(&Reason::Expired) && !begun {
        let reason = held.map_or(HandoffReason::NoDecision, advance::ran_out);
        tx.record(Event::Expired { incident, plan });
        advance::hand_over(tx, context, incident, reason);
        return Reply::NotStarted { reasons };
    }
    tx.record(Event::StepRefused {
        incident,
        plan,
        step: request.step,
        attempt: request.attempt,
        reasons: reasons.clone(),
    });
    breaker::trip_over_budget(tx, context, incident, spent);
    advance::advance(tx, context, incident);
    Reply::NotStarted { reasons }
}

/// What of its runbook's budget this step wants more of than is left, since the run has spent it.
fn spent_of_budget(
    context: Context<'_>,
    request: &StartStep,
    track: &PlanTrack,
    step: &PlannedStep,
) -> Vec<(LimitOf, u32)> {
    let cost = live_cost(context, request, step);
    let budget = &track.plan.budget;
    let short = over_budget(budget, &track.run.spent, &cost).into_iter();
    let spent = short.filter(|(key, ..)| track.run.spent.get(key).is_some_and(|spent| *spent > 0));
    spent
        .map(|(key, ..)| {
            let runbook = track.plan.runbook.clone();
            let allowed = budget.get(&key).copied().unwrap_or(0);
            (LimitOf::Runbook { runbook, key }, allowed)
        })
        .collect()
}

/// An attempt has ended. A result for an attempt that isn't running changes nothing.
pub fn ended(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    attempt: AttemptId,
    outcome: Outcome,
    output: Output,
    took_ms: u64,
) -> Reply {
    let running = tx
        .state()
        .incident(attempt.incident)
        .and_then(|incident| incident.plan(attempt.plan))
        .is_some_and(|track| {
            matches!(track.run.state(attempt.step),
                StepState::Started { attempt: running, .. } if *running == attempt.attempt)
        });
    if !running {
        return Reply::Stored;
    }
    let incident = attempt.incident;
    let outcome = match outcome {
        Outcome::Unknown { reason } if planted::is(Bug::UnknownIsFailure) => Outcome::Failed { reason },
        known => known,
    };
    let unknown = matches!(outcome, Outcome::Unknown { .. });
    tx.record(Event::StepEnded {
        incident,
        attempt,
        outcome,
        output,
        took_ms,
    });
    if unknown {
        contain::contain(tx, context, attempt);
        advance::page_now(
            tx,
            incident,
            Call::Broke,
            format!("nobody knows whether step {} happened", attempt.step),
        );
    }
    advance::advance(tx, context, incident);
    Reply::Stored
}
