//! Reads the journal beside the writer, on a connection of its own, so that a long story holds up no decision.

use std::path::PathBuf;

use jiff::Timestamp;
use parking_lot::Mutex;

use super::handle::EngineError;
use crate::domain::event::Entry;
use crate::domain::ids::IncidentId;
use crate::store::{Store, StoreError};

/// One connection, opened when it is first needed. Readers take turns.
pub(super) struct Reader {
    path: PathBuf,
    store: Mutex<Option<Store>>,
}

impl Reader {
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            store: Mutex::new(None),
        }
    }

    /// Closes the connection, so that the writer's is the last one and tidies up.
    pub fn close(&self) {
        *self.store.lock() = None;
    }

    /// The entries about one incident, oldest first, as of the last commit: all, or those with these numbers. Blocks.
    pub fn entries(&self, id: IncidentId, between: Option<(u64, u64)>) -> Result<Vec<Entry>, EngineError> {
        self.read(|store| match between {
            None => store.of_incident(id),
            Some((from, to)) => store.of_incident_between(id, from, to),
        })
    }

    /// Since when the effect waits that has waited for the longest. Blocks.
    pub fn waits_since(&self) -> Result<Option<Timestamp>, EngineError> {
        self.read(Store::waits_since)
    }

    fn read<T>(&self, read: impl FnOnce(&Store) -> Result<T, StoreError>) -> Result<T, EngineError> {
        let mut kept = self.store.lock();
        // Taken out, so that a connection on which something failed is not kept.
        let read = match kept.take() {
            Some(store) => Ok(store),
            None => Store::open_to_read(&self.path),
        }
        .and_then(|store| Ok((read(&store)?, store)));
        let (read, store) = read.map_err(|error| EngineError::NotStored {
            reason: error.to_string(),
        })?;
        *kept = Some(store);
        Ok(read)
    }
}
