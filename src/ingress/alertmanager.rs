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
use super::json::without_bom;
use super::mapping::Mapping;
use super::read::{Incoming, Read};
use super::text::{MAX_NAME, MAX_VALUE, Pairs, cut, is_filled, is_link, one_line, without_gaps};
use crate::domain::alert::{Alert, AlertStatus, Link, TRUNCATED, Told, UNREAD_START};
use crate::domain::ids::{EpisodeKey, Fingerprint, GroupKey, Source};

/// The name of this source, in settings, paths and the journal.
pub const SOURCE: &str = "alertmanager";

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
    /// Grafana's own.
    #[serde(borrow, default, rename = "dashboardURL")]
    dashboard_url: Option<Cow<'b, str>>,
    #[serde(borrow, default, rename = "panelURL")]
    panel_url: Option<Cow<'b, str>>,
}

/// Who sends this shape: Grafana's webhook is the same but for its version and some keys more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Alertmanager,
    Grafana,
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
    let source = Source::new(SOURCE);
    group(without_bom(body), mapping, &source, Dialect::Alertmanager)
}

pub(super) fn read(incoming: &Incoming<'_>) -> Result<Read, ParseError> {
    group(
        incoming.body,
        incoming.mapping,
        incoming.source,
        Dialect::Alertmanager,
    )
    .map(Read::alerts)
}

/// A group of alerts, as both dialects send it.
pub(super) fn group(
    body: &[u8],
    mapping: &Mapping,
    source: &Source,
    dialect: Dialect,
) -> Result<Vec<Alert>, ParseError> {
    let expected = dialect.expected();
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => return Err(ParseError::Empty),
        Some(b'[') if dialect == Dialect::Alertmanager => {
            return Err(ParseError::WrongSender(
                "the body is a bare list, as Prometheus posts to an Alertmanager: point Prometheus at an Alertmanager, and a webhook receiver of that at this address; or set [webhooks.prometheus] and `path_prefix: /webhooks/prometheus` in Prometheus",
            ));
        }
        Some(_) => {}
    }
    // Checked as text once, and not again string by string.
    let text = std::str::from_utf8(body).map_err(|_| ParseError::locate::<Payload<'_>>(body, expected))?;
    let payload: Payload<'_> =
        serde_json::from_str(text).map_err(|_| ParseError::locate::<Payload<'_>>(body, expected))?;
    let items = dialect.items(
        payload.version.as_deref(),
        payload.org_id.is_some(),
        payload.alerts,
    )?;
    let group = (!payload.group_key.is_empty()).then(|| {
        cut(
            format!("{} {}", payload.receiver, payload.group_key),
            2 * MAX_VALUE,
        )
    });
    let group = group.map(GroupKey::new);
    Ok(items
        .into_iter()
        .map(|item| alert(item, source, group.as_ref(), payload.truncated_alerts, mapping))
        .collect())
}

impl Dialect {
    fn expected(self) -> &'static str {
        match self {
            Self::Alertmanager => EXPECTED,
            Self::Grafana => "Grafana's webhook, version 1",
        }
    }

    /// The alerts, when the payload is of this dialect.
    fn items<'b>(
        self,
        version: Option<&str>,
        has_org: bool,
        items: Option<Vec<Item<'b>>>,
    ) -> Result<Vec<Item<'b>>, ParseError> {
        match (self, version, has_org, items) {
            (Self::Alertmanager, Some("4"), false, Some(items))
            | (Self::Grafana, Some("1"), true, Some(items)) => Ok(items),
            (Self::Alertmanager, _, true, _) => Err(ParseError::WrongSender(
                "this looks like Grafana's webhook, which is not Alertmanager's: set [webhooks.grafana] and send it to /webhooks/grafana",
            )),
            (Self::Alertmanager, ..) => Err(ParseError::WrongSender(
                "this is JSON, but not Alertmanager's webhook, version 4 (`version` \"4\" and a list `alerts`): remove `payload` from the webhook_config if it is set",
            )),
            (Self::Grafana, Some("4"), ..) => Err(ParseError::WrongSender(
                "this looks like Alertmanager's webhook, which is not Grafana's: send it to /webhooks/alertmanager",
            )),
            (Self::Grafana, ..) => Err(ParseError::WrongSender(
                "this is JSON, but not Grafana's webhook, version 1 (`version` \"1\", `orgId` and a list `alerts`): remove the custom payload from the contact point if it is set, or describe it under [webhooks.custom.NAME]",
            )),
        }
    }
}

fn alert(
    item: Item<'_>,
    source: &Source,
    group: Option<&GroupKey>,
    truncated: u64,
    mapping: &Mapping,
) -> Alert {
    let Pairs(mut labels) = item.labels;
    let Pairs(mut annotations) = item.annotations;
    let (fingerprint, told) = identity(item.fingerprint, item.starts_at.as_deref(), &mut labels, mapping);
    let starts_at = time(item.starts_at.as_deref());
    let episode = episode_of(&fingerprint, starts_at, item.starts_at, &mut annotations);
    let status = match item.status {
        Status::Firing => AlertStatus::Firing,
        Status::Resolved => AlertStatus::Resolved,
    };
    let name = name_of(&labels);
    let title = title_of(&name, &labels, &annotations);
    let links = links_of(
        &annotations,
        item.dashboard_url.as_deref(),
        item.panel_url.as_deref(),
        item.generator_url.as_deref(),
    );
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
        description: description_of(&annotations),
        severity: mapping.severity(severity_word),
        severity_word: severity_word.to_owned(),
        service: mapping.service(&labels),
        starts_at,
        ends_at: match status {
            AlertStatus::Resolved => time(item.ends_at.as_deref()),
            AlertStatus::Firing
            | AlertStatus::Reopened
            | AlertStatus::Acknowledged
            | AlertStatus::Unacknowledged => None,
        },
        name,
        labels,
        annotations,
        links,
        source_ref: None,
        dedup_key: None,
        told,
    }
}

