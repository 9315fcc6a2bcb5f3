//! From the configuration to the rules of the core.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use jiff::SignedDuration;

use crate::config::{ExecutionMode, Settings};
use crate::domain::action::ObjectPattern;
use crate::domain::event::Mode;
use crate::domain::ids::{Channel, ClusterName, Source};
use crate::domain::policy::{ApproverRow, Policy};
use crate::domain::rules::{EnvironmentRow, PageAfter, Route, Rules, ServiceRow, SilenceRules, StayRule};
use crate::render::policy::gap;

/// Rules for a workspace. `team` is the id that Slack gave; empty until it has, and then nobody may decide anything.
#[must_use]
pub fn rules(settings: &Settings, team: &str) -> Rules {
    let seconds = |seconds: u32| SignedDuration::from_secs(i64::from(seconds));
    let minutes = |minutes: u32| SignedDuration::from_mins(i64::from(minutes));
    let clusters: Vec<ClusterName> = settings.kubernetes.clusters.keys().cloned().collect();
    let only = match clusters.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    };
    Rules {
        mode: match settings.execution.mode {
            ExecutionMode::DryRun => Mode::DryRun,
            ExecutionMode::Live => Mode::Live,
        },
        autonomy: settings.autonomy.mode,
        team: team.to_owned(),
        policy: policy(settings),
        environments: environments(settings),
        caches: settings
            .caches
            .iter()
            .map(|row| ObjectPattern {
                cluster: Some(row.cluster.clone()),
                namespace: row.namespace.clone(),
                kind: None,
                name: row.name.clone(),
            })
            .collect(),
        default_cluster: settings.kubernetes.default_cluster.clone().or(only),
        clusters,
        routes: routes(settings),
        channel: settings.slack.channel.clone().unwrap_or_else(|| Channel::new("")),
        approve_by: minutes(settings.approval.approve_by_minutes),
        evidence_for: minutes(settings.approval.evidence_minutes),
        execute_by: minutes(settings.approval.execute_by_minutes),
        settle: seconds(settings.settle_seconds),
        stays: stays(settings),
        page_after: PageAfter {
            critical: Some(seconds(settings.paging.critical_after_seconds)),
            high: Some(seconds(settings.paging.high_after_seconds)),
            medium: Some(seconds(settings.paging.medium_after_seconds)),
            low: None,
        },
        pagers: PAGERS.map(Source::new).to_vec(),
        resolvable: resolvable(settings),
        noted: (settings.grafana.url.is_some() && settings.grafana.api_token.is_some())
            .then(|| Source::new("grafana"))
            .into_iter()
            .collect(),
        services: services(settings),
        silences: settings.alertmanager.url.as_ref().map(|_| SilenceRules {
            environment: settings.alertmanager.environment.clone(),
        }),
        related_within: Some(settings.grouping.related_within_minutes)
            .filter(|span| *span > 0)
            .map(minutes),
        same_rule_within: Some(settings.grouping.same_rule_within_minutes)
            .filter(|span| *span > 0)
            .map(minutes),
        asks_advisor: settings.advisor.url.is_some(),
        storm_from: NonZeroU32::new(settings.grouping.storm_alerts_per_minute),
    }
}

/// Sources that ring people by their own schedules: a card of theirs that waits rings nobody a second time.
const PAGERS: [&str; 4] = ["pagerduty", "opsgenie", "jsm", "better_stack"];

/// Sources that are configured to be told that it is over.
fn resolvable(settings: &Settings) -> Vec<Source> {
    let pagerduty = settings.pagerduty.api_token.is_some() && settings.pagerduty.from.is_some();
    let told = [
        ("pagerduty", pagerduty),
        ("opsgenie", settings.opsgenie.api_key.is_some()),
        ("jsm", settings.jsm.api_token.is_some()),
        ("better_stack", settings.better_stack.api_token.is_some()),
        ("incident_io", settings.incident_io.api_token.is_some()),
    ];
    let told = told.into_iter().filter(|(_, configured)| *configured);
    told.map(|(name, _)| Source::new(name)).collect()
}

