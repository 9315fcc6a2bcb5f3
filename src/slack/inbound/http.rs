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

/// Largest body, in bytes. A submission has a whole view in it, of 250 KB at most (docs.slack.dev, `views.open`, `view_too_large`),
/// and a form may write each of these bytes as three.
pub const LARGEST_BODY: usize = 1 << 20;
/// For deciding, and for a body that nobody has read yet; Slack hangs up after 3 s.
const LONGEST: Duration = Duration::from_millis(2950);

/// What is wrong with a request that claims to be Slack's, for our log alone: whoever forges requests need not learn it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, strum::VariantNames)]
pub enum NotSigned {
    #[error("it has no signature: it was not sent by Slack, or something on its way drops headers")]
    Unsigned,
    #[error("its body is no text: it was not sent by Slack")]
    NoText,
    #[error("its time is more than five minutes off: an old request, or this machine's clock is wrong")]
    Old,
    #[error("its signature is wrong: somebody forged it, or `slack.signing_secret` is not this app's")]
    Forged,
}

/// Why a request is refused, for who looks at Slack's own log of deliveries, or tries it by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, strum::VariantNames)]
pub enum Turned {
    #[error(
        "nothing was stored: the request is not signed with slack.signing_secret, or its signature is older than five minutes; Interlock's log says which"
    )]
    Unsigned,
    #[error(
        "nothing was stored: the request is signed, but nothing that Slack sends; check the request URLs of the app"
    )]
    NotOfSlack,
    #[error("nothing was done: the journal can't be written now; send it again")]
    NotStored,
}

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
    pub fn check<'a>(&self, headers: &HeaderMap, body: &'a [u8]) -> Result<&'a str, NotSigned> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let signature = text(SlackEventSignatureVerifier::SLACK_SIGNED_HASH_HEADER);
        let time = text(SlackEventSignatureVerifier::SLACK_SIGNED_TIMESTAMP);
        let (Some(signature), Some(time)) = (signature, time) else {
            return Err(NotSigned::Unsigned);
        };
        let body = std::str::from_utf8(body).map_err(|_| NotSigned::NoText)?;
        if planted::is(Bug::SlackSignatureIgnored) {
            return Ok(body);
        }
        self.0
            .verify(signature, body, time)
            .map_err(|error| match error {
                SlackEventSignatureVerifierError::IncorrectOrExpiredTimestampError(_) => NotSigned::Old,
                SlackEventSignatureVerifierError::CryptoInitError(_)
                | SlackEventSignatureVerifierError::AbsentSignatureError(_)
                | SlackEventSignatureVerifierError::WrongSignatureError(_) => NotSigned::Forged,
            })?;
        Ok(body)
    }
}

struct Entrance {
    verifier: Verifier,
    pipeline: Pipeline,
}

/// The routes `POST /slack/{events,interactions,commands}`.
///
/// # Errors
/// When there is no signing secret.
pub fn router(settings: &Settings, pipeline: Pipeline) -> Result<Router, SettingsError> {
    let door = Arc::new(Entrance {
        verifier: Verifier::new(settings)?,
        pipeline,
    });
    Ok(Router::new()
        .route("/slack/events", post(events))
        .route("/slack/interactions", post(interactions))
        .route("/slack/commands", post(commands))
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(LARGEST_BODY))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            LONGEST,
        ))
        .with_state(door))
}

async fn events(State(door): State<Arc<Entrance>>, headers: HeaderMap, body: Bytes) -> Response {
    door.open(Kind::Event, &headers, &body).await
}

async fn interactions(State(door): State<Arc<Entrance>>, headers: HeaderMap, body: Bytes) -> Response {
    door.open(Kind::Interaction, &headers, &body).await
}

async fn commands(State(door): State<Arc<Entrance>>, headers: HeaderMap, body: Bytes) -> Response {
    door.open(Kind::Command, &headers, &body).await
}

impl Entrance {
    async fn open(&self, kind: Kind, headers: &HeaderMap, body: &[u8]) -> Response {
        let received_at = Instant::now();
        let body = match self.verifier.check(headers, body) {
            Ok(body) => body,
            Err(why) => {
                metrics::counter!("interlock_slack_bad_signatures_total").increment(1);
                warn!(bytes = body.len(), %why, "a request for /slack is refused");
                return (StatusCode::UNAUTHORIZED, line(Turned::Unsigned)).into_response();
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

fn line(why: Turned) -> String {
    format!("{why}\n")
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
        Ack::Malformed => (StatusCode::BAD_REQUEST, line(Turned::NotOfSlack)).into_response(),
        Ack::NotStored => (
            StatusCode::SERVICE_UNAVAILABLE,
            [(header::RETRY_AFTER, HeaderValue::from_static("1"))],
            line(Turned::NotStored),
        )
            .into_response(),
    }
}
