//! From a chosen runbook to a proposed plan: the plan is sketched, its targets are looked at, then it is proposed,
//! or a human is told why it can't be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Context, Tx, advance};
use crate::domain::alert::Severity;
use crate::domain::command::{Drive, Effect, Reply};
use crate::domain::event::{Event, Mode};
use crate::domain::evidence::{Condition, Finding, Seen, charted, speaks_against};
use crate::domain::freeze::FreezeFile;
use crate::domain::ids::{IncidentId, PlanNo, RunbookName};
use crate::domain::incident::{HandoffReason, Incident, Phase, PlanRequest};
use crate::domain::matching::By;
use crate::domain::plan::{Plan, PlannedStep, Requester};
use crate::domain::planning::{self, NoPlan, PlanProblem};
use crate::domain::policy::{Asking, Circumstances, Decision, Question, Reason, Who};
use crate::domain::prechecks;
use crate::domain::runbook::Autonomy;
use crate::planted::{self, Bug};
use crate::ports::{Survey, SurveyError};

/// Sketches the plan and asks for a look at its targets.
pub fn plan(tx: &mut Tx<'_>, context: Context<'_>, incident: IncidentId, request: PlanRequest) {
    tx.record(Event::Planning {
        incident,
        request: request.clone(),
    });
    look(tx, context, incident, &request);
}

/// What was shown is no longer so: the plan is void, and the same is proposed afresh. It needs fresh approval, and waits
/// for people even where it might have run alone.
pub fn renew(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId, reasons: Vec<Reason>) {
    let Some(incident) = tx.state().incident(id) else {
        return;
    };
    let Some(track) = incident.current() else { return };
    let no = track.plan.no;
    // Journals from before requests were kept have none.
    let request = incident.request.clone().unwrap_or_else(|| PlanRequest {
        runbook: track.plan.runbook.clone(),
        requester: track.plan.requester.clone(),
        parameters: track.plan.parameters.clone(),
        advised: BTreeMap::new(),
        skip: Vec::new(),
        modified_from: track.plan.modified_from,
        asked_before: track.plan.asked_before.clone(),
        takes_back: None,
    });
    tx.record(Event::Outdated {
        incident: id,
        plan: no,
        reasons,
    });
    plan(tx, context, id, request);
}

/// Sends the executor to look at the targets and the evidence.
fn look(tx: &mut Tx<'_>, context: Context<'_>, incident: IncidentId, request: &PlanRequest) {
    match sketch(tx, context, incident, request) {
        Ok(sketch) => {
            tx.drive(Drive::Survey {
                incident,
                looks: planning::looks(
                    context.catalog,
                    context.rules,
                    &sketch,
                    &tx.state().freeze,
                    context.now,
                ),
                sketch: Box::new(sketch),
            });
        }
        Err(problems) => blocked(
            tx,
            context,
            incident,
            problems.into_iter().map(|p| p.message).collect(),
        ),
    }
}

/// The plan that this request leads to, not yet looked at.
///
/// # Errors
/// Every problem: unknown runbook, parameter without a value, a command that does not fit.
pub fn sketch(
    tx: &Tx<'_>,
    context: Context<'_>,
    incident: IncidentId,
    request: &PlanRequest,
) -> Result<Plan, Vec<PlanProblem>> {
    let Some(incident) = tx.state().incident(incident) else {
        return Err(vec![PlanProblem::general(&NoPlan::NoIncident { incident })]);
    };
    planning::sketch(context.catalog, context.rules, incident, request)
}

/// Looks for incidents whose targets were being looked at when the process ended.
pub fn resume(tx: &mut Tx<'_>, context: Context<'_>, incident: IncidentId) {
    let Some(Phase::Planning { request }) = tx
        .state()
        .incident(incident)
        .map(|incident| incident.phase.clone())
    else {
        return;
    };
    look(tx, context, incident, &request);
}

