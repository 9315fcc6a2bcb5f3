//! Senders without a parser of their own: Interlock's own format, and whatever a `map` describes, by JSON pointers or by one
//! jq program within bounds. A status word that is in no list and a beginning that is no time are refused
//! rather than guessed.

use std::collections::BTreeMap;

use serde_json::Value;

use super::alertmanager::fingerprint_of;
use super::draft::Draft;
use super::error::ParseError;
use super::json::{any, list, pairs, plain, text};
use super::moment::{moment, told};
use super::read::{Incoming, Read};
use crate::config::{AlertMap, Pointer};
use crate::domain::alert::{AlertStatus, Told};
use crate::domain::jq;

const EXPECTED: &str = "Interlock's own format, or what `map` describes";
/// Alerts of one request.
const MOST_ALERTS: usize = 1_000;

const FIRING: [&str; 13] = [
    "firing",
    "alerting",
    "triggered",
    "trigger",
    "problem",
    "critical",
    "warning",
    "error",
    "down",
    "open",
    "active",
    "alarm",
    "failed",
];
const RESOLVED: [&str; 10] = [
    "resolved",
    "resolve",
    "ok",
    "up",
    "closed",
    "recovered",
    "recovery",
    "normal",
    "inactive",
    "cleared",
];
const ACKNOWLEDGED: [&str; 3] = ["acknowledged", "acknowledge", "acked"];

/// The header of the signature when the settings name none.
pub(super) const SIGNATURE: &str = "x-signature";

pub(super) fn read(incoming: &Incoming<'_>) -> Result<Read, ParseError> {
    let map = incoming.map;
    let own = AlertMap {
        firing: map.firing.clone(),
        resolved: map.resolved.clone(),
        acknowledged: map.acknowledged.clone(),
        ..AlertMap::own()
    };
    let (items, map) = match &map.jq {
        Some(program) => (made(program, incoming.body)?, &own),
        None => (found(&any(incoming.body)?, map)?, map),
    };
    if items.len() > MOST_ALERTS {
        return Err(ParseError::WrongSender(
            "more than 1,000 alerts in one request: send them in several",
        ));
    }
    let drafts: Result<Vec<Draft>, ParseError> = items.iter().map(|item| draft(item, map)).collect();
    let alerts: Vec<_> = drafts?.into_iter().map(|draft| draft.finish(incoming)).collect();
    Ok(if alerts.is_empty() {
        Read::aside("the body holds no alert where `map` looks for them")
    } else {
        Read::alerts(alerts)
    })
}

fn made(program: &str, body: &[u8]) -> Result<Vec<Value>, ParseError> {
    // Says where it is no JSON, as for every sender.
    any(body)?;
    let failed = |detail: String| ParseError::Map { detail };
    let body = std::str::from_utf8(body).map_err(|_| failed("the body is not UTF-8".to_owned()))?;
    let values = jq::values(program, body).map_err(|error| failed(error.to_string()))?;
    let mut items = Vec::new();
    for value in values {
        match value {
            Value::Object(_) => items.push(value),
            Value::Array(inner) => items.extend(inner),
            Value::Null => {}
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                return Err(failed(
                    "the jq program yields a value that is no object".to_owned(),
                ));
            }
        }
    }
    Ok(items)
}

fn found(body: &Value, map: &AlertMap) -> Result<Vec<Value>, ParseError> {
    match &map.each {
        Some(each) => match body.pointer(each.as_str()) {
            Some(Value::Array(items)) => Ok(items.clone()),
            _ => Err(super::json::lacks(each.as_str(), "a list in [ ]", EXPECTED)),
        },
        None => match body {
            Value::Array(items) => Ok(items.clone()),
            _ => Ok(vec![body.clone()]),
        },
    }
}