/// The fingerprint without the labels that tell two of a pair apart, and who of them it is.
fn identity(
    sent: Option<Cow<'_, str>>,
    start: Option<&str>,
    labels: &mut BTreeMap<String, String>,
    mapping: &Mapping,
) -> (String, Told) {
    let sent = sent.filter(|text| !text.is_empty());
    let sent = sent.map(|text| cut(text.into_owned(), MAX_NAME));
    let whole = mapping.whole(labels, |labels| {
        let whole = sent.clone().unwrap_or_else(|| fingerprint_of(labels));
        EpisodeKey::new(key_of(&whole, time(start), start))
    });
    let voice = mapping.voice(labels);
    let fingerprint = match sent {
        // Its own is made with the labels that tell two of a pair apart.
        Some(text) if voice.is_empty() => text,
        Some(_) | None => fingerprint_of(labels),
    };
    let told = Told {
        voice: Some(voice),
        whole,
        ..Told::default()
    };
    (fingerprint, told)
}

fn key_of(fingerprint: &str, starts_at: Option<Timestamp>, written: Option<&str>) -> String {
    match (starts_at, written) {
        (Some(at), _) => episode(fingerprint, at),
        (None, Some(text)) => cut(format!("{fingerprint}@{text}"), MAX_NAME),
        (None, None) => format!("{fingerprint}@"),
    }
}

/// Fingerprint and start; a start that can't be read is kept as it was written.
fn episode_of(
    fingerprint: &str,
    starts_at: Option<Timestamp>,
    written: Option<Cow<'_, str>>,
    annotations: &mut BTreeMap<String, String>,
) -> String {
    let unread = written
        .as_deref()
        .filter(|text| starts_at.is_none() && !is_none(text));
    if let Some(text) = unread {
        annotations.insert(UNREAD_START.to_owned(), cut(one_line(text), MAX_NAME));
    }
    key_of(fingerprint, starts_at, written.as_deref())
}

/// The start as the one way to write that moment: two members of a pair may write it differently.
pub(super) fn episode(fingerprint: &str, at: Timestamp) -> String {
    let mut text = String::with_capacity(fingerprint.len().saturating_add(32));
    text.push_str(fingerprint);
    // Writing into a String can't fail.
    let _ = write!(text, "@{at}");
    text
}

/// A time that can't be read is no reason to lose an alert; year 1 is how Go writes "none".
fn time(text: Option<&str>) -> Option<Timestamp> {
    text.filter(|text| !is_none(text))
        .and_then(|text| text.parse().ok())
}

fn is_none(text: &str) -> bool {
    text.is_empty() || text.starts_with("0001-")
}

/// What Grafana fires when a rule could not be asked; the rule's own name stands in `rulename`.
pub(super) const PSEUDO: [&str; 2] = ["DatasourceNoData", "DatasourceError"];

/// Grafana-managed rules carry `rulename`, and only it tells which rule a pseudo-alert is about.
pub(super) fn name_of(labels: &BTreeMap<String, String>) -> String {
    let named = labels.get("alertname");
    let named = named.filter(|name| !(PSEUDO.contains(&name.as_str()) && labels.contains_key("rulename")));
    let name = named
        .or_else(|| labels.get("rulename"))
        .map_or("", String::as_str);
    if name.is_empty() {
        "(no alertname)".to_owned()
    } else {
        one_line(name)
    }
}

pub(super) fn title_of(
    name: &str,
    labels: &BTreeMap<String, String>,
    annotations: &BTreeMap<String, String>,
) -> String {
    // The rule's summary says that something is wrong, which a rule without an answer doesn't know.
    if let Some(pseudo) = labels
        .get("alertname")
        .filter(|pseudo| PSEUDO.contains(&pseudo.as_str()))
    {
        return one_line(&format!("{name}: {pseudo}"));
    }
    let written = ["summary", "title"]
        .iter()
        .filter_map(|key| annotations.get(*key))
        .find(|text| !text.trim().is_empty() && is_filled(text));
    match written {
        Some(text) => one_line(text),
        None => match labels.get("instance").or_else(|| labels.get("pod")) {
            Some(place) => one_line(&format!("{name} on {place}")),
            None => name.to_owned(),
        },
    }
}

pub(super) fn description_of(annotations: &BTreeMap<String, String>) -> String {
    let written = annotations
        .get("description")
        .or_else(|| annotations.get("message"));
    without_gaps(written.cloned().unwrap_or_default())
}

pub(super) fn links_of(
    annotations: &BTreeMap<String, String>,
    dashboard: Option<&str>,
    panel: Option<&str>,
    generator: Option<&str>,
) -> Vec<Link> {
    let runbook = ["runbook_url", "runbook"]
        .iter()
        .find_map(|key| annotations.get(*key));
    let annotated = ["dashboard_url", "dashboard"]
        .iter()
        .find_map(|key| annotations.get(*key));
    [
        ("Runbook page", runbook.map(String::as_str)),
        ("Dashboard", annotated.map(String::as_str).or(dashboard)),
        ("Panel", panel),
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
pub(super) fn fingerprint_of(labels: &BTreeMap<String, String>) -> String {
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
