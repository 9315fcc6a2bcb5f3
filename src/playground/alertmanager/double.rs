//! The HTTP side and the model in one: silences, and the alerts that they hide. Statuses and texts are those that Alertmanager
//! 0.25 and 0.33 were seen to give. Dropping the handle stops it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::playground::listening::Listening;

/// How to start one.
#[derive(Clone)]
pub struct AlertmanagerOptions {
    /// The port on 127.0.0.1; 0 picks a free one.
    pub port: u16,
    /// Asked of everybody when set, as a proxy before a real one would.
    pub bearer_token: Option<String>,
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl Default for AlertmanagerOptions {
    fn default() -> Self {
        Self {
            port: 0,
            bearer_token: None,
            clock: Arc::new(Timestamp::now),
        }
    }
}

/// Switches; all off by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertmanagerFaults {
    /// Every request is answered 503.
    pub unavailable: bool,
    /// So many silences are made and their answers are lost on the way.
    pub lose_answers: u32,
}

/// A silence as it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    pub id: String,
    /// Label and value; equality is all that this one knows.
    pub matchers: Vec<(String, String)>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub created_by: String,
    pub comment: String,
}

impl Silence {
    fn covers(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = |name: &String| labels.get(name).map_or("", String::as_str);
        self.matchers.iter().all(|(name, wanted)| value(name) == wanted)
    }

    fn wire(&self, now: Timestamp) -> Value {
        let state = if self.ends_at <= now { "expired" } else { "active" };
        let matchers: Vec<Value> = self
            .matchers
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value, "isRegex": false, "isEqual": true}))
            .collect();
        json!({
            "id": self.id, "status": {"state": state}, "matchers": matchers, "startsAt": self.starts_at.to_string(),
            "endsAt": self.ends_at.to_string(), "updatedAt": self.starts_at.to_string(),
            "createdBy": self.created_by, "comment": self.comment,
        })
    }
}

#[derive(Default)]
struct Model {
    silences: Vec<Silence>,
    alerts: Vec<BTreeMap<String, String>>,
    faults: AlertmanagerFaults,
}

struct Shared {
    options: AlertmanagerOptions,
    model: Mutex<Model>,
}

/// A running Alertmanager.
pub struct AlertmanagerDouble {
    listening: Listening,
    shared: Arc<Shared>,
}

impl AlertmanagerDouble {
    /// # Errors
    /// When the port can't be bound.
    pub async fn start(options: AlertmanagerOptions) -> std::io::Result<Self> {
        let port = options.port;
        let shared = Arc::new(Shared {
            options,
            model: Mutex::default(),
        });
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let listening = Listening::start(port, "the Alertmanager", router).await?;
        Ok(Self { listening, shared })
    }

    /// Its address, without `/api/v2`.
    #[must_use]
    pub fn base(&self) -> String {
        self.listening.base()
    }

    /// Every silence that was ever made.
    #[must_use]
    pub fn silences(&self) -> Vec<Silence> {
        self.shared.model.lock().silences.clone()
    }

    pub fn set_faults(&self, faults: AlertmanagerFaults) {
        self.shared.model.lock().faults = faults;
    }

    /// These labels fire from now on.
    pub fn fires(&self, labels: &[(&str, &str)]) {
        let labels = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.shared.model.lock().alerts.push(labels.collect());
    }

