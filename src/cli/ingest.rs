//! `interlock ingest`: what a webhook's body would be understood as, without a bot. Authenticity is not looked at.

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
use crate::ingress::{NotUnderstood, ParseError, Read, Sample, understand};
use crate::render::words;

/// Show what a webhook's body would be understood as: exit code 1 when it would be refused
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock ingest --source grafana body.json")]
pub(super) struct Ingest {
    /// Who sends it, as in /webhooks/SOURCE: alertmanager, grafana, custom/NAME. A wrong one lists them all.
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
    /// What the sender would be told instead.
    refused: Option<String>,
}

impl Ingest {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let settings = setup.settings()?;
        let mut sample = Sample {
            body: read(&self.file)?,
            ..Sample::default()
        };
        for text in &self.headers {
            let (name, value) = header(text).ok_or_else(|| Failure::NotAHeader { given: text.clone() })?;
            sample.headers.append(name, value);
        }
        let (mut read, refused) = match understand(&self.source, &sample, &settings, Timestamp::now()) {
            Ok(read) => (read, None),
            Err(problem @ (NotUnderstood::Malformed(_) | NotUnderstood::Envelope(_))) => {
                (Read::default(), Some(said(&problem)))
            }
            Err(problem @ NotUnderstood::NoSuchSource { .. }) => return Err(Failure::Ingest(problem)),
        };
        app::without_secrets(&settings, &mut read.alerts)?;
        match self.format.format {
            Format::Json => screen.json(&Answer {
                source: &self.source,
                alerts: &read.alerts,
                delivery_key: read.delivery_key.as_ref().map(ToString::to_string),
                aside: &read.aside,
                refused: refused.clone(),
            })?,
            Format::Human => match &refused {
                Some(refused) => screen.say_painted(Paint::Bad, "It would be refused: ", refused)?,
                None => say(&read, screen)?,
            },
        }
        Ok(if refused.is_some() {
            Ended::Found
        } else {
            Ended::Fine
        })
    }
}

/// The operator may see what the sender may not.
fn said(problem: &NotUnderstood) -> String {
    match problem {
        NotUnderstood::Malformed(ParseError::Map { detail }) => {
            format!("the `map` of this source can't be applied to the body: {detail}")
        }
        NotUnderstood::Malformed(_) | NotUnderstood::Envelope(_) | NotUnderstood::NoSuchSource { .. } => {
            problem.to_string()
        }
    }
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
        screen.say_painted(Paint::Faint, "delivery ", key.as_str())?;
    }
    Ok(())
}

fn say_alert(alert: &Alert, screen: &mut Screen) -> Result<(), Failure> {
    let status = match alert.status {
        AlertStatus::Firing => "fires",
        AlertStatus::Reopened => "fires again",
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
    screen.say_painted(Paint::Strong, &named, "")?;
    let service = alert
        .service
        .as_ref()
        .map_or("unknown", |service| service.as_str());
    screen.say_painted(
        paint,
        &format!("  {status}"),
        &format!(", severity {}, service {service}", severity(alert)),
    )?;
    for (what, at) in [("started", alert.starts_at), ("ended", alert.ends_at)] {
        if let Some(at) = at {
            screen.say(&format!("  {what} {at}"))?;
        }
    }
    screen.say(&format!("  episode {}", alert.episode))?;
    if alert.fingerprint.as_str() != alert.episode.as_str() {
        screen.say(&format!("  fingerprint {}", alert.fingerprint))?;
    }
    if let Some(group) = &alert.group {
        screen.say(&format!("  group {group}"))?;
    }
    for (name, value) in &alert.labels {
        screen.say(&format!("  label {name} = {value}"))?;
    }
    for (name, value) in &alert.annotations {
        screen.say(&format!("  annotation {name} = {value}"))?;
    }
    for link in &alert.links {
        screen.say(&format!("  link {}: {}", link.title, link.url))?;
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
