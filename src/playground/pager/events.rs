//! Events API v2: what `/v2/enqueue` and `/v2/change/enqueue` accept, and the words in which they refuse.
//!
//! Rules after PagerDuty's developer documentation (docs/events-API-v2): fields, lengths, 512 KB, 202. The
//! bodies of refusals are not documented in full; these follow what clients print of them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::model::{Change, Model, Status};

/// The largest event.
pub const MAX_BYTES: usize = 512 * 1024;

/// Events per routing key and minute before 429.
pub const PER_MINUTE: usize = 120;

/// An event that passed all rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    pub service: String,
    pub action: Action,
    pub dedup_key: Option<String>,
    pub event: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Trigger,
    Acknowledge,
    Resolve,
}

/// Checks an event; the errors are for the `errors` array of the 400.
pub fn check(model: &Model, event: Value) -> Result<Accepted, Vec<String>> {
    let mut errors = Vec::new();
    let service = routing_key(model, &event, &mut errors);
    let action = match event["event_action"].as_str() {
        Some("trigger") => Some(Action::Trigger),
        Some("acknowledge") => Some(Action::Acknowledge),
        Some("resolve") => Some(Action::Resolve),
        Some(_) | None => None,
    };
    if action.is_none() {
        errors.push(
            "'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge', 'resolve')"
                .to_owned(),
        );
    }
    let dedup_key = match &event["dedup_key"] {
        Value::Null => None,
        Value::String(key) if key.chars().count() <= 255 => Some(key.clone()).filter(|k| !k.is_empty()),
        Value::String(_) => {
            errors.push(
                "Length of 'dedup_key' is incorrect (should be between 1 and 255 characters)".to_owned(),
            );
            None
        }
        _ => {
            errors.push("'dedup_key' is invalid (must be a string)".to_owned());
            None
        }
    };
    match action {
        Some(Action::Trigger) => {
            payload(&event["payload"], &mut errors);
            links_and_images(&event, &mut errors);
        }
        Some(Action::Acknowledge | Action::Resolve) if dedup_key.is_none() => {
            errors.push("'dedup_key' is missing or blank".to_owned());
        }
        Some(Action::Acknowledge | Action::Resolve) | None => {}
    }
    match (service, action) {
        (Some(service), Some(action)) if errors.is_empty() => Ok(Accepted {
            service,
            action,
            dedup_key,
            event,
        }),
        _ => Err(errors),
    }
}

fn routing_key(model: &Model, event: &Value, errors: &mut Vec<String>) -> Option<String> {
    let key = match &event["routing_key"] {
        Value::String(key) if key.chars().count() == 32 => key,
        Value::String(key) if !key.is_empty() => {
            errors.push("Length of 'routing_key' is incorrect (should be 32 characters)".to_owned());
            return None;
        }
        _ => {
            errors.push("'routing_key' is missing or blank".to_owned());
            return None;
        }
    };
    let service = model.service_by_key(key).map(|s| s.id.clone());
    if service.is_none() {
        errors.push("Invalid routing key".to_owned());
    }
    service
}

fn payload(payload: &Value, errors: &mut Vec<String>) {
    if !payload.is_object() {
        errors.push("'payload' is missing or blank".to_owned());
        return;
    }
    for field in ["summary", "source"] {
        if payload[field].as_str().is_none_or(|text| text.trim().is_empty()) {
            errors.push(format!("'payload.{field}' is missing or blank"));
        }
    }
    if payload["summary"]
        .as_str()
        .is_some_and(|s| s.chars().count() > 1024)
    {
        errors
            .push("Length of 'payload.summary' is incorrect (should be at most 1024 characters)".to_owned());
    }
    if !matches!(
        payload["severity"].as_str(),
        Some("critical" | "error" | "warning" | "info")
    ) {
        let allowed = "'critical', 'warning', 'error', 'info'";
        errors.push(format!(
            "'payload.severity' is invalid (must be one of the following: {allowed})"
        ));
    }
    timestamp(payload, errors);
    for field in ["component", "group", "class"] {
        if !matches!(payload[field], Value::Null | Value::String(_)) {
            errors.push(format!("'payload.{field}' is invalid (must be a string)"));
        }
    }
}

fn timestamp(payload: &Value, errors: &mut Vec<String>) {
    let fine = match &payload["timestamp"] {
        Value::Null => true,
        Value::String(text) => text.parse::<Timestamp>().is_ok(),
        _ => false,
    };
    if !fine {
        errors.push("'payload.timestamp' is invalid (must be an ISO 8601 timestamp)".to_owned());
    }
}

fn links_and_images(event: &Value, errors: &mut Vec<String>) {
    for (list, field) in [("links", "href"), ("images", "src")] {
        match &event[list] {
            Value::Null => {}
            Value::Array(items) => {
                if items
                    .iter()
                    .any(|item| item[field].as_str().is_none_or(str::is_empty))
                {
                    errors.push(format!("'{list}.{field}' is missing or blank"));
                }
            }
            _ => errors.push(format!("'{list}' is invalid (must be an array)")),
        }
    }
}

/// Applies an accepted event; gives back its key and what changed. `fresh` is the key of a trigger that
/// brought none.
pub fn apply(
    model: &mut Model,
    accepted: Accepted,
    fresh: String,
    now: Timestamp,
) -> (String, Option<Change>) {
    let Accepted {
        service,
        action,
        dedup_key,
        event,
    } = accepted;
    let key = dedup_key.unwrap_or(fresh);
    let change = match action {
        Action::Trigger => model.trigger(&service, &key, event, now),
        Action::Acknowledge => model.event_status(&service, &key, Status::Acknowledged, now),
        Action::Resolve => model.event_status(&service, &key, Status::Resolved, now),
    };
    (key, change)
}

/// Checks a change event.
pub fn check_change(model: &Model, event: &Value) -> Result<(), Vec<String>> {
    let mut errors = Vec::new();
    routing_key(model, event, &mut errors);
    if event["payload"]["summary"]
        .as_str()
        .is_none_or(|s| s.trim().is_empty())
    {
        errors.push("'payload.summary' is missing or blank".to_owned());
    }
    timestamp(&event["payload"], &mut errors);
    links_and_images(event, &mut errors);
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// The body of a 400.
pub fn refusal(errors: &[String]) -> Value {
    json!({ "status": "invalid event", "message": "Event object is invalid", "errors": errors })
}

/// The body of a 429.
pub fn throttled() -> Value {
    json!({
        "status": "throttle exceeded",
        "message": "Requests for this service are arriving too quickly.  Please retry later.",
    })
}
