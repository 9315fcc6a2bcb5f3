//! `POST /webhooks/SOURCE`: the way of one delivery from the wire to the engine, the same for every source.
//!
//! Order: is the source served, headers' proof, size, time and room, body's proof, a seat, shape, redaction, engine. A seat
//! comes after the proof, so that whoever can prove nothing takes none of it, however slowly. Senders read
//! the answers so: 2xx stored; 503 try again at once; 4xx don't send that again. Never a redirect: senders follow a 302
//! with an empty GET and count the alert as delivered.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::auth::Gate;
use super::body::BodyError;
use super::endpoint::{Endpoint, Request as Seen};
use super::error::ParseError;
use super::intake::{Accepted, Delivery, Intake, Refused};
use super::mapping::Mapping;
use super::read::Read;
use super::room::{self, Room};
use super::seats::{Proved, proved};
use super::signature::Proof;
use super::sns::{self, SnsError};
use super::sns_web::{Certificates, SnsWeb};
use super::sources::{self, PROMETHEUS_PATH, Reader};
use super::turned::Turned;
use crate::config::{SourceKind, Webhooks};
use crate::domain::state::REDELIVERED_FOR;
use crate::planted::{self, Bug};
use crate::ports::Clock;

/// Deliveries being served at once; the others are told to come back, so that clicks find room.
const IN_FLIGHT: usize = 256;
/// PagerDuty gives up after 5 s; what is committed later than this is told again by the sender and collapses.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(4);

/// What the webhook routes are made of.
pub struct WebhookSettings<'s> {
    pub webhooks: &'s Webhooks,
    pub mapping: Mapping,
    pub intake: Arc<dyn Intake>,
    /// For bodies.
    pub room: Room,
    pub clock: Arc<dyn Clock>,
    /// For certificates of SNS and confirmations of its subscriptions.
    pub sns: Arc<dyn SnsWeb>,
    /// Whether the port is a loopback one: only there may a source without secret be served.
    pub on_loopback: bool,
    /// How long the engine may take before the sender is told to try again; usually `ANSWER_WITHIN`.
    pub answer_within: Duration,
}

struct Served {
    endpoint: Endpoint,
    shared: Arc<Shared>,
}

struct Shared {
    mapping: Mapping,
    intake: Arc<dyn Intake>,
    clock: Arc<dyn Clock>,
    certificates: Certificates,
    room: Room,
    seats: Semaphore,
    answer_within: Duration,
}

/// The routes of all sources. A source without secret answers 404, and the log says how to open it.
pub fn webhooks(settings: WebhookSettings<'_>) -> Router {
    let WebhookSettings {
        webhooks,
        mapping,
        intake,
        room,
        clock,
        sns,
        on_loopback,
        answer_within,
    } = settings;
    let shared = Arc::new(Shared {
        mapping,
        intake,
        clock,
        certificates: Certificates::new(sns),
        room,
        seats: Semaphore::new(IN_FLIGHT),
        answer_within,
    });
    let mut router = Router::new();
    let mut closed = Vec::new();
    for endpoint in Endpoint::all(webhooks, webhooks.allow_unauthenticated && on_loopback) {
        if let Gate::Closed = endpoint.gate {
            closed.push(endpoint.name.to_string());
        }
        let path = format!("/webhooks/{}", endpoint.name);
        let kind = endpoint.kind;
        let served = Arc::new(Served {
            endpoint,
            shared: Arc::clone(&shared),
        });
        let mut methods = post(receive);
        if kind == SourceKind::Grafana {
            // Its contact points may be told to.
            methods = methods.put(receive);
        }
        if kind == SourceKind::CloudEvents {
            methods = methods.options(handshake);
        }
        if kind == SourceKind::Prometheus {
            router = router.route(PROMETHEUS_PATH, post(receive).with_state(Arc::clone(&served)));
        }
        router = router.route(&path, methods.with_state(served));
    }
    if !closed.is_empty() {
        tracing::info!(
            sources = closed.join(" "),
            "these have no secret in `webhooks.SOURCE` and are not served"
        );
    }
    router
}

fn closed_advice(endpoint: &Endpoint) -> String {
    let (name, key) = (&endpoint.name, endpoint.kind.first_key());
    let section = name.as_str().replace('/', ".");
    format!("/webhooks/{name} is not served: set `webhooks.{section}.{key}` to open it")
}

