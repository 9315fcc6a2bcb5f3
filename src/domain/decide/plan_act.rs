//! Clicks on a plan: approve, reject, modify and review.
//! Longer than other files, since each click on a plan is told from beginning to end.

use std::collections::{BTreeMap, BTreeSet};

use super::act::Actor;
use super::yes::{Yes, say};
use super::{Context, Tx, advance, survey, world};
use crate::domain::approval::{Approval, ApprovalEvent, ApprovalRefusal, Vote};
use crate::domain::command::{Answer, Drive, Form, FormField, PlanRef, Reply};
use crate::domain::event::{Deed, Event, Refusal, Unfit};
use crate::domain::freeze::FreezeFile;
use crate::domain::ids::{IncidentId, StepNo};
use crate::domain::incident::{HandoffReason, Incident, Phase, PlanRequest, PlanTrack};
use crate::domain::plan::{Plan, Requester};
use crate::domain::planning;
use crate::domain::policy::{self, Asking, Circumstances, Decision, Question, Reason, Request};
use crate::domain::prechecks;
use crate::domain::runbook::{Autonomy, ParamKind, ParamSpec, ParamValue};
use crate::planted::{self, Bug};

/// The plan that was clicked, if it is still the one that counts.
pub(super) fn clicked<'a>(tx: &'a Tx<'_>, at: &PlanRef) -> Result<(&'a Incident, &'a PlanTrack), Refusal> {
    let incident = tx.state().incident(at.incident).ok_or(Refusal::NoSuchIncident)?;
    let track = incident.current().ok_or(Refusal::PlanChanged)?;
    let same = track.plan.no == at.plan && track.digest.short() == at.digest;
    if !same && !planted::is(Bug::OldPlanDecided) {
        return Err(Refusal::PlanChanged);
    }
    Ok((incident, track))
}

/// Why a plan that isn't pending can't be decided: who or what was first.
fn already(track: &PlanTrack) -> Refusal {
    let nothing = ApprovalEvent::Reject {
        by: crate::domain::ids::PersonId {
            team: String::new(),
            user: String::new(),
        },
        name: String::new(),
        at: jiff::Timestamp::MIN,
        reason: String::new(),
    };
    match track.approval.transition(nothing) {
        Err(refusal) => Refusal::Approval { refusal },
        Ok(_) => Refusal::NotWaiting,
    }
}

fn pending<'a>(tx: &'a Tx<'_>, at: &PlanRef) -> Result<(&'a Incident, &'a PlanTrack), Refusal> {
    let (incident, track) = clicked(tx, at)?;
    if !track.approval.is_pending() {
        return Err(already(track));
    }
    if !matches!(incident.phase, Phase::Proposed) {
        return Err(Refusal::NotWaiting);
    }
    Ok((incident, track))
}

/// A plan of which something ran is not changed: what ran would run again.
fn changeable<'a>(tx: &'a Tx<'_>, at: &PlanRef) -> Result<(&'a Incident, &'a PlanTrack), Refusal> {
    let (incident, track) = pending(tx, at)?;
    match track.run.started_at {
        None => Ok((incident, track)),
        Some(_) => Err(Refusal::PartlyRun),
    }
}

/// What a yes leads to.
enum Allowed {
    Counts {
        needed: u8,
        have: u8,
        vote: Vote,
    },
    /// There is a Tier 3 step in it, or a row asks why, so more has to be said.
    Asks(Form),
}

pub fn approve(tx: &mut Tx<'_>, context: Context<'_>, actor: &Actor<'_>, yes: Yes<'_>) -> Reply {
    let Yes { at, upto, .. } = yes;
    match may_approve(tx, context, actor, yes) {
        Err(refusal) => match (out_of_date(&refusal), half_run(tx, at)) {
            (Some(reasons), None) => {
                let reply = actor.refused(tx, Some(at.incident), Deed::Approve, refusal);
                survey::renew(tx, context, at.incident, reasons);
                reply
            }
            (Some(reasons), Some(next)) => half_void(tx, context, actor, at, next, &reasons),
            (None, _) => actor.refused(tx, Some(at.incident), Deed::Approve, refusal),
        },
        Ok(Allowed::Asks(form)) => actor.asked(tx, Some(at.incident), Deed::Approve, Reply::Form(form)),
        Ok(Allowed::Counts { needed, have, vote }) => {
            let execute_by = context
                .now
                .checked_add(context.rules.execute_by)
                .unwrap_or(context.now);
            tx.record(Event::Voted {
                incident: at.incident,
                plan: at.plan,
                vote,
                needed,
                execute_by,
                upto,
            });
            if have < needed {
                tx.drive(Drive::Recheck {
                    incident: at.incident,
                    plan: at.plan,
                });
            }
            advance::advance(tx, context, at.incident);
            Reply::Answer(Answer::Approved { have, need: needed })
        }
    }
}

