//! Which buttons a card has, by state alone. A button is there only when pressing it can do something.

use serde_json::{Value, json};

use super::blocks::{Style, button, confirm, plain, section, section_with};
use super::context::CardContext;
use super::silence;
use super::steps::{effect, shown_whole};
use super::text::{count, safe};
use crate::domain::action::Tier;
use crate::domain::command::PlanRef;
use crate::domain::escalation::Call;
use crate::domain::event::{Cause, Mode};
use crate::domain::incident::{HandoffReason, Incident, Phase, PlanTrack, Verdict};
use crate::domain::matching::By;
use crate::domain::policy::Decision;
use crate::planted::{self, Bug};
use crate::slack::inbound::origin::Origin;
use crate::slack::surface::action;

/// The plan that a button of this track points at.
#[must_use]
pub fn at(incident: &Incident, track: &PlanTrack) -> PlanRef {
    PlanRef {
        incident: incident.id,
        plan: track.plan.no,
        digest: track.digest.short().to_owned(),
    }
}

/// The row of buttons under a card that is not closed.
pub fn row(incident: &Incident, context: &CardContext) -> Option<Value> {
    let mut elements = Vec::new();
    let origin = &context.origin;
    match &incident.phase {
        Phase::Planning { .. } | Phase::Settling { .. } => {}
        Phase::Proposed => {
            if let Some(track) = incident.current() {
                elements.extend(proposed(incident, track, context));
            }
        }
        Phase::Running => {
            elements.extend(unknown(incident, origin));
            elements.extend(take_back(incident, origin));
        }
        Phase::Handed { .. } => {
            elements.extend(unknown(incident, origin));
            elements.extend(take_over(incident, origin));
            elements.extend(take_back(incident, origin));
            elements.extend(propose_again(incident, context));
            elements.extend(close(incident, origin));
        }
        Phase::Closed { .. } => return None,
    }
    elements.extend(more(incident, context));
    let plan = incident
        .current()
        .map(|track| format!("{}.{}", track.plan.no, track.digest.short()));
    let block = format!("act.{}.{}", incident.id.0, plan.unwrap_or_default());
    (!elements.is_empty()).then(|| json!({"type": "actions", "block_id": block, "elements": elements}))
}

fn take_over(incident: &Incident, origin: &Origin) -> Option<Value> {
    let spoken = format!("Take over {}", incident.id);
    let value = origin.incident(incident.id);
    let label = "Take over";
    let free = incident.commander.is_none();
    free.then(|| button(label, &spoken, action::TAKE_OVER, &value, Style::Primary))
}

/// Below the handoff packet in the thread, while nobody has it.
pub fn claim(incident: &Incident, origin: &Origin) -> Option<Value> {
    let handed = matches!(incident.phase, Phase::Handed { .. });
    let element = take_over(incident, origin).filter(|_| handed)?;
    let block = format!("claim.{}", incident.id.0);
    Some(json!({"type": "actions", "block_id": block, "elements": [element]}))
}

fn proposed(incident: &Incident, track: &PlanTrack, context: &CardContext) -> Vec<Value> {
    let waits = track.approval.is_pending() && matches!(track.decision, Decision::RequireApproval { .. });
    if !waits {
        return Vec::new();
    }
    let value = context.origin.plan(&at(incident, track));
    let mut buttons = Vec::new();
    if !context.is_shut() {
        buttons.push(yes(incident, track, context, &value));
    }
    // What is not shown whole can be approved, rejected and changed only by who has looked at it; but a no is always safe.
    let of = |deed: &str| format!("{deed} plan {} of {}", track.plan.no, incident.id);
    buttons.push(button(
        "Reject",
        &of("Reject"),
        action::REJECT,
        &value,
        Style::Danger,
    ));
    if track.run.started_at.is_none() {
        buttons.push(button(
            "Modify",
            &of("Modify"),
            action::MODIFY,
            &value,
            Style::Plain,
        ));
    }
    buttons
}

/// Approves what is shown whole; else shows it.
fn yes(incident: &Incident, track: &PlanTrack, context: &CardContext, value: &str) -> Value {
    let rest = track.part(None, None);
    let steps = count(rest.live_steps().count(), "step");
    // What is left of a plan that has begun is shown in its review; the card shows how far it is.
    let inline = shown_whole(&rest) && rest.tier() < Tier::Three && track.run.started_at.is_none();
    if !inline {
        let spoken = format!("Review the whole plan of {} before approving", incident.id);
        return button("Review plan", &spoken, action::REVIEW, value, Style::Primary);
    }
    let label = match context.mode {
        Mode::Live => format!("Approve {steps}"),
        Mode::DryRun => "Approve dry run".to_owned(),
    };
    let spoken = format!("{label} of {}, plan {}", incident.id, track.plan.no);
    let mut approve = button(&label, &spoken, action::APPROVE, value, Style::Primary);
    if rest.tier() >= Tier::Two && !planted::is(Bug::TierTwoNotAsked) {
        approve["confirm"] = confirm(&format!("Approve {steps}?"), &effect(&rest), "Approve");
    }
    approve
}

