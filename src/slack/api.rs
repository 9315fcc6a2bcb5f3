//! Calls of the Web API: a timeout on every one, and of every reply only what is needed, so that a new field in it can
//! never turn a success into a failure. No retries here: whether a call may be repeated depends on what it does.
//!
//! Invariants: tokens are never logged; bodies of failures are never logged whole (they repeat people's words).

use std::time::Duration;

use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use slack_morphism::errors::SlackClientError;
use slack_morphism::hyper_tokio::SlackClientHyperConnector;
use slack_morphism::{
    SlackApiToken, SlackApiTokenType, SlackApiTokenValue, SlackClient, SlackClientApiCallContext,
    SlackClientHttpConnector,
};
use tracing::Span;
use url::Url;

use super::advice;
pub use super::advice::Trouble;
use super::settings::{Settings, SettingsError};
use crate::tls;

/// A rate limit is waited for at most this long before Slack is asked again.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

pub(super) type Connector = SlackClientHyperConnector<hyper_rustls::HttpsConnector<HttpConnector>>;

/// Ordinary calls.
pub(super) const CALL_TIMEOUT: Duration = Duration::from_secs(5);
/// Calls that a trigger id of 3 s hangs on.
pub(super) const VIEW_TIMEOUT: Duration = Duration::from_secs(2);

/// Why a call gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Slack said no, by this code. Nothing happened. Says what to do where a person can do something.
    #[error("Slack refused `{method}`: {code}{detail}{}", advice::then(method, code))]
    Refused {
        method: String,
        code: String,
        /// Slack's own messages about it, or nothing.
        detail: String,
    },
    #[error("Slack asks to wait {} s before the next `{method}`", after.as_secs())]
    RateLimited { method: String, after: Duration },
    /// Timeout, lost connection, 5xx, an unreadable reply: it may have happened.
    #[error("{}", unanswered(method, why))]
    Unclear { method: String, why: String },
}

/// A question changes nothing, so that there is nothing to be in doubt about.
fn unanswered(method: &str, why: &str) -> String {
    let asks = matches!(method, "auth.test" | "apps.connections.open")
        || [".list", ".info", ".history", ".replies", ".members"]
            .iter()
            .any(|end| method.ends_with(end));
    match asks {
        true => format!("`{method}` was not answered: {why}"),
        false => format!("nobody knows whether `{method}` went through: {why}"),
    }
}

impl ApiError {
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            Self::RateLimited { .. } | Self::Unclear { .. } => None,
        }
    }

    #[must_use]
    pub fn trouble(&self) -> Trouble {
        self.code().map_or(Trouble::Other, advice::trouble)
    }
}

/// The fields of replies that anything here reads.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Posted {
    pub ok: bool,
    pub ts: Option<String>,
    pub channel: Option<String>,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Api {
    client: std::sync::Arc<SlackClient<Connector>>,
    token: SlackApiToken,
    /// Of the API, for people.
    host: std::sync::Arc<str>,
}

impl Api {
    /// Builds the client: https only when the base is https; plain http only for a base that says so.
    ///
    /// # Errors
    /// When the base is no address, the token is empty, or the TLS roots can't be read.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        if settings.bot_token.is_empty() {
            return Err(SettingsError::NoBotToken);
        }
        let client = client(&settings.api_base)?;
        Ok(Self {
            client: std::sync::Arc::new(client),
            token: token(&settings.bot_token, SlackApiTokenType::Bot),
            host: Url::parse(&settings.api_base)
                .map(|url| host_of(&url))
                .unwrap_or_default()
                .into(),
        })
    }

    pub(super) fn client(&self) -> std::sync::Arc<SlackClient<Connector>> {
        self.client.clone()
    }

    /// One POST with a JSON body.
    pub(super) async fn post<T: DeserializeOwned + Send>(
        &self,
        method: &str,
        body: &Value,
        timeout: Duration,
    ) -> Result<T, ApiError> {
        let session = self.client.open_session(&self.token);
        let call = session.http_session_api.http_post::<_, Value>(method, body, None);
        read(method, within(method, &self.host, timeout, call).await?)
    }

    /// One GET, for methods that only read.
    pub(super) async fn get<T: DeserializeOwned + Send>(
        &self,
        method: &str,
        params: &[(&str, String)],
        timeout: Duration,
    ) -> Result<T, ApiError> {
        let session = self.client.open_session(&self.token);
        let params: Vec<(&str, Option<&String>)> =
            params.iter().map(|(key, value)| (*key, Some(value))).collect();
        let call = session
            .http_session_api
            .http_get::<Value, _, _>(method, &params, None);
        read(method, within(method, &self.host, timeout, call).await?)
    }

    /// A POST to an address that Slack gave us, without our token.
    pub(super) async fn post_to(&self, url: Url, body: &Value, timeout: Duration) -> Result<(), ApiError> {
        let span = Span::current();
        let host = host_of(&url);
        let call = self
            .client
            .http_api
            .connector
            .http_post_uri::<_, Value>(url, body, bare(&span));
        within("response_url", &host, timeout, call).await.map(drop)
    }

    /// The bytes of a file to the address that `files.getUploadURLExternal` gave.
    pub(super) async fn upload(&self, url: Url, bytes: &[u8], timeout: Duration) -> Result<(), ApiError> {
        let span = Span::current();
        let host = host_of(&url);
        let kind = "application/octet-stream".to_owned();
        let call =
            self.client
                .http_api
                .connector
                .http_post_uri_binary::<Value>(url, kind, bytes, bare(&span));
        within("upload", &host, timeout, call).await.map(drop)
    }
}

