//! What keys mean together, once each of them is right by itself.

use std::collections::BTreeSet;

use super::error::ConfigError;
use super::evidence_check;
use super::guard_check;
use super::rows::ApproverRow;
use super::settings::Settings;
use super::{watch_check, webhook_check};
use crate::domain::policy::ON_CALL_NOW;

/// Seconds. What is critical and down for more than five minutes is a human's, so the page can't wait for longer.
const CRITICAL_AT_MOST: u32 = 300;

pub(super) fn check(settings: &Settings) -> Result<(), ConfigError> {
    numbers(settings)?;
    clusters(settings)?;
    environments(settings)?;
    for (index, row) in settings.approvers.iter().enumerate() {
        approvers(index, row)?;
        known_environments(index, row, settings)?;
    }
    guard_check::check(settings)?;
    on_call(settings)?;
    operators(settings)?;
    hosts(settings)?;
    evidence_check::check(settings)?;
    advisor(settings)?;
    let jsm = &settings.jsm;
    let set = [
        jsm.cloud_id.is_some(),
        jsm.email.is_some(),
        jsm.api_token.is_some(),
    ];
    if set.contains(&true) && set.contains(&false) {
        return wrong(
            "`jsm.cloud_id`, `jsm.email` and `jsm.api_token` go together: set all three, or none".to_owned(),
        );
    }
    let Settings { webhooks, server, .. } = settings;
    if webhooks.allow_unauthenticated && !server.listen.is_loopback() {
        return wrong(format!(
            "`webhooks.allow_unauthenticated` is on while `server.listen` is `{}`, which others can reach: set a secret for each source, or listen on 127.0.0.1",
            server.listen
        ));
    }
    webhook_check::check(webhooks)
}

pub(super) fn wrong(text: String) -> Result<(), ConfigError> {
    Err(ConfigError::Contradiction(text))
}

fn numbers(settings: &Settings) -> Result<(), ConfigError> {
    let Settings {
        server,
        execution,
        checkpoints,
        paging,
        approval,
        ..
    } = settings;
    for (key, value, low, high) in [
        ("server.max_connections", server.max_connections, 1, 65_536),
        ("execution.drain_seconds", execution.drain_seconds, 0, 3_600),
        (
            "checkpoints.within_seconds",
            checkpoints.within_seconds,
            10,
            3_600,
        ),
        (
            "paging.critical_after_seconds",
            paging.critical_after_seconds,
            0,
            CRITICAL_AT_MOST,
        ),
        ("paging.high_after_seconds", paging.high_after_seconds, 0, 86_400),
        (
            "paging.medium_after_seconds",
            paging.medium_after_seconds,
            0,
            86_400,
        ),
        (
            "approval.approve_by_minutes",
            approval.approve_by_minutes,
            1,
            1_440,
        ),
        ("approval.evidence_minutes", approval.evidence_minutes, 1, 1_440),
        (
            "approval.execute_by_minutes",
            approval.execute_by_minutes,
            1,
            1_440,
        ),
        ("settle_seconds", settings.settle_seconds, 1, 86_400),
    ] {
        within(key, value, low, high)?;
    }
    grouping(settings)?;
    watch_check::check(settings)
}

fn grouping(settings: &Settings) -> Result<(), ConfigError> {
    let grouping = &settings.grouping;
    for (key, minutes) in [
        (
            "grouping.same_rule_within_minutes",
            grouping.same_rule_within_minutes,
        ),
        ("grouping.related_within_minutes", grouping.related_within_minutes),
    ] {
        within(key, minutes, 0, 60)?;
    }
    // What an alert is, and where it is from, tells no two of a pair apart.
    let what = ["alertname", "severity", "service", "namespace", "cluster", ""];
    if let Some(label) = grouping
        .replica_labels
        .iter()
        .find(|label| what.contains(&label.trim()))
    {
        return wrong(format!(
            "`grouping.replica_labels` has \"{label}\": write labels that tell nothing but two of a pair apart, like `prometheus_replica`"
        ));
    }
    Ok(())
}

pub(super) fn within(key: &str, value: u32, low: u32, high: u32) -> Result<(), ConfigError> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    wrong(format!("`{key}` is {value}: write a number from {low} to {high}"))
}