    /// Somebody ends a silence by hand.
    pub fn expire(&self, id: &str) {
        let now = (self.shared.options.clock)();
        let mut model = self.shared.model.lock();
        if let Some(silence) = model.silences.iter_mut().find(|silence| silence.id == id) {
            silence.ends_at = silence.ends_at.min(now);
        }
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let bearer = shared
        .options
        .bearer_token
        .as_ref()
        .map(|token| format!("Bearer {token}"));
    let given = headers.get(header::AUTHORIZATION);
    if bearer.is_some_and(|wanted| given.is_none_or(|given| given.as_bytes() != wanted.as_bytes())) {
        return (StatusCode::UNAUTHORIZED, "Unauthorized").into_response();
    }
    let now = (shared.options.clock)();
    let mut model = shared.model.lock();
    if model.faults.unavailable {
        return (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable").into_response();
    }
    let Some(path) = uri.path().strip_prefix("/api/v2") else {
        return not_found();
    };
    match (method, path) {
        (Method::GET, "/silences") => {
            let all: Vec<Value> = model.silences.iter().map(|silence| silence.wire(now)).collect();
            json_answer(StatusCode::OK, &json!(all))
        }
        (Method::POST, "/silences") => {
            let is_json = headers
                .get(header::CONTENT_TYPE)
                .is_some_and(|kind| kind.as_bytes() == b"application/json");
            if !is_json {
                let error = json!({"code": 415, "message": "unsupported media type, only [application/json] are allowed"});
                return json_answer(StatusCode::UNSUPPORTED_MEDIA_TYPE, &error);
            }
            make(&mut model, &body, now)
        }
        (Method::GET, "/alerts") => json_answer(
            StatusCode::OK,
            &alerts(&model, uri.query().unwrap_or_default(), now),
        ),
        (method, path) => match (method, path.strip_prefix("/silence/")) {
            (Method::GET, Some(id)) => match model.silences.iter().find(|silence| silence.id == id) {
                Some(silence) => json_answer(StatusCode::OK, &silence.wire(now)),
                None => not_found(),
            },
            _ => not_found(),
        },
    }
}

fn make(model: &mut Model, body: &[u8], now: Timestamp) -> Response {
    let silence = match read(body, now) {
        Ok(silence) => silence,
        Err((status, error)) => return json_answer(status, &error),
    };
    let id = silence.id.clone();
    model.silences.push(silence);
    if model.faults.lose_answers > 0 {
        model.faults.lose_answers -= 1;
        return (StatusCode::BAD_GATEWAY, "Bad Gateway").into_response();
    }
    json_answer(StatusCode::OK, &json!({"silenceID": id}))
}

fn read(body: &[u8], now: Timestamp) -> Result<Silence, (StatusCode, Value)> {
    let missing = |key: &str| {
        let message = format!("{key} in body is required");
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            json!({"code": 602, "message": message}),
        )
    };
    let bad = |why: &str| (StatusCode::BAD_REQUEST, json!(why));
    let given: Value = serde_json::from_slice(body).map_err(|error| {
        (
            StatusCode::BAD_REQUEST,
            json!({"code": 400, "message": error.to_string()}),
        )
    })?;
    let text = |key: &str| given[key].as_str().map(str::to_owned).ok_or_else(|| missing(key));
    let time = |key: &str| text(key)?.parse::<Timestamp>().map_err(|_| missing(key));
    let mut matchers = Vec::new();
    for one in given["matchers"].as_array().ok_or_else(|| missing("matchers"))? {
        let (Some(name), Some(value), Some(regex)) = (
            one["name"].as_str(),
            one["value"].as_str(),
            one["isRegex"].as_bool(),
        ) else {
            return Err(missing("matchers.0.name"));
        };
        if regex || one["isEqual"].as_bool() == Some(false) {
            return Err(bad("this Alertmanager of the playground knows equality alone"));
        }
        matchers.push((name.to_owned(), value.to_owned()));
    }
    if matchers.is_empty() {
        let error = json!({"code": 612, "message": "matchers in body should have at least 1 items"});
        return Err((StatusCode::UNPROCESSABLE_ENTITY, error));
    }
    if matchers.iter().all(|(_, value)| value.is_empty()) {
        return Err(bad(
            "silence invalid: at least one matcher must not match the empty string",
        ));
    }
    let (starts_at, ends_at) = (time("startsAt")?.max(now), time("endsAt")?);
    if ends_at < now {
        return Err(bad("Failed to create silence: end time can't be in the past"));
    }
    if ends_at <= starts_at {
        return Err(bad(
            "Failed to create silence: start time must be before end time",
        ));
    }
    Ok(Silence {
        id: format!("{:016x}", rand::random::<u64>()),
        matchers,
        starts_at,
        ends_at,
        created_by: text("createdBy")?,
        comment: text("comment")?,
    })
}

/// What fires, filtered as asked: `filter` names a label and its value, `silenced=false` leaves out what is hidden.
fn alerts(model: &Model, query: &str, now: Timestamp) -> Value {
    let mut wanted: Vec<(String, String)> = Vec::new();
    let mut silenced = true;
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "filter" => {
                wanted.extend(value.split_once('=').map(|(label, value)| {
                    (label.to_owned(), serde_json::from_str(value).unwrap_or_default())
                }))
            }
            "silenced" => silenced = value != "false",
            _ => {}
        }
    }
    let holds = |labels: &BTreeMap<String, String>| {
        let mut silences = model.silences.iter();
        silences.any(|silence| silence.ends_at > now && silence.covers(labels))
    };
    let matching = model.alerts.iter().filter(|labels| {
        let has = |(name, value): &(String, String)| labels.get(name) == Some(value);
        wanted.iter().all(has) && (silenced || !holds(labels))
    });
    let all: Vec<Value> = matching
        .map(|labels| {
            let state = if holds(labels) { "suppressed" } else { "active" };
            json!({"labels": labels, "status": {"state": state}})
        })
        .collect();
    json!(all)
}

fn not_found() -> Response {
    StatusCode::NOT_FOUND.into_response()
}

fn json_answer(status: StatusCode, body: &Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, body.to_string()).into_response()
}
