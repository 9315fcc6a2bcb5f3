//! The pager's listener: requests in, faults and limits applied, the model asked, answers and webhooks out.
//!
//! A plain hyper loop instead of a router, because a dropped reply must really close the connection.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;

use super::calls::{self, Call};
use super::double::PagerOptions;
use super::events;
use super::faults::{Fate, PagerFaults};
use super::limits::{self, Window};
use super::model::{Change, Model};
use super::rest::{self, Ask};
use super::webhooks::{self, Delivery};

/// What the handle and the listener share.
pub struct Shared {
    pub options: PagerOptions,
    pub model: Mutex<Model>,
    pub faults: Mutex<PagerFaults>,
    pub calls: Mutex<VecDeque<Call>>,
    pub window: Mutex<Window>,
    pub serial: AtomicU64,
    pub tick: broadcast::Sender<()>,
    pub outbox: Option<mpsc::UnboundedSender<Delivery>>,
}

/// How many ticks a slow listener may lag behind.
const TICKS: usize = 64;

impl Shared {
    pub fn new(options: PagerOptions, outbox: Option<mpsc::UnboundedSender<Delivery>>) -> Self {
        Self {
            model: Mutex::new(Model::new(options.people.clone(), options.services.clone())),
            faults: Mutex::default(),
            calls: Mutex::default(),
            window: Mutex::default(),
            serial: AtomicU64::new(1),
            tick: broadcast::channel(TICKS).0,
            outbox,
            options,
        }
    }

    pub fn changed(&self) {
        // Nobody listening is fine.
        let _ = self.tick.send(());
    }

    /// Puts the webhooks of changes into the queue, while the model is still locked: their order is the order
    /// of changes.
    pub fn tell(&self, model: &Model, changes: Vec<Change>, now: Timestamp) {
        for change in &changes {
            let serial = self.serial.fetch_add(1, Ordering::Relaxed);
            if let Some(outbox) = &self.outbox {
                let body = webhooks::event(model, change, serial, now).to_string();
                let delivery = Delivery {
                    id: format!("wh-{serial:0>8}"),
                    body: Bytes::from(body),
                };
                if outbox.send(delivery).is_err() {
                    tracing::warn!("the pager's webhook sender has stopped; nothing more is delivered");
                }
            }
        }
        self.changed();
    }
}

/// Takes connections until it is dropped.
pub async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, shared.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "the pager could not take a connection");
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(move |request| {
        let shared = shared.clone();
        async move { handle(request, &shared).await }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection to the pager ended early");
    }
}

/// The reply was to be dropped: hyper closes the connection on an error.
#[derive(Debug, thiserror::Error)]
#[error("the reply is dropped, as the fault asks")]
struct Dropped;

async fn handle(request: Request<Incoming>, shared: &Shared) -> Result<Response<Full<Bytes>>, Dropped> {
    let (parts, body) = request.into_parts();
    let latency = shared.faults.lock().latency;
    if let Some(latency) = latency {
        tokio::time::sleep(latency).await;
    }
    let path = parts.uri.path().to_owned();
    let is_event = path.starts_with("/v2/");
    let max = if is_event {
        events::MAX_BYTES
    } else {
        rest::MAX_BYTES
    };
    let raw = Limited::new(body, max)
        .collect()
        .await
        .map(|whole| whole.to_bytes());
    let now = (shared.options.clock)();
    let fate = shared.faults.lock().fate();
    let json = raw
        .as_ref()
        .ok()
        .and_then(|raw| serde_json::from_slice::<Value>(raw).ok());
    let over = shared
        .window
        .lock()
        .hit(is_event.then(|| key_of(json.as_ref())), now);
    let (status, reply) = match (fate, raw.is_err()) {
        (Fate::Fail, _) => (
            500,
            json!({ "error": { "message": "Internal Server Error", "code": 2000 } }),
        ),
        (Fate::Throttle, _) => throttled(is_event),
        (Fate::Serve | Fate::ServeAndDrop, true) => too_large(is_event),
        (Fate::Serve | Fate::ServeAndDrop, false) if over.is_over => throttled(is_event),
        (Fate::Serve | Fate::ServeAndDrop, false) if is_event => {
            on_event(shared, &parts.method, &path, json.clone(), now)
        }
        (Fate::Serve | Fate::ServeAndDrop, false) => on_rest(shared, &parts, json.as_ref(), now),
    };
    note(
        shared,
        &parts,
        json,
        (fate != Fate::ServeAndDrop).then_some(status),
        now,
    );
    if fate == Fate::ServeAndDrop {
        return Err(Dropped);
    }
    Ok(respond(status, &reply, (!is_event).then_some(over)))
}

