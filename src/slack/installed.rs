//! A look at the installation from outside, for `interlock doctor`: whose token it is, what it may do, what time Slack has,
//! and whether a click as Slack would send it arrives. Posts nothing and changes nothing.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap};
use reqwest::{Client, StatusCode, redirect};
use serde::Deserialize;
use sha2::Sha256;

use super::advice;
use super::settings::Settings;
use super::surface;
use crate::tls;

/// For one request, all in.
const WITHIN: Duration = Duration::from_secs(5);

/// What Slack says of the bot token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    pub team: String,
    pub user: String,
    /// Scopes that are missing, and what needs them.
    pub lacking: Vec<(&'static str, &'static str)>,
    /// Granted and never used.
    pub unneeded: Vec<String>,
    /// How far Slack's clock is ahead of ours.
    pub ahead: Option<jiff::SignedDuration>,
}

/// Why the installation could not be looked at, or is not right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, strum::VariantNames)]
pub enum InstalledError {
    #[error("Slack refuses `{method}`: {code}{needed}{}", advice::then(method, code))]
    Refused {
        method: String,
        code: String,
        /// The scope that Slack says is missing, in brackets.
        needed: String,
    },
    #[error(
        "{0} can't be reached ({1}): check that address, the name's resolution, and the proxy or firewall between"
    )]
    Unreachable(String, String),
    #[error("a click with a good signature was answered {0}: look into Interlock's log for that minute")]
    ClickRefused(StatusCode),
    #[error(
        "a click with a wrong signature was answered {0}: something else answers there, or anybody could click"
    )]
    ForgeryTaken(StatusCode),
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    ok: bool,
    error: Option<String>,
    needed: Option<String>,
    team: String,
    user: String,
}

fn client() -> Result<Client, InstalledError> {
    tls::http_client(|client| client.timeout(WITHIN).redirect(redirect::Policy::none()))
        .map_err(|error| InstalledError::Unreachable("no TLS".to_owned(), error.to_string()))
}

/// In few words, without the address and what stands behind it.
fn unreachable(what: &str, error: &reqwest::Error) -> InstalledError {
    let why = match (error.is_timeout(), error.is_connect()) {
        (true, _) => "no answer in time",
        (_, true) => "no connection",
        (false, false) => "no answer that can be read",
    };
    InstalledError::Unreachable(what.to_owned(), why.to_owned())
}

async fn ask(settings: &Settings, method: &str, token: &str) -> Result<(Answer, HeaderMap), InstalledError> {
    let url = format!("{}/{method}", settings.api_base);
    let sent = client()?.post(&url).bearer_auth(token).send().await;
    let answer = sent.map_err(|error| unreachable(&settings.api_base, &error))?;
    let headers = answer.headers().clone();
    let body: Answer = answer
        .json()
        .await
        .map_err(|error| unreachable(&settings.api_base, &error))?;
    if body.ok {
        return Ok((body, headers));
    }
    let needed = body.needed.map(|scope| format!(" (needed: {scope})"));
    Err(InstalledError::Refused {
        method: method.to_owned(),
        code: body.error.unwrap_or_else(|| "it does not say why".to_owned()),
        needed: needed.unwrap_or_default(),
    })
}

/// Asks Slack about the bot token: `auth.test` says whose it is, and its headers what it may do and what time it is.
///
/// # Errors
/// Slack refuses the token, or does not answer within 5 s.
pub async fn installed(settings: &Settings, now: Timestamp) -> Result<Installed, InstalledError> {
    let (answer, headers) = ask(settings, "auth.test", &settings.bot_token).await?;
    let granted: Vec<&str> = headers
        .get("x-oauth-scopes")
        .and_then(|value| value.to_str().ok())
        .map(|text| {
            text.split(',')
                .map(str::trim)
                .filter(|scope| !scope.is_empty())
                .collect()
        })
        .unwrap_or_default();
    let needed = surface::SCOPES
        .iter()
        .filter(|(scope, _)| !granted.contains(scope));
    let known = |scope: &str| surface::SCOPES.iter().any(|(needed, _)| *needed == scope);
    Ok(Installed {
        team: answer.team,
        user: answer.user,
        lacking: needed.copied().collect(),
        unneeded: granted
            .iter()
            .filter(|scope| !known(scope))
            .map(|scope| (*scope).to_owned())
            .collect(),
        ahead: their_time(&headers).map(|theirs| theirs.duration_since(now)),
    })
}

/// The moment in a `Date` header.
#[must_use]
pub fn their_time(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(DATE)?.to_str().ok()?;
    DateTimeParser::new().parse_timestamp(text).ok()
}

/// Whether Socket Mode can be opened with the app-level token. Opens nothing.
///
/// # Errors
/// Slack refuses the token, or does not answer within 5 s.
pub async fn socket_opens(settings: &Settings) -> Result<(), InstalledError> {
    let token = settings.app_token.as_deref().unwrap_or_default();
    ask(settings, "apps.connections.open", token).await.map(drop)
}

/// Clicks a button that no card has and that only would open a link, at the address under which Slack reaches Interlock: with a good signature it is taken
/// and does nothing, with a wrong one it is refused. Both must be so.
///
/// # Errors
/// Nobody answers there within 5 s, or not as Interlock does.
pub async fn click(settings: &Settings, base: &str, now: Timestamp) -> Result<(), InstalledError> {
    let url = format!("{}/slack/interactions", base.trim_end_matches('/'));
    let payload = serde_json::json!({
        "type": "block_actions",
        "user": {"id": "U0", "team_id": "T0"},
        "team": {"id": "T0"},
        "actions": [{"type": "button", "action_id": format!("{}doctor", surface::action::LINK), "value": ""}],
    });
    let body: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &payload.to_string())
        .finish();
    let secret = settings.signing_secret.as_deref().unwrap_or_default();
    let good = send(&url, &body, secret, now).await?;
    if !good.is_success() {
        return Err(InstalledError::ClickRefused(good));
    }
    let forged = send(&url, &body, "interlock-doctor-has-no-secret", now).await?;
    if forged != StatusCode::UNAUTHORIZED {
        return Err(InstalledError::ForgeryTaken(forged));
    }
    Ok(())
}

async fn send(url: &str, body: &str, secret: &str, now: Timestamp) -> Result<StatusCode, InstalledError> {
    let time = now.as_second().to_string();
    let answer = client()?
        .post(url)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("x-slack-request-timestamp", &time)
        .header("x-slack-signature", signature(secret, &time, body))
        .body(body.to_owned())
        .send()
        .await
        .map_err(|error| unreachable(url, &error))?;
    Ok(answer.status())
}

/// Slack's signature, version 0.
fn signature(secret: &str, time: &str, body: &str) -> String {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("v0:{time}:{body}").as_bytes());
    format!("v0={}", hex::encode(mac.finalize().into_bytes()))
}
