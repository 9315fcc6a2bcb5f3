//! Steps on a card: whole, where they are to be approved; one line each, where they run. Longer than other files, since
//! what is measured, shown whole and shown in the review has to agree.
//!
//! Invariant: nothing that the digest covers is cut where it can be approved. What has no room on the card makes the plan
//! one that is reviewed.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::blocks::{context, section};
use super::text::{chunks, safe};
use crate::domain::action::{Action, ObjectRef, Tier, reveal};
use crate::domain::evidence::{Condition, Seen};
use crate::domain::ids::StepNo;
use crate::domain::plan::{Plan, PlannedStep, Role};
use crate::domain::run::{Run, StepState};
use crate::domain::runbook::{ATTEMPTS, Expectation, FailureAction, NumberOp, TIMEOUT_SECONDS, When};
use crate::planted::{self, Bug};
use crate::render::reasons;

/// Steps that a card shows whole, at most.
const STEPS: usize = 8;
/// Characters of one command that a card shows whole, at most.
const COMMAND: usize = 2800;
/// Of all commands of a card together.
const COMMANDS: usize = 7000;
/// Of a title, of the plan or a step; our own line; and the line of facts below a command.
pub const TITLE: usize = 150;
const PLAIN: usize = 600;
const FACTS: usize = 900;
/// Of everything that who approves says with it.
const QUESTIONS: usize = 800;

/// How much of a step is told: the card leaves out what is as everywhere, the review leaves out nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Of a plan whose steps are all in one environment, which stands above them.
    Card,
    /// Of a plan in several.
    Mixed,
    Review,
}

/// Whether every step that would run, and everything else that an approval covers, fits on the card with nothing left
/// out. Only then does the card approve.
#[must_use]
pub fn shown_whole(plan: &Plan) -> bool {
    let length = |text: &str| text.chars().count();
    let mut total = 0;
    let mut steps = 0;
    for step in plan.live_steps() {
        let size = length(&reveal(&step.command));
        total += size;
        steps += 1;
        let fits = size <= COMMAND
            && length(&whole(&step.title)) <= TITLE
            && length(&whole(&step.plain)) <= PLAIN
            && length(&facts(step, Detail::Mixed)) <= FACTS;
        if !fits && !planted::is(Bug::CutIsApproved) {
            return false;
        }
    }
    let asked = questions(plan).map_or(0, |text| length(&text));
    steps <= STEPS && total <= COMMANDS && asked <= QUESTIONS && length(&whole(&plan.title)) <= TITLE
}

/// Foreign text, escaped and not cut.
fn whole(text: &str) -> String {
    safe(text, usize::MAX)
}

/// What is checked before every change, and what only people can know, and say by approving.
#[must_use]
pub fn questions(plan: &Plan) -> Option<String> {
    let checks: Vec<&str> = plan.checks.iter().map(|check| check.words()).collect();
    let asked: Vec<String> = plan.questions.iter().map(|asked| whole(asked)).collect();
    let lines = [
        ("Checked before every change", checks.join("; ")),
        ("By approving you say", asked.join("; ")),
    ];
    let said = lines
        .iter()
        .filter(|(_, said)| !said.is_empty())
        .map(|(what, said)| format!("*{what}:* {said}"));
    let said: Vec<String> = said.collect();
    (!said.is_empty()).then(|| said.join("\n"))
}

