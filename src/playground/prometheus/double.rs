//! The HTTP side: `/api/v1/query` and `/api/v1/query_range` with the envelope, the statuses and the refusals of the real one
//! (<https://prometheus.io/docs/prometheus/latest/querying/api/>). Dropping the handle stops it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::{Value as Json, json};

use super::eval::{Series, Value, query};
use crate::playground::listening::Listening;
use crate::playground::words;

/// Where the series come from, asked at each query.
pub type Source = Arc<dyn Fn() -> Vec<Series> + Send + Sync>;

/// What the series were at a time, in Unix seconds, where they were something else than now.
pub type History = Arc<dyn Fn(f64) -> Option<Vec<Series>> + Send + Sync>;

/// Points of a series in one answer.
const POINTS: f64 = 11_000.0;
/// Queries that are remembered.
const KEPT: usize = 200;

/// How to start one.
#[derive(Clone)]
pub struct PrometheusOptions {
    /// The port on 127.0.0.1; 0 picks a free one.
    pub port: u16,
    /// Asked of everybody when set, as a proxy before a real one would.
    pub bearer_token: Option<String>,
    pub series: Source,
    pub history: History,
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl Default for PrometheusOptions {
    fn default() -> Self {
        Self {
            port: 0,
            bearer_token: None,
            series: Arc::new(Vec::new),
            history: Arc::new(|_| None),
            clock: Arc::new(Timestamp::now),
        }
    }
}

/// Switches; all off by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrometheusFaults {
    /// Every query is answered 503, as while it replays its log.
    pub unavailable: bool,
    /// Wait before every answer.
    pub latency: Option<Duration>,
}

/// A running Prometheus.
pub struct PrometheusDouble {
    listening: Listening,
    shared: Arc<Shared>,
}

struct Shared {
    options: PrometheusOptions,
    faults: Mutex<PrometheusFaults>,
    queries: Mutex<VecDeque<String>>,
}

impl PrometheusDouble {
    /// # Errors
    /// When the port can't be bound.
    pub async fn start(options: PrometheusOptions) -> std::io::Result<Self> {
        let port = options.port;
        let shared = Arc::new(Shared {
            options,
            faults: Mutex::default(),
            queries: Mutex::default(),
        });
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let listening = Listening::start(port, "the Prometheus", router).await?;
        Ok(Self { listening, shared })
    }

    /// Its address, without `/api/v1`.
    #[must_use]
    pub fn base(&self) -> String {
        self.listening.base()
    }

    #[must_use]
    pub fn bearer_token(&self) -> Option<&str> {
        self.shared.options.bearer_token.as_deref()
    }

    #[must_use]
    pub fn faults(&self) -> PrometheusFaults {
        self.shared.faults.lock().clone()
    }

    pub fn set_faults(&self, faults: PrometheusFaults) {
        *self.shared.faults.lock() = faults;
    }

