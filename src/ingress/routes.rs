//! `POST /webhooks/SOURCE`: the way of one delivery from the wire to the engine, the same for every source.
//!
//! Order: is the source served, room, headers' proof, size and time, body's proof, shape, redaction, engine. Senders read
//! the answers so: 2xx stored; 503 try again at once; 4xx don't send that again. Never a redirect: senders follow a 302
//! with an empty GET and count the alert as delivered.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use bytes::Bytes;
use tokio::sync::Semaphore;

use super::alertmanager;
use super::auth::{Gate, Scheme};
use super::body::{BodyError, read_body};
use super::error::ParseError;
use super::intake::{Accepted, Delivery, Intake, Refused};
use super::mapping::Mapping;
use super::pagerduty;
use crate::config::Webhooks;
use crate::domain::alert::Alert;
use crate::domain::ids::{DeliveryKey, Source};
use crate::ports::Clock;

/// Alertmanager sets no limit to a body; 1,000 alerts are some 700 KB.
const MAX_BODY: usize = 5 * 1024 * 1024;
/// Deliveries being served at once; the others are told to come back, so that clicks find room.
const IN_FLIGHT: usize = 256;
/// PagerDuty gives up after 5 s; what is committed later than this is told again by the sender and collapses.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(4);

/// What the webhook routes are made of.
pub struct WebhookSettings<'s> {
    pub webhooks: &'s Webhooks,
    pub mapping: Mapping,
    pub intake: Arc<dyn Intake>,
    pub clock: Arc<dyn Clock>,
    /// Whether the port is a loopback one: only there may a source without secret be served.
    pub on_loopback: bool,
    /// How long the engine may take before the sender is told to try again; usually `ANSWER_WITHIN`.
    pub answer_within: Duration,
}

/// What a parser makes of an authentic request.
pub(super) struct Read {
    pub alerts: Vec<Alert>,
    pub delivery_key: Option<DeliveryKey>,
}

type Parser = fn(&HeaderMap, &[u8], &Mapping) -> Result<Read, ParseError>;

struct Endpoint {
    source: &'static str,
    scheme: Scheme,
    gate: Gate,
    parser: Parser,
    shared: Arc<Shared>,
}

struct Shared {
    mapping: Mapping,
    intake: Arc<dyn Intake>,
    clock: Arc<dyn Clock>,
    room: Semaphore,
    answer_within: Duration,
}

/// The routes of all sources. A source without secret answers 404, and the log says how to open it.
pub fn webhooks(settings: WebhookSettings<'_>) -> Router {
    let WebhookSettings {
        webhooks,
        mapping,
        intake,
        clock,
        on_loopback,
        answer_within,
    } = settings;
    let open = webhooks.allow_unauthenticated && on_loopback;
    let shared = Arc::new(Shared {
        mapping,
        intake,
        clock,
        room: Semaphore::new(IN_FLIGHT),
        answer_within,
    });
    let endpoint = |source, scheme, configured, parser| {
        let gate = Gate::new(configured, open);
        if let Gate::Closed = gate {
            tracing::info!(source, "{}", closed_advice(source, scheme));
        }
        post(receive).with_state(Arc::new(Endpoint {
            source,
            scheme,
            gate,
            parser,
            shared: Arc::clone(&shared),
        }))
    };
    Router::new()
        .route(
            "/webhooks/alertmanager",
            endpoint(
                alertmanager::SOURCE,
                Scheme::Unsigned,
                &webhooks.alertmanager,
                |_, body, mapping| {
                    alertmanager::parse(body, mapping).map(|alerts| Read {
                        alerts,
                        delivery_key: None,
                    })
                },
            ),
        )
        .route(
            "/webhooks/pagerduty",
            endpoint(
                pagerduty::SOURCE,
                Scheme::PagerDuty,
                &webhooks.pagerduty,
                pagerduty::read,
            ),
        )
}

fn closed_advice(source: &str, scheme: Scheme) -> String {
    let key = match scheme {
        Scheme::Unsigned => "bearer_token",
        Scheme::PagerDuty => "secret",
    };
    format!("/webhooks/{source} is not served: set `webhooks.{source}.{key}` to open it")
}