/// A command in a block that has no markup of its own; several blocks when it is very long.
#[must_use]
pub fn code(command: &str) -> Vec<Value> {
    chunks(&reveal(command), 2900)
        .into_iter()
        .map(|part| {
            json!({"type": "rich_text", "elements": [
                {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": part}]}
            ]})
        })
        .collect()
}

/// Title and our own line of what it does. `offered`: whether the policy has anybody who may approve it.
#[must_use]
pub fn headline(step: &PlannedStep, offered: bool) -> String {
    let plain = whole(&step.plain);
    let plain = if plain.is_empty() {
        String::new()
    } else {
        format!("\n{plain}")
    };
    let human = match (step.tier, offered) {
        (Tier::Three, false) => "\n*For a person to do by hand*",
        (Tier::Three, true) => {
            "\n*Tier 3*: approving it takes the target typed in, a reason, and a code of the authenticator app"
        }
        (Tier::Zero | Tier::One | Tier::Two, _) => "",
    };
    format!("*{}. {}*{human}{plain}", step.no, whole(&step.title))
}

/// Everything else that decides whether to say yes.
#[must_use]
pub fn facts(step: &PlannedStep, detail: Detail) -> String {
    let all = detail == Detail::Review;
    let mut facts = Vec::new();
    // A step that only looks says so with its tier.
    if all || step.tier > Tier::Zero {
        facts.push(match step.blast.trim() {
            "" => "Blast radius: unknown".to_owned(),
            blast => format!("Blast radius: {}{}", whole(blast), widely(step)),
        });
    }
    // Why it is of this tier, in the words of the rule that put it there: a general word would be wrong for some.
    facts.push(match step.tier_reason.trim() {
        "" => tier(step.tier).to_owned(),
        reason => format!("{} ({})", step.tier, whole(reason)),
    });
    if detail != Detail::Card {
        facts.extend(
            step.environment
                .as_ref()
                .map(|environment| whole(environment.as_str())),
        );
    }
    match step.when {
        When::Always => {}
        When::PreviousSucceeded => facts.push("only when the step before succeeded".to_owned()),
        When::PreviousFailed => facts.push("only when the step before failed".to_owned()),
    }
    facts.extend(step.condition.as_ref().map(condition));
    if step.wait_seconds > 0 {
        facts.push(format!("waits {} s first", step.wait_seconds));
    }
    facts.extend(
        step.expected
            .as_ref()
            .map(|expected| format!("expects {}", whole(&expectation(expected)))),
    );
    if all && step.role == Role::Verification {
        facts.push("tells whether it helped".to_owned());
    }
    if all || step.timeout_seconds != TIMEOUT_SECONDS {
        facts.push(format!("given up after {} s", step.timeout_seconds));
    }
    if all || step.attempts != ATTEMPTS {
        facts.push(match step.attempts {
            1 => "one attempt".to_owned(),
            n => format!("up to {n} attempts"),
        });
    }
    facts.extend(on_failure(step.on_failure, all).map(str::to_owned));
    // In the review it is shown as code.
    if !all {
        facts.extend(
            step.rollback
                .as_ref()
                .map(|undo| format!("to take it back: {}", whole(undo))),
        );
    }
    facts.join(" · ")
}

/// A change in a cluster is one in one namespace, which its command names; a call over HTTP is in none.
fn widely(step: &PlannedStep) -> &'static str {
    match step.action.namespace() {
        Some(_) if !step.action.only_looks() => ", 1 namespace",
        Some(_) | None => "",
    }
}

fn condition(condition: &Condition) -> String {
    let only = format!(
        "only when {} is {}",
        safe(&condition.on.evidence, 60),
        condition.on.is.words()
    );
    match &condition.seen {
        Seen::Holds { value } => format!("{only}: it was {}", safe(value, 400)),
        Seen::Fails { value } => format!("{only}: it was not ({}), chosen by hand", safe(value, 400)),
        Seen::Unread { .. } => format!("{only}: it could not be read, chosen by hand"),
        Seen::NotYet => only,
    }
}

/// That it stops and pages is what a step does unless it says something else.
fn on_failure(action: FailureAction, all: bool) -> Option<&'static str> {
    match action {
        FailureAction::Continue => Some("if it fails: go on"),
        FailureAction::Stop => Some("if it fails: stop and hand over"),
        FailureAction::Escalate => all.then_some("if it fails: stop and page a human"),
    }
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