/// The question of a sender of CloudEvents whether it may send here; what it sends must prove itself all the same.
/// <https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md#4-abuse-protection>
async fn handshake(State(served): State<Arc<Served>>, headers: HeaderMap) -> Response<Body> {
    if let Gate::Closed = served.endpoint.gate {
        return Refusal::NotServed.answer(&served.endpoint);
    }
    let answer = with_header(plain(StatusCode::OK, String::new()), ALLOW, "POST, OPTIONS");
    match headers
        .get("webhook-request-origin")
        .and_then(|origin| origin.to_str().ok())
    {
        None => answer,
        Some(origin) => {
            let answer = with_header(answer, HeaderName::from_static("webhook-allowed-origin"), origin);
            with_header(answer, HeaderName::from_static("webhook-allowed-rate"), "120")
        }
    }
}

async fn receive(State(served): State<Arc<Served>>, request: Request<Body>) -> Response<Body> {
    let endpoint = &served.endpoint;
    let outcome = take(&served, request).await;
    let answer = outcome.unwrap_or_else(|refusal| refusal.answer(endpoint));
    let source = endpoint.name.to_string();
    metrics::counter!("interlock_webhooks_total", "source" => source, "status" => status_class(answer.status()))
        .increment(1);
    proved(Proved::Alerts, answer)
}

fn status_class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        200..=299 => "2xx",
        401 => "401",
        404 => "404",
        413 => "413",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

/// Why a delivery got no further.
enum Refusal {
    NotServed,
    Unauthentic,
    /// Signed by the right one, at another time.
    Stale,
    Body(BodyError),
    Malformed(ParseError),
    Sns(SnsError),
    /// The parser did not come back.
    Broken,
    Engine(Refused),
    Late,
}

async fn take(served: &Arc<Served>, request: Request<Body>) -> Result<Response<Body>, Refusal> {
    let Served { endpoint, shared } = &**served;
    if let Gate::Closed = endpoint.gate {
        return Err(Refusal::NotServed);
    }
    let (parts, body) = request.into_parts();
    let admitted = endpoint.gate.admits_head(&parts.headers, parts.uri.query());
    if !admitted && !planted::is(Bug::WebhookProofIgnored) {
        return Err(Refusal::Unauthentic);
    }
    let (from, most) = (endpoint.gate.room(), sources::most_bytes(endpoint.kind));
    let whole = shared.room.read(from, body, most);
    // Held until the answer: what is read of it takes memory for as long.
    let whole = whole.await.map_err(Refusal::Body)?;
    let body: Bytes = whole.bytes.clone();
    let now = shared.clock.now();
    match endpoint.gate.proof(&parts.headers, &body, now) {
        Proof::Holds => {}
        _ if planted::is(Bug::WebhookProofIgnored) => {}
        Proof::Fails => return Err(Refusal::Unauthentic),
        Proof::Stale => return Err(Refusal::Stale),
    }
    let _seat = shared.seats.try_acquire().map_err(|_| {
        Refusal::Engine(Refused::Overloaded {
            retry_after_seconds: 1,
        })
    })?;
    let Read {
        alerts,
        delivery_key,
        aside,
        happened_at,
    } = read(served, parts.headers, body).await?;
    if let Some(at) = happened_at.filter(|at| now.duration_since(*at) > REDELIVERED_FOR)
        && !planted::is(Bug::OldEventCounts)
    {
        return Ok(replayed(endpoint, at));
    }
    if alerts.is_empty() {
        let why = aside.first().copied().unwrap_or("there is no alert in it");
        tracing::debug!(source = %endpoint.name, why, "a delivery is left aside");
        return Ok(plain(StatusCode::OK, format!("nothing to do: {why}\n")));
    }
    let count = alerts.len() as u64;
    let delivery = Delivery {
        source: endpoint.name.clone(),
        delivery_key,
        alerts,
        received_at: now,
    };
    let stored = tokio::time::timeout(shared.answer_within, shared.intake.submit(delivery)).await;
    if planted::is(Bug::StoredWithoutCommit) {
        return Ok(plain(StatusCode::OK, "stored\n".to_owned()));
    }
    let Accepted = stored.map_err(|_| Refusal::Late)?.map_err(Refusal::Engine)?;
    let source = endpoint.name.to_string();
    metrics::counter!("interlock_alerts_total", "source" => source).increment(count);
    Ok(plain(StatusCode::OK, "stored\n".to_owned()))
}

/// A good signature on something that happened days ago: somebody kept it. Its true sender is told that all is well, since it
/// would switch a subscription off that refuses.
fn replayed(endpoint: &Endpoint, at: Timestamp) -> Response<Body> {
    let source = endpoint.name.to_string();
    tracing::warn!(
        source,
        %at,
        "a delivery is left aside: what it tells of happened more than 48 hours ago, and no sender tries for that long; somebody may be replaying it"
    );
    metrics::counter!("interlock_webhooks_replayed_total", "source" => source).increment(1);
    let said = "nothing to do: it happened more than 48 hours ago\n";
    plain(StatusCode::OK, said.to_owned())
}

