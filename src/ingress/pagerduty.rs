//! PagerDuty's v3 webhooks: one event a request. Events that tell of an incident opening, changing, being taken or ending
//! become an alert; all others, and kinds that we don't know, are accepted and ignored, since three refusals in a row
//! make PagerDuty switch the subscription off for a day.
//!
//! What Interlock itself did at PagerDuty comes back here too and must open nothing: it is known by the `dedup_key` that
//! begins with `interlock/`, by the client's name, and by our own user as agent.
//! Shapes: <https://developer.pagerduty.com/docs/webhooks/v3-overview/>.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::error::ParseError;
use super::mapping::Mapping;
use super::read::{Incoming, Read};
use super::text::{MAX_NAME, MAX_VALUE, cut, is_link, name_of, one_line, without_prefix};
use crate::domain::alert::{Alert, AlertStatus, Link, Told};
use crate::domain::ids::{EpisodeKey, Fingerprint, GroupKey, Service, Source};
use crate::planted::{self, Bug};

/// The name of this source, in settings, paths and the journal.
pub(super) const SOURCE: &str = "pagerduty";
const EXPECTED: &str = "PagerDuty's v3 webhook";
/// How every `dedup_key` of ours begins; `paging` makes them.
const OURS: &str = "interlock/";
/// The `client` that we name in events.
const OUR_CLIENT: &str = "Interlock";

#[derive(Deserialize)]
struct Payload<'b> {
    #[serde(borrow)]
    event: Event<'b>,
}

#[derive(Deserialize)]
struct Event<'b> {
    #[serde(borrow)]
    id: Cow<'b, str>,
    #[serde(borrow)]
    event_type: Cow<'b, str>,
    #[serde(borrow, default)]
    occurred_at: Option<Cow<'b, str>>,
    #[serde(borrow, default)]
    agent: Option<Reference<'b>>,
    #[serde(borrow, default)]
    client: Option<Client<'b>>,
    /// Differs by type: read only when the type is one that we know.
    #[serde(borrow)]
    data: &'b serde_json::value::RawValue,
}

#[derive(Default, Deserialize)]
struct Reference<'b> {
    #[serde(borrow, default)]
    id: Option<Cow<'b, str>>,
    #[serde(borrow, default)]
    summary: Option<Cow<'b, str>>,
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'b, str>>,
}

#[derive(Deserialize)]
struct Client<'b> {
    #[serde(borrow, default)]
    name: Option<Cow<'b, str>>,
}

#[derive(Deserialize)]
struct Incident<'b> {
    #[serde(borrow)]
    id: Cow<'b, str>,
    #[serde(borrow, default)]
    status: Option<Cow<'b, str>>,
    #[serde(borrow, default)]
    title: Option<Cow<'b, str>>,
    #[serde(borrow, default)]
    incident_key: Option<Cow<'b, str>>,
    #[serde(default)]
    number: Option<u64>,
    #[serde(borrow, default)]
    created_at: Option<Cow<'b, str>>,
    #[serde(borrow, default)]
    html_url: Option<Cow<'b, str>>,
    #[serde(borrow, default)]
    urgency: Option<Cow<'b, str>>,
    #[serde(borrow, default)]
    priority: Option<Reference<'b>>,
    #[serde(borrow, default)]
    service: Option<Reference<'b>>,
    #[serde(borrow, default)]
    escalation_policy: Option<Reference<'b>>,
}

/// What an event type means here; `None` for those that change nothing about whether it fires: a note or another priority
/// is no repeat of the alert.
fn status_of(event_type: &str) -> Option<AlertStatus> {
    match event_type {
        "incident.triggered" => Some(AlertStatus::Firing),
        // Whoever gets it next has not acknowledged it, unless `status` says that somebody has.
        "incident.unacknowledged" | "incident.escalated" | "incident.reassigned" | "incident.delegated" => {
            Some(AlertStatus::Unacknowledged)
        }
        "incident.reopened" => Some(AlertStatus::Reopened),
        "incident.acknowledged" => Some(AlertStatus::Acknowledged),
        "incident.resolved" => Some(AlertStatus::Resolved),
        _ => None,
    }
}

