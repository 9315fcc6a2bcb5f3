//! `interlock report INC`: the summary of an incident as it stands in its thread, from the journal alone, however long ago
//! it was closed.

use super::super::args::Format;
use super::super::journal;
use super::super::outcome::{Ended, Failure};
use super::super::screen::Screen;
use super::super::setup::Setup;
use crate::domain::state::State;
use crate::render::summary;

pub(super) fn show(
    given: &str,
    format: Format,
    setup: &Setup,
    screen: &mut Screen,
) -> Result<Ended, Failure> {
    let id = journal::incident(given)?;
    let (store, ended) = journal::open_to_tell(&setup.settings()?.store.path, screen)?;
    let entries = store.of_incident(id)?;
    journal::if_erased(&store, id, &entries)?;
    let mut state = State::default();
    entries.iter().for_each(|entry| state.apply(entry));
    let Some(incident) = state.incident(id) else {
        return Err(journal::no_such(&store, id)?);
    };
    match format {
        Format::Json => screen.json(&summary::view(&entries, incident))?,
        Format::Human => {
            let text =
                summary::text(&entries, incident).map_err(|error| Failure::Defect(error.to_string()))?;
            screen.say(text.trim_end())?;
        }
    }
    Ok(ended)
}
