//! A plan that a person changes: what would be different, and what would keep it from running. Both are told before the change
//! counts, from the targets as they were when the plan was made; the plan that waits stays as it is until then.

use super::fits::over_budget;
use super::{PlanProblem, look_at};
use crate::domain::action::{Action, Cost};
use crate::domain::ids::StepNo;
use crate::domain::plan::{Plan, PlannedStep, Role};
use crate::domain::rules::Rules;
use crate::domain::runbook::{Runbook, Word};

/// The sketch with the targets that both have, as they were then. What a new target means is not known before somebody looks.
#[must_use]
pub fn as_known(old: &Plan, sketch: &Plan, rules: &Rules) -> Plan {
    let mut new = sketch.clone();
    for step in &mut new.steps {
        let before = old
            .step(step.no)
            .filter(|before| before.action.names_target() == step.action.names_target());
        if let Some(target) = before.and_then(|before| before.target.clone()) {
            look_at(step, Some(target), rules, &sketch.budget);
        }
    }
    new
}

/// Whether a look may bring the step to a lower tier than it has: nobody has seen yet how many replicas its target has. A
/// step outside of every environment is denied whatever its tier, and everything else is only ever raised by a look.
#[must_use]
pub fn may_come_to_less(step: &PlannedStep) -> bool {
    matches!(step.action, Action::Scale { .. }) && step.target.is_none() && step.environment.is_some()
}

/// What a sketch would change in a plan, a line each, for the form and the record.
#[must_use]
pub fn diff(old: &Plan, sketch: &Plan, rules: &Rules) -> Vec<String> {
    let mut lines = Vec::new();
    let new = as_known(old, sketch, rules);
    for (name, value) in &new.parameters {
        match old.parameters.get(name) {
            Some(before) if before == value => {}
            Some(before) => lines.push(format!("{name}: {} → {}", before.0, value.0)),
            None => lines.push(format!("{name}: {}", value.0)),
        }
    }
    for step in &new.steps {
        let Some(before) = old.step(step.no) else { continue };
        lines.extend(step_diff(before, step));
    }
    lines.extend(unverified(old, &new));
    lines
}

fn step_diff(before: &PlannedStep, step: &PlannedStep) -> Vec<String> {
    let mut lines = Vec::new();
    match (before.skip, step.skip) {
        (false, true) => lines.push(format!("step {} is left out: {}", step.no, step.title)),
        (true, false) => lines.push(format!("step {} is back: {}", step.no, step.title)),
        (false, false) | (true, true) => {}
    }
    if before.command != step.command {
        lines.push(format!("step {} was: {}", step.no, before.command));
        lines.push(format!("step {} becomes: {}", step.no, step.command));
    }
    if step.target.is_none() && before.target.is_some() {
        lines.push(format!(
            "step {} has another target, which is looked at then",
            step.no
        ));
        return lines;
    }
    if before.tier != step.tier {
        lines.push(format!("step {}: {} → {}", step.no, before.tier, step.tier));
    }
    if before.blast != step.blast {
        lines.push(format!("step {}: {} → {}", step.no, before.blast, step.blast));
    }
    lines
}

/// That a step which says whether it helped is now left out: a skipped verification never resolves anything.
fn unverified(old: &Plan, new: &Plan) -> Option<String> {
    let checks = |plan: &Plan| -> Vec<StepNo> {
        let live = plan.live_steps();
        live.filter(|step| step.role == Role::Verification)
            .map(|step| step.no)
            .collect()
    };
    let (before, left) = (checks(old), checks(new));
    let gone: Vec<String> = before
        .iter()
        .filter(|step| !left.contains(step))
        .map(ToString::to_string)
        .collect();
    let gone = gone.join(" and ");
    (!gone.is_empty()).then(|| {
        format!(
            "WARNING: step {gone} says whether it helped. Without it nothing is verified, so nothing is resolved, and a human gets it afterwards"
        )
    })
}

/// What the runbook's budget does not allow, each with the parameter that would mend it.
#[must_use]
pub fn over(old: &Plan, sketch: &Plan, runbook: &Runbook, rules: &Rules) -> Vec<PlanProblem> {
    let new = as_known(old, sketch, rules);
    let mut spent = Cost::new();
    let mut problems = Vec::new();
    for step in &new.steps {
        for message in over_budget(&new.budget, &mut spent, step) {
            let parameter = behind(old, &new, runbook, step.no);
            problems.push(PlanProblem { parameter, message });
        }
    }
    problems
}

/// The parameter that a step's command is made with: one that was changed, where there are several.
fn behind(old: &Plan, new: &Plan, runbook: &Runbook, no: StepNo) -> Option<String> {
    let step = runbook.steps.iter().find(|step| step.no == no)?;
    let words = step.command.stages.iter().flatten();
    let names: Vec<&String> = words
        .filter_map(|word| match word {
            Word::Placeholder(name) => Some(name),
            Word::Literal(_) => None,
        })
        .collect();
    let changed = |name: &&&String| old.parameters.get(**name) != new.parameters.get(**name);
    names
        .iter()
        .find(changed)
        .or(names.first())
        .map(|name| (*name).clone())
}
