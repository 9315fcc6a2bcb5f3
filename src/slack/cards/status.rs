//! How it stands and what happens next, by when: two sentences for somebody who was just woken up.
//! Longer than other files, since how each phase is said stands beside how every other one is.

use super::context::{CardContext, Frozen};
use super::text::{clock, count, day, safe};
use crate::domain::action::Tier;
use crate::domain::approval::Approval;
use crate::domain::command::Answer;
use crate::domain::event::{Mode, Refusal};
use crate::domain::ids::{PlanNo, StepNo};
use crate::domain::incident::{HandoffReason, Incident, MatchRecord, Phase, PlanTrack, SettlesBy, Verdict};
use crate::domain::matching::By;
use crate::domain::policy::{Decision, Reason};
use crate::domain::run::{RunResult, StepState};
use crate::domain::runbook::Autonomy;
use crate::render::timeline::{self, page_failed};
use crate::render::words::{at_work, listed, sentence, without_causes};
use crate::render::{explain, handoff, heard, people, reasons};
use crate::slack::settings::Words;

/// The mode in words, when it is not the plain one.
pub fn mode(context: &CardContext) -> Option<&'static str> {
    match (context.mode, context.autonomy) {
        (_, Autonomy::Shadow) => Some("*SHADOW*: Interlock only watches here; nothing will be executed"),
        (Mode::DryRun, Autonomy::Suggest | Autonomy::Auto) => {
            Some("*DRY RUN*: everything is checked, nothing will be executed")
        }
        (Mode::Live, Autonomy::Suggest | Autonomy::Auto) => None,
    }
}

/// That everything is stopped, where something could still start; or that something of its own stays frozen.
pub fn frozen(incident: &Incident, context: &CardContext) -> Option<String> {
    let may_start = match &incident.phase {
        Phase::Planning { .. } | Phase::Proposed | Phase::Running => true,
        Phase::Settling { .. } | Phase::Handed { .. } | Phase::Closed { .. } => false,
    };
    let Some(frozen) = context.frozen.as_ref().filter(|_| may_start) else {
        return contained(incident);
    };
    let (head, _) = frozen.head();
    let asks = |track: &PlanTrack| {
        track.approval.is_pending() && matches!(track.decision, Decision::RequireApproval { .. })
    };
    let waits = matches!(incident.phase, Phase::Proposed) && incident.current().is_some_and(asks);
    // Whoever may is named below, and finds no button.
    let then = match waits && context.not_now.is_empty() {
        true => " It can be approved then.",
        false => "",
    };
    Some(format!(
        "*{head}*: {}. No step starts{} until {}.{then}",
        safe(frozen.reason.trim_end_matches('.'), 300),
        frozen.place(),
        frozen.until()
    ))
}

/// What stays frozen around a step of the incident until somebody has looked, whatever becomes of the incident.
pub(super) fn contained(incident: &Incident) -> Option<String> {
    let said = |around| {
        let frozen = Frozen::around(around);
        let (head, _) = frozen.head();
        format!(
            "*{head}*: {}. Nothing is changed{} until {}.",
            safe(frozen.reason.trim_end_matches('.'), 300),
            frozen.place(),
            frozen.until()
        )
    };
    // While nobody has said what became of a step, the sentence about that says so.
    let unknown = unknown_of(incident);
    let others = incident.frozen_around.iter();
    let others = others.filter(|around| unknown != Some((around.over.plan, around.over.step)));
    let all: Vec<String> = others.take(AROUND).map(said).collect();
    (!all.is_empty()).then(|| all.join("\n"))
}

/// The step of which nobody has said yet what became of it.
fn unknown_of(incident: &Incident) -> Option<(PlanNo, StepNo)> {
    incident.unknown_step().map(|(track, step)| (track.plan.no, step))
}

/// Freezes of its own that a card names.
const AROUND: usize = 3;

/// That somebody opened the gate, and until when.
pub fn glass(incident: &Incident, context: &CardContext) -> Option<String> {
    let glass = incident.glass.as_ref().filter(|glass| glass.holds(context.now))?;
    Some(format!(
        "*GLASS BROKEN by @{}* until {}: {}. Until then no window, calendar freeze or limit holds this back, and below Tier 3 their approval is enough.",
        safe(&glass.by.name, 60),
        clock(glass.until),
        safe(glass.reason.trim_end_matches('.'), 300)
    ))
}