    /// The queries of late, oldest first.
    #[must_use]
    pub fn queries(&self) -> Vec<String> {
        self.shared.queries.lock().iter().cloned().collect()
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let faults = shared.faults.lock().clone();
    if let Some(latency) = faults.latency {
        tokio::time::sleep(latency).await;
    }
    if !allowed(&shared, &headers) {
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
        return (StatusCode::UNAUTHORIZED, challenge, "Unauthorized").into_response();
    }
    if faults.unavailable {
        return (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable").into_response();
    }
    match (uri.path(), &method) {
        ("/api/v1/query" | "/api/v1/query_range", &Method::GET | &Method::POST) => {
            let mut given = parameters(uri.query().unwrap_or_default().as_bytes());
            let is_form = headers
                .get(header::CONTENT_TYPE)
                .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
            if method == Method::POST && is_form {
                given.extend(parameters(&body));
            }
            match uri.path() {
                "/api/v1/query" => instant(&shared, &given),
                _ => ranged(&shared, &given),
            }
        }
        ("/api/v1/query" | "/api/v1/query_range", _) => {
            (StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed").into_response()
        }
        ("/-/healthy", _) => "Prometheus Server is Healthy.\n".into_response(),
        ("/-/ready", _) => "Prometheus Server is Ready.\n".into_response(),
        _ => (StatusCode::NOT_FOUND, "404 page not found\n").into_response(),
    }
}

fn allowed(shared: &Shared, headers: &HeaderMap) -> bool {
    let Some(token) = &shared.options.bearer_token else {
        return true;
    };
    let given = headers.get(header::AUTHORIZATION);
    given.is_some_and(|given| given.as_bytes() == format!("Bearer {token}").as_bytes())
}

fn parameters(text: &[u8]) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(text).into_owned().collect()
}

fn instant(shared: &Shared, given: &BTreeMap<String, String>) -> Response {
    let bad = |what: &str, why: String| bad_data(&format!("invalid parameter \"{what}\": {why}"));
    let now = (shared.options.clock)();
    let time = match given.get("time") {
        None => now.as_millisecond() as f64 / 1000.0,
        Some(text) => match moment(text) {
            Some(time) => time,
            None => return bad("time", format!("cannot parse {text:?} to a valid timestamp")),
        },
    };
    if let Some(text) = given.get("timeout")
        && words::span(text).is_none()
        && text.parse::<f64>().is_err()
    {
        return bad("timeout", format!("cannot parse {text:?} to a valid duration"));
    }
    let text = given.get("query").map_or("", String::as_str);
    {
        let mut queries = shared.queries.lock();
        queries.push_back(text.to_owned());
        if queries.len() > KEPT {
            queries.pop_front();
        }
    }
    match query(text, &(shared.options.series)()) {
        Ok(value) => json_response(
            StatusCode::OK,
            &json!({"status": "success", "data": data(value, time)}),
        ),
        Err(error) => bad("query", error),
    }
}

/// How it went: as far as anybody knows the series were always what they are now, but for the source's own word on what
/// they were before it changed.
fn ranged(shared: &Shared, given: &BTreeMap<String, String>) -> Response {
    let bad = |what: &str, why: &str| bad_data(&format!("invalid parameter \"{what}\": {why}"));
    let time = |what: &str| given.get(what).and_then(|text| moment(text));
    let (Some(start), Some(end)) = (time("start"), time("end")) else {
        return bad("start", "cannot parse \"\" to a valid timestamp");
    };
    let step = given.get("step").and_then(|text| text.parse::<f64>().ok());
    let Some(step) = step.filter(|step| *step > 0.0) else {
        let why = "zero or negative query resolution step widths are not accepted. Try a positive integer";
        return bad("step", why);
    };
    if end < start {
        return bad("end", "end timestamp must not be before start time");
    }
    let points = ((end - start) / step).floor();
    if points > POINTS {
        return bad_data(
            "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
        );
    }
    let text = given.get("query").map_or("", String::as_str);
    let mut lines: BTreeMap<BTreeMap<String, String>, Vec<Json>> = BTreeMap::new();
    // Asked once: nobody has another word for most of the time.
    let now = query(text, &(shared.options.series)());
    for place in 0..=(points as u32) {
        let at = start + f64::from(place) * step;
        let then = (shared.options.history)(at).map(|series| query(text, &series));
        match then.as_ref().unwrap_or(&now) {
            Ok(Value::Vector(all)) => {
                for (labels, value) in all {
                    let line = lines.entry(labels.clone()).or_default();
                    line.push(json!([at, shown(*value)]));
                }
            }
            Ok(Value::Scalar(value)) => {
                let line = lines.entry(BTreeMap::new()).or_default();
                line.push(json!([at, shown(*value)]));
            }
            Err(error) => return bad("query", error),
        }
    }
    let result: Vec<Json> = lines
        .into_iter()
        .map(|(labels, values)| json!({"metric": labels, "values": values}))
        .collect();
    let data = json!({"resultType": "matrix", "result": result});
    json_response(StatusCode::OK, &json!({"status": "success", "data": data}))
}

/// Seconds since 1970, or RFC 3339.
fn moment(text: &str) -> Option<f64> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.is_finite());
    seconds.or_else(|| Some(text.parse::<Timestamp>().ok()?.as_millisecond() as f64 / 1000.0))
}

fn data(value: Value, time: f64) -> Json {
    match value {
        Value::Scalar(number) => json!({"resultType": "scalar", "result": [time, shown(number)]}),
        Value::Vector(all) => {
            let result: Vec<Json> = all
                .into_iter()
                .map(|(labels, value)| json!({"metric": labels, "value": [time, shown(value)]}))
                .collect();
            json!({"resultType": "vector", "result": result})
        }
    }
}

/// Numbers as Go writes them.
fn shown(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        number.to_string()
    }
}

fn bad_data(error: &str) -> Response {
    let body = json!({"status": "error", "errorType": "bad_data", "error": error});
    json_response(StatusCode::BAD_REQUEST, &body)
}

fn json_response(status: StatusCode, body: &Json) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, body.to_string()).into_response()
}
