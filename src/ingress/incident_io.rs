//! incident.io's webhooks: the payload stands under a key that is named like `event_type`. An incident's status has a
//! category, and only the categories in which nobody works on it any more end it. Of private incidents only the id comes.
//! Frame and signature: <https://docs.incident.io/integrations/webhooks>, <https://www.standardwebhooks.com>.

use serde_json::Value;

use super::draft::Draft;
use super::error::ParseError;
use super::json::{need, object, text};
use super::moment::moment;
use super::read::{Incoming, Read};
use crate::domain::alert::AlertStatus;

const EXPECTED: &str = "incident.io's webhook";
/// Of Standard Webhooks, and its older name.
pub(super) const ID: [&str; 2] = ["webhook-id", "svix-id"];

pub(super) fn read(incoming: &Incoming<'_>) -> Result<Read, ParseError> {
    let body = object(incoming.body, EXPECTED)?;
    let kind = need(&body, "/event_type", EXPECTED)?;
    let key = ID
        .iter()
        .find_map(|name| incoming.header(name))
        .map(|id| incoming.delivery(id));
    let aside = |why| Ok(Read::aside(why).with_key(key.clone()));
    let Some((visibility, event)) = kind.split_once('.') else {
        return aside("the event is of no kind that opens or ends an incident");
    };
    if ![
        "incident_created_v2",
        "incident_updated_v2",
        "incident_status_updated_v2",
    ]
    .contains(&event)
    {
        return aside("the event is of no kind that opens or ends an incident");
    }
    if visibility == "private_incident" {
        return aside("of a private incident only its id is told, so nothing is opened for it");
    }
    let Some(payload) = body.get(&kind).filter(|payload| payload.is_object()) else {
        return Err(super::json::lacks(&kind, "an object in { }", EXPECTED));
    };
    let incident = payload.get("incident").unwrap_or(payload);
    let id = need(incident, "/id", EXPECTED).map_err(|error| error.under(&kind))?;
    let status = match text(incident, "/incident_status/category").as_deref() {
        Some("closed" | "learning" | "canceled" | "declined" | "merged") => AlertStatus::Resolved,
        Some(_) | None => AlertStatus::Firing,
    };
    Ok(Read::one(draft(incident, id, status).finish(incoming)).with_key(key))
}

fn draft(incident: &Value, id: String, status: AlertStatus) -> Draft {
    let mut draft = Draft::new(status, id);
    draft.title = text(incident, "/name").unwrap_or_default();
    draft.description = text(incident, "/summary").unwrap_or_default();
    draft.severity = vec![text(incident, "/severity/name")];
    draft.source_ref = text(incident, "/id");
    draft.annotate("incident_io_reference", text(incident, "/reference"));
    draft.label("incident_status", text(incident, "/incident_status/name"));
    draft.link("incident.io", text(incident, "/permalink"));
    let time = |pointer: &str| incident.pointer(pointer).and_then(moment);
    draft.starts_at = time("/created_at");
    draft.ends_at = time("/updated_at");
    draft
}
