//! One line of plain text for each thing that happened: for the thread, the summary and the report. Plain means that
//! foreign text is in it as it came; whoever posts it escapes it. Longer than other files, since it is one list of what happens.

use super::reminder::{self, Reminder};
use super::{changes, evidence, freezing, handoff, heard, memory, reasons, silences, storm, words};
use crate::domain::approval::Vote;
use crate::domain::event::{Cause, Deed, Event, Judgement, Outcome, Refusal};
use crate::domain::factors::{FactorChange, FactorDeed};
use crate::domain::handoff::not_verified;
use crate::domain::ids::{AttemptId, EpisodeKey, Source, StepNo};
use crate::domain::incident::{ClosedAs, Incident, PlanTrack, SettlesBy};
use crate::domain::plan::{Plan, PlanDigest, PlannedStep};
use crate::domain::policy::Decision;
use crate::domain::run::{RunResult, StepState, WaitsFor, only_refused, says_nothing};

/// What happened, in one line. `None` for what people need not read.
#[must_use]
pub fn line(event: &Event, incident: &Incident) -> Option<String> {
    worded(event, Some(incident))
}

/// The same for what concerns no incident, or one that isn't at hand: titles and commands are left out then.
#[must_use]
pub fn line_alone(event: &Event) -> Option<String> {
    worded(event, None)
}

fn voted(vote: &Vote, upto: Option<StepNo>) -> String {
    let far = upto
        .map(|step| format!(" as far as step {step}"))
        .unwrap_or_default();
    let with = if vote.ceremony.is_some() {
        " with a second factor"
    } else {
        ""
    };
    let why = vote.because().map(|why| format!(": {why}"));
    format!("{} approved{far}{with}{}", vote.name, why.unwrap_or_default())
}

