//! Signed HTTP: three routes into the pipeline. The signature is checked over the raw body by slack-morphism's verifier
//! (constant time, five minutes either way) before anything is decoded; size and time are bounded outside of that.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use slack_morphism::signature_verifier::{SlackEventSignatureVerifier, SlackEventSignatureVerifierError};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use tracing::warn;

use super::envelope::{Ack, Inbound, Kind, Payload, Retry, Transport};
use super::pipeline::Pipeline;
use crate::planted::{self, Bug};
use crate::slack::settings::{Settings, SettingsError};

/// Largest body; Slack's own frameworks take 4 MB.
const LARGEST: usize = 4 << 20;
/// For reading the body and deciding; Slack hangs up after 3 s.
const LONGEST: Duration = Duration::from_millis(2950);

/// Checks signatures.
pub struct Verifier(SlackEventSignatureVerifier);

impl Verifier {
    /// # Errors
    /// When there is no signing secret: an empty one would let everybody in.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        match settings.signing_secret.as_deref() {
            Some(secret) if !secret.trim().is_empty() => {
                Ok(Self(SlackEventSignatureVerifier::new(&secret.to_owned().into())))
            }
            Some(_) | None => Err(SettingsError::NoSigningSecret),
        }
    }

    /// The body as text when its signature is good and fresh.
    ///
    /// # Errors
    /// What is wrong, for the log; whoever sent it is not told.
    pub fn check<'a>(&self, headers: &HeaderMap, body: &'a [u8]) -> Result<&'a str, &'static str> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let signature = text(SlackEventSignatureVerifier::SLACK_SIGNED_HASH_HEADER);
        let time = text(SlackEventSignatureVerifier::SLACK_SIGNED_TIMESTAMP);
        let (Some(signature), Some(time)) = (signature, time) else {
            return Err("it has no signature");
        };
        let body = std::str::from_utf8(body).map_err(|_| "its body is no text")?;
        if planted::is(Bug::SlackSignatureIgnored) {
            return Ok(body);
        }
        self.0
            .verify(signature, body, time)
            .map_err(|error| match error {
                SlackEventSignatureVerifierError::IncorrectOrExpiredTimestampError(_) => {
                    "its time is more than five minutes off: an old request, or this machine's clock is wrong"
                }
                SlackEventSignatureVerifierError::CryptoInitError(_)
                | SlackEventSignatureVerifierError::AbsentSignatureError(_)
                | SlackEventSignatureVerifierError::WrongSignatureError(_) => {
                    "its signature is wrong: somebody forged it, or `slack.signing_secret` is not this app's"
                }
            })?;
        Ok(body)
    }
}

struct Door {
    verifier: Verifier,
    pipeline: Pipeline,
}

/// The routes `POST /slack/{events,interactions,commands}`.
///
/// # Errors
/// When there is no signing secret.
pub fn router(settings: &Settings, pipeline: Pipeline) -> Result<Router, SettingsError> {
    let door = Arc::new(Door {
        verifier: Verifier::new(settings)?,
        pipeline,
    });
    Ok(Router::new()
        .route("/slack/events", post(events))
        .route("/slack/interactions", post(interactions))
        .route("/slack/commands", post(commands))
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(LARGEST))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            LONGEST,
        ))
        .with_state(door))
}

// For who looks at Slack's own log of deliveries, or tries it by hand. The reason stands in our log: whoever forges
// requests need not learn what was wrong.
const UNSIGNED: &str = "nothing was stored: the request is not signed with slack.signing_secret, or its signature is older \
                        than five minutes; Interlock's log says which\n";
const NOT_OF_SLACK: &str = "nothing was stored: the request is signed, but nothing that Slack sends\n";
const NOT_STORED: &str = "the journal can't be written now; nothing was done. Send it again\n";

async fn events(State(door): State<Arc<Door>>, headers: HeaderMap, body: Bytes) -> Response {
    door.open(Kind::Event, &headers, &body).await
}

async fn interactions(State(door): State<Arc<Door>>, headers: HeaderMap, body: Bytes) -> Response {
    door.open(Kind::Interaction, &headers, &body).await
}

async fn commands(State(door): State<Arc<Door>>, headers: HeaderMap, body: Bytes) -> Response {
    door.open(Kind::Command, &headers, &body).await
}

impl Door {
    async fn open(&self, kind: Kind, headers: &HeaderMap, body: &[u8]) -> Response {
        let received_at = Instant::now();
        let body = match self.verifier.check(headers, body) {
            Ok(body) => body,
            Err(why) => {
                metrics::counter!("interlock_slack_bad_signatures_total").increment(1);
                warn!(bytes = body.len(), why, "a request for /slack is refused");
                return (StatusCode::UNAUTHORIZED, UNSIGNED).into_response();
            }
        };
        let payload = match kind {
            Kind::Event => Payload::Json(body),
            Kind::Interaction | Kind::Command => Payload::Form(body),
        };
        let inbound = Inbound {
            kind,
            transport: Transport::Http,
            retry: retry(headers),
            payload,
            received_at,
        };
        let ack = self.pipeline.take(inbound).await;
        if matches!(ack, Ack::Malformed) {
            warn!(
                ?kind,
                "a signed request for /slack is nothing that Slack sends; refused"
            );
        }
        respond(ack)
    }
}

fn retry(headers: &HeaderMap) -> Option<Retry> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let number = text("x-slack-retry-num")?.parse().ok()?;
    Some(Retry {
        number,
        reason: text("x-slack-retry-reason")
            .unwrap_or_default()
            .chars()
            .take(60)
            .collect(),
    })
}

fn respond(ack: Ack) -> Response {
    const JSON: (HeaderName, HeaderValue) = (
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    const TEXT: (HeaderName, HeaderValue) = (
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    match ack {
        Ack::Empty => StatusCode::OK.into_response(),
        Ack::Body(body) => ([JSON], body).into_response(),
        Ack::Challenge(challenge) => ([TEXT], challenge).into_response(),
        Ack::Malformed => (StatusCode::BAD_REQUEST, NOT_OF_SLACK).into_response(),
        Ack::NotStored => (
            StatusCode::SERVICE_UNAVAILABLE,
            [(header::RETRY_AFTER, HeaderValue::from_static("1"))],
            NOT_STORED,
        )
            .into_response(),
    }
}
