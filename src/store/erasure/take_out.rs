//! Which entries lose their payload next, and how it goes.

use rusqlite::{Row, Transaction, params};

use super::Erasing;
use crate::domain::erasure::ALONE;
use crate::store::StoreError;
use crate::store::chain::{ChainHash, Content, GENESIS, StoredEntry, link};
use crate::store::journal::read;

/// Entries of one transaction. Each takes a few milliseconds then.
const SOME: u32 = 256;
/// The hash of the entry before; no column for the first.
const PREVIOUS: &str = "(SELECT hash FROM journal AS previous WHERE previous.seq = journal.seq - 1)";

/// An entry that is to lose its payload.
pub(super) struct Next {
    pub entry: StoredEntry,
    /// Hash of the one before it.
    previous: ChainHash,
}

fn next(row: &Row<'_>) -> Result<Next, rusqlite::Error> {
    Ok(Next {
        entry: read(row)?,
        previous: row.get::<_, Option<ChainHash>>(8)?.unwrap_or(GENESIS),
    })
}

/// In order of incident, from where it stands.
pub(super) fn next_of_incidents(
    transaction: &Transaction<'_>,
    columns: &str,
    erasing: &Erasing,
) -> Result<Vec<Next>, StoreError> {
    let mut statement = transaction.prepare_cached(&format!(
        "SELECT {columns}, {PREVIOUS} FROM journal
         WHERE incident BETWEEN ?1 AND ?2 AND (incident, seq) > (?3, ?4)
            AND seq < ?5 AND at_ms < ?6 AND commitment IS NULL
         ORDER BY incident, seq LIMIT ?7"
    ))?;
    let (incident, seq) = erasing.from;
    let runs = erasing.erasure.incidents.iter();
    for (first, last) in runs.filter(|(_, last)| *last >= incident) {
        let (entry, before) = (erasing.entry, erasing.erasure.before_ms);
        let rows = statement.query_map(params![first, last, incident, seq, entry, before, SOME], next)?;
        let found: Vec<Next> = rows.collect::<Result<_, _>>()?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

pub(super) fn next_alone(
    transaction: &Transaction<'_>,
    columns: &str,
    erasing: &Erasing,
) -> Result<Vec<Next>, StoreError> {
    let [one, two, three] = ALONE;
    let mut statement = transaction.prepare_cached(&format!(
        "SELECT {columns}, {PREVIOUS} FROM journal
         WHERE incident IS NULL AND kind IN (?1, ?2, ?3) AND seq > ?4 AND seq < ?5 AND at_ms < ?6
            AND commitment IS NULL
         ORDER BY seq LIMIT ?7"
    ))?;
    let (from, before) = (erasing.alone_from, erasing.erasure.before_ms);
    let rows = statement.query_map(params![one, two, three, from, erasing.entry, before, SOME], next)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn take_out(transaction: &Transaction<'_>, next: &Next) -> Result<(), StoreError> {
    let commitment = next.entry.content.commitment();
    let left = StoredEntry {
        content: Content::Erased { commitment },
        ..next.entry.clone()
    };
    // What is damaged or was changed from outside must not lose what shows it.
    if link(&left, &next.previous) != left.hash {
        return Err(StoreError::Broken { seq: left.seq });
    }
    let mut erase = transaction.prepare_cached(
        "UPDATE journal SET payload = '', salt = zeroblob(16), commitment = ?2 WHERE seq = ?1",
    )?;
    erase.execute(params![left.seq, commitment])?;
    Ok(())
}