pub(super) fn token(value: &str, kind: SlackApiTokenType) -> SlackApiToken {
    SlackApiToken::new(SlackApiTokenValue(value.to_owned())).with_token_type(kind)
}

fn client(base: &str) -> Result<SlackClient<Connector>, SettingsError> {
    let url = Url::parse(base).map_err(|_| SettingsError::Base(base.to_owned()))?;
    let roots = HttpsConnectorBuilder::new().with_tls_config(tls::client_config()?);
    let https = match url.scheme() {
        "https" => roots.https_only().enable_all_versions().build(),
        "http" => roots.https_or_http().enable_all_versions().build(),
        _ => return Err(SettingsError::Base(base.to_owned())),
    };
    Ok(SlackClient::new(Connector::from(https).with_slack_api_url(base)))
}

fn bare(span: &Span) -> SlackClientApiCallContext<'_> {
    SlackClientApiCallContext {
        rate_control_params: None,
        token: None,
        tracing_span: span,
        is_sensitive_url: true,
    }
}

/// `slack.com`, `127.0.0.1:9911`
fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

async fn within<T>(
    method: &str,
    host: &str,
    timeout: Duration,
    call: impl Future<Output = Result<T, SlackClientError>>,
) -> Result<T, ApiError> {
    match tokio::time::timeout(timeout, call).await {
        Ok(Ok(reply)) => Ok(reply),
        Ok(Err(error)) => Err(classify(method, host, error)),
        Err(_) => Err(ApiError::Unclear {
            method: method.to_owned(),
            why: format!("no reply from {host} within {} ms", timeout.as_millis()),
        }),
    }
}

/// The client decodes `{}` out of a reply that is not JSON; without `ok: true` it counts as unclear.
fn read<T: DeserializeOwned>(method: &str, reply: Value) -> Result<T, ApiError> {
    let unclear = |why: &str| ApiError::Unclear {
        method: method.to_owned(),
        why: why.to_owned(),
    };
    if reply.get("ok").and_then(Value::as_bool) != Some(true) {
        return Err(unclear("the reply is not one of Slack's"));
    }
    serde_json::from_value(reply).map_err(|_| unclear("the reply lacks what it should have"))
}

fn classify(method: &str, host: &str, error: SlackClientError) -> ApiError {
    let method = method.to_owned();
    match error {
        SlackClientError::ApiError(api) => refused(method, api.code, api.http_response_body.as_deref()),
        SlackClientError::RateLimitError(limit) => ApiError::RateLimited {
            method,
            // What comes from outside must not overflow a clock.
            after: limit
                .retry_after
                .unwrap_or(Duration::from_secs(1))
                .min(LONGEST_WAIT),
        },
        SlackClientError::HttpError(http) if http.status_code.is_client_error() => ApiError::Refused {
            method,
            code: format!("http_{}", http.status_code.as_u16()),
            detail: String::new(),
        },
        SlackClientError::HttpError(http) => ApiError::Unclear {
            method,
            why: format!("{host} answered {}", http.status_code.as_u16()),
        },
        SlackClientError::HttpProtocolError(_) => ApiError::Unclear {
            method,
            why: advice::unreachable(host),
        },
        SlackClientError::ProtocolError(_) => ApiError::Unclear {
            method,
            why: "the reply can't be read".to_owned(),
        },
        SlackClientError::EndOfStream(_)
        | SlackClientError::SystemError(_)
        | SlackClientError::SocketModeProtocolError(_) => ApiError::Unclear {
            method,
            why: format!("the connection to {host} broke"),
        },
    }
}

/// What Slack's own code for an error means.
fn refused(method: String, code: String, body: Option<&str>) -> ApiError {
    match code.as_str() {
        // The first two may have partly succeeded (docs.slack.dev, errors of chat.postMessage).
        "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" => {
            ApiError::Unclear { method, why: code }
        }
        "ratelimited" | "rate_limited" => ApiError::RateLimited {
            method,
            after: Duration::from_secs(1),
        },
        _ => ApiError::Refused {
            method,
            code,
            detail: body.map(messages).unwrap_or_default(),
        },
    }
}

/// `needed`, where a scope is missing, else `response_metadata.messages`, where Slack says which block it does not like; at
/// most 300 characters.
fn messages(body: &str) -> String {
    let Ok(value) = serde_json::from_str::<Value>(body) else {
        return String::new();
    };
    if let Some(scope) = value.get("needed").and_then(Value::as_str) {
        return format!(" (needed: {})", scope.chars().take(100).collect::<String>());
    }
    let Some(list) = value
        .pointer("/response_metadata/messages")
        .and_then(Value::as_array)
    else {
        return String::new();
    };
    let text: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
    let text: String = text.join("; ").chars().take(300).collect();
    if text.is_empty() {
        text
    } else {
        format!(" ({text})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_production_connector_can_be_built() {
        let _already = rustls::crypto::ring::default_provider().install_default();
        assert!(Api::new(&Settings::new("https://slack.com/api", "xoxb-1")).is_ok());
        assert!(matches!(
            Api::new(&Settings::new("ftp://slack.com", "xoxb-1")),
            Err(SettingsError::Base(_))
        ));
        assert!(matches!(
            Api::new(&Settings::new("https://slack.com/api", "")),
            Err(SettingsError::NoBotToken)
        ));
    }

    #[test]
    fn a_reply_that_is_not_slacks_is_unclear_and_not_a_success() {
        assert!(matches!(
            read::<Posted>("m", serde_json::json!({})),
            Err(ApiError::Unclear { .. })
        ));
        assert!(read::<Posted>("m", serde_json::json!({"ok": true, "ts": "1.2", "new": {"x": 1}})).is_ok());
    }
}
