//! The HTTP side and the model in one. Opsgenie and Jira Service Management answer "taken" and do it afterwards; Better Stack
//! does it at once, and answers 409 to what is so already. Dropping the handle stops it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shown;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::told;
use crate::playground::listening::Listening;

/// Whose API it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    Opsgenie,
    Jsm,
    BetterStack,
    IncidentIo,
    /// Its annotations; the id is a dashboard's uid, empty for the organisation.
    Grafana,
}

/// Where an alert stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Open,
    Acknowledged,
    Closed,
}

/// Switches; all off by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnCallFaults {
    /// So many writes are done and their answers are lost on the way.
    pub lose_answers: u32,
}

pub(super) struct Alert {
    pub state: State,
    pub notes: Vec<String>,
}

#[derive(Default)]
pub(super) struct Model {
    pub alerts: BTreeMap<(Service, String), Alert>,
    /// Every request that was taken, with what became of it: whether it was done, and in words.
    requests: Vec<(bool, String)>,
    faults: OnCallFaults,
}

struct Shared {
    token: String,
    model: Mutex<Model>,
}

/// All of them, running.
pub struct OnCallDouble {
    listening: Listening,
    shared: Arc<Shared>,
}

/// The user of Jira Service Management, and the site.
const EMAIL: &str = "interlock@example.test";
const CLOUD: &str = "11223344-a1b2-3b33-c444-def123456789";

impl OnCallDouble {
    /// # Errors
    /// When no port can be bound.
    pub async fn start() -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            token: format!("{:032x}", rand::random::<u128>()),
            model: Mutex::default(),
        });
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let listening = Listening::start(0, "the on-call services", router).await?;
        Ok(Self { listening, shared })
    }

    #[must_use]
    pub fn base(&self) -> String {
        self.listening.base()
    }

    /// The key or token of each of them.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.shared.token
    }

    #[must_use]
    pub fn email(&self) -> &'static str {
        EMAIL
    }

    #[must_use]
    pub fn cloud_id(&self) -> &'static str {
        CLOUD
    }

    pub fn set_faults(&self, faults: OnCallFaults) {
        self.shared.model.lock().faults = faults;
    }

    /// An alert opens there.
    pub fn opens(&self, service: Service, id: &str) {
        let alert = Alert {
            state: State::Open,
            notes: Vec::new(),
        };
        self.shared
            .model
            .lock()
            .alerts
            .insert((service, id.to_owned()), alert);
    }

    #[must_use]
    pub fn state(&self, service: Service, id: &str) -> Option<State> {
        let model = self.shared.model.lock();
        model
            .alerts
            .get(&(service, id.to_owned()))
            .map(|alert| alert.state)
    }

    /// What stands in an alert's timeline.
    #[must_use]
    pub fn notes(&self, service: Service, id: &str) -> Vec<String> {
        let model = self.shared.model.lock();
        let alert = model.alerts.get(&(service, id.to_owned()));
        alert.map(|alert| alert.notes.clone()).unwrap_or_default()
    }
}

async fn answer(
    Shown(shared): Shown<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path: Vec<&str> = uri.path().split('/').filter(|part| !part.is_empty()).collect();
    let (service, rest) = match path.as_slice() {
        ["v2", "alerts", rest @ ..] => (Service::Opsgenie, rest),
        ["jsm", "ops", "api", CLOUD, "v1", "alerts", rest @ ..] => (Service::Jsm, rest),
        ["api", "v2", "incidents", rest @ ..] => (Service::BetterStack, rest),
        ["v2", "incidents", rest @ ..] => (Service::IncidentIo, rest),
        rest @ ["v1", "incident_statuses"] => (Service::IncidentIo, rest),
        rest @ ["api", "annotations"] => (Service::Grafana, rest),
        _ => return (StatusCode::NOT_FOUND, "not found").into_response(),
    };
    let wanted = match service {
        Service::Opsgenie => format!("GenieKey {}", shared.token),
        Service::Jsm => format!("Basic {}", STANDARD.encode(format!("{EMAIL}:{}", shared.token))),
        Service::BetterStack | Service::IncidentIo | Service::Grafana => format!("Bearer {}", shared.token),
    };
    let given = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
    if given != Some(wanted.as_bytes()) {
        let error = json!({"message": "Key format is not valid!", "took": 0.001});
        return json_answer(StatusCode::UNAUTHORIZED, &error);
    }
    let writes = method == Method::POST;
    let mut model = shared.model.lock();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let reply = match (method, rest) {
        (Method::GET, ["v1", "incident_statuses"]) => told::statuses(),
        (method, ["api", "annotations"]) => {
            told::grafana(&mut model, &method, uri.query().unwrap_or_default(), &body)
        }
        (method, rest) if service == Service::IncidentIo => {
            told::incident_io(&mut model, &method, rest, &body)
        }
        (Method::GET, ["requests", id]) => request(&model, service, id),
        (Method::GET, [id, "notes"]) => notes(&model, service, id),
        (Method::POST, [id, what]) => act(&mut model, service, id, what, &body),
        _ => (
            StatusCode::METHOD_NOT_ALLOWED,
            json!({"message": "Method not allowed"}),
        ),
    };
    if reply.0.is_success() && writes && model.faults.lose_answers > 0 {
        model.faults.lose_answers -= 1;
        return (StatusCode::BAD_GATEWAY, "Bad Gateway").into_response();
    }
    json_answer(reply.0, &reply.1)
}

