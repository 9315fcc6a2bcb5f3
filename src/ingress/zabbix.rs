//! Zabbix, by a webhook media type with the script in `docs/sources.md`. Problem and recovery share the event's id. Dates
//! come in the server's own zone, which isn't told, so only `timestamp` (Unix seconds) is trusted as a time.
//! Macros: <https://www.zabbix.com/documentation/current/en/manual/appendix/macros/supported_by_location>.

use super::draft::Draft;
use super::error::ParseError;
use super::json::{first, list, need, object, text};
use super::moment::moment;
use super::read::{Incoming, Read};
use crate::domain::alert::{AlertStatus, Told};

const EXPECTED: &str = "what the media type of Interlock's documents posts";

pub(super) fn read(incoming: &Incoming<'_>) -> Result<Read, ParseError> {
    let body = object(incoming.body, EXPECTED)?;
    let id = need(&body, "/event_id", EXPECTED)?;
    let value = first(&body, &["/value", "/status"])
        .ok_or_else(|| super::json::lacks("/value", "1 or 0", EXPECTED))?;
    let actions = text(&body, "/update_action")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let did = |wanted: &str| actions.split([',', ' ']).any(|word| word == wanted);
    let status = match value.to_ascii_uppercase().as_str() {
        "0" | "RESOLVED" | "OK" => AlertStatus::Resolved,
        "1" | "PROBLEM" if did("acknowledged") => AlertStatus::Acknowledged,
        "1" | "PROBLEM" if did("unacknowledged") => AlertStatus::Unacknowledged,
        "1" | "PROBLEM" => AlertStatus::Firing,
        _ => return Err(super::json::lacks("/value", "1 or 0", EXPECTED)),
    };
    let mut draft = Draft::new(status, id);
    let host = text(&body, "/host");
    draft.fingerprint = format!(
        "{}/{}",
        text(&body, "/trigger_id").unwrap_or_default(),
        host.clone().unwrap_or_default()
    );
    draft.name = text(&body, "/name").unwrap_or_default();
    draft.description = text(&body, "/description").unwrap_or_default();
    draft.severity = vec![
        text(&body, "/severity"),
        text(&body, "/nseverity").and_then(|number| word(&number)),
    ];
    draft.label("host", host);
    draft.label("host_ip", text(&body, "/host_ip"));
    for tag in list(&body, "/tags") {
        if let Some(name) = text(tag, "/tag") {
            draft.label(&name, text(tag, "/value"));
        }
    }
    draft.annotate("operational_data", text(&body, "/opdata"));
    draft.annotate("event_time", text(&body, "/event_time"));
    draft.link("Zabbix", text(&body, "/url"));
    let time = |pointer: &str| body.pointer(pointer).and_then(moment);
    draft.starts_at = time("/timestamp");
    draft.ends_at = time("/recovery_timestamp");
    draft.told = Told::by(text(&body, "/user"), time("/update_timestamp"));
    Ok(Read::one(draft.finish(incoming)))
}

/// Zabbix counts from "not classified" to "disaster".
fn word(number: &str) -> Option<String> {
    let word = match number {
        "5" => "disaster",
        "4" => "high",
        "3" => "average",
        "2" => "warning",
        "1" => "information",
        _ => return None,
    };
    Some(word.to_owned())
}
