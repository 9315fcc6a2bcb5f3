//! The policy in words: who may approve, and what holds whoever asks. Who may approve one plan is in `who`, what a change of
//! the policy makes possible in `policy_diff`.

use super::words;
use crate::domain::action::Tier;
use crate::domain::glass::GlassRule;
use crate::domain::ids::{Environment, Service};
use crate::domain::plan::PlannedStep;
use crate::domain::policy::{
    Alone, ApproverRow, AutonomyLimit, CalendarFreeze, Cover, LimitOf, RiskRule, Window,
};
use crate::domain::runbook::Autonomy;

/// `2 of @sre, U0456, not who asked for it`.
#[must_use]
pub fn row(row: &ApproverRow, tier: Tier) -> String {
    row_by(row, tier, &str::to_owned)
}

/// Rows that are alternatives, in words, each person and group once where that can be said.
#[must_use]
pub fn rows<'r>(all: impl IntoIterator<Item = &'r ApproverRow>, tier: Tier) -> Vec<String> {
    rows_by(all, tier, &str::to_owned)
}

/// The same, with names as `name` writes them.
pub(super) fn rows_by<'r>(
    all: impl IntoIterator<Item = &'r ApproverRow>,
    tier: Tier,
    name: &dyn Fn(&str) -> String,
) -> Vec<String> {
    let together = together(all, tier);
    together.iter().map(|row| row_by(row, tier, name)).collect()
}

/// Rows that ask for the same become one where that says the same: one person of either is one person of both, and a row
/// whose people all stand in another adds nobody. Two of the one and two of the other stay two rows: each counts only its
/// own.
fn together<'r>(all: impl IntoIterator<Item = &'r ApproverRow>, tier: Tier) -> Vec<ApproverRow> {
    let mut told: Vec<ApproverRow> = Vec::new();
    for row in all {
        let holds = |one: &ApproverRow, other: &ApproverRow| {
            other.users.iter().all(|user| one.users.contains(user))
                && other.groups.iter().all(|group| one.groups.contains(group))
        };
        let same = |known: &&mut ApproverRow| {
            known.approvals.max(1) == row.approvals.max(1)
                && conditions(known, tier) == conditions(row, tier)
                && (row.approvals <= 1 || holds(known, row) || holds(row, known))
        };
        let Some(known) = told.iter_mut().find(same) else {
            told.push(row.clone());
            continue;
        };
        for group in &row.groups {
            if !known.groups.contains(group) {
                known.groups.push(group.clone());
            }
        }
        for user in &row.users {
            if !known.users.contains(user) {
                known.users.push(user.clone());
            }
        }
    }
    told
}

fn row_by(row: &ApproverRow, tier: Tier, name: &dyn Fn(&str) -> String) -> String {
    let groups = row.groups.iter().map(|group| name(group.as_str()));
    let names: Vec<String> = groups.chain(row.users.iter().map(|user| name(user))).collect();
    let names = if names.is_empty() {
        "nobody (the row names no one)".to_owned()
    } else {
        names.join(", ")
    };
    let (own, with) = conditions(row, tier);
    format!("{} of {names}{own}{with}", row.approvals.max(1))
}

/// Whether who asked counts, and what an approval has to come with.
fn conditions(row: &ApproverRow, tier: Tier) -> (&'static str, &'static str) {
    let own = if row.requester_may.unwrap_or(tier < Tier::Two) {
        ", who asked for it included"
    } else {
        ", not who asked for it"
    };
    let with = if tier == Tier::Three {
        ", with the target typed, a reason and a second factor"
    } else if row.wants_reason(tier) {
        ", with a reason"
    } else {
        ""
    };
    (own, with)
}

/// That a cell has no row, which means no.
#[must_use]
pub fn gap(tier: Tier, environment: &Environment) -> String {
    format!(
        "no [[approvers]] row has {tier} in {environment}, so nobody may approve it there; add a row, or leave it to humans"
    )
}

/// `in production, on cluster main`; empty when it covers everything.
#[must_use]
pub fn cover(cover: &Cover) -> String {
    let mut words = Vec::new();
    if !cover.environments.is_empty() {
        words.push(format!("in {}", words::listed(&cover.environments)));
    }
    if !cover.clusters.is_empty() {
        words.push(format!("on cluster {}", words::listed(&cover.clusters)));
    }
    if !cover.namespaces.is_empty() {
        words.push(format!("in namespace {}", words::listed(&cover.namespaces)));
    }
    if !cover.runbooks.is_empty() {
        words.push(format!("of runbook {}", words::listed(&cover.runbooks)));
    }
    if words.is_empty() {
        "everywhere".to_owned()
    } else {
        words.join(", ")
    }
}

/// `office hours: Tier 1, Tier 2 and Tier 3 in production start only mon-fri 09:00-17:00 (Europe/Berlin)`.
#[must_use]
pub fn window(window: &Window) -> String {
    format!(
        "{}: {} {} start only {}",
        window.name,
        words::listed(&window.tiers),
        cover(&window.cover),
        window.open
    )
}

