//! The state as a cache, so that a start need not read the whole journal. Never trusted over the journal: it counts only
//! when this version made it, the entry it was taken at is still there with the same hash, and, where there is a key, its seal
//! fits.

use rusqlite::{OptionalExtension, params};

use super::chain::{ChainHash, GENESIS};
use super::outbox::Waiting;
use super::{Store, StoreError, migrate};
use crate::domain::state::State;
use crate::planted::{self, Point};

/// By whom a snapshot was made. The number behind the slash is raised whenever the same entries fold to another state, or
/// a state is written otherwise, within one release.
pub(super) const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "/26");

/// A snapshot as it is stored.
pub(super) struct Cached {
    /// Big-endian.
    pub seq: [u8; 8],
    pub hash: ChainHash,
    pub text: String,
    pub seal: Option<Vec<u8>>,
}

impl Cached {
    /// The entry that it was taken at.
    pub(super) fn number(&self) -> u64 {
        u64::from_be_bytes(self.seq)
    }
}

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
        if let Err(what) = self.schema_fits()? {
            return Ok(Err(format!("the database was altered from outside: {what}")));
        }
        let moment = self.connection.unchecked_transaction()?;
        let (mut folded, mut cached) = (self.load_all()?, self.load()?);
        let Waiting {
            effects: outbox,
            unreadable,
        } = self.waiting()?;
        drop(moment);
        if let Some((row, why)) = unreadable.first() {
            return Ok(Err(format!("row {row} of the outbox can't be read: {why}")));
        }
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

    /// The snapshot of this version that is stored, whether or not it can be trusted.
    pub(super) fn cached(&self) -> Result<Option<Cached>, StoreError> {
        if self.schema < migrate::NAMED {
            return Ok(None);
        }
        let seal = if self.schema < migrate::SEALED {
            "NULL"
        } else {
            "seal"
        };
        let found = self.connection.query_row(
            &format!("SELECT seq, hash, state, {seal} FROM snapshot WHERE only = 1 AND version = ?1"),
            [VERSION],
            |row| {
                Ok(Cached {
                    seq: row.get::<_, u64>(0)?.to_be_bytes(),
                    hash: row.get(1)?,
                    text: row.get(2)?,
                    seal: row.get(3)?,
                })
            },
        );
        Ok(found.optional()?)
    }

    fn snapshot(&self) -> Result<Option<State>, StoreError> {
        let fits = |cached: &Cached| match &self.sealer {
            Some(sealer) if self.schema >= migrate::SEALED => sealer.fits_snapshot(self.name(), cached),
            Some(_) | None => true,
        };
        let Some(cached) = self.cached()?.filter(fits) else {
            return Ok(None);
        };
        let (seq, hash, text) = (cached.number(), cached.hash, cached.text);
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
        self.look()?;
        let text = serde_json::to_string(state).map_err(|error| StoreError::Sql(error.to_string()))?;
        let cached = Cached {
            seq: self.seq().to_be_bytes(),
            hash: self.head(),
            text,
            seal: None,
        };
        let seal = self
            .sealer
            .as_ref()
            .map(|sealer| sealer.of_snapshot(self.name(), &cached));
        planted::reach(Point::Snapshot);
        self.connection.execute(
            "INSERT INTO snapshot (only, version, seq, hash, state, seal) VALUES (1, ?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (only) DO UPDATE SET version = excluded.version, seq = excluded.seq, hash = excluded.hash,
                state = excluded.state, seal = excluded.seal",
            params![VERSION, cached.number(), cached.hash, cached.text, seal],
        )?;
        Ok(())
    }
}
