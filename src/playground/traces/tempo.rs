//! The HTTP side of Tempo, with the answers, the statuses and the refusals of the real one
//! (<https://grafana.com/docs/tempo/latest/api_docs/#search>). Dropping the handle stops it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::span::{Span, Trace};
use super::traceql::{Query, parse};
use crate::playground::listening::Listening;

/// Traces that are given without `limit`.
const LIMIT: usize = 20;
/// Spans of a set without `spss`.
const SPANS: usize = 3;
/// `max_duration` as it comes.
const LONGEST: i64 = 168 * 3_600;
/// How far back it looks without `start` and `end`.
const RECENT: SignedDuration = SignedDuration::from_mins(30);

/// How to start one.
#[derive(Clone)]
pub struct TempoOptions {
    /// The port on 127.0.0.1; 0 picks a free one.
    pub port: u16,
    /// Asked of everybody when set, as a proxy before a real one would.
    pub bearer_token: Option<String>,
    /// With `multitenancy_enabled`: the only tenant that it has traces of.
    pub tenant: Option<String>,
    /// Where the traces come from, asked at each search.
    pub traces: Arc<dyn Fn() -> Vec<Trace> + Send + Sync>,
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl Default for TempoOptions {
    fn default() -> Self {
        Self {
            port: 0,
            bearer_token: None,
            tenant: None,
            traces: Arc::new(Vec::new),
            clock: Arc::new(Timestamp::now),
        }
    }
}

struct Shared {
    options: TempoOptions,
    searches: Mutex<Vec<String>>,
    /// Parts of a search that do not answer.
    silent: Mutex<u64>,
}

/// A running Tempo.
pub struct TempoDouble {
    listening: Listening,
    shared: Arc<Shared>,
}

impl TempoDouble {
    /// # Errors
    /// When the port can't be bound.
    pub async fn start(options: TempoOptions) -> std::io::Result<Self> {
        let port = options.port;
        let shared = Arc::new(Shared {
            options,
            searches: Mutex::default(),
            silent: Mutex::default(),
        });
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let listening = Listening::start(port, "the Tempo", router).await?;
        Ok(Self { listening, shared })
    }

    /// Its address, without `/api`.
    #[must_use]
    pub fn base(&self) -> String {
        self.listening.base()
    }

    /// The searches so far, oldest first.
    #[must_use]
    pub fn searches(&self) -> Vec<String> {
        self.shared.searches.lock().clone()
    }

    /// From now on so many parts of a search do not answer, as when queriers are lost.
    pub fn loses_parts(&self, parts: u64) {
        *self.shared.silent.lock() = parts;
    }
}

async fn answer(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap) -> Response {
    let given = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let options = &shared.options;
    if let Some(token) = &options.bearer_token
        && given(header::AUTHORIZATION.as_str()) != Some(&format!("Bearer {token}"))
    {
        return (StatusCode::UNAUTHORIZED, "Unauthorized\n").into_response();
    }
    let tenant = given("x-scope-orgid");
    if options.tenant.is_some() && tenant.is_none() {
        return (StatusCode::UNAUTHORIZED, "no org id\n").into_response();
    }
    match uri.path() {
        "/ready" => return "ready\n".into_response(),
        "/api/echo" => return "echo".into_response(),
        "/api/search" => {}
        _ => return (StatusCode::NOT_FOUND, "404 page not found\n").into_response(),
    }
    // A tenant of whom it has no traces is no error.
    let traces = match options.tenant.as_deref() == tenant || options.tenant.is_none() {
        true => (options.traces)(),
        false => Vec::new(),
    };
    let text = uri.query().unwrap_or_default();
    let parameters = url::form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect();
    match searched(&shared, &parameters, traces) {
        Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response(),
        Err(why) => (StatusCode::BAD_REQUEST, why).into_response(),
    }
}

type Parameters = BTreeMap<String, String>;

fn searched(shared: &Shared, parameters: &Parameters, mut traces: Vec<Trace>) -> Result<Value, String> {
    let number = |name: &str| match parameters.get(name) {
        None => Ok(None),
        Some(text) => text
            .parse::<i64>()
            .map(Some)
            .map_err(|_| format!("invalid {name}: strconv.ParseInt: parsing \"{text}\": invalid syntax")),
    };
    let size = |name: &str, without: usize| match number(name)?.map(usize::try_from) {
        None => Ok(without),
        Some(Ok(size)) if size > 0 => Ok(size),
        Some(Ok(_) | Err(_)) => Err(format!("invalid {name}: must be a positive number")),
    };
    let (limit, spans) = (size("limit", LIMIT)?, size("spss", SPANS)?);
    let (from, to) = window((shared.options.clock)(), number("start")?, number("end")?)?;
    let text = parameters.get("q").map_or("{ }", String::as_str);
    shared.searches.lock().push(text.to_owned());
    let query = parse(text).map_err(|why| format!("invalid TraceQL query: {why}"))?;
    // The newest first; the real one gives whichever it comes upon.
    traces.sort_by_key(|trace| std::cmp::Reverse(trace.lasts().0));
    let found = traces
        .iter()
        .filter(|trace| trace.is_within(from, to) && query.finds(trace));
    let rows: Vec<Value> = found.take(limit).map(|trace| row(trace, &query, spans)).collect();
    let (silent, jobs) = (*shared.silent.lock(), 4);
    let mut metrics = json!({"inspectedBytes": "37411", "totalJobs": jobs, "totalBlocks": 1});
    // As protobuf's JSON has it, what is zero or empty is left out.
    if silent < jobs {
        metrics["completedJobs"] = json!(jobs - silent);
    }
    let mut body = json!({ "metrics": metrics });
    if !rows.is_empty() {
        body["traces"] = Value::Array(rows);
    }
    Ok(body)
}

fn window(now: Timestamp, start: Option<i64>, end: Option<i64>) -> Result<(Timestamp, Timestamp), String> {
    // One without the other is zero.
    let (start, end) = match (start, end) {
        (None, None) => return Ok((now - RECENT, now)),
        (start, end) => (start.unwrap_or(0), end.unwrap_or(0)),
    };
    if start >= end {
        return Err(format!(
            "http parameter start must be before end. received start={start} end={end}"
        ));
    }
    if end - start > LONGEST {
        return Err(format!(
            "range specified by start and end exceeds 168h0m0s. received start={start} end={end}"
        ));
    }
    let at = |second| Timestamp::from_second(second).map_err(|_| "invalid start".to_owned());
    Ok((at(start)?, at(end)?))
}

fn row(trace: &Trace, query: &Query, spans: usize) -> Value {
    let (starts, took) = trace.lasts();
    let matched = query.spans(trace);
    let shown: Vec<Value> = matched.iter().take(spans).map(|span| of_span(span)).collect();
    let mut row = json!({
        "traceID": trace.id.trim_start_matches('0'), "startTimeUnixNano": starts.as_nanosecond().to_string(),
        "spanSets": [{"spans": shown, "matched": matched.len()}],
    });
    let milliseconds = took.as_millis();
    if milliseconds > 0 {
        row["durationMs"] = json!(i64::try_from(milliseconds).unwrap_or(i64::MAX));
    }
    if let Some(root) = trace.spans.first() {
        row["rootServiceName"] = json!(root.service);
        row["rootTraceName"] = json!(root.name);
    }
    row
}

fn of_span(span: &Span) -> Value {
    json!({
        "spanID": span.id, "startTimeUnixNano": span.starts_at.as_nanosecond().to_string(),
        "durationNanos": span.took.as_nanos().to_string(),
    })
}
