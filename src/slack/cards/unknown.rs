//! The card while nobody knows whether a step happened: what ran, on what, and how to find out stand first, since somebody has
//! to say it, on a phone. What led to the plan is left to the thread.

use serde_json::Value;

use super::blocks::section;
use super::context::CardContext;
use super::steps::{TITLE, brief, code};
use super::text::safe;
use super::{buttons, status};
use crate::domain::action::Tier;
use crate::domain::ids::StepNo;
use crate::domain::incident::{Incident, PlanTrack};
use crate::domain::plan::{PlannedStep, Role};
use crate::domain::run::StepState;
use crate::slack::settings::Words;

/// Blocks of one command, at most.
const COMMAND: usize = 3;

/// Everything between the title and the buttons.
pub(super) fn blocks(
    incident: &Incident,
    (track, no): (&PlanTrack, StepNo),
    context: &CardContext,
    words: &Words,
) -> Vec<Value> {
    let mut stands = status::now(incident, context, words);
    if let Some(next) = status::next(incident) {
        stands.push('\n');
        stands.push_str(&next);
    }
    let mut blocks = vec![section(&stands)];
    if let Some(step) = track.plan.step(no) {
        blocks.extend(what(track, step));
        blocks.extend(find_out(track, step));
    }
    blocks.push(section(&format!("*Runbook: {}*", safe(&track.plan.title, TITLE))));
    blocks.extend(brief(&track.plan, &track.run, Some(no)));
    blocks.extend(buttons::cause(incident, context));
    blocks
}

/// What ran and on what, and why nobody knows.
fn what(track: &PlanTrack, step: &PlannedStep) -> Vec<Value> {
    let on = step.action.names_target();
    let on = on.map(|object| format!(" on {}", safe(&object.to_string(), 200)));
    let why = match track.run.state(step.no) {
        StepState::Unknown { reason, .. } => {
            format!(
                "\nWhy nobody knows: {}.",
                safe(without_details(reason).trim_end_matches('.'), 200)
            )
        }
        StepState::Waiting
        | StepState::Started { .. }
        | StepState::Succeeded { .. }
        | StepState::Failed { .. }
        | StepState::Skipped { .. }
        | StepState::Refused { .. } => String::new(),
    };
    let plain = match step.plain.trim() {
        "" => String::new(),
        plain => format!("\n{}", safe(plain, 300)),
    };
    let head = format!(
        "*What ran: step {}, {}*{}{plain}{why}",
        step.no,
        safe(&step.title, TITLE),
        on.unwrap_or_default()
    );
    let mut blocks = vec![section(&head)];
    blocks.extend(code(&step.command).into_iter().take(COMMAND));
    blocks
}

/// Without what stands in brackets, for those who look for the fault in the network; the thread has it.
fn without_details(reason: &str) -> String {
    match reason
        .split_once(" (")
        .and_then(|(before, rest)| Some((before, rest.rsplit_once(')')?.1)))
    {
        Some((before, after)) => format!("{before}{after}"),
        None => reason.to_owned(),
    }
}

/// A step of the plan that only looks at the same target; failing that, the one that says whether it helped.
fn find_out(track: &PlanTrack, step: &PlannedStep) -> Vec<Value> {
    let target = step.action.names_target();
    let mut looks = track.plan.steps.iter().filter(|look| look.tier == Tier::Zero);
    let same = |look: &&PlannedStep| target.is_some() && look.action.names_target() == target;
    if let Some(look) = looks.clone().find(same) {
        let head = "*To find out whether it happened*, look at its target. This of the runbook only looks:";
        return shown(head, look);
    }
    // A look at something else says whether it helped, and is green as well where it never happened.
    match looks.find(|look| look.role == Role::Verification) {
        Some(look) => shown(
            "*To find out whether it happened*, look at its target by hand. This of the runbook says only whether it helped:",
            look,
        ),
        None => vec![section(
            "*To find out whether it happened*, look at its target by hand: no step of this runbook looks at it.",
        )],
    }
}

fn shown(head: &str, look: &PlannedStep) -> Vec<Value> {
    let command = code(&look.command).into_iter().take(COMMAND);
    std::iter::once(section(head)).chain(command).collect()
}
