//! Prometheus Alertmanager's webhook, version 4 (seen from 0.25, 0.28 and 0.33). Keys that we don't know are ignored.
//!
//! An episode is fingerprint and start: the same alert firing again has the same fingerprint and a new start. The group
//! is no incident. `externalURL` takes no part in any identity, since two members of a pair differ in nothing else.
//! This path is hot (storms resend what is known): typed, borrowed where nothing is kept, one allocation a kept text.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};

use super::error::ParseError;
use super::mapping::Mapping;
use super::text::{MAX_NAME, MAX_VALUE, Pairs, cut, is_link, one_line};
use crate::domain::alert::{Alert, AlertStatus, Link};
use crate::domain::ids::{EpisodeKey, Fingerprint, GroupKey, Source};

/// The name of this source, in settings, paths and the journal.
pub const SOURCE: &str = "alertmanager";

/// An annotation that says how many alerts of the group the sender left out (`max_alerts`).
pub const TRUNCATED: &str = "interlock_truncated_alerts";

const EXPECTED: &str = "Alertmanager's webhook, version 4";

#[derive(Deserialize)]
struct Payload<'b> {
    #[serde(borrow)]
    version: Option<Cow<'b, str>>,
    #[serde(borrow, default, rename = "groupKey")]
    group_key: Cow<'b, str>,
    #[serde(borrow, default)]
    receiver: Cow<'b, str>,
    #[serde(borrow)]
    alerts: Option<Vec<Item<'b>>>,
    #[serde(default, rename = "truncatedAlerts")]
    truncated_alerts: u64,
    /// Grafana's webhook looks alike but for this.
    #[serde(rename = "orgId")]
    org_id: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Item<'b> {
    status: Status,
    labels: Pairs,
    #[serde(default)]
    annotations: Pairs,
    #[serde(borrow, default, rename = "startsAt")]
    starts_at: Option<Cow<'b, str>>,
    #[serde(borrow, default, rename = "endsAt")]
    ends_at: Option<Cow<'b, str>>,
    #[serde(borrow, default, rename = "generatorURL")]
    generator_url: Option<Cow<'b, str>>,
    #[serde(borrow, default)]
    fingerprint: Option<Cow<'b, str>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Firing,
    Resolved,
}