/// The targets and the evidence were looked at.
pub fn surveyed(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    id: IncidentId,
    sketch: Plan,
    results: Vec<Result<Survey, SurveyError>>,
    findings: Vec<Finding>,
) -> Reply {
    let wanted = tx.state().incident(id).is_some_and(|incident| {
        matches!(&incident.phase, Phase::Planning { request }
            if is_of(&sketch, request) && sketch.no == planning::next_no(incident))
    });
    if !wanted {
        return Reply::Stored;
    }
    let runbook = sketch.runbook.clone();
    let completed = planning::complete(sketch, results, &findings, context.rules);
    let chart = gathered(tx, id, runbook, findings);
    match completed {
        // There is nothing to approve; and a check that is green where nothing was done verifies nothing.
        Ok(plan) if plan.is_ruled_out() && !planted::is(Bug::EmptyPlanProposed) => {
            let skipped = plan.steps.iter().filter(|step| step.skip);
            let left_out = skipped.map(left_out).collect();
            blocked(tx, context, id, left_out);
        }
        Ok(plan) => propose(tx, context, id, plan),
        Err(problems) => blocked(tx, context, id, problems),
    }
    // Behind what is proposed: nobody waits for a picture.
    if let Some(seq) = chart {
        tx.effect(Effect::Chart { incident: id, seq });
    }
    Reply::Stored
}

/// Why a step of a plan without steps is none of it.
fn left_out(step: &PlannedStep) -> String {
    let because = step.condition.as_ref().and_then(Condition::left_out_because);
    let why = because.unwrap_or_else(|| "by hand".to_owned());
    format!("step {} ({}) is left out: {why}", step.no, step.title)
}

/// Records what was found. The number of the entry when it is worth a chart: once for each runbook, however often its
/// evidence is gathered anew.
fn gathered(tx: &mut Tx<'_>, id: IncidentId, runbook: RunbookName, findings: Vec<Finding>) -> Option<u64> {
    if findings.is_empty() {
        return None;
    }
    let known = tx
        .state()
        .incident(id)
        .and_then(|incident| incident.evidence.as_ref());
    let first = known.is_none_or(|known| known.runbook != runbook);
    let chart = first && charted(&findings).is_some();
    let seq = tx.record(Event::Gathered {
        incident: id,
        runbook,
        findings,
    });
    chart.then_some(seq)
}

/// Whether the sketch was made for this request. The look at its targets may have outlived the request, and the next one
/// may be somebody else's: who asked decides who may approve.
fn is_of(sketch: &Plan, request: &PlanRequest) -> bool {
    request.runbook == sketch.runbook
        && request.requester == sketch.requester
        && request.modified_from == sketch.modified_from
        && request.asked_before == sketch.asked_before
        && request.takes_back == sketch.takes_back
        && sketch
            .steps
            .iter()
            .all(|step| step.skip == request.skip.contains(&step.no))
        && request
            .parameters
            .iter()
            .all(|(name, value)| sketch.parameters.get(name) == Some(value))
        && sketch
            .advised
            .keys()
            .all(|name| request.advised.get(name) == sketch.parameters.get(name))
}

fn blocked(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId, problems: Vec<String>) {
    advance::hand_over(tx, context, id, HandoffReason::PlanBlocked { problems });
}

fn propose(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId, plan: Plan) {
    let Ok(digest) = plan.digest() else {
        return blocked(tx, context, id, vec![NoPlan::NoDigest.to_string()]);
    };
    let decision = context.rules.policy.decide(plan.live_steps());
    let approve_by = context
        .now
        .checked_add(context.rules.approve_by)
        .unwrap_or(context.now);
    let (no, autonomy) = (plan.no, plan.autonomy);
    let failed_before = tx.state().incident(id).and_then(|incident| {
        // Taking back is no second try of what did not help.
        let alert = incident.first_alert().filter(|_| plan.takes_back.is_none())?;
        let past = &tx.state().past;
        past.failed_before(&alert.fingerprint, &plan.runbook, context.now)
    });
    // What did not help before is not tried again without a person.
    let alone = (failed_before.is_none() || planted::is(Bug::FailedFixRunsAlone))
        && tx.state().incident(id).is_some_and(|incident| {
            may_run_alone(context, incident, &plan) && nothing_against(tx, context, incident, &plan)
        });
    tx.record(Event::Proposed {
        incident: id,
        plan: Arc::new(plan),
        digest,
        decision: decision.clone(),
        approve_by,
        failed_before,
    });
    if autonomy == Autonomy::Shadow && !planted::is(Bug::ShadowProposes) {
        advance::hand_over(tx, context, id, HandoffReason::Shadow);
        return;
    }
    match decision {
        Decision::Deny { .. } => {
            withdraw(tx, id, no, "the policy lets nobody approve it");
            advance::hand_over(tx, context, id, HandoffReason::Denied);
        }
        Decision::Allow | Decision::RequireApproval { .. } if alone => run_alone(tx, context, id, no),
        Decision::Allow | Decision::RequireApproval { .. } => advance::page_when_due(tx, context, id),
    }
}

