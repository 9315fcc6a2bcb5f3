//! Bringing something to the app and judging its acknowledgement: three seconds, a legal body, exactly one receiver.
//!
//! Events are retried at once, after one minute and after five (docs.slack.dev /apis/events-api#retries); nothing else is.

mod http;
mod judge;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::clock::Moment;
use super::core::Core;
use super::faults::DeliveryFault;
use super::model::app::Transport;
use super::payloads;
use super::violations::ViolationKind;
use judge::legal;

/// How long the app has to acknowledge.
pub(super) const DEADLINE: Duration = Duration::from_secs(3);
/// When a failed event is sent again, counted from the first failure.
const RETRIES: [Duration; 3] = [Duration::ZERO, Duration::from_secs(60), Duration::from_secs(300)];

/// What is brought to the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryKind {
    Event,
    BlockActions,
    BlockSuggestion,
    ViewSubmission,
    ViewClosed,
    Shortcut,
    MessageAction,
    SlashCommand,
}

impl DeliveryKind {
    /// `type` of the Socket Mode envelope.
    pub(super) fn envelope(self) -> &'static str {
        match self {
            Self::Event => "events_api",
            Self::SlashCommand => "slash_commands",
            Self::BlockActions | Self::BlockSuggestion | Self::ViewSubmission => "interactive",
            Self::ViewClosed | Self::Shortcut | Self::MessageAction => "interactive",
        }
    }

    /// Whether an acknowledgement may carry a body.
    pub(super) fn takes_body(self) -> bool {
        match self {
            Self::SlashCommand | Self::ViewSubmission | Self::BlockSuggestion => true,
            Self::Event | Self::BlockActions | Self::ViewClosed | Self::Shortcut | Self::MessageAction => {
                false
            }
        }
    }
}

/// The body of an acknowledgement.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AckBody {
    Empty,
    Text(String),
    Json(Value),
}

/// Why a delivery was not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// No Socket Mode connection is open.
    NoReceiver,
    /// Nothing came within three seconds.
    Timeout,
    /// The request URL answered with this status.
    Status(u16),
    /// The same, with `x-slack-no-retry: 1`: an event is not sent again.
    StatusNoRetry(u16),
    /// The request URL could not be reached.
    Connection,
    /// More than two redirects.
    TooManyRedirects,
    /// A fault switch lost the acknowledgement.
    AckLost,
}

impl Failure {
    fn is_retried(self) -> bool {
        !matches!(self, Self::StatusNoRetry(_))
    }

    /// `x-slack-retry-reason`.
    fn reason(self) -> &'static str {
        match self {
            Self::Timeout | Self::AckLost => "http_timeout",
            Self::Status(_) | Self::StatusNoRetry(_) => "http_error",
            Self::Connection | Self::NoReceiver => "connection_failed",
            Self::TooManyRedirects => "too_many_redirects",
        }
    }

    /// The error word a person reads after a slash command.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Timeout | Self::AckLost => "operation_timeout",
            Self::Status(_) | Self::StatusNoRetry(_) => "http_service_error",
            Self::Connection | Self::NoReceiver | Self::TooManyRedirects => "dispatch_failed",
        }
    }
}

/// One delivery and what came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    /// Counts deliveries of this workspace.
    pub id: u64,
    pub kind: DeliveryKind,
    pub payload: Value,
    pub at: Moment,
    /// 0 for the first attempt, then the retry number.
    pub retry: u8,
    pub acked: bool,
    /// Time to the acknowledgement, on the double's clock.
    #[serde(rename = "latency_ms", serialize_with = "in_millis")]
    pub latency: Option<Duration>,
    pub ack: AckBody,
    pub failure: Option<Failure>,
    /// The error the acting person was shown, if any.
    pub seen_error: Option<String>,
}

fn in_millis<S: Serializer>(latency: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    match latency {
        Some(latency) => to.serialize_f64(latency.as_secs_f64() * 1_000.0),
        None => to.serialize_none(),
    }
}

/// Marks of a repeated event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retry {
    pub number: u8,
    pub reason: &'static str,
}

/// What to send, and how it is bent by faults.
pub(super) struct Parcel<'a> {
    pub kind: DeliveryKind,
    pub payload: &'a Value,
    pub retry: Option<Retry>,
    pub fault: Option<DeliveryFault>,
    /// When the signature says it was signed, in Unix seconds of the real clock.
    pub signed_at: u64,
}

impl Core {
    /// Delivers once and records it.
    pub(super) async fn deliver(self: &Arc<Self>, kind: DeliveryKind, payload: Value) -> Delivery {
        self.attempt(kind, payload, None).await
    }

    /// Delivers an event: the first attempt now, the others in the background. Returns the first.
    pub(super) async fn deliver_event(self: &Arc<Self>, event: Value) -> Delivery {
        let now = self.clock.now();
        let payload = self.with(|ws| payloads::event_callback(ws, event, now));
        let first = self.attempt(DeliveryKind::Event, payload.clone(), None).await;
        if let Some(failure) = first.failure.filter(|failure| failure.is_retried()) {
            let core = Arc::clone(self);
            self.runtime
                .spawn(async move { core.retry_event(payload, failure).await });
        }
        first
    }