/// One alert out of one object.
pub(super) fn draft(item: &Value, map: &AlertMap) -> Result<Draft, ParseError> {
    if !item.is_object() {
        return Err(super::json::lacks("alert", "an object in { }", EXPECTED));
    }
    let at = |pointer: &Option<Pointer>| pointer.as_ref().and_then(|pointer| text(item, pointer.as_str()));
    let status = status(at(&map.status), map)?;
    let (title, name) = (at(&map.title), at(&map.name));
    let labels = map
        .labels
        .as_ref()
        .map(|pointer| pairs(item, pointer.as_str()))
        .unwrap_or_default();
    if status == AlertStatus::Firing && title.is_none() && name.is_none() {
        let pointer = map.title.as_ref().or(map.name.as_ref());
        return Err(super::json::lacks(
            pointer.map_or("/title", Pointer::as_str),
            "a text with something in it",
            EXPECTED,
        ));
    }
    let key = at(&map.dedup_key)
        .or_else(|| identity(&labels, name.as_deref().or(title.as_deref())))
        .ok_or_else(|| {
            let pointer = map.dedup_key.as_ref().map_or("/dedup_key", Pointer::as_str);
            super::json::lacks(pointer, "a text with something in it", EXPECTED)
        })?;
    let mut draft = Draft::new(status, key);
    draft.name = name.unwrap_or_default();
    draft.title = title.unwrap_or_default();
    draft.description = at(&map.description).unwrap_or_default();
    draft.severity = vec![at(&map.severity), labels.get("severity").cloned()];
    draft.service = at(&map.service);
    draft.labels = labels;
    if let Some(pointer) = &map.annotations {
        draft.annotations = pairs(item, pointer.as_str());
    }
    draft.runbook = at(&map.runbook_url);
    draft.link("Source", at(&map.url));
    for link in map.links.iter().flat_map(|pointer| list(item, pointer.as_str())) {
        draft.link(
            &text(link, "/text").unwrap_or_else(|| "Link".to_owned()),
            text(link, "/href").or_else(|| plain(link)),
        );
    }
    // Only when it begins is asked of every alert, so that a team sees a wrong one when it sets this up. What comes with an end
    // or an acknowledgement alone must not cost an alert months later.
    draft.starts_at = match &map.starts_at {
        Some(pointer) => told(item, &[pointer.as_str()])?,
        None => None,
    };
    let time = |pointer: &Option<Pointer>| {
        let value = pointer.as_ref().and_then(|at| item.pointer(at.as_str()));
        value.and_then(moment)
    };
    draft.ends_at = time(&map.ends_at);
    draft.told = Told::by(at(&map.acknowledged_by), time(&map.acknowledged_at));
    Ok(draft)
}

/// For senders without a key: what the alert is called and its labels.
fn identity(labels: &BTreeMap<String, String>, name: Option<&str>) -> Option<String> {
    let mut all = labels.clone();
    all.remove("severity");
    all.insert("\u{0}name".to_owned(), name?.to_owned());
    Some(fingerprint_of(&all))
}

fn status(word: Option<String>, map: &AlertMap) -> Result<AlertStatus, ParseError> {
    let Some(word) = word else {
        return Ok(AlertStatus::Firing);
    };
    let is = |listed: &[String], usual: &[&str]| {
        if listed.is_empty() {
            usual.iter().any(|other| word.eq_ignore_ascii_case(other))
        } else {
            listed.iter().any(|other| word.eq_ignore_ascii_case(other))
        }
    };
    if is(&map.resolved, &RESOLVED) {
        Ok(AlertStatus::Resolved)
    } else if is(&map.acknowledged, &ACKNOWLEDGED) {
        Ok(AlertStatus::Acknowledged)
    } else if is(&map.firing, &FIRING) {
        Ok(AlertStatus::Firing)
    } else {
        let pointer = map.status.as_ref().map_or("/status", Pointer::as_str);
        Err(super::json::lacks(
            pointer,
            "a word that the lists `firing`, `resolved` and `acknowledged` know",
            EXPECTED,
        ))
    }
}
