//! What a budget can't reach, as far as the file alone says it: a parameter whose bounds are wider than the budget, and more
//! steps than it has room for. Only warnings: what a step takes is computed on the live cluster.

use std::collections::BTreeMap;

use super::blast_radius::{BlastRadius, budget_word};
use super::costs::{Cost, cost};
use super::diagnostics::Code;
use super::lints::heading_of;
use super::parse::Reader;
use super::sections::Outline;
use super::types::{CommandLine, ParamKind, ParamSpec, Runbook, When, Word};
use crate::domain::action::BudgetKey;

/// Both warnings.
pub(super) fn budget(
    runbook: &Runbook,
    outline: &Outline<'_, '_>,
    radius: &BlastRadius,
    reader: &mut Reader<'_, '_>,
) {
    let key = BudgetKey::MaxReplicaChanges;
    let allowed = i64::from(runbook.budget.get(&key).copied().unwrap_or(0));
    for step in &runbook.steps {
        let Some((name, min, max)) = replicas(&step.command, &runbook.parameters) else {
            continue;
        };
        let most = max.saturating_sub(min);
        if allowed > 0 && most > allowed {
            let word = budget_word(key);
            let message = format!(
                "`{name}` may be {min} to {max}, and from {min} to {max} takes {most} of `{word}`: the blast radius has {allowed}, so values within the bounds will be refused"
            );
            let help = format!("write `- {word}: {most}`, or bring the bounds of `{name}` closer together");
            let span = radius.spans.get(&key).copied().unwrap_or_default();
            reader.findings.warn(Code::NoBudget, span, message, help);
        }
    }
    let mut taken: BTreeMap<BudgetKey, u32> = BTreeMap::new();
    // What runs only sometimes may be instead of another.
    let always = |step: &&super::types::Step| step.when == When::Always && step.on_evidence.is_none();
    for step in runbook.steps.iter().filter(always) {
        let Cost::All(keys) = cost(&step.command) else {
            continue;
        };
        for key in keys {
            let taken = taken.entry(*key).or_default();
            *taken = taken.saturating_add(1);
            let allowed = runbook.budget.get(key).copied().unwrap_or(0);
            if allowed > 0 && *taken == allowed.saturating_add(1) {
                let word = budget_word(*key);
                let message = format!(
                    "step {} will be refused: the steps before it take all of `{word}`, which is {allowed}",
                    step.no
                );
                let help = format!("write `- {word}: {taken}` or more: each of these steps takes at least 1");
                let span = heading_of(outline, &step.title);
                reader.findings.warn(Code::NoBudget, span, message, help);
            }
        }
    }
}

/// The parameter that a command scales to, with its bounds.
fn replicas<'r>(line: &'r CommandLine, parameters: &[ParamSpec]) -> Option<(&'r str, i64, i64)> {
    let stage = line.stages.first()?;
    let at = stage
        .iter()
        .position(|word| matches!(word, Word::Literal(text) if text == "--replicas"))?;
    let Word::Placeholder(name) = stage.get(at.saturating_add(1))? else {
        return None;
    };
    let spec = parameters.iter().find(|spec| spec.name == *name)?;
    match spec.kind {
        ParamKind::Integer {
            min: Some(min),
            max: Some(max),
        } => Some((name, min, max)),
        ParamKind::Integer { .. }
        | ParamKind::Name
        | ParamKind::Text { .. }
        | ParamKind::Choice { .. }
        | ParamKind::Boolean => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::runbook::Catalog;

    fn warned(text: &str) -> Vec<String> {
        let files = vec![("a.md".to_owned(), text.as_bytes().to_vec())];
        let catalog = Catalog::build(files, &|_, _| Vec::new());
        let found = catalog.loaded().iter().flat_map(|entry| &entry.diagnostics);
        found
            .filter(|found| found.code.as_str() == "no-budget")
            .map(|found| found.message.clone())
            .collect()
    }

    fn scaling(budget: u32, bounds: &str) -> String {
        format!(
            "# Runbook: Scale\n## Parameters\n- count: integer, {bounds}, default 4\n## Blast Radius\n- max_replica_changes: {budget}\n\
             ## Steps\n### Scale\n```bash\nkubectl scale deploy/a -n production --replicas {{{{ count }}}}\n```\n"
        )
    }

    #[test]
    fn bounds_that_the_budget_does_not_reach_are_told() {
        let said = warned(&scaling(6, "3 to 10"));
        assert_eq!(
            said,
            [
                "`count` may be 3 to 10, and from 3 to 10 takes 7 of `max_replica_changes`: the blast radius has 6, so values within the bounds will be refused"
            ]
        );
        assert_eq!(warned(&scaling(7, "3 to 10")), Vec::<String>::new());
    }

    #[test]
    fn more_steps_than_the_budget_has_room_for_are_told() {
        let restart = "```bash\nkubectl rollout restart deploy/a -n production\n```\n";
        let text = |budget: u32| {
            format!(
                "# Runbook: Twice\n## Blast Radius\n- max_pod_restarts: {budget}\n## Steps\n### One\n{restart}### Two\n{restart}"
            )
        };
        assert_eq!(
            warned(&text(1)),
            ["step 2 will be refused: the steps before it take all of `max_pod_restarts`, which is 1"]
        );
        assert_eq!(warned(&text(2)), Vec::<String>::new());
    }
}
