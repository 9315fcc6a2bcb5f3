//! Moving an incident on: what follows once an approval is in, a step has ended, the source agrees, or nobody can go on.
//! Longer than other files, since going on and calling for people are decided together.

use jiff::{SignedDuration, Timestamp};

use super::{Context, Tx, breaker, heard, settling};
use crate::domain::approval::Approval;
use crate::domain::command::{Drive, Effect, Reply};
use crate::domain::escalation::{Call, Origin, Urgency, urgency, waits_for};
use crate::domain::event::{Event, Mode};
use crate::domain::ids::{EpisodeKey, IncidentId, PlanNo, StepNo};
use crate::domain::incident::{ClosedAs, HandoffReason, Incident, Phase, PlanTrack, SettlesBy};
use crate::domain::policy::Decision;
use crate::domain::run::{Next, RunResult, StepState};
use crate::domain::runbook::Autonomy;
use crate::planted::{self, Bug};

/// Whoever was called once and came is not called for the next thing that waits before so long.
const ANSWERED: SignedDuration = SignedDuration::from_mins(5);

/// Goes on with a running plan: asks for the next step, or draws the conclusion.
pub fn advance(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId) {
    loop {
        let Some((plan, next)) = next(tx, id) else {
            close_if_over(tx, context, id);
            return;
        };
        let dry = context.rules.mode == Mode::DryRun && !planted::is(Bug::DryRunRuns);
        // What ran before the mode was changed did run: a step that is under way or Unknown is dealt with as ever.
        let watches = only_watches(tx, context, id);
        if let (true, Next::Start { step, .. } | Next::Skip { step, .. }) = (dry || watches, &next) {
            let result = match watches {
                true => stopped_watching(*step),
                false => not_run(tx, id, *step),
            };
            tx.record(Event::RunEnded {
                incident: id,
                plan,
                result: result.clone(),
            });
            conclude(tx, context, id, result);
            return;
        }
        if let Next::Start { step, .. } = next
            && part_ends(tx, context, id, step)
        {
            return;
        }
        match next {
            Next::Start {
                step,
                attempt,
                not_before,
            } => {
                tx.drive(Drive::Start {
                    incident: id,
                    plan,
                    step,
                    attempt,
                    not_before,
                });
                return;
            }
            Next::Skip { step, why } => {
                tx.record(Event::StepSkipped {
                    incident: id,
                    plan,
                    step,
                    why,
                });
            }
            Next::Wait | Next::AskHuman { .. } => return,
            Next::Finish(result) => {
                tx.record(Event::RunEnded {
                    incident: id,
                    plan,
                    result: result.clone(),
                });
                conclude(tx, context, id, result);
                return;
            }
        }
    }
}

/// Whether too much time has passed since this step, of a run that has begun, could have started. One that is tried again is no
/// part of what is left to approve.
fn is_late(context: Context<'_>, track: &PlanTrack, step: StepNo) -> bool {
    let by = track.start_by(step, context.rules.execute_by);
    let again = !matches!(track.run.state(step), StepState::Waiting);
    track.begun() && !again && by.is_some_and(|by| context.now >= by) && !planted::is(Bug::ExpiryNotChecked)
}

/// The next step is behind what was approved, or is late: what is left waits for people, unless its alert is over by now. Says
/// whether it is so.
pub(super) fn part_ends(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId, step: StepNo) -> bool {
    let Some(track) = tx.state().incident(id).and_then(Incident::current) else {
        return false;
    };
    let late = track.covers(step);
    if late && !is_late(context, track, step) {
        return false;
    }
    let (plan, rest) = (track.plan.no, track.part(None, None));
    let decision = context.rules.policy.decide(rest.live_steps());
    let approve_by = context.now.checked_add(context.rules.approve_by);
    tx.record(Event::PartDone {
        incident: id,
        plan,
        decision: decision.clone(),
        approve_by: approve_by.unwrap_or(context.now),
        late,
    });
    let over = |incident: &Incident| incident.all_resolved() && !is_manual(incident);
    if tx.state().incident(id).is_some_and(over) {
        withdraw_and_close(tx, context, id);
        return true;
    }
    match decision {
        Decision::Deny { .. } => hand_over(tx, context, id, HandoffReason::Denied),
        Decision::Allow | Decision::RequireApproval { .. } => page_when_due(tx, context, id),
    }
    true
}