fn key_of(event: Option<&Value>) -> String {
    event
        .and_then(|e| e["routing_key"].as_str())
        .unwrap_or_default()
        .to_owned()
}

fn throttled(is_event: bool) -> (u16, Value) {
    if is_event {
        return (429, events::throttled());
    }
    let (status, body, _) = rest::error(429, 2020, "Rate Limit Exceeded", &[]);
    (status, body)
}

fn too_large(is_event: bool) -> (u16, Value) {
    if is_event {
        return (
            413,
            events::refusal(&["Event object is larger than 512 KB".to_owned()]),
        );
    }
    let (status, body, _) = rest::error(413, 2001, "Request Entity Too Large", &[]);
    (status, body)
}

fn on_event(
    shared: &Shared,
    method: &Method,
    path: &str,
    event: Option<Value>,
    now: Timestamp,
) -> (u16, Value) {
    if *method != Method::POST || !matches!(path, "/v2/enqueue" | "/v2/change/enqueue") {
        return (
            404,
            json!({ "status": "not found", "message": "POST to /v2/enqueue or /v2/change/enqueue" }),
        );
    }
    let Some(event) = event.filter(Value::is_object) else {
        return (
            400,
            events::refusal(&["Event object is not valid JSON".to_owned()]),
        );
    };
    let mut model = shared.model.lock();
    if path == "/v2/change/enqueue" {
        return match events::check_change(&model, &event) {
            Ok(()) => {
                model.change_events.push(event);
                shared.tell(&model, Vec::new(), now);
                (
                    202,
                    json!({ "status": "success", "message": "Change event processed" }),
                )
            }
            Err(errors) => (400, events::refusal(&errors)),
        };
    }
    match events::check(&model, event) {
        Ok(accepted) => {
            let fresh = format!("{:032x}", shared.serial.fetch_add(1, Ordering::Relaxed));
            let (key, change) = events::apply(&mut model, accepted, fresh, now);
            shared.tell(&model, change.into_iter().collect(), now);
            (
                202,
                json!({ "status": "success", "message": "Event processed", "dedup_key": key }),
            )
        }
        Err(errors) => (400, events::refusal(&errors)),
    }
}

fn on_rest(
    shared: &Shared,
    parts: &http::request::Parts,
    json: Option<&Value>,
    now: Timestamp,
) -> (u16, Value) {
    let query = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
        .into_owned()
        .collect();
    let ask = Ask {
        method: &parts.method,
        path: parts.uri.path().split('/').filter(|s| !s.is_empty()).collect(),
        query,
        authorization: header(&parts.headers, "authorization"),
        from: header(&parts.headers, "from"),
        body: json.unwrap_or(&Value::Null),
        now,
    };
    let mut model = shared.model.lock();
    let (status, body, changes) = rest::answer(&mut model, &ask, &shared.options.api_token);
    if !changes.is_empty() {
        shared.tell(&model, changes, now);
    }
    (status, body)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn note(
    shared: &Shared,
    parts: &http::request::Parts,
    json: Option<Value>,
    status: Option<u16>,
    now: Timestamp,
) {
    let mut calls = shared.calls.lock();
    if calls.len() >= calls::KEPT {
        calls.pop_front();
    }
    calls.push_back(Call {
        at: now,
        method: parts.method.to_string(),
        path: parts
            .uri
            .path_and_query()
            .map(ToString::to_string)
            .unwrap_or_default(),
        from: header(&parts.headers, "from").map(str::to_owned),
        body: json.unwrap_or(Value::Null),
        status,
    });
}

fn respond(status: u16, body: &Value, rate: Option<limits::Hit>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() =
        http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert("content-type", http::HeaderValue::from_static("application/json"));
    if let Some(rate) = rate {
        headers.insert("ratelimit-limit", rate.limit.into());
        headers.insert("ratelimit-remaining", rate.remaining.into());
        headers.insert("ratelimit-reset", rate.reset.into());
    }
    response
}