/// Steps with their commands, whole; a step that takes no part is named. For a plan of which [`shown_whole`] is true.
pub fn full(plan: &Plan, offered: bool) -> Vec<Value> {
    let mut blocks = Vec::new();
    let detail = match environments(plan).len() {
        0 | 1 => Detail::Card,
        _ => Detail::Mixed,
    };
    for step in plan.live_steps() {
        blocks.push(section(&headline(step, offered)));
        blocks.extend(code(&step.command));
        blocks.push(context(&[facts(step, detail)]));
    }
    blocks.extend(left_out(plan));
    blocks.extend(questions(plan).as_deref().map(section));
    blocks
}

/// The same with nothing left out, however long it is.
pub fn review(plan: &Plan, offered: bool) -> Vec<Value> {
    let sections = |text: &str| {
        chunks(text, 2800)
            .iter()
            .map(|part| section(part))
            .collect::<Vec<_>>()
    };
    let mut blocks = Vec::new();
    for step in plan.live_steps() {
        blocks.extend(sections(&headline(step, offered)));
        blocks.extend(code(&step.command));
        blocks.extend(sections(&facts(step, Detail::Review)));
        if let Some(undo) = &step.rollback {
            blocks.push(section("To take it back:"));
            blocks.extend(code(undo));
        }
    }
    blocks.extend(left_out(plan));
    blocks.extend(questions(plan).into_iter().flat_map(|text| sections(&text)));
    let values: Vec<String> = plan
        .parameters
        .iter()
        .map(|(name, value)| format!("{} = {}", whole(name), whole(&value.0)))
        .collect();
    if !values.is_empty() {
        blocks.extend(sections(&format!("*Parameters:* {}", values.join(", "))));
    }
    blocks.extend(advised(plan).into_iter().flat_map(|text| sections(&text)));
    if let Some(text) = &plan.escalation {
        blocks.extend(sections(&format!("*When it does not help:* {}", whole(text))));
    }
    blocks
}

/// What the advisor put into the plan, and what would stand there without it.
pub fn advised(plan: &Plan) -> Option<String> {
    let lines: Vec<String> = plan
        .advised
        .iter()
        .filter_map(|(name, otherwise)| {
            let value = plan.parameters.get(name)?;
            let otherwise = match otherwise {
                Some(default) => format!("the runbook's default is {}", whole(&default.0)),
                None => "the runbook has no default".to_owned(),
            };
            Some(format!("{} = {} ({otherwise})", whole(name), whole(&value.0)))
        })
        .collect();
    (!lines.is_empty()).then(|| {
        let lines = lines.join(", ");
        format!(
            "*Proposed by the advisor:* {lines}. The alert does not say it; look at it before you approve."
        )
    })
}

fn left_out(plan: &Plan) -> Option<Value> {
    let out = plan.steps.iter().filter(|step| step.skip);
    let lines = out.clone().map(|step| {
        let because = step.condition.as_ref().and_then(Condition::left_out_because);
        let why = because
            .map(|why| format!(": {}", safe(&why, 200)))
            .unwrap_or_default();
        format!("step {} ({}){why}", step.no, safe(&step.title, 60))
    });
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return None;
    }
    let by_evidence = out.clone().any(|step| step.condition.is_some());
    let text = if by_evidence {
        format!(
            "*Left out by the evidence* (Modify brings a step back)\n{}",
            lines.join("\n")
        )
    } else {
        format!("Left out: {}", lines.join(", "))
    };
    Some(section(&text))
}

/// One line a step: what it is and how it stands. Why step `told` failed stands on the card already.
pub fn brief(plan: &Plan, run: &Run, told: Option<StepNo>) -> Vec<Value> {
    let lines: Vec<String> = plan
        .steps
        .iter()
        .map(|step| {
            format!(
                "{}. {}: {}",
                step.no,
                safe(&step.title, 100),
                state(step, run, told)
            )
        })
        .collect();
    chunks(&lines.join("\n"), 2800)
        .into_iter()
        .take(3)
        .map(|part| section(&part))
        .collect()
}

