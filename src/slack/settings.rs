//! What the adapter is given: addresses and secrets, words, and the little it asks back from the application.
//! Nothing here is read from the environment; `config` does that.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use crate::domain::ceremony::{Code, Factor};
use crate::domain::command::Answer;
use crate::domain::event::Entry;
use crate::domain::evidence::Finding;
use crate::domain::glass::Glass;
use crate::domain::ids::{AttemptId, IncidentId, PersonId};
use crate::domain::incident::Incident;
use crate::domain::notice::Notice;
use crate::domain::runbook::RefusedLine;
use crate::ports::{Pending, Person};
use crate::tls::TlsError;

use super::cards::{CardContext, Frozen};
use super::inbound::origin::Origin;
use super::people::Absent;

/// Addresses and secrets of one installation. `Debug` shows no secret.
#[derive(Clone)]
pub struct Settings {
    /// Without a trailing slash: `https://slack.com/api`.
    pub api_base: String,
    /// `xoxb-…`
    pub bot_token: String,
    /// `xapp-…`; only for Socket Mode.
    pub app_token: Option<String>,
    /// Only for HTTP.
    pub signing_secret: Option<String>,
    /// Socket Mode connections: 1 to 10, two by default, so that one is up while the other is renewed.
    pub connections: u32,
    /// Hosts that a `response_url` or an upload address may name, beside `hooks.slack.com`, `files.slack.com` and the
    /// host of `api_base`.
    pub allowed_hosts: Vec<String>,
    /// Time between two edits of one card.
    pub edit_interval: Duration,
    /// Time that a first post waits for the plan.
    pub plan_wait: Duration,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("api_base", &self.api_base)
            .field("app_token", &self.app_token.is_some())
            .field("signing_secret", &self.signing_secret.is_some())
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

/// Why the adapter can't be built.
#[derive(Debug, thiserror::Error, strum::VariantNames)]
pub enum SettingsError {
    #[error(
        "`slack.api_base` is `{0}`, which is not an http or https address; write for example `https://slack.com/api`"
    )]
    Base(String),
    #[error(transparent)]
    Roots(#[from] TlsError),
    #[error(
        "`slack.bot_token` is empty; copy the bot token (xoxb-…) from the app's page \"OAuth & Permissions\""
    )]
    NoBotToken,
    #[error(
        "Socket Mode needs `slack.app_token`; make an app-level token (xapp-…) with the scope connections:write"
    )]
    NoAppToken,
    #[error("HTTP needs `slack.signing_secret`; copy it from the app's page \"Basic Information\"")]
    NoSigningSecret,
    #[error("Socket Mode could not be started: {0}")]
    Socket(String),
}

impl Settings {
    /// Settings with everything at its default but the address and the bot token.
    #[must_use]
    pub fn new(api_base: impl Into<String>, bot_token: impl Into<String>) -> Self {
        Self {
            api_base: api_base.into().trim_end_matches('/').to_owned(),
            bot_token: bot_token.into(),
            app_token: None,
            signing_secret: None,
            connections: 2,
            allowed_hosts: Vec::new(),
            edit_interval: Duration::from_millis(1500),
            plan_wait: Duration::from_millis(150),
        }
    }

    /// Whether an address that came in a payload or an answer may be called: the right host, and https unless the base
    /// itself is plain http.
    #[must_use]
    pub fn may_call(&self, address: &str) -> Option<Url> {
        let url = Url::parse(address).ok()?;
        let base = Url::parse(&self.api_base).ok()?;
        let host = url.host_str()?;
        let own =
            base.host_str() == Some(host) && base.port_or_known_default() == url.port_or_known_default();
        let listed = matches!(host, "hooks.slack.com" | "files.slack.com" | "slack.com")
            || self.allowed_hosts.iter().any(|allowed| allowed == host);
        let scheme = match url.scheme() {
            "https" => true,
            "http" => base.scheme() == "http",
            _ => false,
        };
        let clean = url.username().is_empty() && url.password().is_none();
        (scheme && clean && (own || listed)).then_some(url)
    }
}

/// Why somebody whom the policy names counts for nothing, in a few words.
pub type WhyGone<'w> = &'w dyn Fn(&str) -> Option<&'static str>;