/// Reads an authentic body; that of SNS proves itself only now, since its proof is inside.
async fn read(served: &Arc<Served>, headers: HeaderMap, body: Bytes) -> Result<Read, Refusal> {
    let Served { endpoint, shared } = &**served;
    let now = shared.clock.now();
    let seen = Seen {
        headers: &headers,
        body: &body,
        mapping: &shared.mapping,
        now,
    };
    match endpoint.reader {
        Reader::Parser(parser) if endpoint.is_slow() => {
            let served = Arc::clone(served);
            tokio::task::spawn_blocking(move || {
                let seen = Seen {
                    headers: &headers,
                    body: &body,
                    mapping: &served.shared.mapping,
                    now,
                };
                served.endpoint.read(parser, &seen)
            })
            .await
            .map_err(|_| Refusal::Broken)?
            .map_err(Refusal::Malformed)
        }
        Reader::Parser(parser) => endpoint.read(parser, &seen).map_err(Refusal::Malformed),
        Reader::Sns => {
            let message = match endpoint.gate {
                Gate::Guarded(_) => sns::open(&body, &endpoint.topics, &shared.certificates, now).await,
                Gate::Open | Gate::Closed => sns::unchecked(&body),
            };
            Ok(endpoint.read_message(message.map_err(Refusal::Sns)?, &seen))
        }
    }
}

impl Refusal {
    fn answer(self, endpoint: &Endpoint) -> Response<Body> {
        let source = endpoint.name.as_str();
        match self {
            Self::NotServed => {
                tracing::warn!(source, "a delivery was turned away: {}", closed_advice(endpoint));
                let source_name = source.to_owned();
                turned(StatusCode::NOT_FOUND, &Turned::NotServed { source_name })
            }
            Self::Unauthentic => {
                let advice = endpoint.advice();
                tracing::warn!(
                    source,
                    "a delivery with a wrong or missing token or signature was refused: {advice}"
                );
                let answer = turned(StatusCode::UNAUTHORIZED, &Turned::Unauthentic { advice });
                with_header(answer, WWW_AUTHENTICATE, endpoint.gate.challenge())
            }
            Self::Stale => {
                tracing::warn!(
                    source,
                    "a delivery that was signed at another time was refused: if it was no replay, set the clocks"
                );
                turned(StatusCode::UNAUTHORIZED, &Turned::Stale)
            }
            Self::Sns(error) => {
                tracing::warn!(source, %error, "a message of SNS was not taken");
                plain(sns_status(&error), format!("{error}\n"))
            }
            Self::Broken => {
                tracing::error!(
                    source,
                    "a delivery could not be read: this is a defect of Interlock; please report it"
                );
                turned(StatusCode::INTERNAL_SERVER_ERROR, &Turned::Broken)
            }
            Self::Body(error) => {
                tracing::warn!(source, %error, "a delivery was refused");
                room::refusal(&error)
            }
            Self::Malformed(error) => {
                tracing::warn!(source, %error, "a delivery could not be read");
                plain(StatusCode::BAD_REQUEST, format!("{error}\n"))
            }
            Self::Engine(refused) => {
                tracing::warn!(source, error = %refused, "a delivery was not stored; the sender will try again");
                try_again(&refused)
            }
            Self::Late => {
                tracing::warn!(
                    source,
                    "a delivery was not stored in time; the sender will try again"
                );
                let answer = turned(StatusCode::SERVICE_UNAVAILABLE, &Turned::Late);
                with_header(answer, RETRY_AFTER, "1")
            }
        }
    }
}

fn sns_status(error: &SnsError) -> StatusCode {
    match error {
        SnsError::Malformed(_) | SnsError::Raw => StatusCode::BAD_REQUEST,
        SnsError::OtherTopic
        | SnsError::OtherHost(_)
        | SnsError::Forged
        | SnsError::Stale
        | SnsError::OtherSubscription => StatusCode::FORBIDDEN,
        SnsError::Unreachable(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn try_again(refused: &Refused) -> Response<Body> {
    let seconds = match refused {
        Refused::Overloaded { retry_after_seconds } => (*retry_after_seconds).max(1),
        Refused::NotStored { .. } => 5,
    };
    let answer = plain(StatusCode::SERVICE_UNAVAILABLE, format!("{refused}\n"));
    with_header(answer, RETRY_AFTER, &seconds.to_string())
}

fn turned(status: StatusCode, why: &Turned) -> Response<Body> {
    plain(status, format!("{why}\n"))
}

fn plain(status: StatusCode, text: String) -> Response<Body> {
    (status, [(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

fn with_header(mut answer: Response<Body>, name: HeaderName, value: &str) -> Response<Body> {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
    answer
}
