//! The REST API: incidents, their alerts and notes, users, services, who is on call.
//!
//! `Authorization: Token token=…` (or `Bearer …`) on everything, `From: <e-mail of a user>` on writes, after
//! PagerDuty's API reference. Codes inside errors: 2001 (bad input), 2020 (rate) and 2100 (not found) are the
//! documented ones, 2006 is believed.

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::model::{Agent, Change, Incident, Model, Status};
use super::{events, shapes};

/// Incidents in one `PUT /incidents`.
const MAX_BULK: usize = 250;
/// The largest page of a list, and the usual one.
const MAX_LIMIT: usize = 100;
const LIMIT: usize = 25;
/// The longest note.
const MAX_NOTE: usize = 25_000;

/// What is asked, taken apart.
pub struct Ask<'a> {
    pub method: &'a Method,
    /// Path segments without empty ones.
    pub path: Vec<&'a str>,
    /// Decoded query pairs.
    pub query: Vec<(String, String)>,
    /// The value of `Authorization`.
    pub authorization: Option<&'a str>,
    /// The value of `From`.
    pub from: Option<&'a str>,
    pub body: &'a Value,
    pub now: Timestamp,
}

/// Status, body, and what changed.
pub type Reply = (u16, Value, Vec<Change>);

/// Answers one request.
pub fn answer(model: &mut Model, ask: &Ask<'_>, token: &str) -> Reply {
    if !authorized(ask.authorization, token) {
        return error(401, 2006, "Authentication failed", &[]);
    }
    let writes = *ask.method != Method::GET;
    let by = if writes {
        match requester(model, ask.from) {
            Ok(id) => Agent::Person(id),
            Err(reply) => return reply,
        }
    } else {
        Agent::Integration
    };
    match (ask.method.as_str(), ask.path.as_slice()) {
        ("GET", ["incidents"]) => list_incidents(model, ask),
        ("POST", ["incidents"]) => create_incident(model, ask),
        ("PUT", ["incidents"]) => put_many(model, ask, &by),
        ("GET", ["incidents", id]) => with(model, id, |m, i| json!({ "incident": shapes::incident(m, i) })),
        ("PUT", ["incidents", id]) => put_one(model, ask, id, by),
        ("GET", ["incidents", id, "alerts"]) => with(model, id, |m, i| {
            let alerts: Vec<Value> = i.alerts.iter().map(|a| shapes::alert(m, i, a)).collect();
            listed("alerts", alerts, ask)
        }),
        ("GET", ["incidents", id, "notes"]) => with(
            model,
            id,
            |m, i| json!({ "notes": i.notes.iter().map(|n| shapes::note(m, n)).collect::<Vec<_>>() }),
        ),
        ("POST", ["incidents", id, "notes"]) => post_note(model, ask, id, by),
        ("GET", ["users"]) => fine(listed(
            "users",
            model.people.iter().map(shapes::user).collect(),
            ask,
        )),
        ("GET", ["users", id]) => found(model.person(id).map(|p| json!({ "user": shapes::user(p) }))),
        ("GET", ["services"]) => fine(listed(
            "services",
            model.services.iter().map(shapes::service).collect(),
            ask,
        )),
        ("GET", ["services", id]) => found(
            model
                .services
                .iter()
                .find(|s| s.id == *id)
                .map(|s| json!({ "service": shapes::service(s) })),
        ),
        ("GET", ["services", id, "change_events"]) => change_events(model, ask, id),
        ("GET", ["oncalls"]) => on_calls(model, ask),
        _ => error(404, 2100, "Not Found", &[]),
    }
}

fn authorized(header: Option<&str>, token: &str) -> bool {
    let Some(header) = header else { return false };
    let given = header
        .strip_prefix("Token token=")
        .or_else(|| header.strip_prefix("Bearer "))
        .unwrap_or_default();
    given.trim_matches('"') == token
}

fn requester(model: &Model, from: Option<&str>) -> Result<String, Reply> {
    let Some(email) = from.filter(|f| !f.trim().is_empty()) else {
        return Err(error(
            400,
            2001,
            "Invalid Input Provided",
            &["From header is required"],
        ));
    };
    let person = model.person_by_email(email.trim());
    person
        .map(|p| p.id.clone())
        .ok_or_else(|| error(400, 2001, "Requester User Not Found", &[]))
}

fn fine(body: Value) -> Reply {
    (200, body, Vec::new())
}

