//! `interlock incidents postmortem`: a draft from the journal.

use super::super::outcome::{Ended, Failure};
use super::super::screen::Screen;
use super::super::setup::Setup;
use super::recorded;
use crate::render;

/// Similar incidents that the draft names.
const SIMILAR: usize = 3;

/// Write the draft of a postmortem as Markdown: what the journal knows is filled in, the rest is asked for
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock incidents postmortem INC-42 > postmortem.md")]
pub(super) struct Postmortem {
    /// The incident, like INC-42.
    #[arg(value_name = "INC")]
    incident: String,
}

impl Postmortem {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let recorded = recorded::read(setup, &self.incident, SIMILAR, screen)?;
        let text = render::postmortem::text(&recorded.entries, &recorded.incident, &recorded.similar)
            .map_err(|error| Failure::Defect(error.to_string()))?;
        screen.say(text.trim_end())?;
        Ok(recorded.ended)
    }
}
