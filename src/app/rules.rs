//! From the configuration to the rules of the core.

use jiff::SignedDuration;

use crate::config::{ExecutionMode, Settings};
use crate::domain::action::ObjectPattern;
use crate::domain::event::Mode;
use crate::domain::ids::{Channel, ClusterName, Source};
use crate::domain::policy::{ApproverRow, Policy};
use crate::domain::rules::{EnvironmentRow, PageAfter, Route, Rules};

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
    let pagerduty = Source::new("pagerduty");
    let tells = settings.pagerduty.api_token.is_some() && settings.pagerduty.from.is_some();
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
        execute_by: minutes(settings.approval.execute_by_minutes),
        settle: seconds(settings.settle_seconds),
        page_after: PageAfter {
            critical: Some(seconds(settings.paging.critical_after_seconds)),
            high: Some(seconds(settings.paging.high_after_seconds)),
            medium: Some(seconds(settings.paging.medium_after_seconds)),
            low: None,
        },
        pagers: vec![pagerduty.clone()],
        resolvable: if tells { vec![pagerduty] } else { Vec::new() },
    }
}

fn policy(settings: &Settings) -> Policy {
    let rows = settings.approvers.iter().map(|row| ApproverRow {
        tiers: row.tiers.clone(),
        environments: row.environments.clone(),
        users: row.users.clone(),
        groups: row.groups.clone(),
        approvals: row.approvals.max(1),
        requester_may: Some(row.requester_may),
    });
    Policy {
        rows: rows.collect(),
        revision: settings.policy_revision(),
    }
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
