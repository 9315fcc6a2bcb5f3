//! `interlock ingest`: what a webhook's body would be understood as, without a bot. Authenticity is told as far as the headers are given:
//! it is a matter of the request, not of its body. Nothing that a sender wrote may look like a line of ours.

mod changes;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use serde::Serialize;

use super::args::{Format, FormatArg};
use super::outcome::{Ended, Failure};
use super::screen::{Paint, Screen};
use super::setup::Setup;
use crate::app;
use crate::domain::alert::{Alert, AlertStatus};
use crate::ingress::{Authenticity, NotUnderstood, ParseError, Read, Sample, understand};
use crate::render::words;

/// Show what a webhook's body would be understood as: exit code 1 when it would be refused
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples: interlock ingest --source grafana body.json\n          \
    interlock ingest --source 'changes/launchdarkly?service=checkout' body.json\n\n\
    Exit code 1 also when headers are given that don't prove it."
)]
pub(super) struct Ingest {
    /// Who sends it, as in /webhooks/SOURCE: alertmanager, grafana, custom/NAME, changes/github; with what the address says behind
    /// a `?` where that matters. A wrong one lists them all.
    #[arg(long, value_name = "SOURCE")]
    source: String,
    /// The body as it was sent; `-` reads standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A header of the request, for what is said there and not in the body.
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    #[command(flatten)]
    format: FormatArg,
}

#[derive(Serialize)]
struct Answer<'a> {
    source: &'a str,
    alerts: &'a [Alert],
    /// The same when the sender sends it again.
    delivery_key: Option<String>,
    aside: &'a [&'static str],
    /// Whether the request would have been let in, as far as it is known here.
    authenticity: String,
    /// What the sender would be told instead.
    refused: Option<String>,
}

impl Ingest {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let settings = setup.settings()?;
        let (source, query) = match self.source.split_once('?') {
            Some((source, query)) => (source, Some(query.to_owned())),
            None => (self.source.as_str(), None),
        };
        let mut sample = Sample {
            query,
            body: read(&self.file)?,
            ..Sample::default()
        };
        for text in &self.headers {
            let (name, value) = header(text).ok_or_else(|| Failure::NotAHeader { given: text.clone() })?;
            sample.headers.append(name, value);
        }
        if let Some(name) = source.strip_prefix("changes/") {
            return changes::show(name, &sample, &settings, self.format.format, screen);
        }
        let understood = understand(source, &sample, &settings, Timestamp::now());
        let (mut read, authenticity, refused) = match understood {
            Ok((read, authenticity)) => (read, authenticity, None),
            Err(problem) => (Read::default(), Authenticity::NotTold, Some(told(problem)?)),
        };
        app::without_secrets(&settings, &mut read.alerts)?;
        // It quotes the body.
        let clean = app::cleaner(app::redactor(&settings)?);
        let refused = refused.map(|text| clean(&text));
        match self.format.format {
            Format::Json => screen.json(&Answer {
                source,
                alerts: &read.alerts,
                delivery_key: read.delivery_key.as_ref().map(ToString::to_string),
                aside: &read.aside,
                authenticity: proved(&authenticity),
                refused: refused.clone(),
            })?,
            Format::Human => match &refused {
                Some(refused) => {
                    screen.say_painted(Paint::Bad, "It would be refused: ", &one_line(refused))?
                }
                None => {
                    say(&read, screen)?;
                    screen.say(&proved(&authenticity))?;
                }
            },
        }
        let given = !self.headers.is_empty();
        Ok(ended(refused.as_deref(), &authenticity, given))
    }
}

/// Whether such a request would have come through, as far as can be told from what was given of it.
fn ended(refused: Option<&str>, authenticity: &Authenticity, headers_given: bool) -> Ended {
    match authenticity {
        _ if refused.is_some() => Ended::Found,
        Authenticity::Fails(_) | Authenticity::Stale => Ended::Found,
        Authenticity::InAddress if headers_given => Ended::Found,
        Authenticity::Holds | Authenticity::NotTold | Authenticity::InAddress | Authenticity::NotAsked => {
            Ended::Fine
        }
    }
}

/// What the sender would be told; the operator may see what the sender may not.
///
/// # Errors
/// There is no such source: that is no answer to a sender.
fn told(problem: NotUnderstood) -> Result<String, Failure> {
    match problem {
        NotUnderstood::Malformed(ParseError::Map { detail }) => Ok(format!(
            "the `map` of this source can't be applied to the body: {detail}"
        )),
        NotUnderstood::Malformed(_) | NotUnderstood::Envelope(_) => Ok(problem.to_string()),
        NotUnderstood::NoSuchSource { .. } => Err(Failure::Ingest(problem)),
    }
}

