//! Steps on a card: whole, where they are to be approved; one line each, where they run.

use serde_json::{Value, json};

use super::blocks::section;
use super::text::{chunks, safe, visible};
use crate::domain::action::{Action, Tier};
use crate::domain::plan::{Plan, PlannedStep};
use crate::domain::run::{Run, StepState};
use crate::domain::runbook::{Expectation, FailureAction, NumberOp, When};

/// Steps that a card shows whole, at most.
const STEPS: usize = 8;
/// Characters of one command that a card shows whole, at most.
const COMMAND: usize = 2800;
/// Of all commands of a card together.
const COMMANDS: usize = 7000;
/// Of our own line and the line of facts below it: what is longer can't be shown whole either.
const PLAIN: usize = 600;
const FACTS: usize = 900;

/// Whether every step that would run fits on the card with nothing left out. Only then does the card approve.
#[must_use]
pub fn shown_whole(plan: &Plan) -> bool {
    let mut total = 0;
    let mut steps = 0;
    for step in plan.live_steps() {
        let size = visible(&step.command).chars().count();
        total += size;
        steps += 1;
        let whole = size <= COMMAND
            && safe(&step.plain, usize::MAX).chars().count() <= PLAIN
            && facts(step).chars().count() <= FACTS;
        if !whole {
            return false;
        }
    }
    steps <= STEPS && total <= COMMANDS
}

/// A command in a block that has no markup of its own; several blocks when it is very long.
#[must_use]
pub fn code(command: &str) -> Vec<Value> {
    chunks(&visible(command), 2900)
        .into_iter()
        .map(|part| {
            json!({"type": "rich_text", "elements": [
                {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": part}]}
            ]})
        })
        .collect()
}

/// Title, our own line, and everything else that decides whether to say yes.
#[must_use]
pub fn describe(step: &PlannedStep) -> String {
    let plain = safe(&step.plain, PLAIN);
    let plain = if plain.is_empty() {
        String::new()
    } else {
        format!("\n{plain}")
    };
    let human = match step.tier {
        Tier::Three => "\n*For a person to do by hand*",
        Tier::Zero | Tier::One | Tier::Two => "",
    };
    format!(
        "*Step {} · {}*{human}{plain}\n{}",
        step.no,
        safe(&step.title, 150),
        facts(step)
    )
}

fn facts(step: &PlannedStep) -> String {
    // Why it is of this tier, in the words of the rule that put it there: a general word would be wrong for some.
    let mut facts = vec![match step.tier_reason.trim() {
        "" => tier(step.tier).to_owned(),
        reason => format!("{} ({})", step.tier, safe(reason, 200)),
    }];
    facts.push(format!(
        "Blast radius: {}",
        if step.blast.trim().is_empty() {
            "unknown".to_owned()
        } else {
            safe(&step.blast, 300)
        }
    ));
    if let Some(environment) = &step.environment {
        facts.push(safe(environment.as_str(), 60));
    }
    facts.push(match step.attempts {
        1 => "one attempt".to_owned(),
        n => format!("up to {n} attempts"),
    });
    facts.push(
        match step.on_failure {
            FailureAction::Continue => "if it fails: go on",
            FailureAction::Escalate => "if it fails: stop and page a human",
            FailureAction::Stop => "if it fails: stop and hand over",
        }
        .to_owned(),
    );
    if let Some(expected) = &step.expected {
        facts.push(format!("expects {}", safe(&expectation(expected), 160)));
    }
    match step.when {
        When::Always => {}
        When::PreviousSucceeded => facts.push("only when the step before succeeded".to_owned()),
        When::PreviousFailed => facts.push("only when the step before failed".to_owned()),
    }
    if step.wait_seconds > 0 {
        facts.push(format!("waits {} s first", step.wait_seconds));
    }
    facts.join(" · ")
}

fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::Zero => "Tier 0 (only looks)",
        Tier::One => "Tier 1 (small, reversible)",
        Tier::Two => "Tier 2 (higher risk)",
        Tier::Three => "Tier 3 (for humans)",
    }
}

