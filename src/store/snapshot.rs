//! The state as a cache, so that a start need not read the whole journal. Never trusted over the journal: it counts only
//! when this version made it and the entry it was taken at is still there with the same hash.

use rusqlite::{OptionalExtension, params};

use super::chain::{ChainHash, GENESIS};
use super::{Store, StoreError, migrate};
use crate::domain::state::State;
use crate::planted::{self, Point};

/// By whom a snapshot was made. The number behind the slash is raised whenever the same entries fold to another state, or
/// a state is written otherwise, within one release.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "/22");

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

    /// The state as the fold of the whole journal, whatever a snapshot says.
    ///
    /// # Errors
    /// When an entry can't be read.
    pub fn load_all(&self) -> Result<State, StoreError> {
        let mut state = State::default();
        self.read_after(0, |entry| state.apply(&entry))?;
        Ok(state)
    }

    /// Whether the tables beside the journal say what its entries lead to; else what does not. The bot may be running: what
    /// is compared is of one moment.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn tables_fit(&self) -> Result<Result<(), String>, StoreError> {
        let moment = self.connection.unchecked_transaction()?;
        let (mut folded, mut cached) = (self.load_all()?, self.load()?);
        let outbox = self.outbox()?;
        drop(moment);
        folded.reindex();
        cached.reindex();
        if folded != cached {
            return Ok(Err(
                "the snapshot is not the state that the entries lead to: it was changed from outside; stop the bot, delete the row of the table snapshot, and start it again"
                    .to_owned(),
            ));
        }
        let mut about = outbox
            .iter()
            .filter_map(|(row, effect, _)| Some((row, effect.incident()?)));
        Ok(
            match about.find(|(_, incident)| incident.0 > folded.last_incident) {
                None => Ok(()),
                Some((row, incident)) => Err(format!(
                    "row {row} of the outbox is about {incident}, of which no entry speaks: it was put there from outside"
                )),
            },
        )
    }

    fn snapshot(&self) -> Result<Option<State>, StoreError> {
        if self.schema < migrate::NAMED {
            return Ok(None);
        }
        let found = self
            .connection
            .query_row(
                "SELECT seq, hash, state FROM snapshot WHERE only = 1 AND version = ?1",
                [VERSION],
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
        // One that does not parse is as good as none: the journal is read from the beginning then.
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
        planted::reach(Point::Snapshot);
        self.connection.execute(
            "INSERT INTO snapshot (only, version, seq, hash, state) VALUES (1, ?1, ?2, ?3, ?4)
             ON CONFLICT (only) DO UPDATE SET version = excluded.version, seq = excluded.seq, hash = excluded.hash,
                state = excluded.state",
            params![VERSION, seq, head, text],
        )?;
        Ok(())
    }
}