fn clusters(settings: &Settings) -> Result<(), ConfigError> {
    let known = &settings.kubernetes.clusters;
    for (name, cluster) in known {
        let key = format!("kubernetes.clusters.{name}");
        if cluster.access().is_none() {
            return wrong(format!(
                "`{key}` needs one way to be reached: write either `kubeconfig = \"PATH\"` or `in_cluster = true`"
            ));
        }
        if cluster.in_cluster && cluster.context.is_some() {
            return wrong(format!(
                "`{key}.context` means nothing with `in_cluster = true`: remove one of them"
            ));
        }
        for (tier, account) in &cluster.tier_service_accounts {
            let named = account.split_once('/').is_some_and(|(namespace, name)| {
                !namespace.is_empty() && !name.is_empty() && !name.contains('/')
            });
            if !named {
                return wrong(format!(
                    "`{key}.tier_service_accounts` names `{account}` for {tier}: write `NAMESPACE/NAME`"
                ));
            }
        }
    }
    match &settings.kubernetes.default_cluster {
        Some(name) if !known.contains_key(name) => wrong(format!(
            "`kubernetes.default_cluster` is `{name}`, which is not configured: add [kubernetes.clusters.{name}], or name one that is ({})",
            names(known.keys().map(ToString::to_string))
        )),
        Some(_) | None => Ok(()),
    }
}

/// A namespace belongs to one environment, or what may be done in it would depend on the order of rows.
fn environments(settings: &Settings) -> Result<(), ConfigError> {
    let clusters = &settings.kubernetes.clusters;
    let mut taken = BTreeSet::new();
    for row in &settings.environments {
        if !clusters.is_empty() && !clusters.contains_key(&row.cluster) {
            return wrong(format!(
                "[[environments]] `{}` names the cluster `{}`, which is not configured: add [kubernetes.clusters.{}], or name one that is ({})",
                row.name,
                row.cluster,
                row.cluster,
                names(clusters.keys().map(ToString::to_string))
            ));
        }
        let whole_cluster = row.namespaces.is_empty().then_some(None);
        for namespace in row.namespaces.iter().map(Some).chain(whole_cluster) {
            if !taken.insert((&row.cluster, namespace)) {
                let what = namespace.map_or("the rest".to_owned(), |name| format!("namespace `{name}`"));
                return wrong(format!(
                    "[[environments]] give {what} of cluster `{}` to two environments: keep one of the rows",
                    row.cluster
                ));
            }
        }
    }
    Ok(())
}

fn approvers(index: usize, row: &ApproverRow) -> Result<(), ConfigError> {
    let at = format!("[[approvers]] row {}", index + 1);
    if row.tiers.is_empty() || row.environments.is_empty() {
        return wrong(format!(
            "{at} holds for nothing: name at least one tier and one environment"
        ));
    }
    if row.users.is_empty() && row.groups.is_empty() {
        return wrong(format!("{at} names nobody: add `users` or `groups`"));
    }
    if row.approvals == 0 {
        return wrong(format!(
            "{at} asks for 0 approvals: write 1 or more (running without approval is `autonomy.mode`)"
        ));
    }
    let people: BTreeSet<&String> = row.users.iter().collect();
    if row.groups.is_empty() && people.len() < usize::from(row.approvals) {
        return wrong(format!(
            "{at} asks for {} approvals but names {}: nobody could ever start anything; add people or groups",
            row.approvals,
            people.len()
        ));
    }
    if let Some(group) = row.groups.iter().find(|group| !is_group(group.as_str())) {
        return wrong(format!(
            "{at} names the group `{group}`: write its handle with `@` (`@sre`), its id (`S…`), or `{ON_CALL_NOW}` for whoever the pager says"
        ));
    }
    match row.users.iter().find(|user| !is_user_id(user)) {
        Some(user) => wrong(format!(
            "{at} names the user `{user}`: write the Slack member id (`U…`, from the profile's menu, Copy member ID), since names can be changed by anybody"
        )),
        None => Ok(()),
    }
}

