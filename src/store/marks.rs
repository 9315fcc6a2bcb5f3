//! The journal as the checkpoints see it: hashes, without what stands in the entries.

use jiff::Timestamp;

use super::chain::ChainHash;
use super::checkpoint::Checkpoint;
use super::journal::{parse, read};
use super::note::PublicKey;
use super::{Store, StoreError};
use crate::domain::event::Event;

/// One entry, seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub seq: u64,
    pub at: Timestamp,
    /// The event's `type`.
    pub kind: String,
    pub hash: ChainHash,
}

impl Store {
    /// Calls `each` with every entry after `seq`, oldest first.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn marks_after(&self, seq: u64, mut each: impl FnMut(Mark)) -> Result<(), StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT seq, at_ms, kind, hash FROM journal WHERE seq > ?1 ORDER BY seq")?;
        let mut rows = statement.query([seq])?;
        while let Some(row) = rows.next()? {
            let at: i64 = row.get(1)?;
            each(Mark {
                seq: row.get(0)?,
                at: Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH),
                kind: row.get(2)?,
                hash: row.get(3)?,
            });
        }
        Ok(())
    }

    /// Whether payloads may go by what this entry records. Where checkpoints are signed, one has to cover it and stand in
    /// the journal first: whoever verifies takes a record behind the last checkpoint for somebody else's.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn is_covered(&self, seq: u64) -> Result<bool, StoreError> {
        if self.sealer.is_none() {
            return Ok(true);
        }
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {} FROM journal WHERE kind = 'checkpointed' AND seq > ?1 ORDER BY seq DESC",
            self.columns()
        ))?;
        let mut rows = statement.query([seq])?;
        while let Some(row) = rows.next()? {
            // Signed before others came, it may stand behind what it does not cover.
            if let Event::Checkpointed { size, .. } = parse(&read(row)?)?.event
                && size >= seq
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The newest checkpoint by this key that the journal holds of itself, and the places that had earlier ones.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn last_checkpoint(&self, key: &PublicKey) -> Result<Option<(Checkpoint, Vec<String>)>, StoreError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {} FROM journal WHERE kind = 'checkpointed' ORDER BY seq DESC",
            self.columns()
        ))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Event::Checkpointed { note, kept, .. } = parse(&read(row)?)?.event
                && let Ok(checkpoint) = Checkpoint::open(&note, key)
            {
                return Ok(Some((checkpoint, kept)));
            }
        }
        Ok(None)
    }
}
