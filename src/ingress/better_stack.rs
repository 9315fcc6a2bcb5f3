//! Better Stack's outgoing webhook for incidents: the incident as its API describes it. The status word decides; where there
//! is none, the times that are set do.
//! Attributes: <https://betterstack.com/docs/uptime/api/incidents-api-response-params/>.

use super::draft::Draft;
use super::error::ParseError;
use super::json::{list, need, object, part, plain, text};
use super::moment::moment;
use super::read::{Incoming, Read};
use crate::domain::alert::{AlertStatus, Told};

const EXPECTED: &str = "Better Stack's incident webhook";

pub(super) fn read(incoming: &Incoming<'_>) -> Result<Read, ParseError> {
    let body = object(incoming.body, EXPECTED)?;
    let id = need(&body, "/data/id", EXPECTED)?;
    let incident = part(&body, "/data/attributes", EXPECTED)?;
    let is_set = |pointer: &str| text(incident, pointer).is_some();
    let status = match text(incident, "/status")
        .map(|status| status.to_ascii_lowercase())
        .as_deref()
    {
        Some("resolved") => AlertStatus::Resolved,
        Some("acknowledged") => AlertStatus::Acknowledged,
        Some("started") => AlertStatus::Firing,
        Some(_) | None if is_set("/resolved_at") => AlertStatus::Resolved,
        Some(_) | None if is_set("/acknowledged_at") => AlertStatus::Acknowledged,
        Some(_) | None => AlertStatus::Firing,
    };
    let mut draft = Draft::new(status, id.clone());
    draft.source_ref = Some(id);
    if let Some(monitor) = text(&body, "/data/relationships/monitor/data/id") {
        draft.fingerprint = format!("monitor/{monitor}");
    }
    draft.name = text(incident, "/name").unwrap_or_default();
    let cause = text(incident, "/cause");
    draft.title = match &cause {
        Some(cause) if draft.name.is_empty() => cause.clone(),
        Some(cause) => format!("{}: {cause}", draft.name),
        None => draft.name.clone(),
    };
    draft.description = text(incident, "/response_content").unwrap_or_default();
    draft.label("cause", cause);
    draft.label("url", text(incident, "/url"));
    draft.label("team", text(incident, "/team_name"));
    let regions: Vec<String> = list(incident, "/regions").iter().filter_map(plain).collect();
    draft.annotate("regions", (!regions.is_empty()).then(|| regions.join(", ")));
    let time = |pointer: &str| incident.pointer(pointer).and_then(moment);
    draft.starts_at = time("/started_at");
    draft.ends_at = time("/resolved_at");
    draft.told = Told::by(text(incident, "/acknowledged_by"), time("/acknowledged_at"));
    Ok(Read::one(draft.finish(incoming)))
}
