//! Effects that are not yet confirmed.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use super::{Sealer, Store, StoreError};
use crate::domain::command::Effect;

/// An effect that was put there.
pub(super) struct Queued {
    pub row: i64,
    /// The row whose place it took.
    pub instead: Option<i64>,
    slot: Option<String>,
    text: String,
    created_ms: i64,
}

impl Queued {
    /// The code of its row.
    pub fn code(&self, sealer: &Sealer, name: &str) -> [u8; 32] {
        let slot = self.slot.as_ref().map(String::as_bytes);
        sealer.of_row(name, self.row, slot, self.text.as_bytes(), self.created_ms)
    }
}

/// What waits.
#[derive(Debug, Default)]
pub struct Waiting {
    /// Oldest first, with the time at which each was queued.
    pub effects: Vec<(i64, Effect, Timestamp)>,
    /// Rows that nobody can read, and why.
    pub unreadable: Vec<(i64, String)>,
}

/// Queues effects and lets go of confirmed rows, inside the caller's transaction.
pub(super) fn queue(
    transaction: &Transaction<'_>,
    effects: &[Effect],
    done: &[i64],
    now: Timestamp,
) -> Result<Vec<Queued>, StoreError> {
    let mut there = transaction.prepare_cached("SELECT row FROM outbox WHERE slot = ?1")?;
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO outbox (slot, effect, created_ms) VALUES (?1, ?2, ?3) RETURNING row",
    )?;
    let mut delete = transaction.prepare_cached("DELETE FROM outbox WHERE row = ?1")?;
    let mut queued = Vec::with_capacity(effects.len());
    for effect in effects {
        let text = serde_json::to_string(effect).map_err(|error| StoreError::Sql(error.to_string()))?;
        let (slot, created_ms) = (slot(effect), now.as_millisecond());
        let instead = match &slot {
            Some(slot) => there.query_row([slot], |row| row.get(0)).optional()?,
            None => None,
        };
        let row = insert.query_row(params![slot, text, created_ms], |row| row.get(0))?;
        queued.push(Queued {
            row,
            instead,
            slot,
            text,
            created_ms,
        });
    }
    for row in done {
        delete.execute([row])?;
    }
    Ok(queued)
}

/// Only the newest drawing of a card matters; everything else is delivered one by one.
fn slot(effect: &Effect) -> Option<String> {
    match effect {
        Effect::Card { incident } => Some(format!("card/{incident}")),
        Effect::Thread { .. }
        | Effect::Page { .. }
        | Effect::PageAcknowledge { .. }
        | Effect::PageResolve { .. }
        | Effect::SourceResolve { .. }
        | Effect::SourceAcknowledge { .. }
        | Effect::SourceNote { .. }
        | Effect::Silence { .. }
        | Effect::Chart { .. }
        | Effect::Summary { .. }
        | Effect::Attach { .. }
        | Effect::Notice { .. } => None,
    }
}

impl Store {
    /// Since when the effect waits that has waited for the longest.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn waits_since(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut statement = self.connection.prepare("SELECT min(created_ms) FROM outbox")?;
        let at: Option<i64> = statement.query_row([], |row| row.get(0))?;
        at.map(|at| Timestamp::from_millisecond(at).map_err(|error| StoreError::Sql(error.to_string())))
            .transpose()
    }

    /// Everything that waits and can be read, oldest first, with the time it was queued.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn outbox(&self) -> Result<Vec<(i64, Effect, Timestamp)>, StoreError> {
        Ok(self.waiting()?.effects)
    }

    /// Everything that waits.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn waiting(&self) -> Result<Waiting, StoreError> {
        let mut statement = self
            .connection
            .prepare("SELECT row, effect, created_ms FROM outbox ORDER BY row")?;
        let mut rows = statement.query([])?;
        let mut waiting = Waiting::default();
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            match effect(row) {
                Ok((effect, at)) => waiting.effects.push((id, effect, at)),
                Err(why) => waiting.unreadable.push((id, why)),
            }
        }
        Ok(waiting)
    }
}

fn effect(row: &Row<'_>) -> Result<(Effect, Timestamp), String> {
    let text: String = row.get(1).map_err(|error| error.to_string())?;
    let effect = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let at = row.get(2).map_err(|error| error.to_string())?;
    let at = Timestamp::from_millisecond(at).map_err(|error| error.to_string())?;
    Ok((effect, at))
}