fn unknown(incident: &Incident, origin: &Origin) -> Vec<Value> {
    let Some((track, step)) = incident.unknown_step() else {
        return Vec::new();
    };
    let value = origin.step(&at(incident, track), step);
    vec![
        button(
            "It worked, go on",
            &format!("Step {step} of {} worked, go on with the next", incident.id),
            action::WORKED,
            &value,
            Style::Plain,
        ),
        button(
            "It failed",
            &format!("Step {step} of {} failed", incident.id),
            action::FAILED,
            &value,
            Style::Danger,
        ),
    ]
}

/// Proposes the Rollback of what may have gone wrong.
fn take_back(incident: &Incident, origin: &Origin) -> Option<Value> {
    let (track, step) = incident.may_take_back()?;
    let label = format!("Take back step {step}");
    let spoken = format!("Propose to take back step {step} of {}", incident.id);
    let value = origin.step(&at(incident, track), step);
    Some(button(&label, &spoken, action::TAKE_BACK, &value, Style::Plain))
}

/// What was wrong: asked once somebody has said what became of a step of unknown outcome.
pub fn cause(incident: &Incident, context: &CardContext) -> Vec<Value> {
    let Some((track, step)) = incident.asks_for_cause() else {
        return Vec::new();
    };
    let value = context.origin.step(&at(incident, track), step);
    let choices = [
        (Cause::Command, "The command"),
        (Cause::Data, "The data"),
        (Cause::Runbook, "The choice of runbook"),
        (Cause::Nothing, "Nothing"),
    ];
    let elements = choices.map(|(cause, label)| {
        let word: &'static str = cause.into();
        let spoken = format!("{label} was wrong with step {step} of {}", incident.id);
        let id = format!("{}{word}", action::CAUSE);
        button(label, &spoken, &id, &value, Style::Plain)
    });
    let block = format!("cause.{}.{}.{step}", incident.id.0, track.plan.no);
    vec![
        section(&format!(
            "*What was wrong with step {step}?* The answer goes into the journal and the summary."
        )),
        json!({"type": "actions", "block_id": block, "elements": elements}),
    ]
}

fn propose_again(incident: &Incident, context: &CardContext) -> Option<Value> {
    let spoken = format!("Propose the plan of {} again", incident.id);
    let value = context.origin.incident(incident.id);
    let label = "Propose again";
    (incident.may_propose_again() || context.fits_now)
        .then(|| button(label, &spoken, action::PROPOSE_AGAIN, &value, Style::Plain))
}

/// For whoever has it: what nobody says is over stays open for ever when its source never says so.
fn close(incident: &Incident, origin: &Origin) -> Option<Value> {
    let yours = incident.commander.is_some() && incident.may_close();
    yours.then(|| {
        let spoken = format!("Close {}", incident.id);
        let value = origin.incident(incident.id);
        let mut close = button("Close", &spoken, action::CLOSE, &value, Style::Plain);
        let effect = "The summary goes into the thread. An alert that fires again opens a new incident.";
        close["confirm"] = confirm("Is it over?", effect, "Close");
        close
    })
}

fn more(incident: &Incident, context: &CardContext) -> Option<Value> {
    let origin = &context.origin;
    let id = origin.incident(incident.id);
    let entry = |label: &str, what: &str| json!({"text": plain(label, 60), "value": format!("{what}.{id}")});
    let mut options = Vec::new();
    if incident.paging.can_ask(Call::Asked) {
        options.push(entry("Escalate now: page a human", action::ESCALATE));
    }
    options.extend(part(incident, origin));
    // A card that a human has shows it as a button of its own.
    if incident.commander.is_none() && !matches!(incident.phase, Phase::Handed { .. }) {
        options.push(entry("Take over: I handle it by hand", action::TAKE_OVER));
    }
    if incident.commander.is_none() && incident.may_close() {
        options.push(entry("Close: it is over", action::CLOSE));
    }
    if context.silences && silence::may_propose(incident) {
        options.push(entry("Propose a silence", action::SILENCE));
    }
    options.extend(split(incident, origin));
    if incident.current().is_some()
        || incident.checklist.is_some()
        || matches!(incident.phase, Phase::Planning { .. })
        || incident
            .matched
            .as_ref()
            .is_some_and(|matched| matches!(matched.verdict, Verdict::One { .. }))
    {
        options.push(entry("Show runbook", action::SHOW_RUNBOOK));
    }
    // What is not only here goes first: `/runbook show` shows it too.
    options.truncate(ENTRIES);
    (!options.is_empty()).then(|| json!({"type": "overflow", "action_id": action::MORE, "options": options}))
}

