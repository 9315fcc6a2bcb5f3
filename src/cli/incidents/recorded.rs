//! The incidents of a journal, each folded by itself: those that were closed long ago are in no state any more.

use std::collections::BTreeMap;

use super::super::journal;
use super::super::outcome::{Ended, Failure};
use super::super::screen::Screen;
use super::super::setup::Setup;
use crate::domain::event::Entry;
use crate::domain::ids::IncidentId;
use crate::domain::incident::Incident;
use crate::domain::memory::{self, Signature, Similar};
use crate::domain::state::State;

/// One incident with its entries, and those that were like it.
pub(super) struct Recorded {
    pub entries: Vec<Entry>,
    pub incident: Incident,
    pub similar: Vec<Similar>,
    /// How a command ends that tells it: the chain may not hold.
    pub ended: Ended,
}

/// Reads the whole journal.
///
/// # Errors
/// There is none, it can't be read, or it has no such incident.
pub(super) fn read(
    setup: &Setup,
    given: &str,
    most: usize,
    screen: &mut Screen,
) -> Result<Recorded, Failure> {
    let id = journal::incident(given)?;
    let (store, ended) = journal::open_to_tell(&setup.settings()?.store.path, screen)?;
    let mut all: BTreeMap<IncidentId, Vec<Entry>> = BTreeMap::new();
    store.read_after(0, |entry| {
        if let Some(incident) = entry.event.incident() {
            all.entry(incident).or_default().push(entry);
        }
    })?;
    journal::if_erased(&store, id, all.get(&id).map_or(&[], Vec::as_slice))?;
    let mut closed: Vec<Signature> = Vec::new();
    let mut wanted = None;
    for (other, entries) in &all {
        let Some((incident, signature)) = folded(*other, entries) else {
            continue;
        };
        if *other == id {
            wanted = Some((incident, signature));
        } else if !incident.is_open() {
            closed.extend(signature);
        }
    }
    let missing = || Failure::NoSuchIncident {
        id: id.to_string(),
        known: format!("it has {}", crate::render::words::counted(all.len(), "incident")),
    };
    let (incident, signature) = wanted.ok_or_else(missing)?;
    let similar = signature.map(|signature| memory::similar(&closed, &signature, most));
    Ok(Recorded {
        similar: similar.unwrap_or_default(),
        entries: all.remove(&id).unwrap_or_default(),
        incident,
        ended,
    })
}

fn folded(id: IncidentId, entries: &[Entry]) -> Option<(Incident, Option<Signature>)> {
    let mut state = State::default();
    entries.iter().for_each(|entry| state.apply(entry));
    let incident = state.incidents.remove(&id)?;
    let signature = Signature::of(&incident);
    Some((incident, signature))
}
