//! `interlock report`: the summary of an incident as it stands in its thread, from the journal alone, however long ago
//! it was closed.

use super::args::{Format, FormatArg};
use super::journal;
use super::outcome::{Ended, Failure};
use super::screen::Screen;
use super::setup::Setup;
use crate::domain::state::State;
use crate::render::summary;

/// Show the summary of an incident: what happened, who approved, how it ended
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock report INC-42")]
pub(super) struct Report {
    /// The incident, like INC-42.
    #[arg(value_name = "INC")]
    incident: String,
    #[command(flatten)]
    format: FormatArg,
}

impl Report {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let id = journal::incident(&self.incident)?;
        let store = journal::open(&setup.settings()?.store.path)?;
        let entries = store.of_incident(id)?;
        let mut state = State::default();
        entries.iter().for_each(|entry| state.apply(entry));
        let Some(incident) = state.incident(id) else {
            return Err(journal::no_such(&store, id)?);
        };
        match self.format.format {
            Format::Json => screen.json(&summary::view(&entries, incident))?,
            Format::Human => {
                let text =
                    summary::text(&entries, incident).map_err(|error| Failure::Defect(error.to_string()))?;
                screen.say(text.trim_end())?;
            }
        }
        Ok(Ended::Fine)
    }
}
