//! The way of one delivery from the wire to the engine: the gate, size, time and room, the body's proof, a seat, shape, engine. A seat
//! comes after the proof, so that whoever can prove nothing takes none of it. The answers mean the same as those to alerts: 2xx
//! stored, 503 come back, 4xx don't send that again.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, Request, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use tokio::sync::Semaphore;

use super::read::{ChangesRead, read};
use crate::config::{ChangeSource, WebhookSource, Webhooks};
use crate::domain::change::Change;
use crate::ingress::auth::Gate;
use crate::ingress::generic;
use crate::ingress::intake::{Accepted, Refused};
use crate::ingress::room::{self, Room};
use crate::ingress::seats::{Proved, proved};
use crate::ingress::signature::{Proof, Scheme};
use crate::ingress::turned::Turned;
use crate::ports::{Clock, Pending};

/// Bytes of one body. GitHub caps its own at 25 MB, but one of a push with that many commits tells nobody anything.
const BODY: usize = 1024 * 1024;
/// Deliveries being served at once: alerts and clicks go before.
const IN_FLIGHT: usize = 32;

/// Takes changes in. Implemented by the engine.
pub trait ChangeIntake: Send + Sync {
    /// Comes back when they are committed or refused, whichever it is. They are redacted there.
    fn changed(&self, changes: Vec<Change>) -> Pending<'_, Result<Accepted, Refused>>;
}

/// What the routes are made of.
pub struct ChangeSettings<'s> {
    pub webhooks: &'s Webhooks,
    pub intake: Arc<dyn ChangeIntake>,
    /// For bodies.
    pub room: Room,
    pub clock: Arc<dyn Clock>,
    /// Whether the port is a loopback one: only there may a sender without secret be served.
    pub on_loopback: bool,
    pub answer_within: Duration,
}

struct Served {
    sender: ChangeSource,
    gate: Gate,
    intake: Arc<dyn ChangeIntake>,
    clock: Arc<dyn Clock>,
    room: Room,
    seats: Arc<Semaphore>,
    answer_within: Duration,
}

/// The routes of all senders. One without secret answers 404 and says how to open it.
pub fn changes(settings: ChangeSettings<'_>) -> Router {
    let seats = Arc::new(Semaphore::new(IN_FLIGHT));
    let open = settings.webhooks.allow_unauthenticated && settings.on_loopback;
    let closed = WebhookSource::default();
    let mut router = Router::new();
    for sender in ChangeSource::ALL {
        let source = settings.webhooks.changes.get(sender.name()).unwrap_or(&closed);
        let served = Served {
            sender: *sender,
            gate: Gate::new(source, scheme(*sender, source), open),
            intake: Arc::clone(&settings.intake),
            clock: Arc::clone(&settings.clock),
            room: settings.room.clone(),
            seats: Arc::clone(&seats),
            answer_within: settings.answer_within,
        };
        let path = format!("/webhooks/changes/{}", sender.name());
        router = router.route(&path, post(receive).with_state(Arc::new(served)));
    }
    router
}

fn scheme(sender: ChangeSource, source: &WebhookSource) -> Scheme {
    let hex = |usual: &'static str| {
        let named = source.signature_header.as_deref();
        let named = named.and_then(|name| name.to_ascii_lowercase().parse().ok());
        Scheme::Hex {
            header: named.unwrap_or(HeaderName::from_static(usual)),
            time: None,
        }
    };
    match sender {
        ChangeSource::GitHub => hex("x-hub-signature-256"),
        ChangeSource::Flux => hex("x-signature"),
        ChangeSource::LaunchDarkly => hex("x-ld-signature"),
        ChangeSource::Generic => hex(generic::SIGNATURE),
        ChangeSource::GitLab | ChangeSource::ArgoCd | ChangeSource::PagerDuty => Scheme::Unsigned,
    }
}

async fn receive(State(served): State<Arc<Served>>, request: Request<Body>) -> Response<Body> {
    let (status, text) = take(&served, request).await.unwrap_or_else(|refusal| refusal);
    if !status.is_success() {
        tracing::warn!(
            sender = served.sender.name(),
            status = status.as_u16(),
            "a change was not taken: {text}"
        );
    }
    let mut answer = (
        status,
        [(CONTENT_TYPE, "text/plain; charset=utf-8")],
        format!("{text}\n"),
    )
        .into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        answer
            .headers_mut()
            .insert(RETRY_AFTER, axum::http::HeaderValue::from_static("5"));
    }
    proved(Proved::Alerts, answer)
}

type Said = (StatusCode, String);

async fn take(served: &Served, request: Request<Body>) -> Result<Said, Said> {
    let name = served.sender.name();
    if let Gate::Closed = served.gate {
        let (sender, key) = (name.to_owned(), served.sender.first_key());
        let turned = Turned::ChangesNotServed { sender, key };
        return Err((StatusCode::NOT_FOUND, turned.to_string()));
    }
    let (parts, body) = request.into_parts();
    let unauthentic = || {
        let advice = advice(served.sender, &served.gate);
        (
            StatusCode::UNAUTHORIZED,
            Turned::Unauthentic { advice }.to_string(),
        )
    };
    if !served.gate.admits_head(&parts.headers, parts.uri.query()) {
        return Err(unauthentic());
    }
    let whole = served.room.read(served.gate.room(), body, BODY).await;
    let whole = whole.map_err(|error| (room::status(&error), error.to_string()))?;
    let body = &whole.bytes;
    let now = served.clock.now();
    match served.gate.proof(&parts.headers, body, now) {
        Proof::Holds => {}
        Proof::Fails | Proof::Stale => return Err(unauthentic()),
    }
    let busy = |_| (StatusCode::SERVICE_UNAVAILABLE, Turned::Busy.to_string());
    let _seat = served.seats.try_acquire().map_err(busy)?;
    let service = parts.uri.query().and_then(service);
    let understood = read(served.sender, &parts.headers, body, service.as_deref(), now);
    let ChangesRead { changes, aside } =
        understood.map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    if changes.is_empty() {
        let why = aside.unwrap_or("there is no change in it");
        return Ok((StatusCode::OK, format!("nothing to do: {why}")));
    }
    let late = |_| (StatusCode::SERVICE_UNAVAILABLE, Turned::Late.to_string());
    let stored = tokio::time::timeout(served.answer_within, served.intake.changed(changes)).await;
    let Accepted = stored
        .map_err(late)?
        .map_err(|refused| (StatusCode::SERVICE_UNAVAILABLE, refused.to_string()))?;
    Ok((StatusCode::OK, "stored".to_owned()))
}

/// What a request lacks that was refused.
pub(in crate::ingress) fn advice(sender: ChangeSource, gate: &Gate) -> String {
    gate.advice(&format!("webhooks.changes.{}", sender.name()), sender.place())
}

/// The gate of a sender and the service that its address names, without a server.
pub(in crate::ingress) fn as_served(
    sender: ChangeSource,
    webhooks: &Webhooks,
    query: Option<&str>,
) -> (Gate, Option<String>) {
    let closed = WebhookSource::default();
    let source = webhooks.changes.get(sender.name()).unwrap_or(&closed);
    (
        Gate::new(source, scheme(sender, source), true),
        query.and_then(service),
    )
}

/// `?service=NAME`, for senders that know none.
fn service(query: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs
        .find(|(key, _)| key == "service")
        .map(|(_, value)| value.into_owned())
}