    async fn retry_event(self: Arc<Self>, payload: Value, first: Failure) {
        let start = self.clock.now();
        let mut failure = first;
        for (number, wait) in (1_u8..).zip(RETRIES) {
            tokio::select! {
                () = self.clock.sleep_until(start.plus(wait)) => {}
                () = self.cancel.cancelled() => return,
            }
            let retry = Retry {
                number,
                reason: failure.reason(),
            };
            let delivery = self
                .attempt(DeliveryKind::Event, payload.clone(), Some(retry))
                .await;
            match delivery.failure {
                Some(again) if again.is_retried() => failure = again,
                Some(_) | None => return,
            }
        }
    }

    async fn attempt(self: &Arc<Self>, kind: DeliveryKind, payload: Value, retry: Option<Retry>) -> Delivery {
        let fault = self.with(|ws| ws.faults.take_delivery(kind));
        if let Some(DeliveryFault::Delay(wait)) = fault {
            self.clock.sleep_until(self.clock.now().plus(wait)).await;
        }
        let payload = bent(payload, fault.as_ref());
        let at = self.clock.now();
        let signed_at = self.clock.wall().seconds();
        let parcel = Parcel {
            kind,
            payload: &payload,
            retry,
            fault: fault.clone(),
            signed_at,
        };
        let mut result = self.send(&parcel).await;
        if fault == Some(DeliveryFault::DropAck) && result.is_ok() {
            result = Err(Failure::AckLost);
        }
        match fault {
            Some(DeliveryFault::Duplicate) => {
                self.send_again(kind, payload.clone(), signed_at, Duration::ZERO)
            }
            Some(DeliveryFault::Replay { after }) => self.send_again(kind, payload.clone(), signed_at, after),
            Some(DeliveryFault::DropAck | DeliveryFault::Delay(_) | DeliveryFault::WrongSecret) => {}
            Some(DeliveryFault::ClockSkew { .. } | DeliveryFault::NullTeam) | None => {}
        }
        let latency = result.is_ok().then(|| self.clock.now().since(at));
        let (ack, failure) = match result {
            Ok(body) => (body, None),
            Err(failure) => (AckBody::Empty, Some(failure)),
        };
        let number = retry.map_or(0, |retry| retry.number);
        let acked = failure.is_none();
        let mut delivery = Delivery {
            id: 0,
            kind,
            payload,
            at,
            retry: number,
            acked,
            latency,
            ack,
            failure,
            seen_error: None,
        };
        self.record(&mut delivery);
        delivery
    }

    async fn send(self: &Arc<Self>, parcel: &Parcel<'_>) -> Result<AckBody, Failure> {
        let _under_way = self.under_way();
        let transport = self.with(|ws| ws.app.settings.transport.clone());
        match transport {
            Transport::SocketMode => self.send_by_socket(parcel).await,
            Transport::Http(urls) => self.send_by_http(parcel, &urls).await,
        }
    }

    /// The second copy of a delivery; its acknowledgement matters to nobody.
    fn send_again(self: &Arc<Self>, kind: DeliveryKind, payload: Value, signed_at: u64, after: Duration) {
        let core = Arc::clone(self);
        let due = self.clock.now().plus(after);
        self.runtime.spawn(async move {
            core.clock.sleep_until(due).await;
            let marks = Retry {
                number: 1,
                reason: "http_timeout",
            };
            let retry = (kind == DeliveryKind::Event && after.is_zero()).then_some(marks);
            let parcel = Parcel {
                kind,
                payload: &payload,
                retry,
                fault: None,
                signed_at,
            };
            if let Err(failure) = core.send(&parcel).await {
                tracing::debug!(?kind, ?failure, "the copy was not acknowledged");
            }
        });
    }

    fn record(self: &Arc<Self>, delivery: &mut Delivery) {
        let now = self.clock.now();
        let verdict = legal(delivery.kind, &delivery.ack);
        self.with(|ws| {
            let name = delivery.payload["type"].as_str().unwrap_or("slash command");
            match delivery.failure {
                Some(Failure::Timeout) => {
                    let detail = format!("{name} was not acknowledged within 3 s");
                    ws.violate(ViolationKind::NotAcked, detail, now);
                }
                Some(Failure::Status(status) | Failure::StatusNoRetry(status)) => {
                    ws.violate(
                        ViolationKind::NotAcked,
                        format!("{name} was answered with HTTP {status}"),
                        now,
                    );
                }
                Some(Failure::TooManyRedirects) => {
                    ws.violate(
                        ViolationKind::NotAcked,
                        format!("{name} was redirected more than twice"),
                        now,
                    );
                }
                Some(Failure::NoReceiver | Failure::Connection | Failure::AckLost) | None => {}
            }
            if let Err(why) = verdict {
                ws.violate(ViolationKind::IllegalAck, format!("{name}: {why}"), now);
            }
            ws.record_delivery(delivery);
        });
    }
}

fn bent(mut payload: Value, fault: Option<&DeliveryFault>) -> Value {
    if fault == Some(&DeliveryFault::NullTeam) && payload.get("team").is_some() {
        payload["team"] = Value::Null;
    }
    payload
}
