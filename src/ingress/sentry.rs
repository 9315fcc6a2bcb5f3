//! Sentry's integration platform. A metric alert has an incident of its own, with an end. An issue alert has none: it ends
//! when the issue is resolved, so issue and issue alert share one key. Bodies hold personal data of the team's users, so
//! only the fields that are named here are kept.
//! Shapes: <https://docs.sentry.io/organization/integrations/integration-platform/webhooks/>.

use serde_json::Value;

use super::draft::Draft;
use super::error::ParseError;
use super::json::{first, list, need, object, part, text};
use super::moment::moment;
use super::read::{Incoming, Read};
use crate::domain::alert::AlertStatus;

/// HMAC-SHA256 of the body with the client secret.
pub(super) const SIGNATURE: &str = "sentry-hook-signature";
const RESOURCE: &str = "sentry-hook-resource";
const EXPECTED: &str = "a webhook of Sentry's integration platform";

pub(super) fn read(incoming: &Incoming<'_>) -> Result<Read, ParseError> {
    let body = object(incoming.body, EXPECTED)?;
    let action = need(&body, "/action", EXPECTED)?;
    let data = part(&body, "/data", EXPECTED)?;
    // The header names the kind; the body shows it too, for those who look at a body alone.
    let resource = incoming
        .header(RESOURCE)
        .map_or_else(|| guessed(data), str::to_owned);
    match resource.as_str() {
        "metric_alert" => metric_alert(incoming, &action, data),
        "event_alert" => event_alert(incoming, data),
        "issue" if action == "resolved" => issue_resolved(incoming, data),
        "issue" => Ok(Read::aside(
            "an issue is no alert before a rule of Sentry says so",
        )),
        _ => Ok(Read::aside("the resource is neither an alert nor an issue")),
    }
}

fn guessed(data: &Value) -> String {
    ["metric_alert", "issue", "event"]
        .iter()
        .find(|kind| data.get(**kind).is_some())
        .map_or_else(String::new, |kind| {
            if *kind == "event" {
                "event_alert".to_owned()
            } else {
                (*kind).to_owned()
            }
        })
}

fn metric_alert(incoming: &Incoming<'_>, action: &str, data: &Value) -> Result<Read, ParseError> {
    let status = match action {
        "critical" | "warning" => AlertStatus::Firing,
        "resolved" => AlertStatus::Resolved,
        _ => {
            return Ok(Read::aside(
                "the action says nothing about whether the alert fires",
            ));
        }
    };
    let alert = part(data, "/metric_alert", EXPECTED).map_err(|error| error.under("data"))?;
    let id = need(alert, "/id", EXPECTED).map_err(|error| error.under("data.metric_alert"))?;
    let mut draft = Draft::new(status, format!("metric/{id}"));
    if let Some(rule) = text(alert, "/alert_rule/id") {
        draft.fingerprint = format!("rule/{rule}");
    }
    draft.name = text(alert, "/alert_rule/name").unwrap_or_default();
    draft.title = text(data, "/description_title").unwrap_or_default();
    draft.description = text(data, "/description_text").unwrap_or_default();
    draft.severity = vec![(status == AlertStatus::Firing).then(|| action.to_owned())];
    draft.service = first(alert, &["/projects/0", "/alert_rule/projects/0"]);
    draft.label("project", draft.service.clone());
    draft.label("environment", text(alert, "/alert_rule/environment"));
    draft.annotate("query", text(alert, "/alert_rule/query"));
    draft.link("Sentry", text(data, "/web_url"));
    let time = |pointer: &str| alert.pointer(pointer).and_then(moment);
    draft.starts_at = time("/date_started").or_else(|| time("/date_created"));
    draft.ends_at = time("/date_closed");
    Ok(Read::one(draft.finish(incoming)))
}

fn event_alert(incoming: &Incoming<'_>, data: &Value) -> Result<Read, ParseError> {
    let event = part(data, "/event", EXPECTED).map_err(|error| error.under("data"))?;
    let issue = need(event, "/issue_id", EXPECTED).map_err(|error| error.under("data.event"))?;
    let mut draft = Draft::new(AlertStatus::Firing, format!("issue/{issue}"));
    draft.name = first(data, &["/triggered_rule", "/issue_alert/title"]).unwrap_or_default();
    draft.title = text(event, "/title").unwrap_or_default();
    draft.severity = vec![text(event, "/level")];
    for tag in list(event, "/tags") {
        if let (Some(name), value) = (text(tag, "/0"), text(tag, "/1"))
            && ["environment", "server_name", "release", "service"].contains(&name.as_str())
        {
            draft.label(&name, value);
        }
    }
    draft.label("release", text(event, "/release"));
    draft.label("platform", text(event, "/platform"));
    draft.service = text(event, "/url").as_deref().and_then(project);
    draft.label("project", draft.service.clone());
    draft.annotate("culprit", text(event, "/culprit"));
    draft.link("Sentry", text(event, "/web_url"));
    draft.starts_at = event.pointer("/datetime").and_then(moment);
    Ok(Read::one(draft.finish(incoming)))
}

/// `…/projects/acme/shop/events/…` to `shop`: the body names the project by number alone.
fn project(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("/projects/")?;
    rest.split('/').nth(1).map(str::to_owned)
}

fn issue_resolved(incoming: &Incoming<'_>, data: &Value) -> Result<Read, ParseError> {
    let issue = part(data, "/issue", EXPECTED).map_err(|error| error.under("data"))?;
    let id = need(issue, "/id", EXPECTED).map_err(|error| error.under("data.issue"))?;
    let mut draft = Draft::new(AlertStatus::Resolved, format!("issue/{id}"));
    draft.title = text(issue, "/title").unwrap_or_default();
    draft.severity = vec![text(issue, "/level")];
    draft.service = first(issue, &["/project/slug", "/project/name"]);
    draft.annotate("culprit", text(issue, "/culprit"));
    draft.link("Sentry", text(issue, "/permalink"));
    Ok(Read::one(draft.finish(incoming)))
}