/// That it can't be approved just now, and when it can.
pub fn not_now(incident: &Incident, context: &CardContext) -> Option<String> {
    let waits = matches!(incident.phase, Phase::Proposed) && !context.not_now.is_empty();
    let until = incident.current().and_then(|track| track.approval.deadline());
    waits.then(|| {
        let opens = context.not_now.iter().map(Reason::opens);
        let mut in_time = opens.map(|at| at.zip(until).is_some_and(|(at, until)| at < until));
        let then = match until.filter(|_| !in_time.all(|in_time| in_time)) {
            // What is frozen as well is lifted by a person, whatever else opens.
            None if context.frozen.is_some() => String::new(),
            None => " The card offers it again then.".to_owned(),
            Some(until) => format!(
                " This proposal ends at {} before that; afterwards `Propose again` makes a fresh one.",
                clock(until)
            ),
        };
        let why = safe(&reasons::all(&context.not_now), 900);
        format!("*Can't be approved now*: {why}.{then}")
    })
}

/// That the same was tried for the same alert before, in vain.
pub fn tried_before(incident: &Incident) -> Option<String> {
    let waits = matches!(incident.phase, Phase::Proposed);
    let at = incident.current().filter(|_| waits)?.failed_before?;
    Some(format!(
        "*This did not help before*: the same runbook ran for the same alert on {} and did not mend it.",
        day(at)
    ))
}

/// What changed in the world, where that made this plan take the place of another.
pub fn moved(incident: &Incident) -> Option<String> {
    let (before, reasons) = incident.moved_since()?;
    Some(format!(
        "*Changed since plan {before}*, of which nothing ran: {}. Look at it afresh.",
        safe(&reasons::all(reasons), 900)
    ))
}

/// That nothing can be stored, on every card that somebody could still press something on.
pub fn broken(context: &CardContext) -> Option<String> {
    let reason = context.broken.as_deref()?;
    Some(format!(
        "*NOTHING STARTS*: {}. What is pressed here is not confirmed: look again when this line is gone.",
        safe(&explain::broken(reason), 500)
    ))
}

/// How it stands.
pub fn now(incident: &Incident, context: &CardContext, words: &Words) -> String {
    match &incident.phase {
        Phase::Planning { request } => {
            format!(
                "*Preparing a proposal* from runbook {}: looking at its targets.",
                safe(request.runbook.as_str(), 100)
            )
        }
        Phase::Proposed => incident
            .current()
            .map_or_else(String::new, |track| proposed(incident, track, context, words)),
        Phase::Running => incident
            .current()
            .map_or_else(String::new, |track| running(incident, track)),
        Phase::Settling {
            until,
            by: SettlesBy::Staying,
        } => format!(
            "*Fixed, verified and resolved.* It counts when the alert stays away until {}; if it fires again before that, it did not help and a human gets it.",
            clock(*until)
        ),
        Phase::Settling {
            until,
            by: SettlesBy::Resolving,
        } => format!(
            "*{}.* Waiting for {} to say that it is over, until {}.",
            sentence(
                &incident
                    .current()
                    .map_or_else(String::new, |track| result(&RunResult::Verified, track))
            ),
            safe(incident.source.as_str(), 60),
            clock(*until)
        ),
        Phase::Handed { at, reason } => {
            let who = match incident.in_hands_of() {
                Some(name) => format!("*@{} has it* since {}", safe(name, 60), clock(*at)),
                None => format!("*This needs a human* since {}", clock(*at)),
            };
            match reason {
                // Whose name stands there took it over or said no.
                HandoffReason::TakenOver { .. } => format!("{who}."),
                HandoffReason::Rejected { reason, .. } if reason.trim().is_empty() => {
                    format!("{who}: rejected the plan.")
                }
                HandoffReason::Rejected { reason, .. } => {
                    format!(
                        "{who}: rejected the plan: {}.",
                        safe(reason.trim_end_matches('.'), 300)
                    )
                }
                reason => format!("{who}: {}", handed(incident, reason, context, words)),
            }
        }
        Phase::Closed { .. } => String::new(),
    }
}

