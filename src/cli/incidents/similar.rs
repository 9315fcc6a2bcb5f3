//! `interlock incidents similar`: closed incidents that are like one, and how they ended.

use serde::Serialize;

use super::super::args::{Format, FormatArg};
use super::super::outcome::{Ended, Failure};
use super::super::screen::{Paint, Screen};
use super::super::setup::Setup;
use super::recorded;
use crate::domain::memory;
use crate::render;

/// Those that are shown when nothing else is asked for.
const MOST: usize = 5;

/// Show closed incidents that are like one, what was tried and how they ended: exit code 1 when none is
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock incidents similar INC-42")]
pub(super) struct Similar {
    /// The incident, like INC-42.
    #[arg(value_name = "INC")]
    incident: String,
    /// How many at most.
    #[arg(long, value_name = "NUMBER", default_value_t = MOST)]
    most: usize,
    #[command(flatten)]
    format: FormatArg,
}

#[derive(Serialize)]
struct Answer<'a> {
    incident: String,
    similar: &'a [memory::Similar],
}

impl Similar {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let recorded = recorded::read(setup, &self.incident, self.most, screen)?;
        match self.format.format {
            Format::Json => screen.json(&Answer {
                incident: recorded.incident.id.to_string(),
                similar: &recorded.similar,
            })?,
            Format::Human => {
                let head = recorded.incident.id.to_string();
                screen.say_painted(Paint::Strong, &head, &format!("  {}", recorded.incident.title))?;
                for similar in &recorded.similar {
                    let likeness = format!("  {:>3} %  ", similar.likeness / 10);
                    screen.say_painted(Paint::Faint, &likeness, &render::memory::line(similar))?;
                }
                if recorded.similar.is_empty() {
                    screen.say("  No closed incident of this journal is like it.")?;
                }
            }
        }
        Ok(if recorded.similar.is_empty() {
            Ended::Found
        } else {
            recorded.ended
        })
    }
}
