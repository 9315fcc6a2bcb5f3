//! incident.io and Grafana, as far as they can be told something: an incident's status is edited to one of the organisation's,
//! and annotations are made and found by their tag. Both refuse what theirs refuse: a status that is none, a text that is empty.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::double::{Model, Service, State};

/// The statuses of the organisation.
const STATUSES: [(&str, &str, &str); 4] = [
    ("01STATUSTRIAGE", "Triage", "triage"),
    ("01STATUSLIVE", "Investigating", "live"),
    ("01STATUSREVIEW", "Documenting", "learning"),
    ("01STATUSCLOSED", "Closed", "closed"),
];

fn problem(status: StatusCode, kind: &str, message: &str) -> (StatusCode, Value) {
    let errors = json!([{"code": kind, "message": message}]);
    let body = json!({"type": kind, "status": status.as_u16(), "message": message, "details": errors});
    (status, body)
}

pub(super) fn statuses() -> (StatusCode, Value) {
    let all =
        STATUSES.map(|(id, name, category)| json!({"id": id, "name": name, "category": category, "rank": 1}));
    (StatusCode::OK, json!({"incident_statuses": all}))
}

pub(super) fn incident_io(
    model: &mut Model,
    method: &Method,
    rest: &[&str],
    body: &Value,
) -> (StatusCode, Value) {
    let (Some(id), wanted) = (rest.first(), &body["incident"]["incident_status_id"]) else {
        return problem(StatusCode::NOT_FOUND, "not_found", "No such route");
    };
    let Some(alert) = model.alerts.get_mut(&(Service::IncidentIo, (*id).to_owned())) else {
        return problem(StatusCode::NOT_FOUND, "not_found", "Incident not found");
    };
    match (method, rest) {
        (&Method::GET, [_]) => {}
        (&Method::POST, [_, "actions", "edit"]) => {
            if !body["notify_incident_channel"].is_boolean() {
                let message = "notify_incident_channel is required";
                return problem(StatusCode::UNPROCESSABLE_ENTITY, "validation_error", message);
            }
            let Some(status) = STATUSES.iter().find(|(id, ..)| wanted == id) else {
                let message = "incident_status_id is no status of yours";
                return problem(StatusCode::UNPROCESSABLE_ENTITY, "validation_error", message);
            };
            alert.state = match status.2 {
                "learning" | "closed" => State::Closed,
                _ => State::Open,
            };
            alert.notes.push(format!("status: {}", status.1));
        }
        _ => return problem(StatusCode::NOT_FOUND, "not_found", "No such route"),
    }
    let (id_of, name, category) = match alert.state {
        State::Open | State::Acknowledged => STATUSES[1],
        State::Closed => STATUSES[2],
    };
    let status = json!({"id": id_of, "name": name, "category": category});
    (
        StatusCode::OK,
        json!({"incident": {"id": id, "incident_status": status}}),
    )
}

/// Annotations of one dashboard, or of the organisation.
pub(super) fn grafana(model: &mut Model, method: &Method, query: &str, body: &Value) -> (StatusCode, Value) {
    let asked = |key: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.into_owned())
    };
    match *method {
        Method::GET => {
            let dashboard = asked("dashboardUID").unwrap_or_default();
            let known = model.alerts.get(&(Service::Grafana, dashboard.clone()));
            let texts = known.into_iter().flat_map(|alert| alert.notes.iter().rev());
            let found: Vec<Value> = texts
                .map(|text| json!({"id": 1, "dashboardUID": dashboard, "text": text, "tags": ["interlock"]}))
                .collect();
            (StatusCode::OK, json!(found))
        }
        Method::POST => {
            let text = body["text"].as_str().unwrap_or_default();
            if text.is_empty() {
                let message = "Failed to save annotation: text field should not be empty";
                return (StatusCode::BAD_REQUEST, json!({"message": message}));
            }
            let dashboard = body["dashboardUID"].as_str().unwrap_or_default().to_owned();
            let Some(alert) = model.alerts.get_mut(&(Service::Grafana, dashboard)) else {
                return (StatusCode::NOT_FOUND, json!({"message": "Dashboard not found"}));
            };
            alert.notes.push(text.to_owned());
            (StatusCode::OK, json!({"message": "Annotation added", "id": 1}))
        }
        _ => (StatusCode::NOT_FOUND, json!({"message": "Not found"})),
    }
}
