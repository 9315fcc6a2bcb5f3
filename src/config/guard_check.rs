//! What the policy's rules mean together: places that exist, windows that open, limits that let something through, and
//! rows that don't contradict each other. What can never hold is refused, since somebody relies on it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::alone_rows::SURE_FROM_TO;
use super::check::{names, wrong};
use super::error::ConfigError;
use super::guard_rows::SpanText;
use super::rows::ApproverRow;
use super::settings::Settings;
use crate::domain::action::Tier;
use crate::domain::ids::{ClusterName, Environment, RunbookName};
use crate::domain::policy::Place;

pub(super) fn check(settings: &Settings) -> Result<(), ConfigError> {
    windows(settings)?;
    freezes(settings)?;
    for (index, row) in settings.autonomy_limits.iter().enumerate() {
        places(
            settings,
            &format!("[[autonomy_limits]] row {}", index + 1),
            &row.environments,
            &[],
        )?;
    }
    for (index, row) in settings.risks.iter().enumerate() {
        places(
            settings,
            &format!("[[risks]] row {}", index + 1),
            &row.environments,
            &[],
        )?;
    }
    limits(settings)?;
    confidence(settings)?;
    lists(settings)?;
    settings.break_glass.check()?;
    open_together(settings)?;
    contradictions(settings)
}

fn windows(settings: &Settings) -> Result<(), ConfigError> {
    let mut seen = BTreeSet::new();
    for row in &settings.windows {
        let at = format!("[[windows]] `{}`", row.name);
        named(&at, "[[windows]]", &row.name, &mut seen)?;
        if row.tiers.is_empty() {
            return wrong(format!(
                "{at} is about no tier: name at least one, or leave `tiers` out"
            ));
        }
        spans(&at, "open", &row.open)?;
        places(settings, &at, &row.environments, &row.clusters)?;
    }
    Ok(())
}

fn freezes(settings: &Settings) -> Result<(), ConfigError> {
    let mut seen = BTreeSet::new();
    for row in &settings.freezes {
        let at = format!("[[freezes]] `{}`", row.name);
        named(&at, "[[freezes]]", &row.name, &mut seen)?;
        if row.reason.trim().is_empty() {
            return wrong(format!("{at} has no reason: say why, for whoever is refused"));
        }
        spans(&at, "during", &row.during)?;
        places(settings, &at, &row.environments, &row.clusters)?;
    }
    Ok(())
}

fn named<'r>(at: &str, table: &str, name: &'r str, seen: &mut BTreeSet<&'r str>) -> Result<(), ConfigError> {
    if name.trim().is_empty() {
        return wrong(format!(
            "a row of {table} has an empty name: give it one that people know"
        ));
    }
    if !seen.insert(name) {
        return wrong(format!("{at} is there twice: give the rows names of their own"));
    }
    Ok(())
}

fn spans(at: &str, key: &str, spans: &[SpanText]) -> Result<(), ConfigError> {
    if spans.is_empty() {
        return wrong(format!(
            "{at} says nothing under `{key}`: write when, like \"mon-fri 09:00-17:00\""
        ));
    }
    Ok(())
}

fn places(
    settings: &Settings,
    at: &str,
    environments: &[Environment],
    clusters: &[ClusterName],
) -> Result<(), ConfigError> {
    let known: BTreeSet<&Environment> = settings.environments.iter().map(|row| &row.name).collect();
    if let Some(name) = environments.iter().find(|name| !known.contains(name)) {
        return wrong(format!(
            "{at} names the environment `{name}`, which no [[environments]] row declares: add one, or name one of {}",
            names(known.iter().map(ToString::to_string))
        ));
    }
    let known = &settings.kubernetes.clusters;
    match clusters.iter().find(|name| !known.contains_key(*name)) {
        Some(name) => wrong(format!(
            "{at} names the cluster `{name}`, which is not configured: add [kubernetes.clusters.{name}], or name one of {}",
            names(known.keys().map(ToString::to_string))
        )),
        None => Ok(()),
    }
}

fn limits(settings: &Settings) -> Result<(), ConfigError> {
    let limits = &settings.limits;
    for (key, value) in [
        ("actions_per_incident", limits.actions_per_incident),
        ("actions_per_hour", limits.actions_per_hour),
        (
            "actions_per_hour_and_cluster",
            limits.actions_per_hour_and_cluster,
        ),
    ] {
        if value == Some(0) {
            return wrong(format!(
                "`limits.{key}` is 0, so nothing could ever run: write 1 or more, or use `execution.mode = \"dry-run\"`"
            ));
        }
    }
    Ok(())
}

