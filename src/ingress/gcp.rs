//! Google Cloud Monitoring's webhook, one incident a request. The state is `open` or `closed` in any case; times are Unix
//! seconds; what the channel's test sends has the version "test" and opens nothing.
//! Shape: <https://cloud.google.com/monitoring/support/notification-options#webhooks>, as others record it.

use serde_json::Value;

use super::draft::Draft;
use super::error::ParseError;
use super::json::{first, need, object, pairs, part, text};
use super::moment::moment;
use super::read::{Incoming, Read};
use crate::domain::alert::AlertStatus;

const EXPECTED: &str = "the webhook of Google Cloud Monitoring";

pub(super) fn read(incoming: &Incoming<'_>) -> Result<Read, ParseError> {
    let body = object(incoming.body, EXPECTED)?;
    let incident = part(&body, "/incident", EXPECTED)?;
    let under = |error: ParseError| error.under("incident");
    let id = need(incident, "/incident_id", EXPECTED).map_err(under)?;
    let state = need(incident, "/state", EXPECTED).map_err(under)?;
    if text(&body, "/version").as_deref() == Some("test") {
        return Ok(Read::aside(
            "the test of a notification channel has arrived, and opens nothing",
        ));
    }
    let status = match state.to_ascii_lowercase().as_str() {
        "open" => AlertStatus::Firing,
        "closed" => AlertStatus::Resolved,
        _ => {
            return Ok(Read::aside(
                "the state of the incident is neither open nor closed",
            ));
        }
    };
    let mut draft = Draft::new(status, id);
    let policy = text(incident, "/policy_name").unwrap_or_default();
    let resource = first(incident, &["/resource_id", "/resource_name"]).unwrap_or_default();
    let condition = text(incident, "/condition_name").unwrap_or_default();
    draft.fingerprint = format!("{policy}/{condition}/{resource}");
    draft.name = if policy.is_empty() {
        condition.clone()
    } else {
        policy
    };
    draft.title = text(incident, "/summary").unwrap_or_default();
    draft.description = text(incident, "/documentation/content").unwrap_or_default();
    draft.severity = vec![text(incident, "/severity")];
    labels(incident, &mut draft);
    draft.annotate("condition", Some(condition).filter(|text| !text.is_empty()));
    draft.annotate("observed_value", text(incident, "/observed_value"));
    draft.annotate("threshold_value", text(incident, "/threshold_value"));
    draft.link("Google Cloud", text(incident, "/url"));
    let time = |pointer: &str| incident.pointer(pointer).and_then(moment);
    draft.starts_at = time("/started_at");
    draft.ends_at = time("/ended_at");
    Ok(Read::one(draft.finish(incoming)))
}

fn labels(incident: &Value, draft: &mut Draft) {
    for place in [
        "/policy_user_labels",
        "/metadata/user_labels",
        "/resource/labels",
        "/metric/labels",
    ] {
        for (name, value) in pairs(incident, place) {
            // What Kubernetes calls so is a label of its resources.
            let name = if name == "namespace_name" {
                "namespace"
            } else {
                &name
            };
            draft.label(name, Some(value));
        }
    }
    draft.label("project", text(incident, "/scoping_project_id"));
    draft.label("resource_type", text(incident, "/resource/type"));
    draft.label(
        "resource",
        first(incident, &["/resource_display_name", "/resource_name"]),
    );
    draft.label("metric", text(incident, "/metric/type"));
}