/// Reads one event; an empty list means that it is nothing for us.
///
/// # Errors
/// The body is not JSON or not a v3 event.
pub fn parse(body: &[u8], mapping: &Mapping) -> Result<Vec<Alert>, ParseError> {
    event(body, mapping).map(|(_, alerts)| alerts)
}

/// `parse`, and the number of the delivery: the event's own, which is the same on a retry and which the signature covers.
/// The `X-Webhook-Id` header is not signed: whoever replays a delivery could make another of it.
pub(super) fn read(incoming: &Incoming<'_>) -> Result<Read, ParseError> {
    let (event_id, alerts) = event(incoming.body, incoming.mapping)?;
    let happened_at = occurred_at(incoming.body);
    let read = if alerts.is_empty() {
        Read::aside("the event changes nothing about an incident, or is Interlock's own doing")
    } else {
        Read::alerts(alerts)
    };
    let read = read.happened(happened_at);
    Ok(read.with_key((!event_id.is_empty()).then(|| incoming.delivery(&event_id))))
}

/// When the event happened; nothing else in it that is signed says when it was sent.
fn occurred_at(body: &[u8]) -> Option<Timestamp> {
    let Payload { event } = serde_json::from_slice(body).ok()?;
    event.occurred_at?.parse().ok()
}