fn expectation(expected: &Expectation) -> String {
    match expected {
        Expectation::Exact(text) => format!("\"{text}\""),
        Expectation::Contains(text) => format!("output with \"{text}\""),
        Expectation::Matches(pattern) => format!("output like /{pattern}/"),
        Expectation::Jq(program) => format!("jq {program}"),
        Expectation::Number { op, than } => {
            let op = match op {
                NumberOp::Less => "<",
                NumberOp::LessOrEqual => "<=",
                NumberOp::Greater => ">",
                NumberOp::GreaterOrEqual => ">=",
                NumberOp::Equal => "=",
                NumberOp::NotEqual => "!=",
            };
            format!("a number {op} {than}")
        }
    }
}

/// Steps with their commands, whole. A step that takes no part says so in one line.
pub fn full(plan: &Plan, label: Option<&Run>) -> Vec<Value> {
    let mut blocks = Vec::new();
    for step in plan.steps.iter().filter(|step| !step.skip) {
        let state = label
            .map(|run| format!("\n{}", state(step, run)))
            .unwrap_or_default();
        blocks.push(section(&format!("{}{state}", describe(step))));
        blocks.extend(code(&step.command));
    }
    blocks.extend(left_out(plan));
    blocks
}

fn left_out(plan: &Plan) -> Option<Value> {
    let names: Vec<String> = plan
        .steps
        .iter()
        .filter(|step| step.skip)
        .map(|step| format!("step {} ({})", step.no, safe(&step.title, 60)))
        .collect();
    (!names.is_empty()).then(|| section(&format!("Left out: {}", names.join(", "))))
}

/// One line a step: what it is and how it stands.
pub fn brief(plan: &Plan, run: &Run) -> Vec<Value> {
    let lines: Vec<String> = plan
        .steps
        .iter()
        .map(|step| format!("{}. {}: {}", step.no, safe(&step.title, 100), state(step, run)))
        .collect();
    chunks(&lines.join("\n"), 2800)
        .into_iter()
        .take(3)
        .map(|part| section(&part))
        .collect()
}

fn state(step: &PlannedStep, run: &Run) -> String {
    match run.state(step.no) {
        StepState::Waiting => "waiting".to_owned(),
        StepState::Started { attempt: 1, .. } => "*running now*".to_owned(),
        StepState::Started { attempt, .. } => {
            format!("*running now*, attempt {attempt} of {}", step.attempts)
        }
        StepState::Succeeded { attempt: 1, .. } => "done".to_owned(),
        StepState::Succeeded { attempt, .. } => format!("done at attempt {attempt}"),
        StepState::Failed { attempt, reason, .. } => {
            format!(
                "*failed*, attempt {attempt} of {}: {}",
                step.attempts,
                safe(reason, 160)
            )
        }
        StepState::Unknown { reason, .. } => {
            format!("*nobody knows whether it happened*: {}", safe(reason, 160))
        }
        StepState::Skipped { why } => format!("skipped: {}", safe(why, 120)),
        StepState::Refused { .. } => "*refused* when everything was checked again at the start".to_owned(),
    }
}

/// Target and effect in one breath, for the dialog before an approval: our own lines, never the author's.
pub fn effect(plan: &Plan) -> String {
    let lines: Vec<&str> = plan
        .live_steps()
        .filter(|step| step.tier >= Tier::One)
        .map(|step| {
            if step.plain.trim().is_empty() {
                step.command.as_str()
            } else {
                step.plain.as_str()
            }
        })
        .collect();
    visible(&lines.join(" Then: "))
}

/// Where an action takes effect, for the line above the steps.
pub fn target(action: &Action) -> Option<String> {
    let object = match action {
        Action::Exec(exec) => &exec.target,
        Action::Logs(logs) => &logs.target,
        Action::Describe { target }
        | Action::RolloutStatus { target }
        | Action::RolloutRestart { target }
        | Action::RolloutUndo { target, .. }
        | Action::Scale { target, .. }
        | Action::DeletePod { target }
        | Action::CreateJob { from: target, .. } => target,
        Action::Get(_) | Action::Http(_) => return None,
    };
    Some(format!("{}/{}", object.namespace, object.name))
}