/// Whether it could start now as far as freezes, windows and limits go. What could not waits for people.
fn nothing_against(tx: &Tx<'_>, context: Context<'_>, incident: &Incident, plan: &Plan) -> bool {
    let question = Question {
        who: Who::Nobody,
        asking: Asking::Approve,
        plan,
        circumstances: Circumstances {
            now: context.now,
            team: &context.rules.team,
            behind: &BTreeSet::new(),
            votes: &[],
            expires: None,
            freeze: &tx.state().freeze,
            freeze_file: &FreezeFile::Absent,
            counts: &tx.state().counts(incident, context.now),
            // It is for people: what runs alone keeps to everything.
            glass: None,
        },
    };
    let mut nothing = prechecks::unmet(incident, plan).is_empty();
    let policy = &context.rules.policy;
    policy.stands_against(&question, |_| nothing = false);
    nothing
}

fn withdraw(tx: &mut Tx<'_>, id: IncidentId, plan: PlanNo, why: &str) {
    tx.record(Event::Withdrawn {
        incident: id,
        plan,
        why: why.to_owned(),
    });
}

fn run_alone(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId, plan: PlanNo) {
    let execute_by = context
        .now
        .checked_add(context.rules.execute_by)
        .unwrap_or(context.now);
    tx.record(Event::AllowedAlone {
        incident: id,
        plan,
        execute_by,
    });
    advance::advance(tx, context, id);
}

/// Whether policy lets this plan run without a person: asked when it is proposed and again at every start.
pub fn may_run_alone(context: Context<'_>, incident: &Incident, plan: &Plan) -> bool {
    let reaches_tier_two = plan.live_steps().any(|step| u8::from(step.tier) >= 2);
    // Where the evidence was to choose and could not be read, a person chooses.
    let unread = plan.steps.iter().any(|step| {
        let seen = step.condition.as_ref().map(|condition| &condition.seen);
        matches!(seen, Some(Seen::Unread { .. }))
    });
    let contradicted = incident
        .current_evidence()
        .is_some_and(|evidence| evidence.runbook == plan.runbook && speaks_against(&evidence.findings))
        && !planted::is(Bug::ContradictionIgnored);
    let alone = &context.rules.policy.alone;
    let placed = plan.live_steps().all(|step| step.environment.is_some());
    // What a search found is a guess, however good; and what was refused may have been meant more.
    let meant = incident.matched.as_ref().is_some_and(|matched| {
        matched.by == By::Trigger && (matched.refused.is_empty() || planted::is(Bug::RefusedForgotten))
    });
    meant
        && context.rules.autonomy == Autonomy::Auto
        && context.rules.mode == Mode::Live
        && plan.autonomy == Autonomy::Auto
        && !plan.requires_human_approval
        && plan.requester == Requester::Interlock
        && plan.takes_back.is_none()
        && (plan.advised.is_empty() || planted::is(Bug::AdvisedRunsAlone))
        && (!matches!(incident.severity, Severity::Critical | Severity::Unknown)
            || planted::is(Bug::CriticalRunsAlone))
        && incident.commander.is_none()
        && incident.plans.iter().all(|track| track.outdated.is_empty())
        && placed
        && !unread
        && !contradicted
        && !reaches_tier_two
        && alone.allows(
            alone.risk(incident.severity, incident.service.as_ref(), plan),
            plan,
            changed_alone(incident, plan),
        )
}

/// Changes that other plans of the incident started without anybody's approval.
fn changed_alone(incident: &Incident, plan: &Plan) -> u32 {
    let others = incident.plans.iter().filter(|track| track.plan.no != plan.no);
    others
        .filter(|track| track.approval.votes().is_empty())
        .map(|track| track.run.changes)
        .fold(0, u32::saturating_add)
}