/// How things are worded; one function each, so that this adapter can be built and tested without the templates.
/// Every text is Slack mrkdwn in which all foreign text is escaped already.
#[derive(Clone, Copy)]
pub struct Words {
    /// An answer or a refusal, for the person it is for, and the incident that it says it is about.
    pub answer: fn(&Answer, Option<IncidentId>, WhyGone<'_>) -> String,
    /// One journal entry as a line of the thread; `None` when the thread doesn't show it.
    pub line: fn(&Entry, &Incident) -> Option<String>,
    /// Many alerts that joined one after another, as one line.
    pub crowd: fn(&[&Entry]) -> String,
    pub summary: fn(&[Entry], &Incident) -> String,
    /// What the channels are told that is about no one incident.
    /// With the time that it is of, where that is some while ago.
    pub notice: fn(&Notice, Option<Timestamp>) -> String,
}

/// What may change every open card at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    pub frozen: Vec<Frozen>,
    /// Why the journal can't be written, while it can't.
    pub broken: Option<String>,
    /// Of each change window and each freeze of the calendar whether it holds.
    pub turned: Vec<bool>,
    /// Changes that still count against limits per hour, where there are such limits.
    pub started: usize,
    /// Whom the policy names and Slack does not have.
    pub absent: Absent,
    /// Of the runbooks that may be used: a card that found none may find one now.
    pub runbooks: String,
}

/// A picture as PNG, and what it shows in plain words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub png: Vec<u8>,
    pub alt: String,
}

/// What the adapter asks of the application. Called often; must not block.
pub trait Outlook: Send + Sync {
    fn now(&self) -> Timestamp;

    /// The database that cards and forms are drawn for.
    fn origin(&self) -> &Origin;

    /// Takes secrets out of what a person typed.
    fn clean<'t>(&self, text: &'t str) -> std::borrow::Cow<'t, str>;

    /// What a card shows beside the incident itself.
    fn card(&self, incident: &Incident) -> CardContext;

    /// Who froze what and why, that of everything first. At most a second or two old: it is for showing.
    fn frozen(&self) -> Vec<Frozen>;

    /// The runbooks that may not be used until their files are mended.
    fn refused(&self) -> Vec<RefusedLine> {
        Vec::new()
    }

    /// Each time somebody broke the glass, until another person has reviewed it. At most a second or two old.
    fn glass(&self) -> Vec<Glass> {
        Vec::new()
    }

    /// What stands beside the incidents on all cards: while it is the same, a card to which nothing happened looks the
    /// same.
    fn around(&self) -> Around {
        Around {
            frozen: self.frozen(),
            broken: self.broken(),
            ..Around::default()
        }
    }

    /// Whom the policy names and Slack does not have. A minute or two old: it is for showing.
    fn absent(&self) -> Absent {
        Absent::new()
    }

    /// Why the journal can't be written, while it can't.
    fn broken(&self) -> Option<String>;

    /// Whether this person's approval of the current plan would count.
    fn may_approve(&self, incident: &Incident, person: &Person) -> bool;

    /// Whether this person lifts what somebody else froze.
    fn may_lift(&self, person: &Person) -> bool;

    /// What becomes of this code of this person's second factor now.
    fn second_factor<'a>(&'a self, person: &PersonId, code: &'a Code) -> Pending<'a, Factor>;

    /// A chart of a finding around the alert, without secrets; `None` when there is none to be had.
    fn chart<'a>(&'a self, incident: &'a Incident, finding: &'a Finding) -> Pending<'a, Option<Picture>>;

    /// The whole output of an attempt, redacted; `None` when it is not kept.
    fn whole_output(&self, attempt: AttemptId) -> Pending<'_, Option<Vec<u8>>>;
}

/// Everything that the parts of the adapter share.
#[derive(Clone)]
pub struct Shared {
    pub settings: Arc<Settings>,
    pub words: Words,
    pub outlook: Arc<dyn Outlook>,
}

impl Shared {
    /// An answer in words, for the person it is for. See [`Words::answer`].
    pub fn answer(&self, answer: &Answer, about: Option<IncidentId>) -> String {
        let absent = self.outlook.absent();
        (self.words.answer)(answer, about, &|name| absent.get(name).map(|why| why.words()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_slack_and_the_configured_base_are_called_back() {
        let real = Settings::new("https://slack.com/api/", "xoxb");
        assert!(real.may_call("https://hooks.slack.com/commands/T1/1/x").is_some());
        for address in [
            "http://hooks.slack.com/commands/T1/1/x",
            "https://hooks.slack.com.evil.example/x",
            "https://user@hooks.slack.com/x",
            "https://169.254.169.254/latest",
            "file:///etc/passwd",
            "hooks.slack.com",
        ] {
            assert!(real.may_call(address).is_none(), "{address}");
        }
        let double = Settings::new("http://127.0.0.1:9911/api", "xoxb");
        assert!(double.may_call("http://127.0.0.1:9911/response/1").is_some());
        assert!(double.may_call("http://127.0.0.1:9912/response/1").is_none());
    }
}
