//! `interlock policy show`: the matrix as a table that a manager can read, and below it what holds whoever asks.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::app;
use crate::cli::args::{Format, FormatArg};
use crate::cli::outcome::{Ended, Failure};
use crate::cli::screen::{Paint, Screen};
use crate::cli::serve::autonomy;
use crate::cli::setup::Setup;
use crate::config::{
    ApproverRow, AutonomyRow, BreakGlassKeys, CacheRow, EnvironmentRow, ExecutionMode, FreezeRow, LimitKeys,
    ProtectedKeys, RiskRow, Settings, WindowRow,
};
use crate::domain::action::{CommandPattern, Tier};
use crate::domain::ids::Environment;
use crate::domain::policy::{Alone, Guards, LimitOf, Policy};
use crate::render::policy as worded;
use crate::render::words;

/// Every tier, with what it means.
const TIERS: [(Tier, &str); 4] = [
    (Tier::Zero, "only looks"),
    (Tier::One, "small and reversible"),
    (Tier::Two, "higher risk"),
    (Tier::Three, "for humans"),
];

/// Show who may approve what, for each tier and environment, and what holds whoever asks
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
    windows: &'a [WindowRow],
    freezes: &'a [FreezeRow],
    limits: &'a LimitKeys,
    protected: &'a ProtectedKeys,
    irreversible: &'a [CommandPattern],
    break_glass: &'a BreakGlassKeys,
    autonomy_limits: &'a [AutonomyRow],
    risks: &'a [RiskRow],
    /// Changes without a person in one incident, by its risk; what holds, written or not.
    alone: BTreeMap<&'static str, u32>,
    /// From how many per cent on a runbook that was found by its text is proposed, by risk; what holds, written or not.
    confidence: BTreeMap<&'static str, u8>,
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
                windows: &settings.windows,
                freezes: &settings.freezes,
                limits: &settings.limits,
                protected: &settings.protected,
                irreversible: &settings.irreversible,
                break_glass: &settings.break_glass,
                autonomy_limits: &settings.autonomy_limits,
                risks: &settings.risks,
                alone: settings.alone_by_risk().into_iter().collect(),
                confidence: settings.confidence_by_risk().into_iter().collect(),
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
    let policy = app::rules(settings, "").policy;
    screen.say(&format!("Revision: {}", policy.revision))?;
    let environments = environments(settings);
    if environments.is_empty() {
        return screen.say("No environment is declared, so nobody may approve anything: add [[environments]] and [[approvers]] rows.");
    }
    let gaps = policy.gaps(environments.iter().copied());
    for environment in environments {
        screen.say("")?;
        screen.say_painted(Paint::Strong, environment.as_str(), "")?;
        for (tier, means) in TIERS {
            screen.say(&format!(
                "  {tier}  {means:<21} {}",
                who(&policy, tier, environment)
            ))?;
        }
    }
    guards(&policy, screen)?;
    for (number, (environment, tier)) in gaps.into_iter().enumerate() {
        if number == 0 {
            screen.say("")?;
        }
        screen.say_painted(Paint::Bad, "warning: ", &worded::gap(tier, environment))?;
    }
    Ok(())
}

/// Who may approve a cell, in words.
fn who(policy: &Policy, tier: Tier, environment: &Environment) -> String {
    let named = |row: &&crate::domain::policy::ApproverRow| {
        row.tiers.contains(&tier) && row.environments.contains(environment)
    };
    let mut rows: Vec<String> = worded::rows(policy.rows.iter().filter(named), tier);
    let higher = |row: &crate::domain::policy::ApproverRow| {
        !row.tiers.contains(&tier) && !row.tiers.is_empty() && row.environments.contains(environment)
    };
    if tier == Tier::Zero && !rows.is_empty() && policy.rows.iter().any(higher) {
        rows.push("whoever may approve more there".to_owned());
    }
    match (rows.is_empty(), tier) {
        (false, _) => rows.join("; or "),
        (true, Tier::Zero) => "whoever may approve the rest of the plan".to_owned(),
        (true, Tier::One | Tier::Two | Tier::Three) => "nobody".to_owned(),
    }
}

fn guards(policy: &Policy, screen: &mut Screen) -> Result<(), Failure> {
    let mut lines = calendar_lines(&policy.guards);
    lines.extend(limit_lines(&policy.guards));
    lines.extend(list_lines(&policy.guards));
    lines.extend(alone_lines(&policy.alone));
    if !lines.is_empty() {
        screen.say("")?;
        screen.say_painted(Paint::Strong, "whoever asks", "")?;
    }
    for line in lines {
        screen.say(&format!("  {line}"))?;
    }
    Ok(())
}

fn calendar_lines(guards: &Guards) -> Vec<String> {
    let windows = guards.windows.iter();
    let windows = windows.map(|row| format!("Window {}", worded::window(row)));
    let freezes = guards.freezes.iter();
    let freezes = freezes.map(|row| format!("Freeze {}", worded::calendar_freeze(row)));
    windows.chain(freezes).collect()
}

fn limit_lines(guards: &Guards) -> Vec<String> {
    let cluster = crate::domain::ids::ClusterName::new("");
    let limits = [
        (LimitOf::Incident, guards.limits.per_incident),
        (LimitOf::Hour, guards.limits.per_hour),
        (
            LimitOf::ClusterHour { cluster },
            guards.limits.per_hour_and_cluster,
        ),
    ];
    let line = |(limit, most): (LimitOf, Option<u32>)| {
        most.map(|most| format!("At most {most} {}", worded::limit(&limit)))
    };
    let lines: Vec<String> = limits.into_iter().filter_map(line).collect();
    let breaker = (!lines.is_empty()).then(|| worded::BREAKER.to_owned());
    lines.into_iter().chain(breaker).collect()
}

fn list_lines(guards: &Guards) -> Vec<String> {
    let names: Vec<&str> = guards.protected.iter().map(|name| name.0.as_str()).collect();
    let names = (!names.is_empty()).then(|| words::listed(&names));
    let protected = names.map(|names| format!("Changes are Tier 3 in namespace {names}"));
    let irreversible = guards.irreversible.iter();
    let irreversible = irreversible.map(|line| format!("Tier 3, since it can't be undone: {}", line.0));
    let glass = guards.glass.iter();
    let glass = glass.map(|rule| format!("May break the glass: {}", worded::glass(rule)));
    protected.into_iter().chain(irreversible).chain(glass).collect()
}

fn alone_lines(alone: &Alone) -> Vec<String> {
    let limits = alone.limits.iter();
    let limits = limits.map(|row| format!("Autonomy at most {}", worded::autonomy_limit(row)));
    let risks = alone.risks.iter();
    let risks = risks.map(|row| format!("Risk: {}", worded::risk(row)));
    let most = format!(
        "Without a person, where autonomy is auto: {}",
        worded::most_alone(alone)
    );
    let sure = format!(
        "A runbook found by its text is proposed from {} on",
        worded::sure(alone)
    );
    limits.chain(risks).chain([most, sure]).collect()
}

/// Those that any row names, each once, in order.
pub(super) fn environments(settings: &Settings) -> Vec<&Environment> {
    let declared = settings.environments.iter().map(|row| &row.name);
    let mut all: Vec<&Environment> = declared
        .chain(settings.approvers.iter().flat_map(|row| &row.environments))
        .collect();
    all.sort();
    all.dedup();
    all
}
