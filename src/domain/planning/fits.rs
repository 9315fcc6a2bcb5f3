//! Where a step takes effect, and what the look at its target adds: which container, and what it costs there, and whether the budget reaches for it.

use super::NoPlan;
use crate::domain::action::{Action, Budget, Cost, LiveFacts};
use crate::domain::ids::{ClusterName, Environment, StepNo};
use crate::domain::plan::PlannedStep;
use crate::domain::rules::Rules;
use crate::domain::run;
use crate::domain::runbook::When;
use crate::ports::TargetState;

/// Where it takes effect. An action of no cluster (HTTP) is covered by a row that names its host, else only by one that
/// covers every cluster and namespace.
#[must_use]
pub fn environment(rules: &Rules, action: &Action) -> Option<Environment> {
    let named = action
        .host()
        .and_then(|(host, port)| rules.environment_of_host(&host, port));
    if named.is_some() {
        return named;
    }
    let cluster = action.cluster().unwrap_or_else(|| ClusterName::new(""));
    rules.environment(&cluster, action.namespace().as_ref())
}

/// What the action takes and touches, seen on the live cluster.
#[must_use]
pub fn live_facts(rules: &Rules, action: &Action, target: Option<&TargetState>) -> LiveFacts {
    let object = action.names_target();
    LiveFacts {
        replicas: target.map_or(0, |target| target.replicas),
        is_cache: object.is_some_and(|object| rules.caches.iter().any(|cache| cache.matches(&object))),
    }
}

/// Which container of several a command runs in; nothing where there is no choice.
pub(super) fn container_line(target: Option<&TargetState>) -> String {
    match target.and_then(|target| target.container.as_ref()) {
        Some(container) if !container.beside.is_empty() => format!(
            " In container {} (the pod has {} as well).",
            container.name,
            container.beside.join(", ")
        ),
        Some(_) | None => String::new(),
    }
}

/// Why the step would not fit into what the steps before it leave of the budget: nobody is asked to approve what could
/// not run to its end. A step for when the one before failed is weighed alone, since it need not come to it.
pub(super) fn over_budget(budget: &Budget, spent: &mut Cost, step: &PlannedStep) -> Vec<String> {
    if step.skip {
        return Vec::new();
    }
    let short = run::over_budget(budget, spent, &step.cost);
    if step.when != When::PreviousFailed {
        for (key, need) in &step.cost {
            let spent = spent.entry(*key).or_default();
            *spent = spent.saturating_add(*need);
        }
    }
    let problem = |(key, need, left): run::Shortfall| {
        let allowed = budget.get(&key).copied().unwrap_or(0);
        let left = match left == allowed {
            true => format!("the runbook allows {allowed}"),
            false => format!("the runbook allows {allowed}, of which the steps before leave {left}"),
        };
        let why = NoPlan::OverBudget {
            step: step.no,
            blast: step.blast.clone(),
            need,
            key: key.as_str(),
            left,
        };
        why.to_string()
    };
    short.into_iter().map(problem).collect()
}

/// What the looks at the targets said, once for all steps of which it is true: `steps 1 and 3: …`.
pub(super) fn together(failed: Vec<(StepNo, String)>) -> Vec<String> {
    let mut said: Vec<(Vec<StepNo>, String)> = Vec::new();
    for (step, why) in failed {
        match said.iter_mut().find(|(_, known)| *known == why) {
            Some((steps, _)) => steps.push(step),
            None => said.push((vec![step], why)),
        }
    }
    let line = |(steps, why): (Vec<StepNo>, String)| {
        let steps: Vec<String> = steps.iter().map(ToString::to_string).collect();
        match steps.split_last() {
            Some((last, [])) => format!("step {last}: {why}"),
            Some((last, rest)) => format!("steps {} and {last}: {why}", rest.join(", ")),
            None => why,
        }
    };
    said.into_iter().map(line).collect()
}
