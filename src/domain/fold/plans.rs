//! What an entry changes in one plan of an incident: what was advised for it, its approval, its run, its steps.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::action::{Cost, EffectClass};
use crate::domain::approval::{Approval, ApprovalEvent};
use crate::domain::event::{Judgement, Outcome, Who};
use crate::domain::ids::{AttemptId, PlanNo, RunbookName, StepNo};
use crate::domain::incident::{Incident, MatchLine, Phase, PlanTrack};
use crate::domain::policy::Decision;
use crate::domain::run::{Judged, StepState};
use crate::domain::runbook::ParamValue;
use crate::ports::TargetState;

/// The candidates in the order that was advised.
pub(super) fn advised(incident: &mut Incident, order: &[RunbookName]) {
    if let Some(matched) = &mut incident.matched {
        let place = |line: &MatchLine| order.iter().position(|name| *name == line.runbook);
        matched
            .candidates
            .sort_by_key(|line| place(line).unwrap_or(usize::MAX));
    }
}

/// The plan in the making is made with these.
pub(super) fn filled(incident: &mut Incident, values: &BTreeMap<String, ParamValue>) {
    if let Phase::Planning { request } = &mut incident.phase {
        request.advised.clone_from(values);
        incident.request = Some(request.clone());
    }
}

/// A new plan takes the place of the one before.
pub(super) fn proposed(incident: &mut Incident, track: PlanTrack) {
    let at = track.proposed_at;
    settle_approval(incident, ApprovalEvent::Supersede { at });
    if !incident.plans.is_empty() {
        incident.paging.begin_anew();
    }
    incident.plans.push(track);
    incident.phase = Phase::Proposed;
}

pub(super) fn allowed_alone(incident: &mut Incident, plan: PlanNo, execute_by: Timestamp, at: Timestamp) {
    if let Some(track) = track(incident, plan) {
        track.approval = Approval::Approved {
            votes: Vec::new(),
            at,
            execute_by,
        };
        incident.phase = Phase::Running;
    }
}

/// Ends the approval of the current plan if it can still end and nothing has started under it.
pub(super) fn settle_approval(incident: &mut Incident, event: ApprovalEvent) {
    if let Some(track) = incident.plans.last_mut()
        && !track.begun()
        && let Ok(next) = track.approval.transition(event)
    {
        track.approval = next;
    }
}

pub(super) fn track(incident: &mut Incident, no: PlanNo) -> Option<&mut PlanTrack> {
    incident.plans.iter_mut().find(|track| track.plan.no == no)
}

pub(super) fn approve(incident: &mut Incident, plan: PlanNo, event: ApprovalEvent) {
    let Some(track) = track(incident, plan) else {
        return;
    };
    if let Ok(next) = track.approval.transition(event) {
        let approved = matches!(next, Approval::Approved { .. });
        let rejected = matches!(next, Approval::Rejected { .. });
        track.approval = next;
        if rejected {
            // Whoever says no has it.
            incident.paging.taken();
        }
        if approved {
            incident.paging.decided();
            incident.phase = Phase::Running;
        }
    }
}

pub(super) fn taken_over(incident: &mut Incident, by: &Who) {
    incident.commander = Some((by.id.clone(), by.name.clone()));
    incident.paging.taken();
}

/// What is left waits for itself: with its own time, its own reminder, and a call of its own if nobody decides.
pub(super) fn part_done(
    incident: &mut Incident,
    plan: PlanNo,
    decision: &Decision,
    approve_by: Timestamp,
    late: bool,
    at: Timestamp,
) {
    if let Some(track) = track(incident, plan) {
        track.part_late = late;
        track.approval = Approval::Pending {
            votes: Vec::new(),
            approve_by,
        };
        track.upto = None;
        track.part_waits = true;
        track.reminded = false;
        track.waits_since = Some(at);
        track.run.part_started_at = None;
        // Whoever was told that the part before takes long knows nothing of the next one.
        track.run.told_long = false;
        track.decision = decision.clone();
        incident.paging.begin_anew();
        incident.phase = Phase::Proposed;
    }
}

pub(super) fn started(incident: &mut Incident, attempt: AttemptId, by: &[Who], cost: &Cost, at: Timestamp) {
    incident.paging.goes_on();
    let Some(track) = track(incident, attempt.plan) else {
        return;
    };
    let step = track.plan.step(attempt.step);
    let changes = step.is_some_and(|step| step.effect != EffectClass::Observe);
    let cost = match cost.is_empty() {
        false => cost.clone(),
        true => step.map(|step| step.cost.clone()).unwrap_or_default(),
    };
    track.run.changes = track.run.changes.saturating_add(u32::from(changes));
    for (key, need) in cost {
        let spent = track.run.spent.entry(key).or_default();
        *spent = spent.saturating_add(need);
    }
    track.run.no_longer_waits();
    track.run.started_at.get_or_insert(at);
    track.run.part_started_at.get_or_insert(at);
    track.run.approved_by.insert(attempt.step, names(by));
    track.run.begun_at.insert(attempt.step, at);
    track.part_waits = false;
    track.run.steps.insert(
        attempt.step,
        StepState::Started {
            attempt: attempt.attempt,
            at,
        },
    );
}

/// A result counts only for the attempt that is running.
pub(super) fn ended(
    incident: &mut Incident,
    id: AttemptId,
    outcome: &Outcome,
    left: Option<&TargetState>,
    at: Timestamp,
) {
    let Some(track) = track(incident, id.plan) else {
        return;
    };
    let attempt = id.attempt;
    let running = matches!(track.run.state(id.step), StepState::Started { attempt: running, .. } if *running == attempt);
    if !running {
        return;
    }
    let state = match outcome {
        Outcome::Succeeded => StepState::Succeeded { attempt, at },
        Outcome::Failed { reason } => StepState::Failed {
            attempt,
            at,
            reason: reason.clone(),
        },
        Outcome::Unknown { reason } => StepState::Unknown {
            attempt,
            at,
            reason: reason.clone(),
        },
    };
    track.run.last_ended_at = Some(at);
    track.run.steps.insert(id.step, state);
    if let Some(left) = left {
        track.run.left.insert(left.object.key(), left.clone());
    }
}

pub(super) fn judged(
    incident: &mut Incident,
    plan: PlanNo,
    step: StepNo,
    judgement: Judgement,
    by: &str,
    at: Timestamp,
) {
    let Some(track) = track(incident, plan) else {
        return;
    };
    let StepState::Unknown { attempt, .. } = *track.run.state(step) else {
        return;
    };
    let state = match judgement {
        Judgement::Worked => StepState::Succeeded { attempt, at },
        Judgement::Failed => StepState::Failed {
            attempt,
            at,
            reason: format!("{by} looked and says that it did not work"),
        },
    };
    track.run.steps.insert(step, state);
    track.run.judged.insert(step);
    track.run.judged_at = Some(at);
    let by = by.to_owned();
    track.run.judged_by.insert(step, Judged { by, judgement });
    incident.paging.judged();
}

pub(super) fn set(incident: &mut Incident, plan: PlanNo, step: StepNo, state: StepState) {
    if let Some(track) = track(incident, plan) {
        track.run.no_longer_waits();
        track.run.steps.insert(step, state);
    }
}

fn names(people: &[Who]) -> Vec<String> {
    people.iter().map(|who| who.name.clone()).collect()
}
