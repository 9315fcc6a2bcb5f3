//! Opening the journal to read it; the bot may be running on it.

use std::path::Path;

use super::outcome::Failure;
use crate::domain::ids::IncidentId;
use crate::store::Store;

/// Opens it, and says so when there is none: that is no damage.
pub(super) fn open(path: &Path) -> Result<Store, Failure> {
    if !path.exists() {
        return Err(Failure::NoJournal(path.to_owned()));
    }
    Ok(Store::open_to_read(path)?)
}

/// An incident as people write it.
pub(super) fn incident(given: &str) -> Result<IncidentId, Failure> {
    IncidentId::parse(given).ok_or_else(|| Failure::NotAnIncident {
        given: given.to_owned(),
    })
}
