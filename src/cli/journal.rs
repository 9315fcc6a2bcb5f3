//! Opening the journal to read it; the bot may be running on it.

use std::path::Path;

use super::outcome::Failure;
use crate::domain::ids::IncidentId;
use crate::render::words;
use crate::store::Store;

/// Opens it, and says so when there is none: that is no damage.
pub(super) fn open(path: &Path) -> Result<Store, Failure> {
    if !path.exists() {
        return Err(Failure::NoJournal(path.to_owned()));
    }
    Ok(Store::open_to_read(path)?)
}

/// That there is no such incident, and which there are.
pub(super) fn no_such(store: &Store, id: IncidentId) -> Result<Failure, Failure> {
    let last = store.load()?.last_incident;
    let known = if last == 0 {
        "it has none yet".to_owned()
    } else {
        let count = usize::try_from(last).unwrap_or(usize::MAX);
        format!("it has {}, up to INC-{last}", words::counted(count, "incident"))
    };
    Ok(Failure::NoSuchIncident {
        id: id.to_string(),
        known,
    })
}

/// An incident as people write it.
pub(super) fn incident(given: &str) -> Result<IncidentId, Failure> {
    IncidentId::parse(given).ok_or_else(|| Failure::NotAnIncident {
        given: given.to_owned(),
    })
}