fn policy(settings: &Settings) -> Policy {
    let rows = settings.approvers.iter().map(|row| ApproverRow {
        tiers: row.tiers.clone(),
        environments: row.environments.clone(),
        users: row.users.clone(),
        groups: row.groups.clone(),
        approvals: row.approvals.max(1),
        requester_may: row.requester_may,
        reason: row.reason,
    });
    Policy {
        rows: rows.collect(),
        guards: settings.guards(),
        alone: settings.alone(),
        revision: settings.policy_revision(),
    }
}

/// Cells that no row has: each means no, and whoever relies on it hears so before somebody needs it.
pub fn gaps(settings: &Settings) -> Vec<String> {
    let policy = policy(settings);
    let names = settings.environments.iter().map(|row| &row.name);
    let gaps = policy.gaps(names.collect::<BTreeSet<_>>()).into_iter();
    gaps.map(|(environment, tier)| gap(tier, environment)).collect()
}

/// Rows that name namespaces come first: a row without any stands for what no other row names.
fn environments(settings: &Settings) -> Vec<EnvironmentRow> {
    let mut rows: Vec<EnvironmentRow> = settings
        .environments
        .iter()
        .map(|row| EnvironmentRow {
            name: row.name.clone(),
            cluster: Some(row.cluster.clone()),
            namespaces: row.namespaces.clone(),
            hosts: row.hosts.clone(),
        })
        .collect();
    rows.sort_by_key(|row| row.namespaces.is_empty());
    rows
}

fn routes(settings: &Settings) -> Vec<Route> {
    settings
        .routes
        .iter()
        .map(|row| Route {
            service: row.service.clone(),
            labels: row.labels.clone(),
            channel: row.channel.clone(),
        })
        .collect()
}

fn stays(settings: &Settings) -> Vec<StayRule> {
    settings
        .settle
        .iter()
        .map(|row| StayRule {
            alerts: row.alerts.clone(),
            services: row.services.clone(),
            labels: row.labels.clone(),
            stays: SignedDuration::from_secs(i64::from(row.stays_seconds)),
        })
        .collect()
}

fn services(settings: &Settings) -> Vec<ServiceRow> {
    settings
        .services
        .iter()
        .map(|row| ServiceRow {
            name: row.name.clone(),
            owner: row.owner.clone(),
            depends_on: row.depends_on.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::action::Tier;
    use crate::domain::ids::Environment;
    use crate::domain::plan::PlannedStep;
    use crate::domain::policy::{Reason, Request};
    use crate::domain::samples;
    use crate::ports::{Person, Standing};

    /// Who asked for a plan, and approves it: what the row says, the tier, and whether it counts.
    const CASES: &[(&str, Tier, bool)] = &[
        ("", Tier::Zero, true),
        ("", Tier::One, true),
        ("", Tier::Two, false),
        ("", Tier::Three, false),
        ("requester_may = true", Tier::One, true),
        ("requester_may = true", Tier::Two, true),
        ("requester_may = true", Tier::Three, true),
        ("requester_may = false", Tier::Zero, false),
        ("requester_may = false", Tier::One, false),
        ("requester_may = false", Tier::Two, false),
    ];

    #[test]
    fn who_asked_for_it_approves_it_below_tier_two_unless_the_row_says_otherwise() {
        for (written, tier, counts) in CASES {
            let row =
                format!("tiers = [0, 1, 2, 3]\nenvironments = [\"production\"]\nusers = [\"U1\"]\n{written}");
            let settings = Settings {
                approvers: vec![toml::from_str(&row).expect("a row")],
                ..Settings::default()
            };
            let step = PlannedStep {
                tier: *tier,
                environment: Some(Environment::new("production")),
                ..samples::step(1)
            };
            let plan = samples::plan(vec![step]);
            let asker = Person {
                id: samples::person("U1"),
                name: "ana".to_owned(),
                standing: Standing::Member,
                groups: Vec::new(),
            };
            let behind = BTreeSet::from([asker.id.clone()]);
            let request = Request {
                plan: &plan,
                behind: &behind,
                glass: None,
            };
            let expected = if *counts {
                Ok(())
            } else {
                Err(vec![Reason::OwnRequest])
            };
            let team = asker.id.team.clone();
            let answer = rules(&settings, &team).policy.may_vote(&asker, &team, request);
            assert_eq!(answer, expected, "`{written}` at {tier}");
        }
    }
}