fn proposed(incident: &Incident, track: &PlanTrack, context: &CardContext, words: &Words) -> String {
    match (&track.approval, &track.decision) {
        (Approval::Pending { votes, .. }, Decision::RequireApproval { approvals }) => {
            let may = people::may_approve(&context.who_may);
            let (done, meant) = track.run.progress(&track.plan);
            let may = match track.run.started_at {
                Some(_) if track.part_late => format!(
                    "{done} of {meant} steps are done. It stood still for longer than its approval lasts, so the rest waits. {may}"
                ),
                Some(_) => format!("{done} of {meant} steps are done, the rest waits. {may}"),
                None => may,
            };
            let may = match track.upto.filter(|_| !votes.is_empty()) {
                Some(step) => format!("As far as step {step}. {may}"),
                None => may,
            };
            let alone = alone(incident, track, context, *approvals);
            if votes.is_empty() {
                match alone {
                    Some(alone) => format!("{alone} {may}"),
                    None => format!(
                        "*Waits for {}.* {may}",
                        count(usize::from(*approvals), "approval")
                    ),
                }
            } else {
                let may = match alone {
                    Some(alone) => format!("{alone} {may}"),
                    None => may,
                };
                let names: Vec<String> = votes
                    .iter()
                    .map(|vote| format!("@{}", safe(&vote.name, 60)))
                    .collect();
                format!(
                    "*{} of {approvals} approved* by {}. {may}",
                    votes.len(),
                    names.join(" and ")
                )
            }
        }
        (Approval::Pending { .. }, Decision::Deny { .. }) => denied(track, words),
        (Approval::Pending { .. }, Decision::Allow) => {
            "*Only looks*, so it needs no approval; it starts now.".to_owned()
        }
        (Approval::Approved { .. }, _) => format!("*Approved{}*, starting.", by(track)),
        (Approval::Rejected { name, reason, .. }, _) => {
            format!("*Rejected* by @{}: {}", safe(name, 60), safe(reason, 300))
        }
        (Approval::Expired { .. }, _) => {
            "*Expired*: nobody decided in time, or it did not start in time.".to_owned()
        }
        (Approval::Withdrawn { why, .. }, _) => format!("*Withdrawn*: {}", safe(why, 300)),
        (Approval::Superseded { .. }, _) => "*Replaced* by a newer plan.".to_owned(),
    }
}

/// Whose one approval is enough, since the glass is broken; `None` where it is not, and for Tier 3.
fn alone(incident: &Incident, track: &PlanTrack, context: &CardContext, approvals: u8) -> Option<String> {
    let glass = incident.glass.as_ref().filter(|glass| glass.holds(context.now))?;
    if track.part(track.upto, None).tier() >= Tier::Three {
        return None;
    }
    let by = safe(&glass.by.name, 60);
    Some(format!(
        "*The glass is broken by @{by} until {}: one approval by @{by} is enough*, where a row of the policy names them. By others it takes {}.",
        clock(glass.until),
        count(usize::from(approvals), "approval")
    ))
}

/// The reasons, in the words of the one function that words them.
fn denied(track: &PlanTrack, words: &Words) -> String {
    match &track.decision {
        Decision::Deny { reasons } => {
            let refusal = Refusal::NotAllowed {
                reasons: reasons.clone(),
            };
            (words.answer)(&Answer::Refused(refusal), None, &|_| None)
        }
        Decision::Allow | Decision::RequireApproval { .. } => "nobody may approve it.".to_owned(),
    }
}

/// ` by @ana and @ben`; empty without a vote.
pub(super) fn by(track: &PlanTrack) -> String {
    let names: Vec<String> = track
        .approvers()
        .into_iter()
        .map(|name| format!("@{}", safe(name, 60)))
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(" by {}", names.join(" and "))
    }
}

fn running(incident: &Incident, track: &PlanTrack) -> String {
    if let Some((_, step)) = incident.unknown_step() {
        let mut around = incident.frozen_around.iter().map(|around| &around.over);
        let contained = if around.any(|over| (over.plan, over.step) == (track.plan.no, step)) {
            " Its target is frozen meanwhile: nothing changes it, and looking goes on."
        } else {
            ""
        };
        return format!(
            "*Stopped: nobody knows whether step {step} happened.* Look at its target, then say what you found.{contained}"
        );
    }
    if let Some(waits) = track.run.waits {
        return format!(
            "*Step {} waits: its target is busy with {}.* If that lasts until {}, a human is called.",
            waits.step,
            at_work(waits.with),
            clock(waits.until)
        );
    }
    let (done, meant) = track.run.progress(&track.plan);
    let current = track
        .plan
        .steps
        .iter()
        .find(|step| matches!(track.run.state(step.no), StepState::Started { .. }));
    match current {
        Some(step) => format!(
            "*Running step {}*, {done} of {meant} done{}.",
            step.no,
            approved(track)
        ),
        None => format!("*Running*, {done} of {meant} done{}.", approved(track)),
    }
}

