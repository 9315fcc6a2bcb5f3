//! The state as a cache, so that a start need not read the whole journal. Never trusted over the journal: it counts only
//! when the entry it was taken at is still there with the same hash.

use rusqlite::{OptionalExtension, params};

use super::chain::{ChainHash, GENESIS};
use super::{Store, StoreError};
use crate::domain::state::State;

impl Store {
    /// The state as the fold of the journal, by way of the snapshot when there is a usable one.
    ///
    /// # Errors
    /// When an entry can't be read.
    pub fn load(&self) -> Result<State, StoreError> {
        let mut state = self.snapshot()?.unwrap_or_default();
        state.reindex();
        let from = state.seq;
        self.read_after(from, |entry| state.apply(&entry))?;
        Ok(state)
    }

    fn snapshot(&self) -> Result<Option<State>, StoreError> {
        let found = self
            .connection
            .query_row(
                "SELECT seq, hash, state FROM snapshot WHERE only = 1",
                [],
                |row| {
                    Ok((
                        row.get::<_, u64>(0)?,
                        row.get::<_, ChainHash>(1)?,
                        row.get::<_, String>(2)?,
                    ))
                },
            )
            .optional()?;
        let Some((seq, hash, text)) = found else {
            return Ok(None);
        };
        let at: Option<ChainHash> = self
            .connection
            .query_row("SELECT hash FROM journal WHERE seq = ?1", [seq], |row| row.get(0))
            .optional()?;
        let same = at.unwrap_or(GENESIS) == hash;
        // A snapshot of another version does not parse: the journal is read from the beginning then.
        Ok(serde_json::from_str::<State>(&text)
            .ok()
            .filter(|state| same && state.seq == seq))
    }

    /// Stores the state as of now. To be called between commits.
    ///
    /// # Errors
    /// When it can't be written; the journal is not touched.
    pub fn save_snapshot(&mut self, state: &State) -> Result<(), StoreError> {
        let text = serde_json::to_string(state).map_err(|error| StoreError::Sql(error.to_string()))?;
        let (seq, head) = (self.seq(), self.head());
        self.connection.execute(
            "INSERT INTO snapshot (only, seq, hash, state) VALUES (1, ?1, ?2, ?3)
             ON CONFLICT (only) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, state = excluded.state",
            params![seq, head, text],
        )?;
        Ok(())
    }
}