#[expect(clippy::too_many_lines, reason = "every event has its arm in the one match")]
fn worded(event: &Event, incident: Option<&Incident>) -> Option<String> {
    Some(match event {
        Event::Opened { alert, by, .. } => match by {
            Some(who) => format!("{} started {}", who.name, alert.name),
            None => format!("{} fired: {}", alert.name, alert.title),
        },
        Event::Joined { alert, because, .. } => match because {
            Some(because) => format!(
                "{} joined ({}): {}",
                alert.name,
                changes::because(because),
                alert.title
            ),
            None => format!("{} joined: {}", alert.name, alert.title),
        },
        Event::SplitOff { name, by, .. } => format!("{} split off {name}", by.name),
        Event::AlertResolved { source, episode, .. } => {
            format!("{} resolved", alert_name(incident, source.as_ref(), episode))
        }
        Event::Heard { heard, .. } => heard::line(heard, incident),
        Event::Matched { matched, .. } => sentences(&matched.explanation),
        Event::Planning { .. } | Event::Checklist { .. } => return None,
        Event::Gathered { findings, .. } => evidence::summary(findings),
        Event::Ticked { item, by, done, .. } => {
            let ticked = if *done { "ticked" } else { "unticked" };
            format!("{} {ticked} item {}", by.name, item.saturating_add(1))
        }
        Event::Proposed {
            plan,
            digest,
            decision,
            ..
        } => proposed(plan, digest, decision),
        Event::Voted { vote, upto, .. } => voted(vote, *upto),
        Event::PartDone { plan, late: true, .. } => format!(
            "plan {plan} stood still for longer than its approval lasts; the rest waits for approval again"
        ),
        Event::PartDone { plan, .. } => {
            format!("the approved part of plan {plan} is done; the rest waits for approval")
        }
        Event::AllowedAlone { .. } => "the policy lets it run without a person".to_owned(),
        Event::Rejected { by, reason, .. } if reason.is_empty() => format!("{} rejected the plan", by.name),
        Event::Rejected { by, reason, .. } => format!("{} rejected the plan: {reason}", by.name),
        Event::Expired { plan, .. } => format!("plan {plan} expired: nobody decided in time"),
        Event::Withdrawn { plan, why, .. } => format!("plan {plan} withdrawn: {why}"),
        Event::Outdated { plan, reasons, .. } => format!(
            "plan {plan} is out of date, nothing of it ran: {}; a fresh one is made",
            reasons::all(reasons)
        ),
        Event::SecondFactor { change } => factor(change),
        Event::Refused { by, refusal, .. } if refusal.locks() => format!(
            "{} gave one wrong code too many: none of theirs counts for half an hour; somebody else may approve",
            by.name
        ),
        Event::Refused {
            by, deed, refusal, ..
        } => refused(&by.name, *deed, refusal),
        Event::StepStarted { attempt, .. } => step_started(incident, *attempt),
        Event::StepWaits { waits, .. } => step_waits(*waits),
        Event::StepHeld { step, reasons, .. } => {
            format!("step {step} waits: {}", reasons::all(reasons))
        }
        Event::StepRefused { step, reasons, .. } => {
            format!("step {step} was not started: {}", reasons::all(reasons))
        }
        Event::StepSkipped { step, why, .. } => format!("step {step} skipped: {why}"),
        Event::StepEnded {
            attempt,
            outcome,
            took_ms,
            ..
        } => step_ended(incident, *attempt, outcome, *took_ms),
        Event::StepJudged {
            step, judgement, by, ..
        } => step_judged(*step, *judgement, &by.name),
        Event::RunsLong { plan, .. } => format!("plan {plan} has been running for more than ten minutes"),
        Event::RunEnded { plan, result, .. } => {
            let track = incident.and_then(|incident| incident.plan(*plan));
            run_result(result, track)
        }
        Event::Settling {
            by: SettlesBy::Resolving,
            ..
        } => "waiting for the source to say resolved".to_owned(),
        Event::Settling {
            by: SettlesBy::Staying,
            until,
            ..
        } => format!(
            "it resolved; the fix counts when it stays so until {}",
            words::clock(*until)
        ),
        Event::HandedOver { reason, .. } => {
            let why = incident.map_or_else(|| reason.words(), |incident| handoff::words(incident, reason));
            format!("handed over to a human: {why}")
        }
        Event::PageAsked { why, .. } => format!("paging a human: {}", handoff::called_for(incident, why)),
        Event::Paged { .. } => "the pager took the page".to_owned(),
        Event::PageFailed { reason, trying, .. } => page_failed(reason, *trying),
        Event::Advised { order, .. } => {
            let names: Vec<String> = order.iter().map(ToString::to_string).collect();
            format!(
                "the advisor put the candidates in this order: {}",
                names.join(", ")
            )
        }
        Event::Filled { values, .. } => {
            let values = values.iter().map(|(name, value)| format!("{name} = {}", value.0));
            let values: Vec<String> = values.collect();
            format!("the advisor proposed {}", values.join(", "))
        }
        Event::Remembered { similar, .. } => {
            let lines: Vec<String> = similar.iter().map(memory::line).collect();
            format!("similar incidents before: {}", lines.join("; "))
        }
        Event::Storm {
            channel,
            opened,
            since,
        } => storm::line(*opened, *since, channel.as_str()),
        Event::Changed { change } => format!("changed: {}", changes::line(change)),
        Event::ChangesUnread { unread } if unread.is_empty() => {
            "changes can be read again in every place that is followed".to_owned()
        }
        Event::ChangesUnread { unread } => {
            let lines: Vec<String> = unread.iter().map(changes::unread).collect();
            format!("changes, {}", lines.join("; "))
        }
        Event::ChangesSeen {
            changes: seen,
            unread,
            ..
        } => {
            format!(
                "changed shortly before: {}",
                changes::told(seen, unread).join("; ")
            )
        }
        Event::SourceRefused { reason, .. } => format!(
            "the source did not take our word that it is over: {reason}; waiting for it to say resolved by itself"
        ),
        Event::SourceResolved { how, .. } => format!("resolved at the source: {how}"),
        Event::SourceTold { how, .. } => how.clone(),
        Event::SilenceProposed { draft, by, .. } => silences::proposed(draft, &by.name),
        Event::SilenceVoted { vote, .. } => format!("{} approved the silence", vote.name),
        Event::SilenceRejected { by, .. } => format!("{} rejected the silence", by.name),
        Event::SilenceMade { ends_at, .. } => silences::made(*ends_at),
        Event::SilenceFailed { why, .. } => format!("the silence was not made: {why}"),
        Event::SilenceEnded { how, firing, .. } => silences::ended(*how, *firing),
        Event::TakenOver {
            by, with: Some(with), ..
        } => format!("{} has this too, having taken over {with}", by.name),
        Event::TakenOver { by, with: None, .. } => format!("{} took over", by.name),
        Event::Closed { result, .. } => closed(result),
        Event::GlassBroken {
            by, reason, until, ..
        } => format!(
            "{} BROKE THE GLASS until {}: {reason}",
            by.name,
            until.strftime("%H:%M UTC")
        ),
        Event::GlassOver { .. } => "the broken glass is over; everything holds again".to_owned(),
        Event::GlassReviewed { by, words, .. } => format!("{} reviewed the broken glass: {words}", by.name),
        Event::StepBlamed { step, cause, by, .. } => blamed(*step, *cause, &by.name),
        Event::Frozen {
            by, reason, scope, ..
        } => format!("{} froze {scope}: {reason}", by.name),
        Event::Reminded { .. } => reminder::line(&reminder(event)?),
        Event::Merged { into, alerts, by, .. } => changes::merged(*into, *alerts, &by.name),
        Event::BreakerTripped {
            incident,
            limit,
            allowed,
        } => freezing::tripped(*incident, limit, *allowed),
        Event::Unfrozen {
            by, reason, scope, ..
        } => freezing::unfrozen(&by.name, reason, scope),
        Event::FreezeFile { path, file } => freezing::file(path, file),
        Event::StaysFrozen { scope, reason, .. } => freezing::stays(scope, reason),
        Event::Asked {
            by,
            deed: Deed::ProposeAgain,
            ..
        } => format!("{} asked for the plan again", by.name),
        Event::Started { .. }
        | Event::ClockWentBack { .. }
        | Event::Checkpointed { .. }
        | Event::Anchored { .. }
        | Event::Repeated { .. }
        | Event::Asked { .. }
        | Event::Erased { .. }
        | Event::PayloadErased { .. }
        | Event::PageDue { .. }
        | Event::PageSettled { .. }
        | Event::CardPosted { .. } => return None,
    })
}