fn found(body: Option<Value>) -> Reply {
    body.map_or_else(|| error(404, 2100, "Not Found", &[]), fine)
}

fn with(model: &Model, id: &str, show: impl FnOnce(&Model, &Incident) -> Value) -> Reply {
    found(model.incident(id).map(|i| show(model, i)))
}

/// An error in the API's shape.
pub fn error(status: u16, code: u32, message: &str, errors: &[&str]) -> Reply {
    let mut body = json!({ "error": { "message": message, "code": code } });
    if !errors.is_empty() {
        body["error"]["errors"] = json!(errors);
    }
    (status, body, Vec::new())
}

fn bad(errors: &[&str]) -> Reply {
    error(400, 2001, "Invalid Input Provided", errors)
}

/// All values of a query key, with or without `[]`.
fn asked<'a>(ask: &'a Ask<'_>, key: &str) -> Vec<&'a str> {
    ask.query
        .iter()
        .filter(|(k, _)| k.trim_end_matches("[]") == key)
        .map(|(_, v)| v.as_str())
        .collect()
}

/// One page of a list in the API's classic pagination.
fn listed(name: &str, items: Vec<Value>, ask: &Ask<'_>) -> Value {
    let number = |key: &str| asked(ask, key).first().and_then(|v| v.parse::<usize>().ok());
    let limit = number("limit").unwrap_or(LIMIT).clamp(1, MAX_LIMIT);
    let offset = number("offset").unwrap_or(0);
    let total = if asked(ask, "total") == ["true"] {
        json!(items.len())
    } else {
        Value::Null
    };
    let more = items.len() > offset.saturating_add(limit);
    let page: Vec<Value> = items.into_iter().skip(offset).take(limit).collect();
    let mut body = json!({ "limit": limit, "offset": offset, "more": more, "total": total });
    body[name] = json!(page);
    body
}

fn list_incidents(model: &Model, ask: &Ask<'_>) -> Reply {
    let statuses = asked(ask, "statuses");
    if let Some(unknown) = statuses.iter().find(|s| Status::parse(s).is_none()) {
        return bad(&[&format!("statuses[] `{unknown}` is invalid")]);
    }
    let (services, keys, urgencies) = (
        asked(ask, "service_ids"),
        asked(ask, "incident_key"),
        asked(ask, "urgencies"),
    );
    let fits = |wanted: &[&str], value: &str| wanted.is_empty() || wanted.contains(&value);
    let mut chosen: Vec<&Incident> = model
        .incidents
        .iter()
        .filter(|i| fits(&statuses, i.status.name()) && fits(&services, &i.service))
        .filter(|i| fits(&keys, &i.dedup_key) && fits(&urgencies, i.urgency.name()))
        .collect();
    if asked(ask, "sort_by")
        .first()
        .is_some_and(|s| s.ends_with(":desc"))
    {
        chosen.reverse();
    }
    fine(listed(
        "incidents",
        chosen.into_iter().map(|i| shapes::incident(model, i)).collect(),
        ask,
    ))
}

fn create_incident(model: &mut Model, ask: &Ask<'_>) -> Reply {
    let wanted = &ask.body["incident"];
    let (Some(title), Some(service)) = (wanted["title"].as_str(), wanted["service"]["id"].as_str()) else {
        return bad(&["Title and service can't be blank"]);
    };
    if !model.services.iter().any(|s| s.id == service) {
        return bad(&["Service not found"]);
    }
    let severity = if wanted["urgency"].as_str() == Some("low") {
        "info"
    } else {
        "critical"
    };
    let event = json!({ "payload": { "summary": title, "source": "api", "severity": severity,
                                     "custom_details": wanted["body"]["details"] } });
    let fresh = format!("api-{}", model.incidents.len());
    let key = wanted["incident_key"].as_str().unwrap_or(&fresh).to_owned();
    match model.trigger(service, &key, event, ask.now) {
        Some(Change::Triggered(incident)) => {
            let body = json!({ "incident": shapes::incident(model, &incident) });
            (201, body, vec![Change::Triggered(incident)])
        }
        _ => bad(&["Open incident with matching dedup key already exists on this service"]),
    }
}

