//! The JSON of the REST API and of webhooks, from the model. Shapes after PagerDuty's OpenAPI schema and
//! recorded answers.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::model::{Agent, Alert, Incident, Model, Note, Person, Service};

const API: &str = "https://api.pagerduty.com";
const WEB: &str = "https://playground.pagerduty.com";
/// The one escalation policy and schedule of the account.
pub const POLICY: &str = "PEP0001";
pub const SCHEDULE: &str = "PSCH001";

/// A moment in whole seconds, as the API writes it.
pub fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A reference: `{id, type, summary, self, html_url}`.
pub fn reference(kind: &str, id: &str, summary: &str) -> Value {
    let plural = match kind {
        "user" => "users",
        "service" => "services",
        "escalation_policy" => "escalation_policies",
        "schedule" => "schedules",
        _ => "incidents",
    };
    json!({
        "id": id,
        "type": format!("{kind}_reference"),
        "summary": summary,
        "self": format!("{API}/{plural}/{id}"),
        "html_url": format!("{WEB}/{plural}/{id}"),
    })
}

pub fn policy_reference() -> Value {
    reference("escalation_policy", POLICY, "Default")
}

pub fn user_reference(model: &Model, id: &str) -> Value {
    reference("user", id, model.person(id).map_or(id, |p| p.name.as_str()))
}

pub fn service_reference(model: &Model, id: &str) -> Value {
    reference(
        "service",
        id,
        model
            .services
            .iter()
            .find(|s| s.id == id)
            .map_or(id, |s| s.name.as_str()),
    )
}

/// An incident as the REST API gives it.
pub fn incident(model: &Model, i: &Incident) -> Value {
    let assignments: Vec<Value> = i
        .assignee
        .iter()
        .map(|id| json!({ "at": moment(i.created_at), "assignee": user_reference(model, id) }))
        .collect();
    let mut shape = json!({
        "id": i.id,
        "type": "incident",
        "summary": format!("[#{}] {}", i.number, i.title),
        "self": format!("{API}/incidents/{}", i.id),
        "html_url": format!("{WEB}/incidents/{}", i.id),
        "incident_number": i.number,
        "title": i.title,
        "created_at": moment(i.created_at),
        "status": i.status.name(),
        "incident_key": i.dedup_key,
        "urgency": i.urgency.name(),
        "service": service_reference(model, &i.service),
        "assignments": assignments,
        "escalation_policy": policy_reference(),
        "teams": [],
        "alert_counts": { "all": i.alerts.len(), "triggered": i.alerts.len(), "resolved": 0 },
    });
    if let Some(resolution) = &i.resolution {
        shape["resolve_reason"] = json!(null);
        shape["resolution"] = json!(resolution);
    }
    shape
}

/// An alert as `GET /incidents/{id}/alerts` gives it: the event's payload stands in `body`.
pub fn alert(model: &Model, i: &Incident, a: &Alert) -> Value {
    let payload = &a.event["payload"];
    let contexts: Vec<Value> = a.event["links"]
        .as_array()
        .map(|links| {
            links
                .iter()
                .map(|l| json!({ "type": "link", "href": l["href"], "text": l["text"] }))
                .collect()
        })
        .unwrap_or_default();
    json!({
        "id": a.id,
        "type": "alert",
        "summary": a.summary,
        "self": format!("{API}/incidents/{}/alerts/{}", i.id, a.id),
        "html_url": format!("{WEB}/alerts/{}", a.id),
        "created_at": moment(a.created_at),
        "status": if i.status == super::Status::Resolved { "resolved" } else { "triggered" },
        "alert_key": i.dedup_key,
        "severity": a.severity,
        "service": service_reference(model, &i.service),
        "incident": reference("incident", &i.id, &format!("[#{}] {}", i.number, i.title)),
        "body": {
            "type": "alert_body",
            "contexts": contexts,
            "details": payload.get("custom_details").cloned().unwrap_or(Value::Null),
            "cef_details": {
                "severity": a.severity,
                "description": a.summary,
                "source_origin": payload["source"],
                "dedup_key": i.dedup_key,
                "source_component": payload.get("component").cloned().unwrap_or(Value::Null),
                "service_group": payload.get("group").cloned().unwrap_or(Value::Null),
                "event_class": payload.get("class").cloned().unwrap_or(Value::Null),
                "details": payload.get("custom_details").cloned().unwrap_or(Value::Null),
            },
        },
    })
}

/// A note as the REST API gives it.
pub fn note(model: &Model, n: &Note) -> Value {
    json!({ "id": n.id, "user": agent(model, &n.by), "content": n.content, "created_at": moment(n.created_at) })
}

/// Who did it: nobody in particular when it was an integration.
pub fn agent(model: &Model, by: &Agent) -> Value {
    match by {
        Agent::Person(id) => user_reference(model, id),
        Agent::Integration => Value::Null,
    }
}

pub fn user(p: &Person) -> Value {
    let mut shape = reference("user", &p.id, &p.name);
    shape["type"] = json!("user");
    shape["name"] = json!(p.name);
    shape["email"] = json!(p.email);
    shape["time_zone"] = json!("Etc/UTC");
    shape["role"] = json!("user");
    shape
}

pub fn service(s: &Service) -> Value {
    let mut shape = reference("service", &s.id, &s.name);
    shape["type"] = json!("service");
    shape["name"] = json!(s.name);
    shape["status"] = json!("active");
    shape["escalation_policy"] = policy_reference();
    shape
}

/// One entry of `GET /oncalls`: a week around now.
pub fn on_call(p: &Person, level: usize, now: Timestamp) -> Value {
    let week = jiff::SignedDuration::from_hours(24 * 7);
    let edge = |at: Result<Timestamp, jiff::Error>| moment(at.unwrap_or(now));
    json!({
        "user": reference("user", &p.id, &p.name),
        "schedule": reference("schedule", SCHEDULE, "Primary"),
        "escalation_policy": policy_reference(),
        "escalation_level": level,
        "start": edge(now.checked_sub(week)),
        "end": edge(now.checked_add(week)),
    })
}
