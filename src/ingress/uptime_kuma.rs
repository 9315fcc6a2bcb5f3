//! Uptime Kuma's webhook, as JSON or as a form with the JSON in the field `data`. A monitor keeps its number over episodes,
//! so the heartbeat's time tells them apart; it is UTC without saying so. Heartbeat and monitor are null in messages about
//! certificates, which are alerts, and in tests, which are none.
//! Shape: <https://github.com/louislam/uptime-kuma> `server/notification-providers/webhook.js`, `server/model/heartbeat.js`.

use std::borrow::Cow;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::draft::Draft;
use super::error::ParseError;
use super::json::{first, lacks, list, object, text};
use super::moment::moment;
use super::read::{Incoming, Read};
use crate::domain::alert::AlertStatus;

const EXPECTED: &str = "the webhook of Uptime Kuma";

pub(super) fn read(incoming: &Incoming<'_>) -> Result<Read, ParseError> {
    let body = object(&data(incoming), EXPECTED)?;
    let message = text(&body, "/msg").unwrap_or_default();
    let (heartbeat, monitor) = (body.get("heartbeat"), body.get("monitor"));
    let (Some(heartbeat), Some(monitor)) = (heartbeat, monitor) else {
        return Err(lacks("/heartbeat", "an object in { } or null", EXPECTED));
    };
    if heartbeat.is_null() || monitor.is_null() {
        return Ok(spoken(incoming, message));
    }
    let id = first(&body, &["/monitor/id", "/heartbeat/monitorID"])
        .ok_or_else(|| lacks("/monitor/id", "the number of a monitor", EXPECTED))?;
    let status = match heartbeat.get("status").and_then(Value::as_i64) {
        Some(0) => AlertStatus::Firing,
        Some(1) => AlertStatus::Resolved,
        Some(_) => {
            return Ok(Read::aside(
                "a monitor that is pending or in maintenance is neither down nor up",
            ));
        }
        None => return Err(lacks("/heartbeat/status", "0 to 3", EXPECTED)),
    };
    let mut draft = Draft::new(status, id);
    draft.name = text(monitor, "/name").unwrap_or_default();
    let said = text(heartbeat, "/msg");
    draft.title = match &said {
        Some(said) => format!("{}: {said}", draft.name),
        None => draft.name.clone(),
    };
    draft.description = text(monitor, "/description").unwrap_or(message);
    draft.label("monitor", text(monitor, "/name"));
    draft.label("type", text(monitor, "/type"));
    draft.label("url", text(monitor, "/url"));
    draft.label("hostname", text(monitor, "/hostname"));
    for tag in list(monitor, "/tags") {
        if let Some(name) = text(tag, "/name") {
            draft.label(
                &name,
                Some(text(tag, "/value").unwrap_or_else(|| "true".to_owned())),
            );
        }
    }
    draft.annotate("path", text(monitor, "/pathName"));
    let at = heartbeat.get("time").and_then(moment);
    draft.changed_at(at);
    Ok(Read::one(draft.finish(incoming)))
}

/// A message without a monitor. Its text is all the identity there is; digits count days down and are left out of it.
fn spoken(incoming: &Incoming<'_>, message: String) -> Read {
    if !message.to_ascii_lowercase().contains("certificate") {
        return Read::aside("a message without a monitor, as tests are, opens nothing");
    }
    let words: String = message.chars().filter(|c| !c.is_ascii_digit()).collect();
    let digest = Sha256::digest(words.as_bytes());
    let key = hex::encode(digest.get(..8).unwrap_or(&digest));
    let mut draft = Draft::new(AlertStatus::Firing, format!("message/{key}"));
    draft.name = "CertificateExpiry".to_owned();
    draft.title = message;
    Read::one(draft.finish(incoming))
}

/// The JSON, out of the form when it stands in one.
fn data<'b>(incoming: &Incoming<'b>) -> Cow<'b, [u8]> {
    let boundary = incoming
        .header("content-type")
        .filter(|kind| kind.starts_with("multipart/form-data"))
        .and_then(|kind| kind.split_once("boundary="))
        .map(|(_, boundary)| {
            boundary
                .split(';')
                .next()
                .unwrap_or(boundary)
                .trim()
                .trim_matches('"')
        })
        .filter(|boundary| !boundary.is_empty());
    let Some(boundary) = boundary else {
        return Cow::Borrowed(incoming.body);
    };
    let text = String::from_utf8_lossy(incoming.body).replace("\r\n", "\n");
    let field = text
        .split(&format!("--{boundary}"))
        .filter_map(|part| part.split_once("\n\n"))
        .find(|(head, _)| head.contains("name=\"data\""))
        .map(|(_, value)| value.trim().to_owned());
    Cow::Owned(field.unwrap_or_default().into_bytes())
}
