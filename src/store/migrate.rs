//! The schema, in steps. `user_version` says how many have run; a database with more than we know is refused.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use rusqlite::{Connection, Transaction};

use super::journal::last;
use super::sum::Sum;
use super::{Sealer, StoreError};
use crate::files;
use crate::planted::{self, Bug, Point};

/// Each runs once, in order, in a transaction of its own.
const STEPS: &[&str] = &[
    // Append-only by trigger. `INSERT OR REPLACE` would pass a delete trigger unless recursive_triggers is on (it is,
    // see `prepare`), and the guard on insert holds even without it.
    "CREATE TABLE journal (
        seq INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,
        incident INTEGER,
        payload TEXT NOT NULL,
        salt BLOB NOT NULL CHECK (length(salt) = 16),
        hash BLOB NOT NULL CHECK (length(hash) = 32)
    ) STRICT;
    CREATE INDEX journal_by_incident ON journal (incident, seq) WHERE incident IS NOT NULL;
    CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    CREATE TRIGGER journal_no_replace BEFORE INSERT ON journal
        WHEN EXISTS (SELECT 1 FROM journal WHERE seq = NEW.seq)
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    CREATE TABLE outbox (
        row INTEGER PRIMARY KEY AUTOINCREMENT,
        -- At most one effect waits in a slot; a newer one takes its place.
        slot TEXT UNIQUE,
        effect TEXT NOT NULL,
        created_ms INTEGER NOT NULL
    ) STRICT;
    -- A cache: the state as of an entry, so that a start need not read the whole journal. May be deleted at any time.
    CREATE TABLE snapshot (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        seq INTEGER NOT NULL,
        hash BLOB NOT NULL,
        state TEXT NOT NULL
    ) STRICT;",
    // The name goes into marks that are left outside, so that those of another database are told apart.
    "CREATE TABLE identity (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        name TEXT NOT NULL CHECK (length(name) = 16)
    ) STRICT;
    INSERT INTO identity (only, name) VALUES (1, lower(hex(randomblob(8))));
    -- Written to see whether anything can be written.
    CREATE TABLE probe (only INTEGER PRIMARY KEY CHECK (only = 1), written BLOB NOT NULL) STRICT;
    -- A snapshot counts only for the version that made it.
    DROP TABLE snapshot;
    CREATE TABLE snapshot (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        version TEXT NOT NULL,
        seq INTEGER NOT NULL,
        hash BLOB NOT NULL,
        state TEXT NOT NULL
    ) STRICT;",
    // Append-only still, but for the one change that retention makes: the payload and its salt go, the commitment to both
    // comes in their place, and an entry of the journal covers it (`domain::erasure`).
    "ALTER TABLE journal ADD COLUMN commitment BLOB
        CHECK (commitment IS NULL OR (length(commitment) = 32 AND payload = '' AND salt = zeroblob(16)));
    CREATE INDEX journal_erasures ON journal (seq) WHERE kind = 'erased';
    DROP TRIGGER journal_no_update;
    CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
        WHEN NOT (
            OLD.commitment IS NULL AND NEW.commitment IS NOT NULL
            AND NEW.seq IS OLD.seq AND NEW.at_ms IS OLD.at_ms AND NEW.kind IS OLD.kind
            AND NEW.incident IS OLD.incident AND NEW.hash IS OLD.hash
            AND EXISTS (
                SELECT 1 FROM journal AS record
                WHERE record.kind = 'erased' AND record.seq > OLD.seq
                AND OLD.at_ms < json_extract(record.payload, '$.event.erasure.before_ms')
                AND CASE WHEN OLD.incident IS NULL
                    THEN OLD.kind IN ('asked', 'refused', 'changed')
                        AND json_extract(record.payload, '$.event.erasure.alone')
                    ELSE EXISTS (
                        SELECT 1 FROM json_each(record.payload, '$.event.erasure.incidents') AS run
                        WHERE OLD.incident BETWEEN json_extract(run.value, '$[0]') AND json_extract(run.value, '$[1]'))
                    END))
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    -- Up to which entry the recorded erasures are carried out. A cache: done again, an erasure changes nothing.
    CREATE TABLE erasures (only INTEGER PRIMARY KEY CHECK (only = 1), through INTEGER NOT NULL) STRICT;
    INSERT INTO erasures (only, through) VALUES (1, 0);",
    // Codes under a key that lies outside of the database (`seal`): over the last entry, and over the snapshot.
    "CREATE TABLE seal (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        seq INTEGER NOT NULL,
        mac BLOB NOT NULL CHECK (length(mac) = 32)
    ) STRICT;
    DELETE FROM snapshot;
    ALTER TABLE snapshot ADD COLUMN seal BLOB CHECK (seal IS NULL OR length(seal) = 32);",
    // One over what waits in the outbox.
    "ALTER TABLE seal ADD COLUMN outbox BLOB CHECK (outbox IS NULL OR length(outbox) = 32);",
];

