//! What an answer of the pager means: done, try later, never, or nobody there.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde::Deserialize;

use crate::domain::text::hung_up;

/// Why the pager was not told. Texts hold no secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, strum::VariantNames)]
pub enum PageError {
    /// Its limits (429) or a fault of its own (5xx).
    #[error("the pager asks to come back in {} s ({reason})", after.as_secs())]
    Retry { after: Duration, reason: String },
    /// Sending the same again would be refused again.
    #[error("the pager refused: {reason}")]
    Refused { reason: String },
    /// No answer. It may have been received: repeating is safe, since the `dedup_key` is the same.
    #[error("the pager can't be reached: {reason}")]
    Unreachable { reason: String },
}

/// Bytes of an answer that are read.
const MAX_ANSWER: usize = 256 * 1024;
const AFTER_LIMIT: Duration = Duration::from_secs(30);
const AFTER_FAULT: Duration = Duration::from_secs(5);
/// However far away the hint is, a page is not put off for longer.
const LONGEST: Duration = Duration::from_secs(120);

/// The error answers of both APIs: `{"errors": […]}` and `{"error": {"errors": […]}}`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Complaint {
    message: String,
    errors: Vec<String>,
    error: Option<Box<Complaint>>,
}

/// What mends a refusal.
pub(super) struct Advice {
    pub redirect: &'static str,
    pub rights: &'static str,
}

const PAGERDUTY: Advice = Advice {
    redirect: "check `pagerduty.events_base` and `pagerduty.api_base`",
    rights: "check `pagerduty.api_token` and what it may do, and that `pagerduty.from` is a user there",
};

/// The body of a 2xx of PagerDuty, or what the answer means.
pub(super) async fn body_of(answer: Result<Response, reqwest::Error>) -> Result<Vec<u8>, PageError> {
    read(answer, &PAGERDUTY).await
}

/// The body of a 2xx, or what the answer means.
pub(super) async fn read(
    answer: Result<Response, reqwest::Error>,
    advice: &Advice,
) -> Result<Vec<u8>, PageError> {
    let mut answer = answer.map_err(unreachable)?;
    let status = answer.status();
    let headers = answer.headers().clone();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        let room = MAX_ANSWER - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == MAX_ANSWER {
            break;
        }
    }
    if status.is_success() {
        Ok(body)
    } else {
        Err(meaning(status, &headers, &body, advice))
    }
}

fn meaning(status: StatusCode, headers: &HeaderMap, body: &[u8], advice: &Advice) -> PageError {
    let reason = worded(status, body);
    if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::REQUEST_TIMEOUT {
        return PageError::Retry {
            after: hint(headers).unwrap_or(AFTER_LIMIT).min(LONGEST),
            reason,
        };
    }
    if status.is_server_error() {
        return PageError::Retry {
            after: hint(headers).unwrap_or(AFTER_FAULT).min(LONGEST),
            reason,
        };
    }
    if status.is_redirection() {
        let reason = format!("{reason}: a redirect is not followed, {}", advice.redirect);
        return PageError::Refused { reason };
    }
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => PageError::Refused {
            reason: format!("{reason}: {}", advice.rights),
        },
        _ => PageError::Refused { reason },
    }
}

/// `Retry-After` in seconds, or PagerDuty's `ratelimit-reset`.
fn hint(headers: &HeaderMap) -> Option<Duration> {
    let seconds = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    seconds(RETRY_AFTER.as_str())
        .or_else(|| seconds("ratelimit-reset"))
        .map(|seconds| Duration::from_secs(seconds.max(1)))
}

fn worded(status: StatusCode, body: &[u8]) -> String {
    let complaint: Complaint = serde_json::from_slice(body).unwrap_or_default();
    let complaint = complaint.error.map_or_else(
        || Complaint {
            error: None,
            message: complaint.message.clone(),
            errors: complaint.errors.clone(),
        },
        |inner| *inner,
    );
    let said: Vec<&str> = std::iter::once(complaint.message.as_str())
        .chain(complaint.errors.iter().map(String::as_str))
        .filter(|text| !text.is_empty())
        .collect();
    let said: String = said
        .join("; ")
        .chars()
        .filter(|c| !c.is_control())
        .take(300)
        .collect();
    if said.is_empty() {
        format!("{}", status.as_u16())
    } else {
        format!("{}: {said}", status.as_u16())
    }
}

fn unreachable(error: reqwest::Error) -> PageError {
    let reason = if error.is_timeout() {
        "it did not answer in time".to_owned()
    } else if error.is_connect() {
        format!("no connection ({})", root(&error))
    } else {
        format!("the connection broke ({})", root(&error))
    };
    PageError::Unreachable { reason }
}

/// The innermost cause; reqwest's own text holds the address, which may hold what it should not.
fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if cause.is::<reqwest::Error>() {
        "no details".to_owned()
    } else {
        hung_up(cause.to_string())
    }
}
