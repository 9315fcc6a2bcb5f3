//! The clock reached something: an approval ran out, a page is due, the source kept silent. And the first thing a new
//! process does: what was started and has no end is Unknown.

use super::{Context, Tx, advance, glass, restored, silences, step, survey};
use crate::domain::command::Reply;
use crate::domain::escalation::{Call, waits_for};
use crate::domain::event::{Event, Outcome};
use crate::domain::ids::{AttemptId, IncidentId};
use crate::domain::incident::{ClosedAs, HandoffReason, Incident, Phase, SettlesBy};
use crate::domain::policy::{Reason, Request};
use crate::domain::run::StepState;
use crate::planted::{self, Bug};
use crate::ports::Output;

pub fn tick(tx: &mut Tx<'_>, context: Context<'_>) -> Reply {
    for id in tx.state().due(context.now) {
        remind_if_due(tx, context, id);
        page_if_due(tx, context, id);
        busy_if_due(tx, context, id);
        long_if_due(tx, context, id);
        glass::over_if_due(tx, context, id);
        expire_if_due(tx, context, id);
        settle_if_due(tx, context, id);
        silences::expire_if_due(tx, context, id);
    }
    Reply::Stored
}

/// Nobody has decided, and there is time left: those who may are named in the thread.
fn remind_if_due(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId) {
    let reminded = tx.state().incident(id).and_then(|incident| {
        let (track, approve_by) = incident.reminder_due(context.now)?;
        let part = track.part(None, None);
        let request = Request {
            plan: &part,
            behind: &incident.behind(&track.plan),
            glass: incident.glass_at(context.now),
        };
        let policy = &context.rules.policy;
        let missing = policy.missing(request, track.approval.votes(), None);
        // Nobody may any more: there is nobody to remind, and the page comes when it is due.
        if missing == u8::MAX {
            return None;
        }
        let mut named = policy.named_for(&part).into_iter();
        Some(Event::Reminded {
            incident: id,
            plan: track.plan.no,
            who: named.next().unwrap_or_default(),
            and: named.collect(),
            missing,
            page_at: incident.paging.due,
            approve_by,
        })
    });
    if let Some(event) = reminded {
        tx.record(event);
    }
}

pub(super) fn page_if_due(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId) {
    let due = tx.state().incident(id).filter(|incident| {
        incident.is_open()
            && incident.paging.asked_at.is_none()
            && incident.paging.due.is_some_and(|at| at <= context.now)
            && !planted::is(Bug::PageNeverDue)
            && incident.waits_for_people()
    });
    if let Some(why) = due.map(waits_for) {
        advance::page_now(tx, id, Call::Waits, why);
    }
    // Somebody took it, or it runs: the reminder has no point any more, and must not come due for ever.
    let stale = tx.state().incident(id).is_some_and(|incident| {
        incident.paging.asked_at.is_none() && incident.paging.due.is_some_and(|at| at <= context.now)
    });
    if stale {
        tx.record(Event::PageSettled { incident: id });
    }
}

/// Somebody else has the target and does not let go: people find out what is more urgent.
fn busy_if_due(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId) {
    let due = tx.state().incident(id).and_then(|incident| {
        incident.waits_until().filter(|until| *until <= context.now)?;
        let track = incident.current()?;
        track.run.waits.map(|waits| (track.plan.no, waits))
    });
    if let Some((plan, waits)) = due {
        let with = waits.with.to_string();
        tx.record(Event::StepRefused {
            incident: id,
            plan,
            step: waits.step,
            attempt: waits.attempt,
            reasons: vec![Reason::TargetBusy { with }],
        });
        advance::advance(tx, context, id);
    }
}

/// It goes on, and a human looks at it.
fn long_if_due(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId) {
    let plan = tx.state().incident(id).and_then(|incident| {
        incident.runs_long_at().filter(|at| *at <= context.now)?;
        Some(incident.current()?.plan.no)
    });
    if let Some(plan) = plan.filter(|_| !planted::is(Bug::LongRunNotTold)) {
        tx.record(Event::RunsLong { incident: id, plan });
        let why = "its plan has been running for more than ten minutes".to_owned();
        advance::page_now(tx, id, Call::Broke, why);
    }
}

