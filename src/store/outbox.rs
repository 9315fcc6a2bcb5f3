//! Effects that are not yet confirmed.

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::{Store, StoreError};
use crate::domain::command::Effect;

/// Queues effects and lets go of confirmed rows, inside the caller's transaction.
pub(super) fn queue(
    transaction: &Transaction<'_>,
    effects: &[Effect],
    done: &[i64],
    now: Timestamp,
) -> Result<Vec<i64>, StoreError> {
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO outbox (slot, effect, created_ms) VALUES (?1, ?2, ?3) RETURNING row",
    )?;
    let mut delete = transaction.prepare_cached("DELETE FROM outbox WHERE row = ?1")?;
    let mut rows = Vec::with_capacity(effects.len());
    for effect in effects {
        let text = serde_json::to_string(effect).map_err(|error| StoreError::Sql(error.to_string()))?;
        let row = insert.query_row(params![slot(effect), text, now.as_millisecond()], |row| {
            row.get(0)
        })?;
        rows.push(row);
    }
    for row in done {
        delete.execute([row])?;
    }
    Ok(rows)
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

    /// Everything that waits, oldest first, with the time it was queued.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn outbox(&self) -> Result<Vec<(i64, Effect, Timestamp)>, StoreError> {
        let mut statement = self
            .connection
            .prepare("SELECT row, effect, created_ms FROM outbox ORDER BY row")?;
        let mut rows = statement.query([])?;
        let mut waiting = Vec::new();
        while let Some(row) = rows.next()? {
            let (id, text, at): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let effect = serde_json::from_str(&text).map_err(|error| {
                StoreError::Sql(format!("row {id} of the outbox is none of ours: {error}"))
            })?;
            let at = Timestamp::from_millisecond(at).map_err(|error| StoreError::Sql(error.to_string()))?;
            waiting.push((id, effect, at));
        }
        Ok(waiting)
    }
}