async fn receive(State(endpoint): State<Arc<Endpoint>>, request: Request<Body>) -> Response<Body> {
    let outcome = take(&endpoint, request).await;
    let answer = outcome.unwrap_or_else(|refusal| refusal.answer(&endpoint));
    metrics::counter!("interlock_webhooks_total", "source" => endpoint.source, "status" => status_class(answer.status()))
        .increment(1);
    answer
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
    Body(BodyError),
    Malformed(ParseError),
    Engine(Refused),
    Late,
}

async fn take(endpoint: &Endpoint, request: Request<Body>) -> Result<Response<Body>, Refusal> {
    if let Gate::Closed = endpoint.gate {
        return Err(Refusal::NotServed);
    }
    let shared = &endpoint.shared;
    let _room = shared.room.try_acquire().map_err(|_| {
        Refusal::Engine(Refused::Overloaded {
            retry_after_seconds: 1,
        })
    })?;
    let (parts, body) = request.into_parts();
    if !endpoint.gate.admits_headers(&parts.headers) {
        return Err(Refusal::Unauthentic);
    }
    let body: Bytes = read_body(body, MAX_BODY).await.map_err(Refusal::Body)?;
    if !endpoint.gate.admits_body(endpoint.scheme, &parts.headers, &body) {
        return Err(Refusal::Unauthentic);
    }
    let Read { alerts, delivery_key } =
        (endpoint.parser)(&parts.headers, &body, &shared.mapping).map_err(Refusal::Malformed)?;
    drop(body);
    if alerts.is_empty() {
        return Ok(plain(StatusCode::OK, "nothing to do\n".to_owned()));
    }
    let count = alerts.len() as u64;
    let delivery = Delivery {
        source: Source::new(endpoint.source),
        delivery_key,
        alerts,
        received_at: shared.clock.now(),
    };
    let Accepted = tokio::time::timeout(shared.answer_within, shared.intake.submit(delivery))
        .await
        .map_err(|_| Refusal::Late)?
        .map_err(Refusal::Engine)?;
    metrics::counter!("interlock_alerts_total", "source" => endpoint.source).increment(count);
    Ok(plain(StatusCode::OK, "stored\n".to_owned()))
}

impl Refusal {
    fn answer(self, endpoint: &Endpoint) -> Response<Body> {
        let source = endpoint.source;
        match self {
            Self::NotServed => {
                tracing::warn!(
                    source,
                    "a delivery was turned away: {}",
                    closed_advice(source, endpoint.scheme)
                );
                plain(
                    StatusCode::NOT_FOUND,
                    format!("no secret is configured for {source}, so it is not served here\n"),
                )
            }
            Self::Unauthentic => {
                tracing::warn!(
                    source,
                    "a delivery with a wrong or missing token or signature was refused"
                );
                let what = match endpoint.scheme {
                    Scheme::Unsigned => "send `Authorization: Bearer` with the configured token",
                    Scheme::PagerDuty => {
                        "sign with the secret of this webhook subscription (`X-PagerDuty-Signature: v1=…`), and send its bearer token if one is configured"
                    }
                };
                let text = format!("not authentic: {what}\n");
                with_header(plain(StatusCode::UNAUTHORIZED, text), WWW_AUTHENTICATE, "Bearer")
            }
            Self::Body(error) => {
                tracing::warn!(source, %error, "a delivery was refused");
                let status = match error {
                    BodyError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
                    BodyError::TooSlow => StatusCode::REQUEST_TIMEOUT,
                    BodyError::Broken => StatusCode::BAD_REQUEST,
                };
                plain(status, format!("{error}\n"))
            }
            Self::Malformed(error) => {
                tracing::warn!(source, %error, "a delivery could not be read");
                plain(StatusCode::BAD_REQUEST, format!("{error}\n"))
            }
            Self::Engine(refused) => {
                tracing::warn!(source, error = %refused, "a delivery was not stored; the sender will try again");
                let seconds = match refused {
                    Refused::Overloaded { retry_after_seconds } => retry_after_seconds.max(1),
                    Refused::NotStored { .. } => 5,
                };
                let answer = plain(StatusCode::SERVICE_UNAVAILABLE, format!("{refused}\n"));
                with_header(answer, RETRY_AFTER, &seconds.to_string())
            }
            Self::Late => {
                tracing::warn!(
                    source,
                    "a delivery was not stored in time; the sender will try again"
                );
                let text = "storing took too long: try again\n".to_owned();
                with_header(plain(StatusCode::SERVICE_UNAVAILABLE, text), RETRY_AFTER, "1")
            }
        }
    }
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