/// What the current run wants, when there is one that may go on.
fn next(tx: &Tx<'_>, id: IncidentId) -> Option<(PlanNo, Next)> {
    let incident = tx.state().incident(id)?;
    let track = incident.current()?;
    let going = matches!(incident.phase, Phase::Running)
        && matches!(track.approval, Approval::Approved { .. })
        && track.run.result.is_none();
    going.then(|| (track.plan.no, track.run.next(&track.plan)))
}

fn conclude(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId, result: RunResult) {
    let Some(incident) = tx.state().incident(id) else {
        return;
    };
    let manual = is_manual(incident);
    let resolved = incident.all_resolved();
    let own = incident.firing_of_its_own();
    let own: Vec<EpisodeKey> = own.map(|alert| alert.episode.clone()).collect();
    match result {
        RunResult::Verified if manual => close(tx, context, id, ClosedAs::Resolved),
        RunResult::Verified if resolved => settling::stay(tx, context, id),
        RunResult::Verified => {
            // Empty means all of them to whoever reads old rows of the outbox.
            if context.rules.resolvable.contains(&incident.source) && !own.is_empty() {
                tx.effect(Effect::SourceResolve {
                    incident: id,
                    episodes: own,
                });
            } else if context.rules.noted.contains(&incident.source) {
                tx.effect(Effect::SourceNote { incident: id });
            }
            settling::settle(tx, context, id);
        }
        RunResult::NotVerified { .. } if resolved => close(tx, context, id, ClosedAs::AlertCleared),
        RunResult::NotVerified { why } => hand_over(tx, context, id, HandoffReason::NotVerified { why }),
        RunResult::Stopped { step, why, page } => {
            let reason = HandoffReason::StepStopped { step, why };
            let call = if page { Call::Broke } else { Call::of(&reason) };
            hand_over_for(tx, context, id, reason, call);
        }
        RunResult::TakenBack { step } => hand_over(tx, context, id, HandoffReason::TakenBack { step }),
        // Whoever asked for it has seen what would run; an alert is still there.
        RunResult::DryRun if manual => close(tx, context, id, ClosedAs::DryRun),
        RunResult::DryRun => hand_over(tx, context, id, HandoffReason::DryRun),
    }
}

/// Interlock only watches where this plan acts, although it was approved: the configuration was changed since.
fn only_watches(tx: &Tx<'_>, context: Context<'_>, id: IncidentId) -> bool {
    let track = tx.state().incident(id).and_then(Incident::current);
    let autonomy = track.map(|track| track.plan.autonomy.min(context.rules.autonomy));
    autonomy == Some(Autonomy::Shadow) && !planted::is(Bug::ShadowActs)
}

fn stopped_watching(step: StepNo) -> RunResult {
    RunResult::Stopped {
        step,
        why: "Interlock only watches here now (shadow), so nothing more of the plan is run".to_owned(),
        page: false,
    }
}

/// What becomes of a plan in a dry run: nothing ran, or the rest does not.
fn not_run(tx: &Tx<'_>, id: IncidentId, step: StepNo) -> RunResult {
    let track = tx.state().incident(id).and_then(Incident::current);
    match track.is_some_and(|track| track.run.started_at.is_some()) {
        true => RunResult::Stopped {
            step,
            why: "the mode is dry-run now, so the rest of the plan is not run".to_owned(),
            page: false,
        },
        false => RunResult::DryRun,
    }
}

/// An alert resolved. When all have: what was pending is withdrawn, what was done is closed.
pub fn source_agrees(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId) {
    let Some(incident) = tx.state().incident(id) else {
        return;
    };
    if !incident.all_resolved() {
        return;
    }
    match &incident.phase {
        Phase::Planning { .. } => close(tx, context, id, ClosedAs::AlertCleared),
        Phase::Handed { .. } => {
            close_if_over(tx, context, id);
        }
        Phase::Proposed if planted::is(Bug::ResolveWithdrawsNothing) => {}
        Phase::Proposed => withdraw_and_close(tx, context, id),
        Phase::Running => {
            let untouched = incident
                .current()
                .is_some_and(|track| track.run.started_at.is_none());
            if untouched {
                withdraw_and_close(tx, context, id);
            } else {
                // The running step finishes; those after it are asked again whether they are still wanted.
                advance(tx, context, id);
            }
        }
        Phase::Settling {
            by: SettlesBy::Resolving,
            ..
        } => settling::stay(tx, context, id),
        Phase::Settling {
            by: SettlesBy::Staying,
            ..
        }
        | Phase::Closed { .. } => {}
    }
}