/// The next step of a plan of which a part has run; `None` while nothing has, so that it may be made afresh.
fn half_run(tx: &Tx<'_>, at: &PlanRef) -> Option<StepNo> {
    let track = tx.state().incident(at.incident)?.current()?;
    track.run.started_at?;
    track.next_left()
}

/// What is left of a plan can't be made afresh, since what ran of it would run again: a human goes on.
fn half_void(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    actor: &Actor<'_>,
    at: &PlanRef,
    next: StepNo,
    reasons: &[Reason],
) -> Reply {
    let why = format!("{} after a part of the plan had run", changed(reasons));
    withdraw(tx, at.incident, why.clone());
    let reason = HandoffReason::StepStopped {
        step: next,
        why: why.clone(),
    };
    advance::hand_over(tx, context, at.incident, reason);
    let refusal = Refusal::Approval {
        refusal: ApprovalRefusal::Withdrawn { why },
    };
    actor.refused(tx, Some(at.incident), Deed::Approve, refusal)
}

/// What is out of date, as the beginning of a sentence.
fn changed(reasons: &[Reason]) -> String {
    let policy = reasons.contains(&Reason::PolicyChanged);
    let clock = reasons.contains(&Reason::ClockWentBack);
    let shown = reasons
        .iter()
        .any(|reason| !matches!(reason, Reason::PolicyChanged | Reason::ClockWentBack));
    let all = [
        policy.then_some("the policy changed"),
        clock.then_some("the clock went back"),
        shown.then_some("what the card showed changed"),
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

/// What changed, when that alone is why the click does not count.
fn out_of_date(refusal: &Refusal) -> Option<Vec<Reason>> {
    let Refusal::NotAllowed { reasons } = refusal else {
        return None;
    };
    let only = !reasons.is_empty() && reasons.iter().all(Reason::is_out_of_date);
    only.then(|| reasons.clone())
}

fn vote(context: Context<'_>, actor: &Actor<'_>) -> Vote {
    Vote {
        by: actor.who.id.clone(),
        name: actor.who.name.clone(),
        at: context.now,
        groups: actor.person.groups.clone(),
        ceremony: None,
        reason: None,
    }
}

fn missing_or_why(decision: Decision) -> (u8, Vec<Reason>) {
    match decision {
        Decision::Deny { reasons } => (0, reasons),
        Decision::RequireApproval { approvals } => (approvals, Vec::new()),
        Decision::Allow => (0, Vec::new()),
    }
}

/// What keeps the plan as it stands from being approved, whoever clicks.
fn unfit(tx: &Tx<'_>, context: Context<'_>, incident: &Incident, track: &PlanTrack) -> Vec<Reason> {
    let mut reasons = Vec::new();
    // A dry run is approved to see what would run; in shadow nobody is asked.
    let autonomy = track.plan.autonomy.min(context.rules.autonomy);
    if autonomy == Autonomy::Shadow && !planted::is(Bug::ShadowProposes) && !planted::is(Bug::ShadowActs) {
        reasons.push(Reason::OnlyWatches);
    }
    if track.plan.digest().ok().as_ref() != Some(&track.digest) {
        reasons.push(Reason::DigestDiffers);
    }
    if track.is_untimely(tx.state(), context.now) && !planted::is(Bug::ClockNotWatched) {
        reasons.push(Reason::ClockWentBack);
    }
    reasons.extend(world::evidence_old(context, incident));
    reasons.extend(prechecks::unmet(incident, &track.plan));
    reasons
}

/// The vote with how many are needed and how many there are with it, or why it does not count.
fn may_approve(
    tx: &Tx<'_>,
    context: Context<'_>,
    actor: &Actor<'_>,
    yes: Yes<'_>,
) -> Result<Allowed, Refusal> {
    let Yes { at, upto, .. } = yes;
    let (incident, track) = pending(tx, at)?;
    if upto.is_some_and(|upto| !track.parts().iter().any(|part| part.upto == upto)) {
        return Err(Refusal::PlanChanged);
    }
    // Those who approved before may have meant less.
    let voted = !track.approval.votes().is_empty();
    let upto = track.smaller(track.upto.filter(|_| voted), upto);
    let part = track.part(upto, None);
    let behind = incident.behind(&track.plan);
    let question = Question {
        who: policy::Who::Person(actor.person),
        asking: Asking::Approve,
        plan: &part,
        circumstances: Circumstances {
            now: context.now,
            team: &context.rules.team,
            behind: &behind,
            votes: track.approval.votes(),
            // Too late is the approval's own answer, below.
            expires: None,
            freeze: &tx.state().freeze,
            // Read before the start; the engine reads no file.
            freeze_file: &FreezeFile::Absent,
            counts: &tx.state().counts(incident, context.now),
            glass: incident.glass_at(context.now),
        },
    };
    let (missing, mut reasons) = missing_or_why(context.rules.policy.answer(&question));
    reasons.extend(unfit(tx, context, incident, track));
    if !reasons.is_empty() {
        return Err(Refusal::NotAllowed { reasons });
    }
    let have = u8::try_from(track.approval.votes().len())
        .unwrap_or(u8::MAX)
        .saturating_add(1);
    let needed = have.saturating_add(missing);
    let mut vote = vote(context, actor);
    let event = ApprovalEvent::Approve {
        vote: vote.clone(),
        needed,
        execute_by: context.now,
    };
    track
        .approval
        .transition(event)
        .map_err(|refusal| Refusal::Approval { refusal })?;
    let request = Request {
        plan: &part,
        behind: &behind,
        glass: incident.glass_at(context.now),
    };
    let yes = Yes { upto, ..yes };
    match say(tx, context, actor, yes, &mut vote, &track.digest, request)? {
        Some(form) => Ok(Allowed::Asks(form)),
        None => Ok(Allowed::Counts { needed, have, vote }),
    }
}

pub fn ask_reject(tx: &mut Tx<'_>, context: Context<'_>, actor: &Actor<'_>, at: PlanRef) -> Reply {
    match actor
        .responder(context)
        .and_then(|()| pending(tx, &at).map(|(incident, _)| incident.title.clone()))
    {
        Err(refusal) => actor.refused(tx, Some(at.incident), Deed::Reject, refusal),
        Ok(title) => actor.asked(
            tx,
            Some(at.incident),
            Deed::Reject,
            Reply::Form(Form::Reject { at, title }),
        ),
    }
}

pub fn reject(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    actor: &Actor<'_>,
    at: &PlanRef,
    reason: String,
) -> Reply {
    let allowed = actor.responder(context).and_then(|()| {
        let (_, track) = pending(tx, at)?;
        match track.approval.deadline() {
            Some(by) if by <= context.now => Err(Refusal::Approval {
                refusal: ApprovalRefusal::Expired,
            }),
            Some(_) | None => Ok(()),
        }
    });
    if let Err(refusal) = allowed {
        return actor.refused(tx, Some(at.incident), Deed::Reject, refusal);
    }
    let by = actor.who.name.clone();
    tx.record(Event::Rejected {
        incident: at.incident,
        plan: at.plan,
        by: actor.who.clone(),
        reason: reason.clone(),
    });
    advance::hand_over(tx, context, at.incident, HandoffReason::Rejected { by, reason });
    Reply::Answer(Answer::Rejected)
}

/// The plan of an incident stops: what is pending is withdrawn; a running one starts nothing more.
pub fn withdraw(tx: &mut Tx<'_>, id: IncidentId, why: String) {
    let plan = tx.state().incident(id).and_then(|incident| {
        let track = incident.current()?;
        let live = matches!(
            track.approval,
            Approval::Pending { .. } | Approval::Approved { .. }
        );
        (live && track.run.result.is_none()).then_some(track.plan.no)
    });
    if let Some(plan) = plan {
        tx.record(Event::Withdrawn {
            incident: id,
            plan,
            why,
        });
    }
}

pub fn review(tx: &mut Tx<'_>, actor: &Actor<'_>, at: PlanRef) -> Reply {
    match clicked(tx, &at).map(|(incident, _)| Box::new(incident.clone())) {
        Err(refusal) => actor.refused(tx, Some(at.incident), Deed::ReviewPlan, refusal),
        Ok(incident) => {
            let id = at.incident;
            actor.asked(
                tx,
                Some(id),
                Deed::ReviewPlan,
                Reply::Form(Form::ReviewPlan { at, incident }),
            )
        }
    }
}

pub fn ask_modify(tx: &mut Tx<'_>, context: Context<'_>, actor: &Actor<'_>, at: PlanRef) -> Reply {
    let form = actor.responder(context).and_then(|()| {
        let (_, track) = changeable(tx, &at)?;
        let runbook = context
            .catalog
            .find(track.plan.runbook.as_str())
            .map_err(|error| Refusal::NoSuchRunbook {
                why: error.to_string(),
            })?;
        let parameters = runbook.parameters.iter().map(|spec| field(spec, track)).collect();
        let steps = track
            .plan
            .steps
            .iter()
            .map(|step| (step.no, step.title.clone(), step.skip))
            .collect();
        Ok(Form::Modify {
            at: at.clone(),
            parameters,
            steps,
        })
    });
    match form {
        Err(refusal) => actor.refused(tx, Some(at.incident), Deed::Modify, refusal),
        Ok(form) => actor.asked(tx, Some(at.incident), Deed::Modify, Reply::Form(form)),
    }
}

fn field(spec: &ParamSpec, track: &PlanTrack) -> FormField {
    let choices = match &spec.kind {
        ParamKind::Choice { of } => of.clone(),
        ParamKind::Boolean => vec!["true".to_owned(), "false".to_owned()],
        ParamKind::Integer { .. } | ParamKind::Name | ParamKind::Text { .. } => Vec::new(),
    };
    FormField {
        name: spec.name.clone(),
        value: track.plan.parameters.get(&spec.name).cloned(),
        description: spec.description.clone().unwrap_or_default(),
        choices,
        optional: spec.default.is_some(),
    }
}

/// What a person wants changed.
pub struct Change {
    pub at: PlanRef,
    pub parameters: BTreeMap<String, String>,
    pub skip: Vec<StepNo>,
    pub confirmed: bool,
}

pub fn modify(tx: &mut Tx<'_>, context: Context<'_>, actor: &Actor<'_>, change: Change) -> Reply {
    let id = change.at.incident;
    let made = actor
        .responder(context)
        .and_then(|()| request(tx, context, actor, &change));
    let (request, lines) = match made {
        Err(refusal) => return actor.refused(tx, Some(id), Deed::Modify, refusal),
        Ok(made) => made,
    };
    if !change.confirmed {
        let Change {
            at, parameters, skip, ..
        } = change;
        let form = Form::ModifyDiff {
            at,
            parameters,
            skip,
            lines,
        };
        return actor.asked(tx, Some(id), Deed::Modify, Reply::Form(form));
    }
    let next = tx.state().incident(id).map(planning::next_no);
    survey::plan(tx, context, id, request);
    Reply::Answer(Answer::Modified {
        plan: next.unwrap_or(change.at.plan),
    })
}

/// What the changed plan could not pass is said here, while the plan that waits is still there.
fn could_run(context: Context<'_>, track: &PlanTrack, sketch: &Plan) -> Result<(), Refusal> {
    let runbook = context.catalog.get(&sketch.runbook);
    let over = runbook.map(|runbook| planning::over(&track.plan, sketch, runbook, context.rules));
    let problems: Vec<(String, String)> = over
        .into_iter()
        .flatten()
        .map(|problem| (problem.parameter.unwrap_or_default(), problem.message))
        .collect();
    if !problems.is_empty() {
        return Err(Refusal::BadInput { problems });
    }
    let new = planning::as_known(&track.plan, sketch, context.rules);
    let seen = new.live_steps().filter(|step| !planning::may_come_to_less(step));
    match context.rules.policy.decide(seen) {
        Decision::Deny { reasons } => Err(Refusal::ChangeDenied { reasons }),
        Decision::Allow | Decision::RequireApproval { .. } => Ok(()),
    }
}

/// The request and what it changes, in lines.
fn request(
    tx: &Tx<'_>,
    context: Context<'_>,
    actor: &Actor<'_>,
    change: &Change,
) -> Result<(PlanRequest, Vec<String>), Refusal> {
    let (incident, track) = changeable(tx, &change.at)?;
    let parameters: BTreeMap<String, ParamValue> = change
        .parameters
        .iter()
        .map(|(name, value)| (name.clone(), ParamValue(value.clone())))
        .collect();
    // What a person leaves as the advisor proposed it is still its proposal.
    let left = incident.request.iter().flat_map(|request| &request.advised);
    let left = left.filter(|(name, value)| parameters.get(*name) == Some(*value));
    let advised = left.map(|(name, value)| (name.clone(), value.clone())).collect();
    let request = PlanRequest {
        runbook: track.plan.runbook.clone(),
        requester: match planted::is(Bug::ModifierForgotten) {
            true => Requester::Interlock,
            false => Requester::Person(actor.person.id.clone()),
        },
        parameters,
        advised,
        skip: change.skip.clone(),
        modified_from: Some(track.plan.no),
        asked_before: BTreeSet::new(),
        takes_back: track.plan.takes_back,
    };
    let sketch =
        planning::sketch(context.catalog, context.rules, incident, &request).map_err(|problems| {
            Refusal::BadInput {
                problems: problems
                    .into_iter()
                    .map(|p| (p.parameter.unwrap_or_default(), p.message))
                    .collect(),
            }
        })?;
    if sketch.live_steps().next().is_none() {
        let why = Unfit::EveryStepLeftOut;
        return Err(Refusal::Unfit { why });
    }
    could_run(context, track, &sketch)?;
    let lines = planning::diff(&track.plan, &sketch, context.rules);
    if lines.is_empty() {
        let why = Unfit::NothingChanged;
        return Err(Refusal::Unfit { why });
    }
    Ok((request, lines))
}