/// Reads one delivery. An empty list is possible and means nothing happened.
///
/// # Errors
/// The body is not JSON, not of this shape, or another sender's; the text says which and what to do.
pub fn parse(body: &[u8], mapping: &Mapping) -> Result<Vec<Alert>, ParseError> {
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => return Err(ParseError::Empty),
        Some(b'[') => {
            return Err(ParseError::WrongSender(
                "the body is a bare list, as Prometheus posts to an Alertmanager: point Prometheus at an Alertmanager, and a webhook receiver of that at this address",
            ));
        }
        Some(_) => {}
    }
    // Checked as text once, and not again string by string.
    let text = std::str::from_utf8(body).map_err(|_| ParseError::locate::<Payload<'_>>(body, EXPECTED))?;
    let payload: Payload<'_> =
        serde_json::from_str(text).map_err(|_| ParseError::locate::<Payload<'_>>(body, EXPECTED))?;
    if payload.org_id.is_some() {
        return Err(ParseError::WrongSender(
            "this looks like Grafana's webhook, which is not Alertmanager's: choose the contact point type \"Alertmanager\" with an Alertmanager, or send to a receiver made for Grafana",
        ));
    }
    let (Some("4"), Some(items)) = (payload.version.as_deref(), payload.alerts) else {
        return Err(ParseError::WrongSender(
            "this is JSON, but not Alertmanager's webhook, version 4 (`version` \"4\" and a list `alerts`): remove `payload` from the webhook_config if it is set",
        ));
    };
    let group = (!payload.group_key.is_empty()).then(|| {
        cut(
            format!("{} {}", payload.receiver, payload.group_key),
            2 * MAX_VALUE,
        )
    });
    let group = group.map(GroupKey::new);
    let source = Source::new(SOURCE);
    Ok(items
        .into_iter()
        .map(|item| alert(item, &source, group.as_ref(), payload.truncated_alerts, mapping))
        .collect())
}

fn alert(
    item: Item<'_>,
    source: &Source,
    group: Option<&GroupKey>,
    truncated: u64,
    mapping: &Mapping,
) -> Alert {
    let Pairs(labels) = item.labels;
    let Pairs(mut annotations) = item.annotations;
    let fingerprint = match item.fingerprint {
        Some(text) if !text.is_empty() => cut(text.into_owned(), MAX_NAME),
        Some(_) | None => fingerprint_of(&labels),
    };
    let starts_at = time(item.starts_at.as_deref());
    let episode = match (starts_at, item.starts_at) {
        (Some(at), _) => episode(&fingerprint, at),
        (None, Some(text)) => cut(format!("{fingerprint}@{text}"), MAX_NAME),
        (None, None) => format!("{fingerprint}@"),
    };
    let status = match item.status {
        Status::Firing => AlertStatus::Firing,
        Status::Resolved => AlertStatus::Resolved,
    };
    let name = name_of(&labels);
    let title = title_of(&name, &labels, &annotations);
    let links = links_of(&annotations, item.generator_url.as_deref());
    let severity_word = labels.get("severity").map_or("", String::as_str);
    if truncated > 0 {
        annotations.insert(TRUNCATED.to_owned(), truncated.to_string());
    }
    Alert {
        source: source.clone(),
        episode: EpisodeKey::new(episode),
        fingerprint: Fingerprint::new(fingerprint),
        group: group.cloned(),
        status,
        title,
        description: annotations
            .get("description")
            .or_else(|| annotations.get("message"))
            .cloned()
            .unwrap_or_default(),
        severity: mapping.severity(severity_word),
        severity_word: severity_word.to_owned(),
        service: mapping.service(&labels),
        starts_at,
        ends_at: match status {
            AlertStatus::Resolved => time(item.ends_at.as_deref()),
            AlertStatus::Firing | AlertStatus::Reopened | AlertStatus::Acknowledged => None,
        },
        name,
        labels,
        annotations,
        links,
        source_ref: None,
        dedup_key: None,
    }
}

/// The start as the one way to write that moment: two members of a pair may write it differently.
fn episode(fingerprint: &str, at: Timestamp) -> String {
    let mut text = String::with_capacity(fingerprint.len() + 32);
    text.push_str(fingerprint);
    // Writing into a String can't fail.
    let _ = write!(text, "@{at}");
    text
}

/// A time that can't be read is no reason to lose an alert; year 1 is how Go writes "none".
fn time(text: Option<&str>) -> Option<Timestamp> {
    text.filter(|text| !text.starts_with("0001-"))
        .and_then(|text| text.parse().ok())
}

/// Grafana-managed rules that Alertmanager forwards carry `rulename`.
fn name_of(labels: &BTreeMap<String, String>) -> String {
    let name = labels
        .get("alertname")
        .or_else(|| labels.get("rulename"))
        .map_or("", String::as_str);
    if name.is_empty() {
        "(no alertname)".to_owned()
    } else {
        one_line(name)
    }
}

fn title_of(name: &str, labels: &BTreeMap<String, String>, annotations: &BTreeMap<String, String>) -> String {
    let written = ["summary", "title"].iter().find_map(|key| annotations.get(*key));
    match written.filter(|text| !text.trim().is_empty()) {
        Some(text) => one_line(text),
        None => match labels.get("instance").or_else(|| labels.get("pod")) {
            Some(place) => one_line(&format!("{name} on {place}")),
            None => name.to_owned(),
        },
    }
}

fn links_of(annotations: &BTreeMap<String, String>, generator: Option<&str>) -> Vec<Link> {
    let runbook = ["runbook_url", "runbook"]
        .iter()
        .find_map(|key| annotations.get(*key));
    let dashboard = ["dashboard_url", "dashboard"]
        .iter()
        .find_map(|key| annotations.get(*key));
    [
        ("Runbook page", runbook.map(String::as_str)),
        ("Dashboard", dashboard.map(String::as_str)),
        ("Source", generator),
    ]
    .into_iter()
    .filter_map(|(title, url)| url.filter(|url| is_link(url)).map(|url| (title, url)))
    .map(|(title, url)| Link {
        title: title.to_owned(),
        url: url.to_owned(),
    })
    .collect()
}

/// For senders that leave the fingerprint out: the labels, which are what it stands for.
fn fingerprint_of(labels: &BTreeMap<String, String>) -> String {
    let mut hash = Sha256::new();
    for (name, value) in labels {
        for part in [name, value] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
    }
    let digest = hash.finalize();
    hex::encode(digest.get(..8).unwrap_or(&digest))
}