fn withdraw_and_close(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId) {
    let plan = tx
        .state()
        .incident(id)
        .and_then(Incident::current)
        .map(|track| track.plan.no);
    if let Some(plan) = plan {
        let why = "the alert resolved".to_owned();
        tx.record(Event::Withdrawn {
            incident: id,
            plan,
            why,
        });
    }
    close(tx, context, id, ClosedAs::AlertCleared);
}

/// Closes what a human has once its alerts are gone, unless a step still runs or waits for somebody's judgement: that is
/// not forgotten, and its target stays held until it is known. Says whether it closed.
fn close_if_over(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId) -> bool {
    let over = tx.state().incident(id).is_some_and(|incident| {
        matches!(incident.phase, Phase::Handed { .. }) && incident.all_resolved() && !incident.has_loose_end()
    });
    if over {
        close(tx, context, id, ClosedAs::AlertCleared);
    }
    over
}

/// It is over, and so is the breaker of its own.
pub fn close(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId, result: ClosedAs) {
    breaker::ends_with(tx, context, id);
    tx.record(Event::Closed { incident: id, result });
}

/// Gives the incident to a human, and pages one when that is due.
pub fn hand_over(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId, reason: HandoffReason) {
    let call = Call::of(&reason);
    hand_over_for(tx, context, id, reason, call);
}

fn hand_over_for(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId, reason: HandoffReason, call: Call) {
    let why = reason.words();
    tx.record(Event::HandedOver { incident: id, reason });
    if !close_if_over(tx, context, id) {
        page(tx, context, id, call, why);
    }
}

/// Pages when the table says so: at once, or by a deadline that is noted once.
fn page(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId, call: Call, why: String) {
    let Some(incident) = tx
        .state()
        .incident(id)
        .filter(|incident| !heard::is_had(incident, call))
    else {
        return;
    };
    let urgency = match urgency_of(context, incident, call) {
        // Whoever came for what waited before is there, and is not rung at once for what waits now.
        Urgency::Now if call == Call::Waits && incident.paging.was_answered() => Urgency::After(ANSWERED),
        Urgency::After(wait) if incident.paging.was_answered() => Urgency::After(wait.max(ANSWERED)),
        known => known,
    };
    match urgency {
        Urgency::Now => page_now(tx, id, call, why),
        Urgency::After(_) if incident.paging.due.is_some() || incident.paging.asked_at.is_some() => {}
        Urgency::After(wait) => {
            let at: Timestamp = context.now.checked_add(wait).unwrap_or(context.now);
            tx.record(Event::PageDue { incident: id, at });
        }
        Urgency::Never => {}
    }
}

fn urgency_of(context: Context<'_>, incident: &Incident, call: Call) -> Urgency {
    let origin = if is_manual(incident) {
        Origin::Person
    } else if context.rules.pagers.contains(&incident.source) {
        Origin::Pager
    } else {
        Origin::Alert
    };
    urgency(call, origin, incident.severity, &context.rules.page_after)
}

/// Pages a human now, once an incident, unless somebody has it already; again only when that reached nobody.
pub fn page_now(tx: &mut Tx<'_>, id: IncidentId, call: Call, why: String) {
    let wanted = tx.state().incident(id).is_some_and(|incident| {
        incident.paging.can_ask(call) && incident.commander.is_none() && !heard::is_had(incident, call)
    });
    if wanted {
        tx.record(Event::PageAsked {
            incident: id,
            why,
            waiting: matches!(call, Call::Waits | Call::Worse | Call::Stuck | Call::Stopped),
            raises: false,
        });
    }
}

/// A person asks for a human: one is paged even where somebody has the incident already. Says whether one is.
pub fn page_asked(tx: &mut Tx<'_>, id: IncidentId, why: String) -> bool {
    let wanted = tx
        .state()
        .incident(id)
        .is_some_and(|incident| incident.paging.can_ask(Call::Asked));
    if wanted {
        tx.record(Event::PageAsked {
            incident: id,
            why,
            waiting: false,
            raises: false,
        });
    }
    wanted
}