/// What a reminder says; `None` for anything else.
pub(super) fn reminder(event: &Event) -> Option<Reminder<'_>> {
    let Event::Reminded {
        plan,
        who,
        and,
        missing,
        page_at,
        approve_by,
        ..
    } = event
    else {
        return None;
    };
    Some(Reminder {
        plan: *plan,
        who,
        and,
        missing: *missing,
        page_at: *page_at,
        approve_by: *approve_by,
    })
}

/// `T0123/U0456 got a second factor, by root of this machine`
fn factor(change: &FactorChange) -> String {
    let what = match change.what {
        FactorDeed::Enrolled => "got a second factor",
        FactorDeed::Removed => "lost the second factor",
    };
    let by = match &change.by {
        Some(by) => format!("by {by} of this machine"),
        None => "by a change of the file that `interlock totp` did not make".to_owned(),
    };
    format!("{} {what}, {by}", change.person)
}

fn proposed(plan: &Plan, digest: &PlanDigest, decision: &Decision) -> String {
    let steps = words::counted(plan.live_steps().count(), "step");
    let ask = match decision {
        Decision::Allow => "it needs no approval".to_owned(),
        Decision::RequireApproval { approvals } => {
            format!("it needs {}", words::counted(usize::from(*approvals), "approval"))
        }
        Decision::Deny { reasons } => format!("nobody may approve it: {}", reasons::all(reasons)),
    };
    format!(
        "plan {} proposed: {}, {steps}, digest {}; {ask}",
        plan.no,
        plan.title,
        digest.short()
    )
}

fn refused(by: &str, tried: Deed, refusal: &Refusal) -> String {
    format!(
        "{by} tried to {} and was told: {}",
        deed(tried),
        reasons::refusal(refusal)
    )
}

fn step_started(incident: Option<&Incident>, attempt: AttemptId) -> String {
    format!(
        "step {} started, attempt {}: {}",
        attempt.step,
        attempt.attempt,
        planned(incident, attempt).map_or("", |step| step.command.as_str())
    )
}

fn step_waits(waits: WaitsFor) -> String {
    format!(
        "step {} waits: its target is busy with {}; if that lasts until {}, a human is called",
        waits.step,
        words::at_work(waits.with),
        words::clock(waits.until)
    )
}

