//! From the Evidence section of a runbook to the looks that are taken before its plan is proposed: every placeholder
//! filled in, every command read and seen to be of Tier 0. What may not be asked is kept, with the reason: a reader
//! must see that it is missing.

use jiff::Timestamp;

use super::{Command, StepMaker, tier_facts};
use crate::domain::action::{Action, Tier};
use crate::domain::event::Mode;
use crate::domain::evidence::{Ask, FoundIn, Look, source_of};
use crate::domain::freeze::Freeze;
use crate::domain::ids::ClusterName;
use crate::domain::plan::Plan;
use crate::domain::policy::Place;
use crate::domain::rules::Rules;
use crate::domain::runbook::{Autonomy, Catalog, CommandLine, EvidenceQuery, Runbook};

/// The looks for a plan in the making. A freeze keeps programs inside pods from being run, as dry-run and shadow do.
#[must_use]
pub fn looks(catalog: &Catalog, rules: &Rules, sketch: &Plan, freeze: &Freeze, now: Timestamp) -> Vec<Look> {
    let Some(runbook) = catalog.get(&sketch.runbook) else {
        return Vec::new();
    };
    let maker = StepMaker {
        runbook,
        rules,
        parameters: &sketch.parameters,
        skip: &[],
    };
    let frozen = |action: &Action| {
        let cluster = action.cluster().unwrap_or_else(|| ClusterName::new(""));
        let namespace = action.namespace();
        let environment = rules.environment(&cluster, namespace.as_ref());
        let place = Place {
            environment: environment.as_ref(),
            cluster: action.cluster(),
            namespace,
            runbook: &sketch.runbook,
            tier: Tier::Zero,
            tier_unlisted: None,
            changes: false,
            target: None,
            incident: None,
        };
        let mut frozen = freeze.over(&place).next().is_some();
        rules.policy.guards.calendar(&place, now, |_| frozen = true);
        frozen
    };
    let evidence = runbook.evidence.iter();
    let look = evidence.map(|one| Look {
        name: one.name.clone(),
        ask: match &one.query {
            EvidenceQuery::Promql(query) => Ask::Promql(query.clone()),
            EvidenceQuery::Logql(query) => Ask::Logql(query.clone()),
            EvidenceQuery::Traceql(query) => Ask::Traceql(query.clone()),
            EvidenceQuery::Jaeger(search) => Ask::Jaeger(search.clone()),
            EvidenceQuery::Command(line) => command(&maker, line, &frozen),
        },
        required: one.required,
        limit: one.limit.clone(),
    });
    look.collect()
}

fn command(maker: &StepMaker<'_>, line: &CommandLine, frozen: &dyn Fn(&Action) -> bool) -> Ask {
    let Command {
        action,
        filters,
        shown,
    } = match maker.command(line) {
        Ok(command) => command,
        Err(why) => {
            return Ask::Nobody {
                of: FoundIn::Cluster,
                shown: line.source.clone(),
                why,
            };
        }
    };
    match refusal(maker.runbook, maker.rules, &action, frozen) {
        Some(why) => Ask::Nobody {
            of: source_of(&action),
            shown,
            why,
        },
        None => Ask::Command {
            action: Box::new(action),
            filters,
            shown,
        },
    }
}

/// Why this command is no evidence, or none now.
fn refusal(
    runbook: &Runbook,
    rules: &Rules,
    action: &Action,
    frozen: &dyn Fn(&Action) -> bool,
) -> Option<String> {
    let own = action.tier(&tier_facts(rules, &runbook.budget, None));
    let (tier, reason, _) = rules.policy.guards.listed(action, own);
    if tier != Tier::Zero || !action.only_looks() {
        return Some(format!("evidence only looks, and this is {tier}: {reason}"));
    }
    if !matches!(action, Action::Exec(_)) {
        return None;
    }
    let why = match (rules.mode, rules.autonomy) {
        (Mode::DryRun, _) => "a dry run",
        (Mode::Live, Autonomy::Shadow) => "shadow",
        (Mode::Live, Autonomy::Suggest | Autonomy::Auto) if frozen(action) => {
            "a freeze, or outside of a change window"
        }
        (Mode::Live, Autonomy::Suggest | Autonomy::Auto) => return None,
    };
    Some(format!("no program is run inside a pod in {why}"))
}