/// Less than all of it: chosen in the review, where everything stands.
fn part(incident: &Incident, origin: &Origin) -> Option<Value> {
    let track = incident
        .current()
        .filter(|track| matches!(incident.phase, Phase::Proposed) && track.approval.is_pending())?;
    let value = format!("{}.{}", action::REVIEW, origin.plan(&at(incident, track)));
    let entry = json!({"text": plain("Only a part of it: review the plan", 60), "value": value});
    (!track.parts().is_empty()).then_some(entry)
}

/// Entries of a menu, at most (docs.slack.dev, overflow menu).
const ENTRIES: usize = 5;

/// The newest of those that joined for a reason of ours.
const SPLITS: usize = 1;

fn split(incident: &Incident, origin: &Origin) -> Vec<Value> {
    let joined = incident.episodes.iter().rev();
    joined
        .filter(|episode| episode.because.is_some() && episode.resolved_at.is_none())
        .take(SPLITS)
        .map(|episode| {
            let label = format!("Split off {}", episode.alert.name);
            let value = format!(
                "{}.{}",
                action::SPLIT,
                origin.episode(incident.id, &episode.mark())
            );
            json!({"text": plain(&label, 60), "value": value})
        })
        .collect()
}

/// One line with a button for each runbook that matches, when several do.
pub fn candidates(incident: &Incident, context: &CardContext) -> Vec<Value> {
    let Phase::Handed {
        reason: HandoffReason::SeveralMatch | HandoffReason::Unsure | HandoffReason::Flapping { .. },
        ..
    } = &incident.phase
    else {
        return Vec::new();
    };
    let lines = incident.matched.iter().flat_map(|matched| &matched.candidates);
    lines
        .take(3)
        .enumerate()
        .map(|(number, line)| {
            let spoken = format!("Choose {} for {}", line.title, incident.id);
            let value = context.origin.runbook(incident.id, &line.runbook);
            let id = format!("{}{number}", action::CHOOSE);
            let sure = line.confidence.filter(|_| matched_by_search(incident));
            let sure = sure.map(|sure| format!(" ({sure})")).unwrap_or_default();
            let text = format!("*{}*{sure}\n{}", safe(&line.title, 150), safe(&line.why, 300));
            section_with(&text, button("Choose", &spoken, &id, &value, Style::Plain))
        })
        .collect()
}

/// A trigger is sure of itself; a search says how sure it is.
fn matched_by_search(incident: &Incident) -> bool {
    incident
        .matched
        .as_ref()
        .is_some_and(|matched| matched.by == By::Search)
}

/// The checklist of a prose runbook, to tick.
pub fn checklist(incident: &Incident, context: &CardContext) -> Vec<Value> {
    const MOST: usize = 25;
    if incident.checklist.is_none() {
        return Vec::new();
    }
    let items = context.checklist.iter().zip(0_u16..);
    let mut blocks: Vec<Value> = items
        .take(MOST)
        .map(|(item, number)| {
            let ticked = incident.ticks.get(&number);
            let text = safe(&item.text, 400);
            let section = safe(&item.section, 60);
            let (text, label) = match ticked {
                Some(tick) => (format!("[x] ~{text}~\nDone by @{}", safe(&tick.by, 60)), "Undo"),
                None => (format!("[  ] {text}\n_{section}_"), "Done"),
            };
            let id = format!("{}{number}", action::TICK);
            let value = context.origin.tick(incident.id, number, ticked.is_none());
            section_with(
                &text,
                button(
                    label,
                    &format!("{label}: {}", item.text),
                    &id,
                    &value,
                    Style::Plain,
                ),
            )
        })
        .collect();
    if context.checklist.len() > MOST {
        let hidden = context.checklist.len() - MOST;
        blocks.push(super::blocks::context(&[format!(
            "{MOST} of {} items shown; {hidden} more in the runbook",
            context.checklist.len()
        )]));
    }
    blocks
}