fn confidence(settings: &Settings) -> Result<(), ConfigError> {
    let (from, to) = (SURE_FROM_TO.start(), SURE_FROM_TO.end());
    for (key, value) in settings.confidence.all() {
        if let Some(value) = value.filter(|value| !SURE_FROM_TO.contains(value)) {
            return wrong(format!(
                "`confidence.{key}` is {value}: write per cent from {from}, which the search asks for in any case, to {to}, since nothing that is found by its text is surer"
            ));
        }
    }
    Ok(())
}

fn lists(settings: &Settings) -> Result<(), ConfigError> {
    if settings.irreversible.iter().any(|line| line.0.trim().is_empty()) {
        return wrong(
            "`irreversible` has an empty line, which would mean every command: take it out".to_owned(),
        );
    }
    let odd = |name: &&String| {
        let stem = name.strip_suffix('*').unwrap_or(name);
        stem.contains('*')
            || !stem
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    match settings.protected.namespaces.iter().find(odd) {
        Some(name) => wrong(format!(
            "`protected.namespaces` has `{name}`: write the name of a namespace, or the beginning of one with one `*` at its end"
        )),
        None => Ok(()),
    }
}

/// Windows that hold for a whole environment have to be open at the same time at some time, or nothing could ever start
/// there.
fn open_together(settings: &Settings) -> Result<(), ConfigError> {
    let mut guards = settings.guards();
    guards.freezes.clear();
    guards.windows.retain(|window| {
        let cover = &window.cover;
        cover.clusters.is_empty() && cover.namespaces.is_empty() && cover.runbooks.is_empty()
    });
    // From the last of the first dates on every window is under way; without dates any moment is as good.
    let first_dates = guards
        .windows
        .iter()
        .filter_map(|window| window.open.first_date());
    let from = first_dates
        .max()
        .and_then(|date| TimeZone::UTC.to_timestamp(date.into()).ok())
        .and_then(|at| at.checked_sub(jiff::SignedDuration::from_hours(24)).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH);
    let runbook = RunbookName::new("");
    for environment in settings.environments.iter().map(|row| &row.name) {
        for tier in [Tier::Zero, Tier::One, Tier::Two, Tier::Three] {
            let place = Place {
                environment: Some(environment),
                cluster: None,
                namespace: None,
                runbook: &runbook,
                tier,
                tier_unlisted: None,
                changes: true,
                target: None,
                incident: None,
            };
            if guards.opens(&place, from).is_none() {
                let of_place = guards
                    .windows
                    .iter()
                    .filter(|window| window.tiers.contains(&tier) && window.cover.covers(&place));
                return wrong(format!(
                    "the [[windows]] {} are never open at the same time for {tier} in {environment}, so nothing could ever start there: mend their times, or write the times of one rule into one row",
                    names(of_place.map(|window| window.name.clone()))
                ));
            }
        }
    }
    Ok(())
}

/// Rows for one cell are alternatives; two that name the same people and ask for different things can't both be meant.
fn contradictions(settings: &Settings) -> Result<(), ConfigError> {
    let rows = &settings.approvers;
    for (index, row) in rows.iter().enumerate() {
        let other = rows
            .iter()
            .enumerate()
            .skip(index + 1)
            .find(|(_, other)| contradict(row, other));
        if let Some((other_index, other)) = other {
            return wrong(format!(
                "[[approvers]] rows {} and {} name the same people for the same cell but ask for different things ({} and {}): keep the one that is meant",
                index + 1,
                other_index + 1,
                asks(row),
                asks(other)
            ));
        }
    }
    Ok(())
}

fn contradict(left: &ApproverRow, right: &ApproverRow) -> bool {
    let people = |row: &ApproverRow| {
        let users = row.users.iter().map(String::as_str);
        let groups = row.groups.iter().map(|group| group.as_str());
        users.chain(groups).map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let same_cell = left.tiers.iter().any(|tier| right.tiers.contains(tier))
        && left
            .environments
            .iter()
            .any(|name| right.environments.contains(name));
    same_cell && people(left) == people(right) && asks(left) != asks(right)
}

fn asks(row: &ApproverRow) -> String {
    let own = match row.requester_may {
        Some(true) => "included",
        Some(false) => "excluded",
        None => "excluded from Tier 2 up",
    };
    let with = if row.reason { ", reason = true" } else { "" };
    format!("approvals = {}, requester {own}{with}", row.approvals)
}