/// A row for an environment that is none would silently be for nobody.
fn known_environments(index: usize, row: &ApproverRow, settings: &Settings) -> Result<(), ConfigError> {
    let known: BTreeSet<&str> = settings
        .environments
        .iter()
        .map(|row| row.name.as_str())
        .collect();
    let unknown = row
        .environments
        .iter()
        .find(|name| !known.is_empty() && !known.contains(name.as_str()));
    match unknown {
        Some(name) => wrong(format!(
            "[[approvers]] row {} names the environment `{name}`, which no [[environments]] has: name one of {}, or add it",
            index + 1,
            known
                .into_iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ")
        )),
        None => Ok(()),
    }
}

fn is_group(text: &str) -> bool {
    let handle = text.strip_prefix('@').is_some_and(|handle| !handle.is_empty());
    let id = text.starts_with('S') && text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    handle || id || text == ON_CALL_NOW
}

fn is_user_id(text: &str) -> bool {
    text.starts_with(['U', 'W']) && text.len() > 2 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The group of those on call is the pager's to say.
fn on_call(settings: &Settings) -> Result<(), ConfigError> {
    let pagerduty = &settings.pagerduty;
    if let Some((id, user)) = pagerduty.people.iter().find(|(_, user)| !is_user_id(user)) {
        return wrong(format!(
            "`pagerduty.people.{id}` is `{user}`: write the Slack member id (`U…`, from the profile's menu, Copy member ID)"
        ));
    }
    let named = settings
        .approvers
        .iter()
        .any(|row| row.groups.iter().any(|group| group.as_str() == ON_CALL_NOW));
    if named && (pagerduty.api_token.is_none() || pagerduty.people.is_empty()) {
        return wrong(format!(
            "[[approvers]] name the group `{ON_CALL_NOW}`, but nobody can say who that is: set `pagerduty.api_token`, and under [pagerduty.people] the Slack member id of each PagerDuty user"
        ));
    }
    Ok(())
}

/// A key without an address, an address without a model, or a key that would travel for all to read.
fn advisor(settings: &Settings) -> Result<(), ConfigError> {
    let section = &settings.advisor;
    let Some(url) = &section.url else {
        return match section.api_key {
            Some(_) => wrong(
                "`advisor.api_key` is set without `advisor.url`: say where the model is, or remove the key"
                    .to_owned(),
            ),
            None => Ok(()),
        };
    };
    if section.model.trim().is_empty() {
        return wrong(
            "`advisor.model` is not set: name the model to ask, or remove `advisor.url`".to_owned(),
        );
    }
    let parsed = url::Url::parse(url.as_str()).ok();
    let here = parsed
        .as_ref()
        .and_then(url::Url::host)
        .is_some_and(|host| match host {
            url::Host::Domain(name) => name == "localhost",
            url::Host::Ipv4(address) => address.is_loopback(),
            url::Host::Ipv6(address) => address.is_loopback(),
        });
    let hidden = parsed.is_some_and(|url| url.scheme() == "https");
    if section.api_key.is_some() && !hidden && !here {
        return wrong(
            "`advisor.api_key` would go to `advisor.url` without encryption: use https, or remove the key"
                .to_owned(),
        );
    }
    Ok(())
}

fn operators(settings: &Settings) -> Result<(), ConfigError> {
    let mut seen = BTreeSet::new();
    for row in &settings.operators {
        if !seen.insert(&row.os_user) {
            return wrong(format!(
                "[[operators]] name the user `{}` twice: keep one row",
                row.os_user
            ));
        }
    }
    Ok(())
}

fn hosts(settings: &Settings) -> Result<(), ConfigError> {
    for entry in &settings.http.allowed_hosts {
        let host = entry
            .strip_prefix("https://")
            .or_else(|| entry.strip_prefix("http://"))
            .unwrap_or(entry);
        if host.is_empty() || host.contains(['/', '*', '@', ' ']) {
            return wrong(format!(
                "`http.allowed_hosts` holds `{entry}`: write `host`, `host:port` or `http://host:port`, without path or `*`"
            ));
        }
    }
    Ok(())
}

pub(super) fn names(words: impl Iterator<Item = String>) -> String {
    let quoted: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    if quoted.is_empty() {
        "there is none".to_owned()
    } else {
        quoted.join(", ")
    }
}
