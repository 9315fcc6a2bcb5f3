//! CloudEvents 1.0 over HTTP: structured, batched, and binary (attributes in `ce-` headers). The data is Interlock's own
//! format; what it leaves out the attributes fill in: `type` says whether it fires, `source` and
//! `subject` say what, `id` which delivery. Headers are read as bytes: SDKs send non-ASCII ones unencoded.
//! <https://github.com/cloudevents/spec>: `spec.md`, `bindings/http-protocol-binding.md`.

use serde_json::{Map, Value};

use super::error::ParseError;
use super::generic;
use super::json::{any, list, need, plain, text};
use super::read::{Incoming, Read};
use crate::domain::alert::Alert;

const EXPECTED: &str = "CloudEvents 1.0";
/// Events of one batch.
const MOST_EVENTS: usize = 1_000;

pub(super) fn read(incoming: &Incoming<'_>) -> Result<Read, ParseError> {
    let kind = incoming
        .header("content-type")
        .unwrap_or_default()
        .to_ascii_lowercase();
    if kind.starts_with("application/cloudevents-batch+json") || is_list(incoming.body) {
        let batch = any(incoming.body)?;
        let events = list(&batch, "");
        if events.len() > MOST_EVENTS {
            return Err(ParseError::WrongSender(
                "more than 1,000 events in one batch: send them in several",
            ));
        }
        let alerts: Result<Vec<Alert>, ParseError> =
            events.iter().map(|event| alert(incoming, event)).collect();
        // Every event has an id of its own; the engine collapses repeats of the alerts all the same.
        return Ok(Read::alerts(alerts?));
    }
    let event = if incoming.headers.contains_key("ce-specversion") {
        binary(incoming)?
    } else {
        any(incoming.body)?
    };
    let key = match (text(&event, "/source"), text(&event, "/id")) {
        (Some(source), Some(id)) => Some(incoming.delivery(&format!("{source} {id}"))),
        _ => None,
    };
    Ok(Read::one(alert(incoming, &event)?).with_key(key))
}

fn is_list(body: &[u8]) -> bool {
    body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[')
}

/// The attributes out of the headers, and the body as data.
fn binary(incoming: &Incoming<'_>) -> Result<Value, ParseError> {
    let mut event = Map::new();
    for (name, value) in incoming.headers {
        if let Some(attribute) = name.as_str().strip_prefix("ce-") {
            let value = percent_encoding::percent_decode(value.as_bytes()).decode_utf8_lossy();
            event.insert(attribute.to_owned(), Value::String(value.into_owned()));
        }
    }
    event.insert("data".to_owned(), any(incoming.body)?);
    Ok(Value::Object(event))
}

fn alert(incoming: &Incoming<'_>, event: &Value) -> Result<Alert, ParseError> {
    need(event, "/specversion", EXPECTED)?;
    let source = need(event, "/source", EXPECTED)?;
    let kind = need(event, "/type", EXPECTED)?;
    need(event, "/id", EXPECTED)?;
    let subject = text(event, "/subject");
    let mut data = match event.get("data") {
        Some(Value::Object(data)) => data.clone(),
        _ => Map::new(),
    };
    let mut fill = |key: &str, value: Option<String>| {
        let missing = data.get(key).and_then(plain).is_none();
        if let Some(value) = value.filter(|_| missing) {
            data.insert(key.to_owned(), Value::String(value));
        }
    };
    let about = subject.clone().unwrap_or_else(|| kind.clone());
    fill("title", Some(about.clone()));
    fill("status", Some(status_of(&kind).to_owned()));
    let key = text(event, "/dedupkey").unwrap_or_else(|| format!("{source} {about}"));
    fill("dedup_key", Some(key));
    fill("starts_at", text(event, "/time"));
    fill("ends_at", text(event, "/time"));
    let mut draft = generic::draft(&Value::Object(data), incoming.map)?;
    draft.label("cloudevents_source", Some(source));
    draft.label("cloudevents_type", Some(kind));
    draft.label("cloudevents_subject", subject);
    Ok(draft.finish(incoming))
}

/// `com.example.alert.resolved.v1` is the end of `com.example.alert.firing.v1`.
fn status_of(kind: &str) -> &'static str {
    let ends = ["resolved", "recovered", "closed", "cleared"];
    if kind
        .to_ascii_lowercase()
        .split(['.', '/', '-', '_'])
        .any(|word| ends.contains(&word))
    {
        "resolved"
    } else {
        "firing"
    }
}