fn approved(track: &PlanTrack) -> String {
    let names = by(track);
    if names.is_empty() {
        ", allowed to run alone".to_owned()
    } else {
        format!(", approved{names}")
    }
}

/// Why a human has it, and what that human may do about it.
fn handed(incident: &Incident, reason: &HandoffReason, context: &CardContext, words: &Words) -> String {
    let said = safe(&without_causes(&handoff::words(incident, reason)), 900);
    match reason {
        HandoffReason::Denied => match incident.current() {
            Some(track) => format!("{said}. {}", denied(track, words)),
            None => format!("{said}."),
        },
        HandoffReason::SeveralMatch | HandoffReason::Unsure => {
            format!("{said}. Choose one, or take over.")
        }
        HandoffReason::Flapping { .. } => {
            format!("{said}. Nothing is proposed by itself: look for the cause, or choose a runbook.")
        }
        HandoffReason::DryRun => format!("{said}. Below is what would run."),
        HandoffReason::Shadow => format!("{said}. Below is what it would propose."),
        HandoffReason::Rejected { .. } | HandoffReason::TakenOver { .. } | HandoffReason::AskedFor { .. } => {
            format!("@{said}.")
        }
        HandoffReason::PlanBlocked { problems } => {
            let (said, then) = match problems.as_slice() {
                [] | [_] => (format!("{said}."), ' '),
                several => (blocked(several), '\n'),
            };
            match meant(incident) {
                Some(name) => format!(
                    "{said}{then}The runbook is *{}*: what it says can be done by hand.",
                    safe(name, 100)
                ),
                None => said,
            }
        }
        HandoffReason::NoMatch if context.fits_now => {
            format!("{said}. A runbook is for it now: propose again, or take over.")
        }
        HandoffReason::NoMatch
        | HandoffReason::Checklist
        | HandoffReason::NoDecision
        | HandoffReason::Void { .. }
        | HandoffReason::StepStopped { .. }
        | HandoffReason::NotVerified { .. }
        | HandoffReason::StillFiring
        | HandoffReason::TakenBack { .. }
        | HandoffReason::SourceRefused { .. } => format!("{said}."),
    }
}

/// Why no plan could be made, when there is more than one reason: a line each.
fn blocked(problems: &[String]) -> String {
    let shown = problems.iter().take(BLOCKED);
    let line = |why: &String| format!("• {}", safe(&without_causes(why), 220));
    let mut lines: Vec<String> = shown.map(line).collect();
    if problems.len() > BLOCKED {
        lines.push(format!(
            "• and {} more, which stand in the thread",
            problems.len() - BLOCKED
        ));
    }
    format!("no plan could be made\n{}", lines.join("\n"))
}

/// Reasons that a card names, why no plan could be made.
const BLOCKED: usize = 5;

/// The runbook that the alert asks for.
fn meant(incident: &Incident) -> Option<&str> {
    let matched = incident.matched.as_ref()?;
    match &matched.verdict {
        Verdict::One { runbook } => Some(runbook.as_str()),
        Verdict::Several | Verdict::None => None,
    }
}

/// Whether somebody could still be paged because nobody did anything.
fn waits(incident: &Incident) -> bool {
    match &incident.phase {
        Phase::Planning { .. } | Phase::Proposed => true,
        Phase::Handed { reason, .. } => !matches!(
            reason,
            HandoffReason::Rejected { .. } | HandoffReason::TakenOver { .. }
        ),
        Phase::Running | Phase::Settling { .. } | Phase::Closed { .. } => false,
    }
}