fn act(model: &mut Model, service: Service, id: &str, what: &str, body: &Value) -> (StatusCode, Value) {
    let key = (service, id.to_owned());
    if service == Service::BetterStack {
        let Some(alert) = model.alerts.get_mut(&key) else {
            return (
                StatusCode::NOT_FOUND,
                json!({"errors": "Resource with provided ID was not found"}),
            );
        };
        let (state, by) = match what {
            "acknowledge" => (State::Acknowledged, &body["acknowledged_by"]),
            "resolve" => (State::Closed, &body["resolved_by"]),
            _ => return (StatusCode::NOT_FOUND, json!({"errors": "not found"})),
        };
        if alert.state == state || alert.state == State::Closed {
            let error = json!({"errors": format!("Incident was already {what}d")});
            return (StatusCode::CONFLICT, error);
        }
        alert.state = state;
        alert.notes.extend(by.as_str().map(str::to_owned));
        return (StatusCode::OK, json!({"data": {"id": id, "type": "incident"}}));
    }
    // Taken first, done later: what is wrong with it is found out then.
    let outcome = match model.alerts.get_mut(&key) {
        None => (false, "Alert does not exist".to_owned()),
        Some(alert) => {
            let note = body["note"].as_str().map(str::to_owned);
            match (what, alert.state) {
                ("close", State::Closed) => (false, "Alert is already closed".to_owned()),
                ("acknowledge", State::Acknowledged) => (false, "Alert is already acknowledged".to_owned()),
                ("acknowledge", State::Closed) => (false, "Alert is closed".to_owned()),
                ("close", _) => {
                    alert.state = State::Closed;
                    alert.notes.extend(note);
                    (true, "Closed alert".to_owned())
                }
                ("acknowledge", _) => {
                    alert.state = State::Acknowledged;
                    alert.notes.extend(note);
                    (true, "Acknowledged alert".to_owned())
                }
                ("notes", _) => {
                    alert.notes.extend(note);
                    (true, "Added note".to_owned())
                }
                _ => return (StatusCode::NOT_FOUND, json!({"message": "not found"})),
            }
        }
    };
    model.requests.push(outcome);
    let id = format!("request-{}", model.requests.len());
    let taken = json!({"result": "Request will be processed", "took": 0.1, "requestId": id});
    (StatusCode::ACCEPTED, taken)
}

fn request(model: &Model, service: Service, id: &str) -> (StatusCode, Value) {
    let number = id
        .strip_prefix("request-")
        .and_then(|number| number.parse::<usize>().ok());
    let known = number.and_then(|number| model.requests.get(number.checked_sub(1)?));
    let Some((done, status)) = known else {
        return (
            StatusCode::NOT_FOUND,
            json!({"message": "Request not found. It might not be processed, yet."}),
        );
    };
    let outcome = json!({"isSuccess": done, "status": status});
    match service {
        Service::Jsm => (StatusCode::OK, outcome),
        Service::Opsgenie | Service::BetterStack | Service::IncidentIo | Service::Grafana => {
            (StatusCode::OK, json!({"data": outcome, "requestId": id}))
        }
    }
}

fn notes(model: &Model, service: Service, id: &str) -> (StatusCode, Value) {
    match model.alerts.get(&(service, id.to_owned())) {
        Some(alert) => {
            let values: Vec<Value> = alert.notes.iter().map(|note| json!({"note": note})).collect();
            (StatusCode::OK, json!({"values": values}))
        }
        None => (StatusCode::NOT_FOUND, json!({"message": "Alert not found"})),
    }
}

fn json_answer(status: StatusCode, body: &Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, body.to_string()).into_response()
}