fn step_ended(incident: Option<&Incident>, id: AttemptId, outcome: &Outcome, took_ms: u64) -> String {
    let AttemptId { step, attempt, .. } = id;
    let took = words::took(took_ms);
    match outcome {
        Outcome::Succeeded => {
            let title = planned(incident, id).map_or("", |step| step.title.as_str());
            format!("step {step} succeeded in {took}: {title}")
        }
        Outcome::Failed { reason } => {
            format!("step {step} failed, attempt {attempt}, after {took}: {reason}")
        }
        Outcome::Unknown { reason } => format!("step {step} ended UNKNOWN: {reason}"),
    }
}

fn step_judged(step: StepNo, judgement: Judgement, by: &str) -> String {
    match judgement {
        Judgement::Worked => format!("{by} says that step {step} worked"),
        Judgement::Failed => format!("{by} says that step {step} did not work"),
    }
}

fn blamed(step: StepNo, cause: Cause, by: &str) -> String {
    match cause {
        Cause::Command => format!("{by} says that the command of step {step} was wrong"),
        Cause::Data => format!("{by} says that the data which step {step} met was wrong"),
        Cause::Runbook => format!("{by} says that the choice of runbook was wrong"),
        Cause::Nothing => format!("{by} says that nothing was wrong with step {step}"),
    }
}

/// That an incident is closed, and how.
#[must_use]
pub fn closed(result: &ClosedAs) -> String {
    match result {
        ClosedAs::Resolved => "closed: resolved".to_owned(),
        ClosedAs::AlertCleared => "closed: the alert went away".to_owned(),
        ClosedAs::ByPerson { .. } | ClosedAs::Merged { .. } => closed_by(result),
        ClosedAs::DryRun => "closed: the dry run is complete".to_owned(),
    }
}

/// That nobody could be paged, and what whoever reads it does about it.
#[must_use]
pub fn page_failed(reason: &str, trying: bool) -> String {
    if trying {
        format!(
            "nobody could be paged yet: {reason}; it is tried again, but call somebody yourself if it is urgent"
        )
    } else {
        format!(
            "nobody could be paged: {reason}; call somebody yourself, and `Escalate now` on the card tries again"
        )
    }
}

/// By whom an incident was closed, and why.
#[must_use]
pub fn closed_by(result: &ClosedAs) -> String {
    match result {
        ClosedAs::ByPerson { name, reason, .. } if reason.is_empty() => format!("closed by {name}"),
        ClosedAs::ByPerson { name, reason, .. } => format!("closed by {name}: {reason}"),
        ClosedAs::Merged { into, by } => format!("merged into {into} by {}", by.name),
        ClosedAs::Resolved | ClosedAs::AlertCleared | ClosedAs::DryRun => "closed".to_owned(),
    }
}

/// How the current run ended.
#[must_use]
pub fn ran(incident: &Incident) -> String {
    incident
        .result()
        .map_or_else(String::new, |result| run_result(result, incident.current()))
}

/// Steps that failed and were not in the way, because their runbook goes on.
#[must_use]
pub fn failed(track: &PlanTrack) -> Vec<String> {
    let failed = |step: &&PlannedStep| matches!(track.run.state(step.no), StepState::Failed { .. });
    let steps = track.plan.steps.iter().filter(failed);
    steps.map(|step| format!("step {}", step.no)).collect()
}

/// That a run stopped at a step, and why: with the reasons themselves where its start was refused.
#[must_use]
pub fn stopped(track: Option<&PlanTrack>, step: StepNo, why: &str) -> String {
    match track.and_then(|track| not_started(track, step, why)) {
        Some(said) => said,
        None => format!("stopped at step {step}: {why}"),
    }
}

/// Why a step was refused at its start, and what had run by then; `None` when it was not refused.
#[must_use]
pub fn not_started(track: &PlanTrack, step: StepNo, why: &str) -> Option<String> {
    let StepState::Refused { reasons } = track.run.state(step) else {
        return None;
    };
    let why = match only_refused(why) {
        true => reasons::all(reasons),
        false => why.to_owned(),
    };
    Some(format!(
        "step {step} was not started: {why}; {}",
        ran_by_then(track)
    ))
}

