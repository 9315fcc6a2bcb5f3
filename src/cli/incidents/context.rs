//! `interlock incidents context`: all that is known about one incident, with how old each part is.

use jiff::{SignedDuration, Timestamp};

use super::super::args::{Format, FormatArg};
use super::super::outcome::{Ended, Failure};
use super::super::screen::{Paint, Screen};
use super::super::setup::Setup;
use super::recorded;
use crate::app;
use crate::render::{context, words};

/// Similar incidents that are shown.
const SIMILAR: usize = 5;

/// Show all that is known about an incident, and how old it is: alert, service, metrics, logs, traces, cluster, changes, similar ones
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock incidents context INC-42 --format json")]
pub(super) struct Context {
    /// The incident, like INC-42.
    #[arg(value_name = "INC")]
    incident: String,
    #[command(flatten)]
    format: FormatArg,
}

impl Context {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let catalogue = app::rules(&setup.settings()?, "").services;
        let recorded = recorded::read(setup, &self.incident, SIMILAR, screen)?;
        let now = Timestamp::now();
        let context = context::of(
            &recorded.incident,
            &recorded.entries,
            &catalogue,
            &recorded.similar,
            now,
        );
        match self.format.format {
            Format::Json => screen.json(&context)?,
            Format::Human => told(&context, screen)?,
        }
        Ok(recorded.ended)
    }
}

fn told(context: &context::Context, screen: &mut Screen) -> Result<(), Failure> {
    let head = format!("  {}, {}, {}", context.severity, context.stands, context.title);
    screen.say_painted(Paint::Strong, &context.incident, &head)?;
    for part in &context.parts {
        let age = match part.age_seconds {
            Some(0) => ", now".to_owned(),
            Some(seconds) => format!(", {} ago", words::duration(SignedDuration::from_secs(seconds))),
            None => String::new(),
        };
        screen.say("")?;
        screen.say_painted(Paint::Strong, part.about.words(), &age)?;
        for line in &part.known {
            screen.say(&format!("  {line}"))?;
        }
        for line in &part.unknown {
            screen.say_painted(Paint::Faint, "  not known: ", line)?;
        }
        for link in &part.links {
            screen.say_painted(Paint::Faint, "  see ", link)?;
        }
    }
    Ok(())
}
