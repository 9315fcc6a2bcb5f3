//! Opsgenie's outgoing webhook, and that of Jira Service Management, which took its place and sends the same. An episode
//! is the alert's id; the alias is the sender's own key. `createdAt` is in milliseconds, `updatedAt` in nanoseconds.
//! Description and details come with `Create` alone. Shape: docs.opsgenie.com, "Webhook Integration" and "Alert Action Data".

use super::draft::Draft;
use super::error::ParseError;
use super::json::{list, need, object, pairs, part, plain, text};
use super::moment::moment;
use super::read::{Incoming, Read};
use super::text::without_prefix;
use crate::domain::alert::{AlertStatus, Told};

const EXPECTED: &str = "the outgoing webhook of Opsgenie or Jira Service Management";

/// What an action means for the incident; `None` for notes, tags, owners and actions that teams make themselves.
fn status_of(action: &str) -> Option<AlertStatus> {
    match action {
        "Create" | "Escalate" | "EscalateToNext" | "UpdatePriority" => Some(AlertStatus::Firing),
        "UnAcknowledge" => Some(AlertStatus::Unacknowledged),
        "Acknowledge" => Some(AlertStatus::Acknowledged),
        "Close" | "Delete" => Some(AlertStatus::Resolved),
        _ => None,
    }
}

pub(super) fn read(incoming: &Incoming<'_>) -> Result<Read, ParseError> {
    let body = object(incoming.body, EXPECTED)?;
    let action = need(&body, "/action", EXPECTED)?;
    let alert = part(&body, "/alert", EXPECTED)?;
    let id = need(alert, "/alertId", EXPECTED).map_err(|error| error.under("alert"))?;
    let Some(status) = status_of(&action) else {
        return Ok(Read::aside(
            "the action changes nothing about whether the alert fires",
        ));
    };
    let mut draft = Draft::new(status, id.clone());
    draft.source_ref = Some(id);
    let alias = text(alert, "/alias");
    draft.fingerprint = alias.clone().unwrap_or_default();
    draft.dedup_key = alias;
    draft.title = without_prefix(&text(alert, "/message").unwrap_or_default()).to_owned();
    draft.description = text(alert, "/description").unwrap_or_default();
    for (name, value) in pairs(alert, "/details") {
        if name.contains("runbook") || name.ends_with("url") {
            draft.annotate(&name, Some(value));
        } else {
            draft.label(&name, Some(value));
        }
    }
    draft.name = match draft.labels.get("alertname") {
        Some(name) => name.clone(),
        None => draft.title.clone(),
    };
    draft.severity = vec![text(alert, "/priority"), draft.labels.get("severity").cloned()];
    draft.service = text(alert, "/entity");
    let tags: Vec<String> = list(alert, "/tags").iter().filter_map(plain).collect();
    draft.annotate("tags", (!tags.is_empty()).then(|| tags.join(", ")));
    draft.annotate("opsgenie_action", Some(action));
    draft.annotate("opsgenie_number", text(alert, "/tinyId"));
    draft.link("Source", text(alert, "/source"));
    let time = |pointer: &str| alert.pointer(pointer).and_then(moment);
    draft.starts_at = time("/createdAt");
    draft.ends_at = time("/updatedAt");
    draft.told = Told::by(text(alert, "/username"), draft.ends_at);
    Ok(Read::one(draft.finish(incoming)))
}