/// `launch (we launch): nothing starts in production 2026-12-20 to 2027-01-02 (UTC)`.
#[must_use]
pub fn calendar_freeze(freeze: &CalendarFreeze) -> String {
    format!(
        "{} ({}): nothing starts {} during {}",
        freeze.name,
        freeze.reason,
        cover(&freeze.cover),
        freeze.during
    )
}

/// `suggest in production, of service api`.
#[must_use]
pub fn autonomy_limit(row: &AutonomyLimit) -> String {
    let word = match row.at_most {
        Autonomy::Shadow => "shadow",
        Autonomy::Suggest => "suggest",
        Autonomy::Auto => "auto",
    };
    let place = Cover {
        environments: row.environments.clone(),
        runbooks: row.runbooks.clone(),
        ..Cover::default()
    };
    format!("{word} {}{}", cover(&place), services(&row.services))
}

/// `high severity in staging is low risk`.
#[must_use]
pub fn risk(row: &RiskRule) -> String {
    let severity = if row.severities.is_empty() {
        "any".to_owned()
    } else {
        words::listed(&row.severities)
    };
    let place = Cover {
        environments: row.environments.clone(),
        ..Cover::default()
    };
    format!(
        "{severity} severity {}{} is {} risk",
        cover(&place),
        services(&row.services),
        row.risk.as_str()
    )
}

fn services(services: &[Service]) -> String {
    if services.is_empty() {
        String::new()
    } else {
        format!(", of service {}", words::listed(services))
    }
}

/// How a step may run without a person.
#[must_use]
pub fn alone(alone: &Alone, step: &PlannedStep) -> String {
    if step.tier >= Tier::Two {
        return format!("never, it is {}", step.tier);
    }
    format!(
        "where autonomy.mode and the runbook say auto and its trigger matches; {}",
        most_alone(alone)
    )
}

/// `at most 10 changes in an incident at low, 5 at medium and 2 at high risk, none at critical`.
#[must_use]
pub fn most_alone(alone: &Alone) -> String {
    let [low, medium, high] = alone.most.map(|most| {
        most.map_or_else(
            || "as many as its budget allows".to_owned(),
            |most| most.to_string(),
        )
    });
    format!(
        "at most {low} changes in an incident at low, {medium} at medium and {high} at high risk, none at critical"
    )
}

/// `80 % sure at low, 80 % at medium, 85 % at high and 90 % at critical risk`.
#[must_use]
pub fn sure(alone: &Alone) -> String {
    let [low, medium, high, critical] = alone.sure;
    format!("{low} sure at low, {medium} at medium, {high} at high and {critical} at critical risk")
}

/// What happens when a limit is spent.
pub const BREAKER: &str =
    "When they are used up the breaker trips: nothing more is changed until a person lifts it with a reason";

/// What a limit counts.
#[must_use]
pub fn limit(limit: &LimitOf) -> &'static str {
    match limit {
        LimitOf::Incident => "changes in one incident",
        LimitOf::Runbook { .. } => "of what a runbook's blast radius names, in one run",
        LimitOf::Hour => "changes in an hour",
        LimitOf::ClusterHour { .. } => "changes in an hour on one cluster",
    }
}

/// `@sre-leads, U0456, for 15 minutes`.
#[must_use]
pub fn glass(rule: &GlassRule) -> String {
    let groups = rule.groups.iter().map(ToString::to_string);
    let names: Vec<String> = groups.chain(rule.users.iter().cloned()).collect();
    let minutes = words::counted(rule.minutes as usize, "minute");
    format!("{}, for {minutes}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::GroupId;

    fn named(approvals: u8, groups: &[&str], users: &[&str]) -> ApproverRow {
        ApproverRow {
            tiers: vec![Tier::Two],
            environments: vec![Environment::new("production")],
            users: users.iter().map(|&user| user.to_owned()).collect(),
            groups: groups.iter().map(|&group| GroupId::new(group)).collect(),
            approvals,
            requester_may: None,
            reason: false,
        }
    }

    #[test]
    fn a_group_that_stands_in_two_rows_of_a_cell_is_named_once() {
        let of = |all: &[ApproverRow]| rows(all, Tier::Two);
        let both = [named(1, &["@sre"], &["U1"]), named(1, &["@sre", "@leads"], &[])];
        assert_eq!(of(&both), ["1 of @sre, @leads, U1, not who asked for it"]);
        let less = [named(2, &["@sre"], &[]), named(2, &["@sre"], &["U1"])];
        assert_eq!(of(&less), ["2 of @sre, U1, not who asked for it"]);
        // One of @sre and one of @leads are two of neither.
        let apart = [named(2, &["@sre"], &[]), named(2, &["@leads"], &[])];
        assert_eq!(of(&apart).len(), 2);
        let stricter = [named(1, &["@sre"], &[]), named(2, &["@sre"], &[])];
        assert_eq!(of(&stricter).len(), 2);
    }
}