/// Status and resolution out of an `incident` object, with the errors of the API.
fn wanted_status(object: &Value) -> Result<Option<(Status, Option<String>)>, Reply> {
    let kind = object["type"].as_str().unwrap_or_default();
    if kind != "incident_reference" && kind != "incident" {
        return Err(bad(&["Type must be `incident_reference`"]));
    }
    let Some(status) = object.get("status") else {
        return Ok(None);
    };
    let status = status
        .as_str()
        .and_then(Status::parse)
        .ok_or_else(|| bad(&["Status is invalid"]))?;
    Ok(Some((status, object["resolution"].as_str().map(str::to_owned))))
}

fn put_one(model: &mut Model, ask: &Ask<'_>, id: &str, by: Agent) -> Reply {
    if model.incident(id).is_none() {
        return error(404, 2100, "Not Found", &[]);
    }
    let wanted = match wanted_status(&ask.body["incident"]) {
        Ok(wanted) => wanted,
        Err(reply) => return reply,
    };
    let change =
        wanted.and_then(|(status, resolution)| model.set_status(id, status, resolution, by, ask.now));
    let (status, body, _) = with(model, id, |m, i| json!({ "incident": shapes::incident(m, i) }));
    (status, body, change.into_iter().collect())
}

fn put_many(model: &mut Model, ask: &Ask<'_>, by: &Agent) -> Reply {
    let Some(objects) = ask.body["incidents"].as_array() else {
        return bad(&["Incidents can't be blank"]);
    };
    if objects.len() > MAX_BULK {
        return error(413, 2001, "Too many incidents: at most 250 in one request", &[]);
    }
    // Everything is checked before anything is changed.
    let mut wanted = Vec::new();
    for object in objects {
        let id = object["id"].as_str().unwrap_or_default();
        match (model.incident(id).is_some(), wanted_status(object)) {
            (false, _) => return error(404, 2100, "Not Found", &[]),
            (true, Err(reply)) => return reply,
            (true, Ok(status)) => wanted.push((id.to_owned(), status)),
        }
    }
    let mut changes = Vec::new();
    for (id, status) in &wanted {
        if let Some((status, resolution)) = status.clone() {
            changes.extend(model.set_status(id, status, resolution, by.clone(), ask.now));
        }
    }
    let shown: Vec<Value> = wanted
        .iter()
        .filter_map(|(id, _)| model.incident(id))
        .map(|i| shapes::incident(model, i))
        .collect();
    (200, json!({ "incidents": shown }), changes)
}

fn post_note(model: &mut Model, ask: &Ask<'_>, id: &str, by: Agent) -> Reply {
    let content = ask.body["note"]["content"].as_str().unwrap_or_default();
    if content.trim().is_empty() {
        return bad(&["Content can't be blank"]);
    }
    if content.chars().count() > MAX_NOTE {
        return bad(&["Content is too long (maximum is 25000 characters)"]);
    }
    match model.annotate(id, content.to_owned(), by, ask.now) {
        Some(Change::Annotated(incident, note)) => {
            let body = json!({ "note": shapes::note(model, &note) });
            (200, body, vec![Change::Annotated(incident, note)])
        }
        _ => error(404, 2100, "Not Found", &[]),
    }
}

fn change_events(model: &Model, ask: &Ask<'_>, id: &str) -> Reply {
    let Some(service) = model.services.iter().find(|s| s.id == id) else {
        return error(404, 2100, "Not Found", &[]);
    };
    let of_service = model
        .change_events
        .iter()
        .filter(|e| e["routing_key"] == service.routing_key.as_str());
    let shown = of_service.rev().map(|e| {
        json!({ "type": "change_event", "summary": e["payload"]["summary"], "timestamp": e["payload"]["timestamp"],
                "source": e["payload"]["source"], "custom_details": e["payload"]["custom_details"], "links": e["links"],
                "services": [shapes::service_reference(model, id)] })
    });
    fine(listed("change_events", shown.collect(), ask))
}

fn on_calls(model: &Model, ask: &Ask<'_>) -> Reply {
    let policies = asked(ask, "escalation_policy_ids");
    let users = asked(ask, "user_ids");
    let known = policies.is_empty() || policies.contains(&shapes::POLICY);
    let entries = model
        .people
        .iter()
        .enumerate()
        .filter(|(_, p)| users.is_empty() || users.contains(&p.id.as_str()));
    let shown: Vec<Value> = entries
        .filter(|_| known)
        .map(|(index, p)| shapes::on_call(p, index + 1, ask.now))
        .collect();
    fine(listed("oncalls", shown, ask))
}

/// The largest body of a REST request; the API names none, so this is the Events API's.
pub const MAX_BYTES: usize = events::MAX_BYTES;
