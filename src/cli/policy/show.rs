//! `interlock policy show`: the matrix as a table that a manager can read.

use serde::Serialize;

use crate::cli::args::{Format, FormatArg};
use crate::cli::outcome::{Ended, Failure};
use crate::cli::screen::{Paint, Screen};
use crate::cli::serve::autonomy;
use crate::cli::setup::Setup;
use crate::config::{ApproverRow, CacheRow, EnvironmentRow, ExecutionMode, Settings};
use crate::domain::action::Tier;
use crate::domain::ids::Environment;

/// Every tier, with what it means.
const TIERS: [(Tier, &str); 4] = [
    (Tier::Zero, "only looks"),
    (Tier::One, "small and reversible"),
    (Tier::Two, "higher risk"),
    (Tier::Three, "for humans"),
];

/// Show who may approve what, for each tier and environment
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock policy show --format json")]
pub(super) struct Show {
    #[command(flatten)]
    format: FormatArg,
}

#[derive(Serialize)]
struct Answer<'a> {
    revision: String,
    mode: ExecutionMode,
    autonomy: &'static str,
    approvers: &'a [ApproverRow],
    environments: &'a [EnvironmentRow],
    caches: &'a [CacheRow],
}

impl Show {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let settings = setup.settings()?;
        match self.format.format {
            Format::Json => screen.json(&Answer {
                revision: settings.policy_revision().to_string(),
                mode: settings.execution.mode,
                autonomy: autonomy(settings.autonomy.mode),
                approvers: &settings.approvers,
                environments: &settings.environments,
                caches: &settings.caches,
            })?,
            Format::Human => table(&settings, screen)?,
        }
        Ok(Ended::Fine)
    }
}

fn table(settings: &Settings, screen: &mut Screen) -> Result<(), Failure> {
    screen.say(match settings.execution.mode {
        ExecutionMode::DryRun => "Execution: DRY RUN. Approved steps are shown, not run.",
        ExecutionMode::Live => "Execution: LIVE. Approved steps run.",
    })?;
    screen.say(&format!(
        "Autonomy: at most {}.",
        autonomy(settings.autonomy.mode)
    ))?;
    let environments = environments(settings);
    if environments.is_empty() {
        return screen.say("No environment is declared, so nobody may approve anything: add [[environments]] and [[approvers]] rows.");
    }
    for environment in environments {
        screen.say("")?;
        screen.say_painted(Paint::Strong, environment.as_str(), "")?;
        for (tier, means) in TIERS {
            let rows: Vec<String> = rows_for(settings, tier, environment)
                .map(|row| who(row, tier))
                .collect();
            let who = match (rows.is_empty(), tier) {
                (false, _) => rows.join("; or "),
                (true, Tier::Zero) => "whoever may approve the rest of the plan".to_owned(),
                (true, Tier::One | Tier::Two | Tier::Three) => "nobody".to_owned(),
            };
            screen.say(&format!("  {tier}  {means:<21} {who}"))?;
        }
    }
    Ok(())
}

/// Those that any row names, each once, in order.
fn environments(settings: &Settings) -> Vec<&Environment> {
    let declared = settings.environments.iter().map(|row| &row.name);
    let mut all: Vec<&Environment> = declared
        .chain(settings.approvers.iter().flat_map(|row| &row.environments))
        .collect();
    all.sort();
    all.dedup();
    all
}

pub(super) fn rows_for<'a>(
    settings: &'a Settings,
    tier: Tier,
    environment: &'a Environment,
) -> impl Iterator<Item = &'a ApproverRow> {
    settings
        .approvers
        .iter()
        .filter(move |row| row.tiers.contains(&tier) && row.environments.contains(environment))
}

/// `2 of @sre, U0456, not who asked for it`
pub(super) fn who(row: &ApproverRow, tier: Tier) -> String {
    let names: Vec<&str> = row
        .groups
        .iter()
        .map(|group| group.as_str())
        .chain(row.users.iter().map(String::as_str))
        .collect();
    let names = if names.is_empty() {
        "nobody (the row names no one)".to_owned()
    } else {
        names.join(", ")
    };
    let own = match row.requester_may {
        Some(true) => ", who asked for it included",
        None if tier < Tier::Two => ", who asked for it included",
        Some(false) | None => ", not who asked for it",
    };
    format!("{} of {names}{own}", row.approvals.max(1))
}