/// Whether it would have been let in, in a sentence.
fn proved(authenticity: &Authenticity) -> String {
    match authenticity {
        Authenticity::Holds => "With these headers it would be authentic.".to_owned(),
        Authenticity::Fails(lacks) => format!("With these headers it would NOT be authentic: {lacks}."),
        Authenticity::Stale => {
            "With these headers it would NOT be authentic now: the signed time is more than 5 minutes off.".to_owned()
        }
        Authenticity::NotTold => {
            "Authenticity is checked on the HTTP request, not here; give its headers with --header to see more.".to_owned()
        }
        Authenticity::InAddress => {
            "These headers don't prove it; a token in its address would: write it behind the source, like gcp?token=….".to_owned()
        }
        Authenticity::NotAsked => {
            "Authenticity is checked on the HTTP request, not here; no secret is configured for this source yet.".to_owned()
        }
    }
}

/// Foreign text on one line: what would end it is written out.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\u{85}' | '\u{2028}' | '\u{2029}' => line.extend(c.escape_unicode()),
            other => line.push(other),
        }
    }
    line
}

fn say(read: &Read, screen: &mut Screen) -> Result<(), Failure> {
    let count = words::counted(read.alerts.len(), "alert");
    screen.say(&format!("{count} would be taken."))?;
    for alert in &read.alerts {
        say_alert(alert, screen)?;
    }
    for why in &read.aside {
        screen.say(&format!("Left aside: {why}."))?;
    }
    if let Some(key) = &read.delivery_key {
        screen.say_painted(Paint::Faint, "delivery ", &one_line(key.as_str()))?;
    }
    Ok(())
}

fn say_alert(alert: &Alert, screen: &mut Screen) -> Result<(), Failure> {
    let status = match alert.status {
        AlertStatus::Firing => "is firing",
        AlertStatus::Reopened => "is firing again",
        AlertStatus::Resolved => "is resolved",
        AlertStatus::Acknowledged => "is acknowledged",
        AlertStatus::Unacknowledged => "is acknowledged no more",
    };
    let paint = match alert.status {
        AlertStatus::Firing | AlertStatus::Reopened | AlertStatus::Unacknowledged => Paint::Bad,
        AlertStatus::Resolved | AlertStatus::Acknowledged => Paint::Good,
    };
    let named = if alert.title == alert.name {
        alert.name.clone()
    } else {
        format!("{}: {}", alert.name, alert.title)
    };
    screen.say("")?;
    screen.say_painted(Paint::Strong, &one_line(&named), "")?;
    let service = alert
        .service
        .as_ref()
        .map_or("unknown", |service| service.as_str());
    screen.say_painted(
        paint,
        &format!("  {status}"),
        &one_line(&format!(", severity {}, service {service}", severity(alert))),
    )?;
    for (what, at) in [("started", alert.starts_at), ("ended", alert.ends_at)] {
        if let Some(at) = at {
            screen.say(&format!("  {what} {at}"))?;
        }
    }
    if let Some(by) = &alert.told.by {
        screen.say(&one_line(&format!("  by {by}")))?;
    }
    screen.say(&one_line(&format!("  episode {}", alert.episode)))?;
    if alert.fingerprint.as_str() != alert.episode.as_str() {
        screen.say(&one_line(&format!("  fingerprint {}", alert.fingerprint)))?;
    }
    if let Some(group) = &alert.group {
        screen.say(&one_line(&format!("  group {group}")))?;
    }
    for (name, value) in &alert.labels {
        screen.say(&one_line(&format!("  label {name} = {value}")))?;
    }
    for (name, value) in &alert.annotations {
        screen.say(&one_line(&format!("  annotation {name} = {value}")))?;
    }
    for link in &alert.links {
        screen.say(&one_line(&format!("  link {}: {}", link.title, link.url)))?;
    }
    Ok(())
}

fn severity(alert: &Alert) -> String {
    let word = &alert.severity_word;
    if word.is_empty() || word.eq_ignore_ascii_case(alert.severity.as_str()) {
        alert.severity.to_string()
    } else {
        format!("{} (the sender says `{word}`)", alert.severity)
    }
}

fn header(text: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = text.split_once(':')?;
    let name = name.trim().to_ascii_lowercase().parse().ok()?;
    Some((name, HeaderValue::from_bytes(value.trim().as_bytes()).ok()?))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |source| Failure::Read {
        path: path.to_owned(),
        source,
    };
    if path != Path::new("-") {
        return std::fs::read(path).map_err(unreadable);
    }
    let mut body = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut body)
        .map_err(unreadable)?;
    Ok(body)
}