fn expire_if_due(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId) {
    let plan = tx.state().incident(id).and_then(|incident| {
        let open = matches!(incident.phase, Phase::Proposed | Phase::Running);
        let track = incident.current().filter(|track| open && !track.begun())?;
        track
            .approval
            .deadline()
            .filter(|at| *at <= context.now && !planted::is(Bug::ProposalNeverExpires))
            .map(|_| track.plan.no)
    });
    if let Some(plan) = plan {
        let reason = tx
            .state()
            .incident(id)
            .map_or(HandoffReason::NoDecision, advance::ran_out);
        tx.record(Event::Expired { incident: id, plan });
        advance::hand_over(tx, context, id, reason);
    }
}

fn settle_if_due(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId) {
    let due = tx.state().incident(id).and_then(|incident| match incident.phase {
        Phase::Settling { until, by } if until <= context.now => Some((by, incident.source_refused.clone())),
        Phase::Planning { .. }
        | Phase::Proposed
        | Phase::Running
        | Phase::Settling { .. }
        | Phase::Handed { .. }
        | Phase::Closed { .. } => None,
    });
    let Some((by, refused)) = due else { return };
    if by == SettlesBy::Staying {
        advance::close(tx, context, id, ClosedAs::Resolved);
    } else {
        let reason = match refused {
            Some(why) => HandoffReason::SourceRefused { why },
            None => HandoffReason::StillFiring,
        };
        advance::hand_over(tx, context, id, reason);
    }
}

/// Recovery is the normal path started on old entries. What follows ran under what is recorded first.
pub fn recover(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    database: String,
    behind: Option<String>,
    unsent: bool,
) -> Reply {
    tx.record(Event::Started {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        mode: context.rules.mode,
        policy: context.rules.policy.revision.clone(),
        autonomy: Some(context.rules.autonomy),
        database: Some(database),
    });
    if let Some(why) = behind {
        restored::rolled_back(tx, context, &why);
    }
    let open: Vec<_> = tx.state().open().map(|incident| incident.id).collect();
    for id in open {
        for attempt in unfinished(tx, id) {
            let reason = "Interlock stopped while it was running; it may have happened".to_owned();
            step::ended(
                tx,
                context,
                attempt,
                match planted::is(Bug::RequeueAfterCrash) {
                    true => Outcome::Failed { reason },
                    false => Outcome::Unknown { reason },
                },
                Output::default(),
                0,
            );
        }
        survey::resume(tx, context, id);
        advance::advance(tx, context, id);
    }
    let reply = tick(tx, context);
    if unsent {
        tx.sends_anew();
    }
    reply
}

/// A commit that failed had landed: its steps are known not to have run, and its incidents are gone on with.
pub fn landed(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    incidents: &[IncidentId],
    attempts: &[AttemptId],
) -> Reply {
    for attempt in attempts {
        let reason = "writing the journal failed just as it was to start, so it did not run".to_owned();
        step::ended(
            tx,
            context,
            *attempt,
            Outcome::Failed { reason },
            Output::default(),
            0,
        );
    }
    for id in incidents {
        survey::resume(tx, context, *id);
        advance::advance(tx, context, *id);
    }
    Reply::Stored
}

fn unfinished(tx: &Tx<'_>, id: IncidentId) -> Vec<AttemptId> {
    let Some(track) = tx.state().incident(id).and_then(Incident::current) else {
        return Vec::new();
    };
    let plan = track.plan.no;
    track
        .run
        .steps
        .iter()
        .filter_map(|(step, state)| match state {
            StepState::Started { attempt, .. } => Some(AttemptId {
                incident: id,
                plan,
                step: *step,
                attempt: *attempt,
            }),
            StepState::Waiting
            | StepState::Succeeded { .. }
            | StepState::Failed { .. }
            | StepState::Unknown { .. }
            | StepState::Skipped { .. }
            | StepState::Refused { .. } => None,
        })
        .collect()
}
