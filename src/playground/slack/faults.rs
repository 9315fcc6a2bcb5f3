//! Failing on purpose: what can go wrong, per method and per kind of delivery. Each is also JSON, for whoever arms it from
//! outside. `plan` keeps what is armed, `board` is the handle.

mod board;
mod plan;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::api;
use super::deliver::DeliveryKind;

pub use board::Faults;
pub(super) use plan::FaultPlan;

/// How often a switch acts before it is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    Once,
    Count(u32),
    Always,
}

impl From<Option<u32>> for Times {
    fn from(times: Option<u32>) -> Self {
        times.map_or(Self::Always, Self::Count)
    }
}

/// What goes wrong with an API call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ApiFault {
    /// The reply comes this much later (on the double's clock); the effect is stored at once.
    #[serde(rename = "delay_ms", with = "millis")]
    Delay(Duration),
    /// 429 with this many seconds, whatever the buckets say.
    RateLimited { retry_after: u64 },
    /// This HTTP status, no effect.
    Status(u16),
    /// The effect is stored, then this HTTP status.
    StatusAfter(u16),
    /// `ok: false` with this code, no effect.
    Error(String),
    /// The connection ends without an answer and without effect.
    ResetBefore,
    /// The effect is stored, then the connection ends without an answer.
    ResetAfter,
    /// The effect is stored; the reply is cut in the middle.
    MalformedJson,
    /// The effect is stored; the reply carries fields nobody knows.
    ExtraFields,
    /// 200 with an HTML page, no effect.
    HtmlPage,
}

/// What goes wrong with a delivery to the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum DeliveryFault {
    /// The app's acknowledgement is lost on its way; the person sees an error, events are retried.
    DropAck,
    /// Delivered twice; an event with its retry marks, anything else as the same bytes again.
    Duplicate,
    /// Sent this much later, on the double's clock; what happens meanwhile overtakes it.
    #[serde(rename = "delay_ms", with = "millis")]
    Delay(Duration),
    /// Delivered, and this much later (on the double's clock) once more: over HTTP the same bytes with the old signature.
    Replay {
        #[serde(rename = "after_ms", with = "millis")]
        after: Duration,
    },
    /// HTTP only: signed with another secret.
    WrongSecret,
    /// HTTP only: signed as if the clock were off by this many seconds.
    ClockSkew { seconds: i64 },
    /// Socket Mode only: `team` is null, as an org-wide install sends it.
    NullTeam,
}

/// What happens to the sharing of the next completed upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShareFault {
    /// The share appears after this many `files.info` calls.
    Polls(u32),
    /// Completion says ok and nothing ever appears.
    Never,
}

/// What happens to the open Socket Mode connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SocketFault {
    /// `disconnect` with reason `warning`; the connection closes ten seconds later.
    Warning,
    /// `disconnect` with reason `refresh_requested`, and close.
    Refresh,
    /// The TCP connection ends without a word.
    Abrupt,
    /// The connection stays open and goes silent: no pongs, no reading, no writing.
    HalfOpen,
    /// Everything goes on but the answers to the app's pings.
    NoPong,
    /// From now on one frame of the app is read in this time (on the double's clock), so that acknowledgements come late.
    SlowReader {
        #[serde(rename = "every_ms", with = "millis")]
        every: Duration,
    },
    /// Socket Mode is switched off: `link_disabled`, and no new connection.
    LinkDisabled,
}

/// Any of them, as it is armed from outside. `times` is how often it acts; without it, until it is disarmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SlackFault {
    /// Of a method of the Web API, of `response_url`, of `upload`, or of any (`*`).
    Call {
        method: String,
        fault: ApiFault,
        #[serde(default)]
        times: Option<u32>,
    },
    /// Of deliveries of this kind, or of every kind.
    Delivery {
        #[serde(default)]
        kind: Option<DeliveryKind>,
        fault: DeliveryFault,
        #[serde(default)]
        times: Option<u32>,
    },
    /// Of completed uploads.
    Share {
        fault: ShareFault,
        #[serde(default)]
        times: Option<u32>,
    },
    /// Of the connections that are open now.
    Socket(SocketFault),
}

/// What was asked for makes no sense; says what would.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Nonsense(pub String);

impl SlackFault {
    /// Whether it can ever act.
    ///
    /// # Errors
    /// What is wrong with it, and what is possible.
    pub(super) fn check(&self) -> Result<(), Nonsense> {
        let (times, wrong) = match self {
            Self::Call { method, fault, times } => {
                (*times, method_trouble(method).or_else(|| fault.trouble()))
            }
            Self::Delivery { times, .. } | Self::Share { times, .. } => (*times, None),
            Self::Socket(_) => (None, None),
        };
        let never = (times == Some(0)).then(|| NEVER.to_owned());
        wrong.or(never).map_or(Ok(()), |why| Err(Nonsense(why)))
    }
}

const NEVER: &str = "`times` is at least 1; leave it out for every time until it is cleared";

fn method_trouble(method: &str) -> Option<String> {
    let others = ["*", "response_url", "upload"];
    let known = others.contains(&method) || api::methods().any(|name| name == method);
    (!known).then(|| {
        let all: Vec<&str> = others.into_iter().chain(api::methods()).collect();
        format!("`{method}` is no method here; there are: {}", all.join(", "))
    })
}

impl ApiFault {
    fn trouble(&self) -> Option<String> {
        match self {
            Self::Status(code) | Self::StatusAfter(code) if !(400..600).contains(code) => Some(format!(
                "`{code}` is no HTTP status of a failure; write one from 400 to 599"
            )),
            Self::Error(code) if code.is_empty() => {
                Some("an empty `error` is no error code; write one such as `not_in_channel`".to_owned())
            }
            Self::Status(_) | Self::StatusAfter(_) | Self::Error(_) => None,
            Self::Delay(_) | Self::RateLimited { .. } | Self::ResetBefore | Self::ResetAfter => None,
            Self::MalformedJson | Self::ExtraFields | Self::HtmlPage => None,
        }
    }
}

/// Durations as whole milliseconds.
mod millis {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_can_be_armed_can_be_read_back() {
        for text in [
            json!({"call": {"method": "*", "fault": {"delay_ms": 20}, "times": 2}}),
            json!({"call": {"method": "upload", "fault": "reset_after", "times": null}}),
            json!({"call": {"method": "chat.update", "fault": {"rate_limited": {"retry_after": 5}}, "times": null}}),
            json!({"delivery": {"kind": "block_actions", "fault": {"replay": {"after_ms": 9}}, "times": 1}}),
            json!({"delivery": {"kind": null, "fault": {"clock_skew": {"seconds": -301}}, "times": 1}}),
            json!({"share": {"fault": {"polls": 3}, "times": 1}}),
            json!({"socket": {"slow_reader": {"every_ms": 500}}}),
        ] {
            let read: SlackFault = serde_json::from_value(text.clone()).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), text);
            assert_eq!(read.check(), Ok(()));
        }
    }

    #[test]
    fn nonsense_is_refused_with_what_is_possible() {
        let said = |text: serde_json::Value| {
            let read: SlackFault = serde_json::from_value(text).unwrap();
            read.check().unwrap_err().0
        };
        let unknown = said(json!({"call": {"method": "chat.psot", "fault": "html_page"}}));
        assert!(unknown.contains("chat.postMessage") && unknown.contains("response_url"));
        let fine = said(json!({"call": {"method": "*", "fault": {"status": 200}}}));
        assert!(fine.contains("from 400 to 599"));
        assert!(said(json!({"share": {"fault": "never", "times": 0}})).contains("at least 1"));
    }
}
