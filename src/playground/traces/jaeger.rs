//! The HTTP side of Jaeger's query service: the API that its own page uses, with its envelope and its refusals. Source:
//! `parseTraceQueryParams` of <https://github.com/jaegertracing/jaeger>. Dropping the handle stops it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::go_duration;
use super::span::{Span, Trace};
use crate::playground::listening::Listening;

/// Traces that are given without `limit`.
const LIMIT: usize = 100;
/// How far back it looks without `start`.
const LOOKBACK: SignedDuration = SignedDuration::from_hours(48);

/// How to start one.
#[derive(Clone)]
pub struct JaegerOptions {
    /// The port on 127.0.0.1; 0 picks a free one.
    pub port: u16,
    /// Asked of everybody when set, as a proxy before a real one would.
    pub bearer_token: Option<String>,
    /// Where the traces come from, asked at each search.
    pub traces: Arc<dyn Fn() -> Vec<Trace> + Send + Sync>,
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl Default for JaegerOptions {
    fn default() -> Self {
        Self {
            port: 0,
            bearer_token: None,
            traces: Arc::new(Vec::new),
            clock: Arc::new(Timestamp::now),
        }
    }
}

struct Shared {
    options: JaegerOptions,
    searches: Mutex<Vec<String>>,
}

/// A running Jaeger.
pub struct JaegerDouble {
    listening: Listening,
    shared: Arc<Shared>,
}

impl JaegerDouble {
    /// # Errors
    /// When the port can't be bound.
    pub async fn start(options: JaegerOptions) -> std::io::Result<Self> {
        let port = options.port;
        let shared = Arc::new(Shared {
            options,
            searches: Mutex::default(),
        });
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let listening = Listening::start(port, "the Jaeger", router).await?;
        Ok(Self { listening, shared })
    }

    /// Its address, without `/api`.
    #[must_use]
    pub fn base(&self) -> String {
        self.listening.base()
    }

    /// The searches so far as they came, oldest first.
    #[must_use]
    pub fn searches(&self) -> Vec<String> {
        self.shared.searches.lock().clone()
    }
}

async fn answer(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap) -> Response {
    let given = headers.get(header::AUTHORIZATION);
    let given = given.and_then(|value| value.to_str().ok());
    if let Some(token) = &shared.options.bearer_token
        && given != Some(&format!("Bearer {token}"))
    {
        return (StatusCode::UNAUTHORIZED, "Unauthorized\n").into_response();
    }
    let traces = (shared.options.traces)();
    let data = match uri.path() {
        "/api/services" => {
            let spans = traces.iter().flat_map(|trace| &trace.spans);
            let services: BTreeSet<&str> = spans.map(|span| span.service.as_str()).collect();
            Ok(json!(services))
        }
        "/api/traces" => searched(&shared, uri.query().unwrap_or_default(), traces),
        _ => return (StatusCode::NOT_FOUND, "404 page not found\n").into_response(),
    };
    let kind = [(header::CONTENT_TYPE, "application/json")];
    let (status, data, errors) = match data {
        Ok(data) => (StatusCode::OK, data, Value::Null),
        Err(why) => {
            let errors = json!([{"code": 400, "msg": why}]);
            (StatusCode::BAD_REQUEST, Value::Null, errors)
        }
    };
    let body = json!({"data": data, "total": 0, "limit": 0, "offset": 0, "errors": errors});
    (status, kind, body.to_string()).into_response()
}

/// What is asked of one span.
struct Wanted {
    service: String,
    operation: Option<String>,
    tags: BTreeMap<String, String>,
    /// Nanoseconds.
    least: Option<i128>,
    most: Option<i128>,
}

fn searched(shared: &Shared, text: &str, mut traces: Vec<Trace>) -> Result<Value, String> {
    shared.searches.lock().push(text.to_owned());
    let parameters: Vec<(String, String)> = url::form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect();
    let of = |name: &str| {
        let found = parameters.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    };
    let moment = |name: &str, without: Timestamp| match of(name) {
        None => Ok(without),
        Some(text) => {
            let read = text
                .parse()
                .ok()
                .and_then(|at| Timestamp::from_microsecond(at).ok());
            read.ok_or_else(|| {
                format!(
                    "unable to parse param '{name}': strconv.ParseInt: parsing \"{text}\": invalid syntax"
                )
            })
        }
    };
    let now = (shared.options.clock)();
    let (from, to) = (moment("start", now - LOOKBACK)?, moment("end", now)?);
    let wanted = wanted(&parameters)?;
    let limit = match of("limit") {
        None => LIMIT,
        Some(text) => text
            .parse()
            .map_err(|_| format!("strconv.ParseInt: parsing \"{text}\": invalid syntax"))?,
    };
    traces.sort_by_key(|trace| std::cmp::Reverse(trace.lasts().0));
    let found = traces
        .iter()
        .filter(|trace| trace.is_within(from, to) && trace.spans.iter().any(|span| wanted.is_met_by(span)));
    Ok(found.take(limit).map(whole).collect())
}

fn wanted(parameters: &[(String, String)]) -> Result<Wanted, String> {
    let of = |name: &str| {
        let found = parameters.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.clone())
            .filter(|value| !value.is_empty())
    };
    let mut tags = BTreeMap::new();
    for (name, value) in parameters {
        if name == "tag" {
            let (key, value) = value.split_once(':').ok_or_else(|| {
                format!("malformed 'tag' parameter, expecting key:value, received: {value}")
            })?;
            tags.insert(key.to_owned(), value.to_owned());
        } else if name == "tags" {
            let all: BTreeMap<String, String> = serde_json::from_str(value)
                .map_err(|error| format!("malformed 'tags' parameter, cannot unmarshal JSON: {error}"))?;
            tags.extend(all);
        }
    }
    let duration = |name: &str| match of(name) {
        None => Ok(None),
        Some(text) => go_duration(&text)
            .map(Some)
            .ok_or_else(|| format!("unable to parse param '{name}': time: invalid duration \"{text}\"")),
    };
    let (least, most) = (duration("minDuration")?, duration("maxDuration")?);
    let service = of("service").ok_or("parameter 'service' is required")?;
    if least.is_some_and(|least| most.is_some_and(|most| most < least)) {
        return Err("'maxDuration' should be greater than 'minDuration'".to_owned());
    }
    Ok(Wanted {
        service,
        operation: of("operation"),
        tags,
        least,
        most,
    })
}

