//! A runbook and the plan that was made of it, in lines that a scenario can hold it to: what who approves relies on, and no
//! run shows. Every command whole, every bound, every query.

use serde::Serialize;

use crate::domain::plan::{Plan, PlannedStep};
use crate::domain::runbook::{
    Evidence, EvidenceQuery, Expectation, FailureAction, NumberOp, OnEvidenceIs, ParamKind, ParamSpec,
    Runbook, When,
};

/// Every line, in a fixed order. Without a plan there are no steps in it.
pub(super) fn lines(runbook: &Runbook, plan: Option<&Plan>) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(runbook.owner.iter().map(|owner| format!("owner: {owner}")));
    lines.extend(
        runbook
            .incident_class
            .iter()
            .map(|class| format!("class: {class}")),
    );
    if !runbook.is_prose() {
        let needed = if runbook.requires_human_approval {
            "needed"
        } else {
            "not needed"
        };
        lines.push(format!("human approval: {needed}"));
        let most = runbook
            .autonomy
            .as_ref()
            .map_or_else(|| "not said".to_owned(), word);
        lines.push(format!("autonomy: {most}"));
    }
    let budget = runbook.budget.iter();
    lines.extend(budget.map(|(key, most)| format!("blast radius: {} {most}", word(key))));
    lines.extend(runbook.parameters.iter().map(|spec| parameter(spec, plan)));
    lines.extend(runbook.evidence.iter().map(evidence));
    if let Some(plan) = plan {
        lines.extend(plan.questions.iter().map(|asked| format!("question: {asked}")));
        lines.extend(plan.steps.iter().map(step));
    }
    let items = runbook.checklist.iter();
    lines.extend(items.map(|item| format!("{}: {}", item.section.to_lowercase(), item.text)));
    lines.extend(
        runbook
            .do_not_touch
            .iter()
            .map(|line| format!("do not touch: {line}")),
    );
    lines.extend(
        runbook
            .escalation
            .iter()
            .map(|text| format!("escalation: {text}")),
    );
    lines
}

/// What is otherwise, line by line.
pub(super) fn misses(wanted: &[String], came: &[String]) -> Vec<String> {
    let missing = wanted.iter().filter(|line| !came.contains(line));
    let new = came.iter().filter(|line| !wanted.contains(line));
    let mut misses: Vec<String> = missing
        .map(|line| format!("plan: expected `{line}`, it is not there"))
        .chain(new.map(|line| format!("plan: came `{line}`, it is not expected")))
        .collect();
    if misses.is_empty() && wanted != came {
        misses.push(format!(
            "plan: its lines are in another order, or stand more than once: {came:?}"
        ));
    }
    misses
}

fn parameter(spec: &ParamSpec, plan: Option<&Plan>) -> String {
    let mut line = format!("parameter: {}", spec.name);
    if let Some(value) = plan.and_then(|plan| plan.parameters.get(&spec.name)) {
        line.push_str(&format!(" = {}", value.0));
    }
    let kind = match &spec.kind {
        ParamKind::Integer { min, max } => format!("integer {} to {}", bound(*min), bound(*max)),
        ParamKind::Name => "name".to_owned(),
        ParamKind::Text { pattern, max_length } => {
            let pattern = pattern.as_ref().map(|pattern| format!(" like /{pattern}/"));
            format!("text of at most {max_length}{}", pattern.unwrap_or_default())
        }
        ParamKind::Choice { of } => format!("one of {}", of.join(", ")),
        ParamKind::Boolean => "yes or no".to_owned(),
    };
    line.push_str(&format!(", {kind}"));
    let told = [
        ("default", spec.default.as_ref().map(|value| value.0.as_str())),
        ("from label", spec.from_label.as_deref()),
        ("said to be", spec.description.as_deref()),
    ];
    for (what, value) in told {
        if let Some(value) = value {
            line.push_str(&format!(", {what} {value}"));
        }
    }
    if spec.people_only {
        line.push_str(", people only");
    }
    line
}

fn bound(bound: Option<i64>) -> String {
    bound.map_or_else(|| "any".to_owned(), |bound| bound.to_string())
}

fn evidence(one: &Evidence) -> String {
    let query = match &one.query {
        EvidenceQuery::Command(line) => line.to_string(),
        EvidenceQuery::Promql(query) => format!("promql {query}"),
        EvidenceQuery::Logql(query) => format!("logql {query}"),
        EvidenceQuery::Traceql(query) => format!("traceql {query}"),
        EvidenceQuery::Jaeger(search) => format!("jaeger {search}"),
    };
    let limit = one.limit.as_ref().map(|limit| format!(", {limit}"));
    let required = if one.required { ", required" } else { "" };
    format!(
        "evidence: {}: {query}{}{required}",
        one.name,
        limit.unwrap_or_default()
    )
}

fn step(step: &PlannedStep) -> String {
    let mut line = format!("step {}: {}", step.no, step.command);
    let mut add = |text: String| {
        line.push_str(", ");
        line.push_str(&text);
    };
    if let Some(expected) = &step.expected {
        add(format!("expects {}", expectation(expected)));
    }
    match step.on_failure {
        FailureAction::Continue => add("goes on when it fails".to_owned()),
        FailureAction::Escalate => add("pages when it fails".to_owned()),
        FailureAction::Stop => add("stops when it fails".to_owned()),
    }
    add(format!("{} x {} s", step.attempts, step.timeout_seconds));
    if step.wait_seconds > 0 {
        add(format!("after {} s", step.wait_seconds));
    }
    match step.when {
        When::Always => {}
        When::PreviousSucceeded => add("when the one before succeeded".to_owned()),
        When::PreviousFailed => add("when the one before failed".to_owned()),
    }
    if let Some(condition) = &step.condition {
        let side = match condition.on.is {
            OnEvidenceIs::Beyond => "beyond",
            OnEvidenceIs::Within => "within",
        };
        add(format!("when {} is {side} its limit", condition.on.evidence));
    }
    add(step.tier.to_string());
    if let Some(least) = step.tier_at_least {
        add(format!("at least {least}"));
    }
    if let Some(rollback) = &step.rollback {
        add(format!("taken back by {rollback}"));
    }
    line
}

fn expectation(expected: &Expectation) -> String {
    match expected {
        Expectation::Exact(text) => format!("\"{text}\""),
        Expectation::Contains(text) => format!("contains \"{text}\""),
        Expectation::Matches(pattern) => format!("matches /{pattern}/"),
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
            format!("{op} {than}")
        }
    }
}

/// The word under which the journal keeps a value.
fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or("?").to_owned()
}