/// Another alert made it worse: who waits longer than the new severity allows is paged sooner, and what runs or is watched
/// is no longer for Interlock alone where that severity calls somebody at once. Whoever has it at its source came for less:
/// what calls at once rings them too.
pub fn page_sooner(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId) {
    let Some(incident) = tx.state().incident(id) else {
        return;
    };
    if incident.paging.asked_at.is_some() {
        return raise_page(tx, context, id);
    }
    if matches!(incident.phase, Phase::Running | Phase::Settling { .. }) {
        if urgency_of(context, incident, Call::Worse) == Urgency::Now {
            let why = became(incident);
            page_now(tx, id, Call::Worse, why);
        }
        return;
    }
    if !incident.waits_for_people() {
        return;
    }
    match urgency_of(context, incident, Call::Worse) {
        Urgency::Now => {
            let why = format!("it got worse, and {}", waits_for(incident));
            page_now(tx, id, Call::Worse, why);
        }
        Urgency::After(_) if heard::is_had(incident, Call::Waits) => {}
        Urgency::After(wait) => {
            let at: Timestamp = context.now.checked_add(wait).unwrap_or(context.now);
            if incident.paging.due.is_none_or(|due| at < due) {
                tx.record(Event::PageDue { incident: id, at });
            }
        }
        Urgency::Never => {}
    }
}

/// Somebody was called while it was less: the page that stands is told what it is now, wherever the incident is, unless a
/// person has it in hand. It goes by the same key, so that whoever looks at the pager sees one thing; unless somebody has
/// acknowledged that one, since more of it would ring nobody.
fn raise_page(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId) {
    let raised = tx.state().incident(id).filter(|incident| {
        incident.in_hands_of().is_none() && urgency_of(context, incident, Call::Worse) == Urgency::Now
    });
    let Some(incident) = raised else { return };
    if planted::is(Bug::PageNotRaised) {
        return;
    }
    let why = became(incident);
    let waiting = incident.paging.waiting;
    let raises = !incident.paging.is_acknowledged();
    tx.record(Event::PageAsked {
        incident: id,
        why,
        waiting,
        raises,
    });
}

fn became(incident: &Incident) -> String {
    let during = match incident.phase {
        Phase::Running => " while its plan runs",
        Phase::Settling { .. } => " after its steps were verified",
        Phase::Planning { .. } | Phase::Proposed | Phase::Handed { .. } | Phase::Closed { .. } => "",
    };
    format!("it became {}{during}", incident.severity)
}

/// Nobody can see the card, so the delay for its severity has no point; what never pages still does not.
pub fn page_unseen(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId) -> Reply {
    let wanted = tx.state().incident(id).is_some_and(|incident| {
        incident.is_open()
            && incident.card.is_none()
            && urgency_of(context, incident, Call::Waits) != Urgency::Never
    });
    if wanted {
        page_now(tx, id, Call::Waits, "its card is not in Slack yet".to_owned());
    }
    Reply::Stored
}

/// A card waits: sets when a human is paged if nobody acts; at once when that time is now.
pub fn page_when_due(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId) {
    if let Some(why) = tx.state().incident(id).map(waits_for) {
        page(tx, context, id, Call::Waits, why);
    }
}

/// Started by a person with `/runbook run`: no alert stands behind it, and the person is there.
pub fn is_manual(incident: &Incident) -> bool {
    incident.source.as_str() == MANUAL
}

/// Why a plan whose time is over did not run: nobody decided, or somebody did and it was held. Asked before that is recorded.
pub fn ran_out(incident: &Incident) -> HandoffReason {
    let approved = |track: &&PlanTrack| matches!(track.approval, Approval::Approved { .. });
    match incident.current().filter(approved) {
        Some(track) if !track.run.held.is_empty() => HandoffReason::Void {
            why: "it was approved, but a freeze held it until the approval ran out".to_owned(),
        },
        Some(_) => HandoffReason::Void {
            why: "it was approved, but it did not start before the approval ran out".to_owned(),
        },
        None => HandoffReason::NoDecision,
    }
}

/// The source of what people start by hand.
pub const MANUAL: &str = "manual";