/// The version from which on a database has a name, and its snapshot says by whom it was made.
pub const NAMED: i64 = 2;
/// The version from which on payloads can be erased.
pub const ERASABLE: i64 = 3;

/// The version from which on the last entry and the snapshot are sealed.
pub const SEALED: i64 = 4;
/// The version from which on the outbox is sealed, too.
pub const OUTBOX_SEALED: i64 = 5;

/// The newest version.
pub fn newest() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// A database of the newest version with nothing in it, in memory.
pub fn fresh() -> Result<Connection, StoreError> {
    let connection = Connection::open_in_memory()?;
    for step in STEPS {
        connection.execute_batch(step)?;
    }
    Ok(connection)
}

/// Why a file is no database of ours: one that was written with a log beside it, and lies here without it, was copied from a
/// running bot. The two bytes are those of <https://www.sqlite.org/fileformat2.html#file_format_version_numbers>.
#[must_use]
pub fn foreign(path: &Path) -> StoreError {
    let mut head = [0; 20];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    let is_logged = read.is_ok() && head.starts_with(b"SQLite format 3\0") && head.ends_with(&[2, 2]);
    // Whoever opens it to read makes an empty one.
    let has_log = fs::metadata(files::with(path, "-wal")).is_ok_and(|log| log.len() > 0);
    match is_logged && !has_log {
        true => StoreError::WithoutLog(path.to_owned()),
        false => StoreError::Foreign(path.to_owned()),
    }
}

/// Sets what holds for every connection that writes.
pub fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    let careless = planted::is(Bug::CommitNotSynced);
    connection.pragma_update(None, "synchronous", if careless { "NORMAL" } else { "FULL" })?;
    connection.pragma_update(None, "recursive_triggers", true)?;
    // None of ours has any: a table that somebody added must not keep rows from going.
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // What is freed is overwritten: an erased payload is in no unused part of the file.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

/// The schema's version, when it is not a later one than ours.
///
/// # Errors
/// `Newer` when the file is from a later version.
pub fn known_version(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let found: i64 = match connection.pragma_query_value(None, "user_version", |row| row.get(0)) {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
            return Err(StoreError::Foreign(path.to_owned()));
        }
        found => found?,
    };
    let known = newest();
    if found > known {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known,
        });
    }
    Ok(found)
}

/// A database of no version of ours that holds something is another program's.
fn has_tables(connection: &Connection) -> Result<bool, StoreError> {
    let count: i64 = connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
    Ok(count > 0)
}

/// What waits is sealed from this version on, where the entries were before. A seal that does not fit is left for the start to
/// find; so is a journal without one: whether it is from before there were seals, or somebody took its own away, a person must say.
fn seal(transaction: &Transaction<'_>, sealer: &Sealer) -> Result<(), StoreError> {
    let name: String =
        transaction.query_row("SELECT name FROM identity WHERE only = 1", [], |row| row.get(0))?;
    let head = last(transaction)?;
    if sealer.fits_bare(transaction, &name, head)? {
        let total = Sum::read(transaction, sealer, &name)?.total();
        sealer.seal(transaction, &name, head, total)?;
    }
    Ok(())
}

/// Brings the schema up to date.
///
/// # Errors
/// `Newer` when the file is from a later version, `Foreign` when it is another program's.
pub fn migrate(connection: &mut Connection, path: &Path, sealer: Option<&Sealer>) -> Result<(), StoreError> {
    let found = known_version(connection, path)?;
    if found == 0 && has_tables(connection)? {
        return Err(StoreError::Foreign(path.to_owned()));
    }
    for (index, step) in STEPS.iter().enumerate().skip(usize::try_from(found).unwrap_or(0)) {
        let version = i64::try_from(index.saturating_add(1)).unwrap_or(i64::MAX);
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
        if let Some(sealer) = sealer
            && version == OUTBOX_SEALED
        {
            seal(&transaction, sealer)?;
        }
        planted::reach(Point::Migrated);
        transaction.commit()?;
    }
    if (1..ERASABLE).contains(&found)
        && let Err(error) = connection.execute_batch("VACUUM")
    {
        // Earlier versions did not overwrite what they freed. Everything works without this.
        tracing::warn!(%error, "the database could not be written anew: unused parts of the file may hold old texts");
    }
    Ok(())
}