fn event(body: &[u8], mapping: &Mapping) -> Result<(String, Vec<Alert>), ParseError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(ParseError::Empty);
    }
    let Payload { event } =
        serde_json::from_slice(body).map_err(|_| ParseError::locate::<Payload<'_>>(body, EXPECTED))?;
    let id = event.id.to_string();
    let Some(status) = status_of(&event.event_type) else {
        tracing::debug!(event_type = %one_line(&event.event_type), "an event that changes nothing is ignored");
        return Ok((id, Vec::new()));
    };
    let data = event.data.get();
    let incident: Incident<'_> = serde_json::from_str(data)
        .map_err(|_| ParseError::locate::<Incident<'_>>(data.as_bytes(), "an incident in `event.data`"))?;
    if status == AlertStatus::Unacknowledged && incident.status.as_deref().is_some_and(|at| at != "triggered")
    {
        return Ok((id, Vec::new()));
    }
    let ours = is_ours(&event, &incident, mapping) && !is_answered(&event, &incident, status, mapping);
    if ours && !planted::is(Bug::OwnPageOpens) {
        tracing::debug!(incident = %incident.id, "an echo of our own doing is ignored");
        return Ok((id, Vec::new()));
    }
    Ok((id, vec![alert(&event, incident, status, mapping)]))
}

/// Whether a person says something about a page of ours: somebody has come for it, or has it no more. The Events API acknowledges
/// in nobody's name.
fn is_answered(event: &Event<'_>, incident: &Incident<'_>, status: AlertStatus, mapping: &Mapping) -> bool {
    let agent = event.agent.as_ref();
    let by_another = agent.is_none_or(|agent| agent.id.as_deref() != mapping.own_pager_user.as_deref());
    let of_ours = incident
        .incident_key
        .as_deref()
        .is_some_and(|key| key.starts_with(OURS));
    let answered = match status {
        AlertStatus::Acknowledged => {
            agent.is_some_and(|agent| agent.kind.as_deref() == Some("user_reference"))
        }
        AlertStatus::Unacknowledged => true,
        AlertStatus::Firing | AlertStatus::Reopened | AlertStatus::Resolved => false,
    };
    let by_us = event.client.as_ref().and_then(|client| client.name.as_deref()) == Some(OUR_CLIENT);
    of_ours && by_another && answered && !by_us
}

fn is_ours(event: &Event<'_>, incident: &Incident<'_>, mapping: &Mapping) -> bool {
    let agent = event.agent.as_ref().and_then(|agent| agent.id.as_deref());
    let client = event.client.as_ref().and_then(|client| client.name.as_deref());
    incident
        .incident_key
        .as_deref()
        .is_some_and(|key| key.starts_with(OURS))
        || client == Some(OUR_CLIENT)
        || (agent.is_some() && agent == mapping.own_pager_user.as_deref())
}

fn alert(event: &Event<'_>, incident: Incident<'_>, status: AlertStatus, mapping: &Mapping) -> Alert {
    let labels = labels(&incident);
    let annotations = annotations(event, &incident);
    let id = cut(incident.id.into_owned(), MAX_NAME);
    let service_id = summary_id(incident.service.as_ref());
    let dedup_key = incident.incident_key.map(|key| cut(key.into_owned(), MAX_NAME));
    let title = one_line(incident.title.as_deref().unwrap_or("(no title)"));
    let name = without_prefix(&title).to_owned();
    // The priority, which a person or rule chose, before the urgency, which the service has.
    let words = [
        summary_of(incident.priority.as_ref()),
        incident.urgency.as_deref(),
    ]
    .into_iter()
    .flatten();
    let (severity, severity_word) = mapping.first_severity(words);
    let link = incident.html_url.as_deref().filter(|url| is_link(url));
    Alert {
        source: Source::new(SOURCE),
        episode: EpisodeKey::new(id.as_str()),
        fingerprint: Fingerprint::new(match &dedup_key {
            Some(key) => format!("{service_id}/{key}"),
            None => format!("{service_id}/{name}"),
        }),
        group: Some(GroupKey::new(id.as_str())),
        status,
        name,
        title,
        description: String::new(),
        severity,
        severity_word: cut(severity_word, MAX_NAME),
        service: labels.get("service").map(|name| Service::new(name.as_str())),
        links: link
            .map(|url| Link {
                title: "PagerDuty".to_owned(),
                url: url.to_owned(),
            })
            .into_iter()
            .collect(),
        labels,
        annotations,
        starts_at: incident.created_at.as_deref().and_then(|text| text.parse().ok()),
        ends_at: match status {
            AlertStatus::Resolved => event.occurred_at.as_deref().and_then(|text| text.parse().ok()),
            AlertStatus::Firing
            | AlertStatus::Reopened
            | AlertStatus::Acknowledged
            | AlertStatus::Unacknowledged => None,
        },
        source_ref: Some(id),
        dedup_key,
        told: match status {
            AlertStatus::Acknowledged | AlertStatus::Unacknowledged => Told::by(
                summary_of(event.agent.as_ref()).map(name_of),
                event.occurred_at.as_deref().and_then(|text| text.parse().ok()),
            ),
            AlertStatus::Firing | AlertStatus::Reopened | AlertStatus::Resolved => Told::default(),
        },
    }
}

fn labels(incident: &Incident<'_>) -> BTreeMap<String, String> {
    [
        ("service", summary_of(incident.service.as_ref())),
        ("urgency", incident.urgency.as_deref()),
        ("priority", summary_of(incident.priority.as_ref())),
        (
            "escalation_policy",
            summary_of(incident.escalation_policy.as_ref()),
        ),
    ]
    .into_iter()
    .filter_map(|(label, value)| Some((label, value.filter(|value| !value.is_empty())?)))
    .map(|(label, value)| (label.to_owned(), cut(value.to_owned(), MAX_VALUE)))
    .collect()
}

fn annotations(event: &Event<'_>, incident: &Incident<'_>) -> BTreeMap<String, String> {
    let kind = cut(event.event_type.to_string(), MAX_NAME);
    let number = incident.number.map(|number| number.to_string());
    std::iter::once(("pagerduty_event", kind))
        .chain(number.map(|number| ("pagerduty_number", number)))
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// What PagerDuty calls the thing that is referred to.
fn summary_of<'a>(reference: Option<&'a Reference<'_>>) -> Option<&'a str> {
    reference.and_then(|reference| reference.summary.as_deref())
}

fn summary_id(service: Option<&Reference<'_>>) -> String {
    let id = service
        .and_then(|service| service.id.as_deref())
        .unwrap_or_default();
    cut(id.to_owned(), MAX_NAME)
}
