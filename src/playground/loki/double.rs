//! The HTTP side, with the envelope, the statuses and the refusals of the real one
//! (<https://grafana.com/docs/loki/latest/reference/loki-http-api/>). Dropping the handle stops it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::logql::{Lines, Query, Stream, parse};
use crate::playground::listening::Listening;

/// Lines that are given without `limit`.
const LIMIT: usize = 100;
/// `max_entries_limit_per_query` as it comes.
const MOST: usize = 5_000;
/// How far back a range query looks without `start`.
const BACK: SignedDuration = SignedDuration::from_hours(1);

/// How to start one.
#[derive(Clone)]
pub struct LokiOptions {
    /// The port on 127.0.0.1; 0 picks a free one.
    pub port: u16,
    /// Asked of everybody when set, as a proxy before a real one would.
    pub bearer_token: Option<String>,
    /// With `auth_enabled`: the only tenant that it has logs of.
    pub tenant: Option<String>,
    /// Where the streams come from, asked at each query.
    pub streams: Arc<dyn Fn() -> Vec<Stream> + Send + Sync>,
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl Default for LokiOptions {
    fn default() -> Self {
        Self {
            port: 0,
            bearer_token: None,
            tenant: None,
            streams: Arc::new(Vec::new),
            clock: Arc::new(Timestamp::now),
        }
    }
}

struct Shared {
    options: LokiOptions,
    queries: Mutex<Vec<String>>,
}

/// A running Loki.
pub struct LokiDouble {
    listening: Listening,
    shared: Arc<Shared>,
}

impl LokiDouble {
    /// # Errors
    /// When the port can't be bound.
    pub async fn start(options: LokiOptions) -> std::io::Result<Self> {
        let port = options.port;
        let shared = Arc::new(Shared {
            options,
            queries: Mutex::default(),
        });
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let listening = Listening::start(port, "the Loki", router).await?;
        Ok(Self { listening, shared })
    }

    /// Its address, without `/loki/api/v1`.
    #[must_use]
    pub fn base(&self) -> String {
        self.listening.base()
    }

    /// The queries so far, oldest first.
    #[must_use]
    pub fn queries(&self) -> Vec<String> {
        self.shared.queries.lock().clone()
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
    let text = uri.query().unwrap_or_default();
    let parameters: BTreeMap<String, String> = url::form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect();
    // A tenant of whom it has no logs is no error.
    let streams = match options.tenant.as_deref() == tenant || options.tenant.is_none() {
        true => (options.streams)(),
        false => Vec::new(),
    };
    let now = (options.clock)();
    let found = match uri.path() {
        "/ready" => return "ready\n".into_response(),
        "/loki/api/v1/query" => instant(&shared, &parameters, &streams, now),
        "/loki/api/v1/query_range" => ranged(&shared, &parameters, &streams, now),
        _ => return (StatusCode::NOT_FOUND, "404 page not found\n").into_response(),
    };
    match found {
        Ok(data) => {
            let kind = [(header::CONTENT_TYPE, "application/json; charset=UTF-8")];
            (kind, json!({"status": "success", "data": data}).to_string()).into_response()
        }
        Err(why) => (StatusCode::BAD_REQUEST, format!("{why}\n")).into_response(),
    }
}

type Parameters = BTreeMap<String, String>;

fn asked(shared: &Shared, parameters: &Parameters) -> Result<Query, String> {
    let query = parameters.get("query").map_or("", String::as_str);
    shared.queries.lock().push(query.to_owned());
    parse(query)
}

fn instant(
    shared: &Shared,
    parameters: &Parameters,
    streams: &[Stream],
    now: Timestamp,
) -> Result<Value, String> {
    let at = moment(parameters, "time")?.unwrap_or(now);
    let count = match asked(shared, parameters)? {
        Query::Count(count) => count,
        Query::Lines(_) => {
            let why = "log queries are not supported as an instant query type, please change your query to a range query type";
            return Err(why.to_owned());
        }
    };
    let result: Vec<Value> = count
        .of(streams, at)
        .into_iter()
        .map(|(labels, value)| json!({"metric": labels, "value": [at.as_second(), value.to_string()]}))
        .collect();
    Ok(json!({"resultType": "vector", "result": result, "stats": {}}))
}

fn ranged(
    shared: &Shared,
    parameters: &Parameters,
    streams: &[Stream],
    now: Timestamp,
) -> Result<Value, String> {
    let lines = match asked(shared, parameters)? {
        Query::Lines(lines) => lines,
        Query::Count(_) => {
            return Err("parse error : metric queries over a range are not known here".to_owned());
        }
    };
    let to = moment(parameters, "end")?.unwrap_or(now);
    let from = moment(parameters, "start")?.unwrap_or(to - BACK);
    let limit = match parameters.get("limit") {
        None => LIMIT,
        Some(text) => text
            .parse()
            .map_err(|_| format!("strconv.ParseInt: parsing \"{text}\": invalid syntax"))?,
    };
    if limit > MOST {
        return Err(format!(
            "max entries limit per query exceeded, limit > max_entries_limit_per_query ({limit} > {MOST})"
        ));
    }
    let newest_first = parameters.get("direction").is_none_or(|word| word != "forward");
    Ok(
        json!({"resultType": "streams", "result": given(&lines, streams, (from, to), (limit, newest_first)), "stats": {}}),
    )
}

/// The limit is for all streams together.
fn given(
    lines: &Lines,
    streams: &[Stream],
    (from, to): (Timestamp, Timestamp),
    (limit, newest_first): (usize, bool),
) -> Vec<Value> {
    let found = lines.among(streams, from, to);
    let mut all: Vec<(Timestamp, usize, &str)> = Vec::new();
    for (place, stream) in found.iter().enumerate() {
        all.extend(stream.lines.iter().map(|(at, line)| (*at, place, line.as_str())));
    }
    all.sort_by_key(|(at, ..)| *at);
    if newest_first {
        all.reverse();
    }
    all.truncate(limit);
    let of = |place: usize| {
        let mine = all.iter().filter(|(_, of, _)| *of == place);
        mine.map(|(at, _, line)| json!([at.as_nanosecond().to_string(), line]))
            .collect::<Vec<_>>()
    };
    let rows = found
        .iter()
        .enumerate()
        .map(|(place, stream)| (stream, of(place)));
    rows.filter(|(_, values)| !values.is_empty())
        .map(|(stream, values)| json!({"stream": stream.labels, "values": values}))
        .collect()
}

/// Nanoseconds since 1970, or RFC 3339.
fn moment(parameters: &Parameters, name: &str) -> Result<Option<Timestamp>, String> {
    let Some(text) = parameters.get(name) else {
        return Ok(None);
    };
    let nanoseconds = text
        .parse::<i128>()
        .ok()
        .and_then(|at| Timestamp::from_nanosecond(at).ok());
    let read = nanoseconds.or_else(|| text.parse().ok());
    read.map(Some)
        .ok_or_else(|| format!("parsing time \"{text}\": cannot parse"))
}