impl Wanted {
    fn is_met_by(&self, span: &Span) -> bool {
        let took = span.took.as_nanos();
        let has = tags(span);
        self.service == span.service
            && self.operation.as_ref().is_none_or(|name| *name == span.name)
            && self.least.is_none_or(|least| took >= least)
            && self.most.is_none_or(|most| took <= most)
            && self
                .tags
                .iter()
                .all(|(key, value)| has.iter().any(|(name, has)| name == key && plain(has) == *value))
    }
}

/// With the one that Jaeger makes of a status.
fn tags(span: &Span) -> BTreeMap<String, Value> {
    let mut all = span.attributes.clone();
    if span.error {
        all.insert("error".to_owned(), Value::Bool(true));
    }
    all
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn whole(trace: &Trace) -> Value {
    let services: BTreeSet<&str> = trace.spans.iter().map(|span| span.service.as_str()).collect();
    let numbered: Vec<(String, &str)> = (1..)
        .zip(services)
        .map(|(number, service)| (format!("p{number}"), service))
        .collect();
    let process = |service: &str| {
        let found = numbered.iter().find(|(_, name)| *name == service);
        found.map(|(id, _)| id.clone())
    };
    let spans: Vec<Value> = trace
        .spans
        .iter()
        .map(|span| {
            let references: Vec<Value> = span
                .parent
                .iter()
                .map(|parent| json!({"refType": "CHILD_OF", "traceID": trace.id, "spanID": parent}))
                .collect();
            let tags: Vec<Value> = tags(span).iter().map(|(key, value)| tag(key, value)).collect();
            json!({
                "traceID": trace.id, "spanID": span.id, "operationName": span.name, "references": references,
                "startTime": span.starts_at.as_microsecond(), "duration": i64::try_from(span.took.as_micros()).unwrap_or(i64::MAX),
                "tags": tags, "logs": [], "processID": process(&span.service), "warnings": null,
            })
        })
        .collect();
    let processes: serde_json::Map<String, Value> = numbered
        .iter()
        .map(|(id, service)| (id.clone(), json!({"serviceName": service, "tags": []})))
        .collect();
    json!({"traceID": trace.id, "spans": spans, "processes": processes, "warnings": null})
}

fn tag(key: &str, value: &Value) -> Value {
    let kind = match value {
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_i64() => "int64",
        Value::Number(_) => "float64",
        _ => "string",
    };
    json!({"key": key, "type": kind, "value": value})
}