/// `nothing ran`, or `before it, step 1 succeeded`.
fn ran_by_then(track: &PlanTrack) -> String {
    let ran: Vec<String> = track
        .plan
        .steps
        .iter()
        .filter_map(|step| {
            let how = match track.run.state(step.no) {
                StepState::Started { .. } => "was running",
                StepState::Succeeded { .. } => "succeeded",
                StepState::Failed { .. } => "failed",
                StepState::Unknown { .. } => "ended UNKNOWN",
                StepState::Waiting | StepState::Skipped { .. } | StepState::Refused { .. } => return None,
            };
            Some(format!("step {} {how}", step.no))
        })
        .collect();
    if ran.is_empty() {
        "nothing ran".to_owned()
    } else {
        format!("before it, {}", words::listed(&ran))
    }
}

/// That a plan was not verified; nobody says that steps ran of which none succeeded.
#[must_use]
pub fn unverified(track: Option<&PlanTrack>, why: &str) -> String {
    let none = track.is_some_and(|track| track.run.progress(&track.plan).0 == 0);
    match (none, says_nothing(why)) {
        (false, _) => not_verified(why),
        (true, true) => format!("no step succeeded, and nothing verified that it helped: {why}"),
        (true, false) => format!("no step succeeded, and it did not help: {why}"),
    }
}

fn run_result(result: &RunResult, track: Option<&PlanTrack>) -> String {
    let failed = track.map(failed).unwrap_or_default();
    match result {
        RunResult::Verified if !failed.is_empty() => {
            format!("it is verified, although {} failed", words::listed(&failed))
        }
        RunResult::Verified => "all steps are done and verified".to_owned(),
        RunResult::NotVerified { why } => unverified(track, why),
        RunResult::Stopped { step, why, .. } => stopped(track, *step, why),
        RunResult::DryRun => "dry run: nothing was run".to_owned(),
        RunResult::TakenBack { step } => format!("step {step} was taken back"),
    }
}

/// What somebody tried, behind `to`.
#[must_use]
pub fn deed(deed: Deed) -> &'static str {
    match deed {
        Deed::Approve => "approve",
        Deed::Reject => "reject",
        Deed::Modify => "modify the plan",
        Deed::ReviewPlan => "review the plan",
        Deed::Escalate => "escalate",
        Deed::TakeOver => "take over",
        Deed::ShowRunbook => "see the runbook",
        Deed::ChooseRunbook => "choose a runbook",
        Deed::Tick => "tick an item",
        Deed::Judge => "judge a step",
        Deed::Run => "run a runbook",
        Deed::Freeze => "freeze",
        Deed::Unfreeze => "lift the freeze",
        Deed::Ask => "ask",
        Deed::Close => "close the incident",
        Deed::Split => "split off an alert",
        Deed::Merge => "merge the incident into another",
        Deed::BreakGlass => "break the glass",
        Deed::ReviewGlass => "review a broken glass",
        Deed::ProposeAgain => "propose the plan again",
        Deed::ProposeSilence => "propose a silence",
        Deed::ApproveSilence => "approve a silence",
        Deed::RejectSilence => "reject a silence",
        Deed::TakeBack => "take a step back",
        Deed::Blame => "say what was wrong with a step",
    }
}

pub(super) fn alert_name<'a>(
    incident: Option<&'a Incident>,
    source: Option<&Source>,
    episode: &EpisodeKey,
) -> &'a str {
    let mut known = incident.into_iter().flat_map(|incident| &incident.episodes);
    known
        .find(|known| known.alert.episode == *episode && source.is_none_or(|of| known.alert.source == *of))
        .map_or("an alert", |known| known.alert.name.as_str())
}

/// The step of the plan that it was an attempt at: a later plan may have another one of that number.
fn planned(incident: Option<&Incident>, attempt: AttemptId) -> Option<&PlannedStep> {
    incident?.plan(attempt.plan)?.plan.step(attempt.step)
}

/// One after the other; the first begins as its line does.
fn sentences(parts: &[String]) -> String {
    let mut parts = parts.iter();
    let first = parts.next().cloned().unwrap_or_default();
    parts.fold(first, |text, part| format!("{text}. {}", words::sentence(part)))
}