/// What happens next, by when.
pub fn next(incident: &Incident) -> Option<String> {
    let failed = incident.paging.failed.as_ref();
    let failed = failed.map(|failed| {
        let text = page_failed(&failed.reason, failed.trying);
        format!("*{}.*", sentence(&safe(&text, 600)))
    });
    let page = match (
        &incident.paging.delivered_at,
        &incident.paging.asked_at,
        &incident.paging.due,
    ) {
        (Some(at), _, _) => Some(format!("A human was paged at {}.", clock(*at))),
        (None, Some(_), _) if failed.is_some() => None,
        (None, Some(_), _) => Some("A human is being paged now.".to_owned()),
        (None, None, Some(due)) if waits(incident) => {
            Some(format!("If nobody decides, a human is paged at {}.", clock(*due)))
        }
        (None, None, Some(_) | None) => None,
    };
    let expiry = match &incident.phase {
        Phase::Proposed => incident.current().and_then(|track| match &track.approval {
            Approval::Pending { approve_by, .. } => {
                Some(format!("The proposal expires at {}.", clock(*approve_by)))
            }
            Approval::Approved { execute_by, .. } => {
                Some(format!("It has to start before {}.", clock(*execute_by)))
            }
            Approval::Rejected { .. }
            | Approval::Expired { .. }
            | Approval::Withdrawn { .. }
            | Approval::Superseded { .. } => None,
        }),
        Phase::Planning { .. }
        | Phase::Running
        | Phase::Settling { .. }
        | Phase::Handed { .. }
        | Phase::Closed { .. } => None,
    };
    let parts: Vec<String> = [failed, page, expiry].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// Who has it where it comes from.
pub fn attended(incident: &Incident) -> Option<String> {
    let (known, some) = incident.attended().map(|known| (known, None)).or_else(|| {
        let (known, some) = incident.partly_attended()?;
        Some((known, Some(some)))
    })?;
    let what = match (&incident.paging.attention, some) {
        (Some(of_page), None) if of_page.stands => "The page was acknowledged",
        _ => "Acknowledged",
    };
    let by = heard::by(known.by.as_deref());
    let said = format!(
        "*{what} at {}, {}*",
        safe(&format!("{}{by}", heard::source(&known.source)), 160),
        clock(known.at)
    );
    Some(match some {
        None => format!("{said}: {}.", heard::QUIET),
        Some(some) => format!(
            "{said}, {some} of {} that fire.",
            count(incident.firing().count(), "alert")
        ),
    })
}

/// That a runbook was refused which would have matched, where another one did.
pub fn refused(incident: &Incident) -> Option<String> {
    let matched = incident.matched.as_ref()?;
    let waits = incident
        .current()
        .is_none_or(|track| track.run.started_at.is_none());
    let said = match &matched.verdict {
        Verdict::One { .. } | Verdict::Several => matched.told_refused().filter(|_| waits)?,
        // Why a human has it says it already.
        Verdict::None => return None,
    };
    Some(format!("*Refused runbook:* {}.", safe(&said, 900)))
}

/// Why this runbook, or why none.
pub fn why(incident: &Incident) -> Option<String> {
    let matched: &MatchRecord = incident.matched.as_ref()?;
    match &matched.verdict {
        Verdict::One { runbook } => {
            let line = matched
                .candidates
                .iter()
                .find(|line| line.runbook == *runbook)
                .or(matched.candidates.first())?;
            let sure = line.confidence.filter(|_| matched.by == By::Search);
            let sure = sure.map(|sure| format!("no trigger matches; found by its text, {sure} sure: "));
            Some(format!(
                "*Why this runbook:* {}{}",
                sure.unwrap_or_default(),
                safe(&line.why, 300)
            ))
        }
        Verdict::Several => None,
        Verdict::None => {
            let misses: Vec<String> = matched
                .misses
                .iter()
                .take(3)
                .map(|line| format!("{}: {}", safe(&line.title, 100), safe(&line.why, 200)))
                .collect();
            (!misses.is_empty()).then(|| format!("*Nearest runbooks*\n{}", misses.join("\n")))
        }
    }
}

/// How a run ended, in a few words.
pub fn result(result: &RunResult, track: &PlanTrack) -> String {
    let failed = timeline::failed(track);
    match result {
        RunResult::Verified if !failed.is_empty() => {
            format!("verified, although {} failed", listed(&failed))
        }
        RunResult::Verified => "fixed and verified".to_owned(),
        RunResult::NotVerified { why } => format!("not verified: {}", safe(why, 200)),
        RunResult::Stopped { step, why, .. } => safe(&timeline::stopped(Some(track), *step, why), 400),
        RunResult::DryRun => "dry run, nothing executed".to_owned(),
        RunResult::TakenBack { step } => format!("step {step} was taken back"),
    }
}