fn state(step: &PlannedStep, run: &Run, told: Option<StepNo>) -> String {
    match run.state(step.no) {
        StepState::Waiting if step.skip => "left out".to_owned(),
        StepState::Waiting => "waiting".to_owned(),
        StepState::Started { attempt: 1, .. } => "*running now*".to_owned(),
        StepState::Started { attempt, .. } => {
            format!("*running now*, attempt {attempt} of {}", step.attempts)
        }
        StepState::Succeeded { attempt: 1, .. } => "done".to_owned(),
        StepState::Succeeded { attempt, .. } => format!("done at attempt {attempt}"),
        StepState::Failed { attempt, .. } if told == Some(step.no) => {
            format!("*failed*, attempt {attempt} of {}", step.attempts)
        }
        StepState::Failed { attempt, reason, .. } => {
            format!(
                "*failed*, attempt {attempt} of {}: {}",
                step.attempts,
                safe(reason, 160)
            )
        }
        StepState::Unknown { .. } if told == Some(step.no) => "*nobody knows whether it happened*".to_owned(),
        StepState::Unknown { reason, .. } => {
            format!("*nobody knows whether it happened*: {}", safe(reason, 160))
        }
        StepState::Skipped { why } => format!("skipped: {}", safe(why, 120)),
        StepState::Refused { .. } if told == Some(step.no) => "*not started*".to_owned(),
        StepState::Refused { reasons } => format!("*not started*: {}", safe(&reasons::all(reasons), 300)),
    }
}

/// Target and effect in one breath, for the dialog before an approval: our own lines, never the author's.
pub fn effect(plan: &Plan) -> String {
    let steps = plan.live_steps().filter(|step| step.tier >= Tier::One);
    let lines: Vec<String> = steps
        .map(|step| match (step.plain.trim(), step.blast.trim()) {
            ("", _) => step.command.clone(),
            (plain, "") => plain.to_owned(),
            (plain, blast) => format!("{plain} It {blast}."),
        })
        .collect();
    let places: Vec<String> = environments(plan).into_iter().collect();
    reveal(&format!("In {}: {}", places.join(" and "), lines.join(" Then: "))).into_owned()
}

/// The environments that the steps of a plan act in, escaped.
pub fn environments(plan: &Plan) -> BTreeSet<String> {
    let named = plan.live_steps().filter_map(|step| step.environment.as_ref());
    named.map(|environment| whole(environment.as_str())).collect()
}

/// What the steps of a plan act on: the clusters are named where there are several.
pub fn targets(plan: &Plan) -> BTreeSet<String> {
    let objects: Vec<&ObjectRef> = plan
        .live_steps()
        .filter_map(|step| target(&step.action))
        .collect();
    let clusters: BTreeSet<&str> = objects.iter().map(|object| object.cluster.as_str()).collect();
    let name = |object: &&ObjectRef| match clusters.len() {
        0 | 1 => format!("{}/{}", object.namespace, object.name),
        _ => format!("{}/{} in {}", object.namespace, object.name, object.cluster),
    };
    objects.iter().map(name).collect()
}

/// How many namespaces the steps of a plan act on.
pub fn namespaces(plan: &Plan) -> usize {
    let objects = plan.live_steps().filter_map(|step| target(&step.action));
    let places: BTreeSet<_> = objects
        .map(|object| (&object.cluster, &object.namespace))
        .collect();
    places.len()
}

fn target(action: &Action) -> Option<&ObjectRef> {
    match action {
        Action::Exec(exec) => Some(&exec.target),
        Action::Logs(logs) => Some(&logs.target),
        Action::Describe { target }
        | Action::RolloutStatus { target }
        | Action::RolloutRestart { target }
        | Action::RolloutUndo { target, .. }
        | Action::Scale { target, .. }
        | Action::DeletePod { target }
        | Action::CreateJob { from: target, .. } => Some(target),
        Action::Get(_) | Action::Http(_) => None,
    }
}
