//! What somebody changed, as `/webhooks/changes/NAME` would understand it.

use jiff::Timestamp;
use serde::Serialize;

use super::{ended, one_line, proved, told};
use crate::app;
use crate::cli::args::Format;
use crate::cli::outcome::{Ended, Failure};
use crate::cli::screen::{Paint, Screen};
use crate::config::Settings;
use crate::domain::change::Change;
use crate::ingress::{Authenticity, ChangesRead, Sample, understand_changes};
use crate::render::{changes, words};

#[derive(Serialize)]
struct Answer<'a> {
    source: String,
    changes: &'a [Change],
    /// Why there is none, when there is none.
    aside: Option<&'a str>,
    authenticity: String,
    refused: Option<String>,
}

/// Shows the changes of one body, or why it would be refused.
pub(super) fn show(
    name: &str,
    sample: &Sample,
    settings: &Settings,
    format: Format,
    screen: &mut Screen,
) -> Result<Ended, Failure> {
    let now = Timestamp::now();
    let (mut read, authenticity, refused) = match understand_changes(name, sample, settings, now) {
        Ok((read, authenticity)) => (read, authenticity, None),
        Err(problem) => (
            ChangesRead::default(),
            Authenticity::NotTold,
            Some(told(problem)?),
        ),
    };
    app::changes_without_secrets(settings, &mut read.changes)?;
    let clean = app::cleaner(app::redactor(settings)?);
    let refused = refused.map(|text| clean(&text));
    let ended = ended(refused.as_deref(), &authenticity, !sample.headers.is_empty());
    match (format, &refused) {
        (Format::Json, _) => screen.json(&Answer {
            source: format!("changes/{name}"),
            changes: &read.changes,
            aside: read.aside,
            authenticity: proved(&authenticity),
            refused,
        })?,
        (Format::Human, Some(refused)) => {
            screen.say_painted(Paint::Bad, "It would be refused: ", &one_line(refused))?;
        }
        (Format::Human, None) => {
            say(&read, now, screen)?;
            screen.say(&proved(&authenticity))?;
        }
    }
    Ok(ended)
}

fn say(read: &ChangesRead, now: Timestamp, screen: &mut Screen) -> Result<(), Failure> {
    let count = words::counted(read.changes.len(), "change");
    screen.say(&format!("{count} would be taken."))?;
    for change in &read.changes {
        screen.say("")?;
        screen.say_painted(Paint::Strong, &one_line(&changes::line(change)), "")?;
        screen.say(&format!("  at {}", change.at))?;
        screen.say(&one_line(&format!("  id {}", change.id)))?;
        if let Some(link) = &change.link {
            screen.say(&one_line(&format!("  link {link}")))?;
        }
        if change.service.is_none() {
            screen.say("  no service: it stands on no card; give one in the address, ?service=NAME")?;
        }
        if !change.matters_at(now) {
            screen.say("  it would be left aside now: more than a day old, or dated ahead")?;
        }
    }
    if let Some(why) = read.aside {
        screen.say(&format!("Left aside: {why}."))?;
    }
    Ok(())
}
