//! Appending to the journal and reading it back. Longer than other files, since how an entry is written and how it is
//! read stand together.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

use super::beside::{Beside, How, SET_BACK};
use super::chain::{ChainHash, Content, GENESIS, StoredEntry, link};
use super::excused::Erasures;
use super::seal::{Sealed, sealed};
use super::sum::{Rows, Sum};
use super::{Sealer, StoreError, migrate, outbox, private, schema};
use crate::domain::command::Effect;
use crate::domain::event::{Entry, Event};
use crate::domain::ids::{DeliveryKey, IncidentId};
use crate::planted::{self, Bug, Point};

/// The database. One per process; the engine's thread owns the one that writes.
pub struct Store {
    pub(super) connection: Connection,
    pub(super) schema: i64,
    path: PathBuf,
    name: String,
    head: ChainHash,
    seq: u64,
    /// Which of the processes that had the database one after the other writes; 0 where none was ever told apart.
    epoch: u64,
    /// Set from before a commit until it is known to be through.
    attempted: Option<Attempted>,
    /// Seals what is written; `None` without a key.
    pub(super) sealer: Option<Sealer>,
    /// What was not Interlock's own of its tables and triggers, and was put right when it was opened.
    altered: Option<String>,
    /// What others do meanwhile.
    pub(super) beside: Beside,
    /// Of what waits, with a key.
    sum: Sum,
    /// What waited at the start is not what was sealed: it goes with the first commit.
    forged: bool,
}

/// A commit of which nobody knows yet whether it landed.
struct Attempted {
    head: ChainHash,
    rows: Vec<i64>,
}

/// What a commit leads to once it is through.
struct Written {
    head: ChainHash,
    rows: Vec<i64>,
    sum: Option<Rows>,
    sealed: Option<Sealed>,
}

/// What a check of the chain found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    pub entries: u64,
    pub head: ChainHash,
}

#[derive(Serialize)]
struct PayloadRef<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a DeliveryKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<u64>,
    event: &'a Event,
}

#[derive(Deserialize)]
struct Payload {
    #[serde(default)]
    key: Option<DeliveryKey>,
    event: Event,
}

impl Store {
    /// Opens or makes the database for writing, without a key that seals what is written.
    ///
    /// # Errors
    /// See [`StoreError`]; each says what to do.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_sealed(path, None)
    }

    /// Opens or makes the database for writing. Whether others have written to it says [`Store::doubt`]; it is opened either
    /// way, since people are paged on any journal.
    ///
    /// # Errors
    /// See [`StoreError`]; each says what to do.
    pub fn open_sealed(path: &Path, sealer: Option<Sealer>) -> Result<Self, StoreError> {
        let open = |error: rusqlite::Error| StoreError::Open {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        private::make(path);
        let mut connection = Connection::open(path).map_err(open)?;
        migrate::known_version(&connection, path)?;
        migrate::prepare(&connection)?;
        migrate::migrate(&mut connection, path, sealer.as_ref())?;
        let altered = schema::mend(&mut connection, path)?;
        let mut store = Self {
            sealer,
            altered,
            ..Self::with(connection, path)?
        };
        if let Some(sealer) = &store.sealer {
            store.sum = Sum::read(&store.connection, sealer, &store.name)?;
            store.forged = store.outbox_fits(sealer, store.seq, &store.head)?.is_err();
        }
        Ok(store)
    }

    /// The same with the key that seals it, to look for what others have written.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn open_to_check(path: &Path, sealer: Option<Sealer>) -> Result<Self, StoreError> {
        Ok(Self {
            sealer,
            ..Self::open_to_read(path)?
        })
    }

    /// A journal that is gone when it is dropped: for rehearsals, never for a bot.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::open(Path::new(private::IN_MEMORY))
    }

    /// Opens an existing database for reading only; the bot may be running on it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn open_to_read(path: &Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|error| StoreError::Open {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        if migrate::known_version(&connection, path)? == 0 {
            return Err(migrate::foreign(path));
        }
        Self::with(connection, path)
    }

    fn with(connection: Connection, path: &Path) -> Result<Self, StoreError> {
        let (seq, head) = last(&connection)?;
        let epoch = last_epoch(&connection)?;
        let schema = migrate::known_version(&connection, path)?;
        let name = if schema < migrate::NAMED {
            String::new()
        } else {
            connection.query_row("SELECT name FROM identity WHERE only = 1", [], |row| row.get(0))?
        };
        let seal = sealed(&connection, schema)?;
        Ok(Self {
            beside: Beside::of(&connection, path, seal)?,
            sum: Sum::default(),
            forged: false,
            connection,
            schema,
            path: path.to_owned(),
            name,
            head,
            seq,
            epoch,
            attempted: None,
            sealer: None,
            altered: None,
        })
    }

    /// Those of an entry, as [`read`] wants them.
    pub(super) fn columns(&self) -> &'static str {
        if self.schema < migrate::ERASABLE {
            "seq, at_ms, kind, incident, payload, salt, hash, NULL"
        } else {
            "seq, at_ms, kind, incident, payload, salt, hash, commitment"
        }
    }

    /// What somebody had changed of its tables and triggers when it was opened, in words for people.
    pub(super) fn altered(&self) -> Option<String> {
        self.altered.clone()
    }

    /// Whether what waited when it was opened is not what was sealed. It goes with the first commit.
    #[must_use]
    pub fn outbox_is_forged(&self) -> bool {
        self.forged
    }

    /// Where the database is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// 16 hex digits, random, given once when the database was made: what is left outside carries it, so that a new
    /// database is never taken for an old one. Empty for one of an older version that is only read.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Entries carry another epoch from now on: a later one than those before, and at least this. Gives it.
    pub fn begin_epoch(&mut self, least: u64) -> u64 {
        self.epoch = self.epoch.saturating_add(1).max(least);
        self.epoch
    }

    /// The epoch that entries carry now; 0 for none.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Reads again where the journal ends: after a failed commit nobody knows whether it landed.
    ///
    /// # Errors
    /// When the database can't be read; `Tampered` when somebody else has written to it, `Moved` when it is not there.
    pub fn refresh(&mut self) -> Result<(), StoreError> {
        self.still_ours()?;
        let moment = self.connection.unchecked_transaction()?;
        let end = last(&self.connection)?;
        let read = match &self.sealer {
            None => None,
            Some(sealer) => {
                self.verify_now(sealer, How::SinceSnapshot)?;
                let attempted = self.attempted.as_ref();
                if end.1 != self.head && attempted.is_none_or(|attempted| attempted.head != end.1) {
                    return Err(self.tampered(SET_BACK.to_owned()));
                }
                let sum = Sum::read(&self.connection, sealer, &self.name)?;
                Some((sum, self.sealed()?))
            }
        };
        drop(moment);
        if let Some((sum, sealed)) = read {
            // What was forged is gone once there is a seal over the rest.
            self.forged &= sealed == *self.beside.seal.borrow();
            self.sum = sum;
            self.beside.seal.replace(sealed);
        }
        (self.seq, self.head) = end;
        Ok(())
    }

    /// The outbox rows of the commit that failed last, when the journal, read again, shows that it landed all the same.
    /// Says so once. A commit without entries leaves no trace to tell by, and is taken for not landed.
    pub fn landed(&mut self) -> Option<Vec<i64>> {
        let attempted = self.attempted.take()?;
        (attempted.head == self.head).then_some(attempted.rows)
    }

    /// Number of the last entry.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Hash of the last entry.
    #[must_use]
    pub fn head(&self) -> ChainHash {
        self.head
    }

    /// Appends entries, queues effects and lets go of confirmed outbox rows, all in one transaction. Gives the outbox
    /// rows of `effects`, in order.
    ///
    /// # Errors
    /// After any error nothing of it is stored, as far as anybody can tell: the caller must not retry the commit but
    /// read the journal again.
    pub fn commit(
        &mut self,
        entries: &[Entry],
        effects: &[Effect],
        done: &[i64],
        now: Timestamp,
    ) -> Result<Vec<i64>, StoreError> {
        self.attempted = None;
        let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        self.unchanged()?;
        let written = self.write(&transaction, entries, effects, done, now)?;
        if !entries.is_empty() {
            // Salted, so no other entries lead to this hash.
            self.attempted = Some(Attempted {
                head: written.head,
                rows: written.rows.clone(),
            });
        }
        transaction.commit()?;
        if planted::refuses(Point::Committed) {
            return Err(StoreError::Full);
        }
        self.attempted = None;
        self.beside.misfit.set(false);
        self.head = written.head;
        self.seq = entries.last().map_or(self.seq, |entry| entry.seq);
        if let Some(rows) = written.sum {
            if std::mem::take(&mut self.forged) {
                self.sum = Sum::default();
            }
            self.sum.change(&rows);
            self.beside.seal.replace(written.sealed);
        }
        Ok(written.rows)
    }

    /// What a start found not to be ours goes with the commit that says so.
    fn let_go_of_forgeries(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        if self.forged {
            transaction.execute("DELETE FROM outbox", [])?;
        }
        if self.beside.misfit.get() {
            transaction.execute("DELETE FROM snapshot", [])?;
        }
        Ok(())
    }

    fn write(
        &self,
        transaction: &Transaction<'_>,
        entries: &[Entry],
        effects: &[Effect],
        done: &[i64],
        now: Timestamp,
    ) -> Result<Written, StoreError> {
        let mut head = self.head;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO journal (seq, at_ms, kind, incident, payload, salt, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?;
            for entry in entries {
                let stored = stored(entry, self.epoch, &head)?;
                head = stored.hash;
                let rows = insert.execute(params![
                    stored.seq,
                    stored.at_ms,
                    stored.kind,
                    stored.incident,
                    stored.payload(),
                    stored.salt(),
                    stored.hash
                ])?;
                if rows != 1 {
                    return Err(StoreError::Altered {
                        path: self.path.clone(),
                        what: format!("it took entry {} and did not store it", stored.seq),
                    });
                }
                if planted::refuses(Point::EntryWritten) {
                    return Err(StoreError::Full);
                }
            }
        }
        self.let_go_of_forgeries(transaction)?;
        let queued = outbox::queue(transaction, effects, done, now)?;
        let rows = queued.iter().map(|queued| queued.row).collect();
        let Some(sealer) = &self.sealer else {
            return Ok(Written {
                head,
                rows,
                sum: None,
                sealed: None,
            });
        };
        let added = queued
            .iter()
            .map(|queued| (queued.row, queued.code(sealer, &self.name)));
        let instead = queued.iter().filter_map(|queued| queued.instead);
        let changed = Rows {
            gone: instead.chain(done.iter().copied()).collect(),
            added: added.collect(),
        };
        let total = match self.forged {
            true => Sum::default().after(&changed),
            false => self.sum.after(&changed),
        };
        let seq = entries.last().map_or(self.seq, |entry| entry.seq);
        Ok(Written {
            head,
            rows,
            sealed: Some(sealer.seal(transaction, &self.name, (seq, head), total)?),
            sum: Some(changed),
        })
    }

    /// Calls `each` with every entry after `seq`, oldest first.
    ///
    /// # Errors
    /// `Unreadable` names the entry.
    pub fn read_after(&self, seq: u64, mut each: impl FnMut(Entry)) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {} FROM journal WHERE seq > ?1 ORDER BY seq",
            self.columns()
        ))?;
        let mut rows = statement.query([seq])?;
        while let Some(row) = rows.next()? {
            each(parse(&read(row)?)?);
        }
        Ok(())
    }

    /// All entries about one incident, oldest first.
    ///
    /// # Errors
    /// `Unreadable` names the entry.
    pub fn of_incident(&self, id: IncidentId) -> Result<Vec<Entry>, StoreError> {
        self.of_incident_between(id, 0, i64::MAX.unsigned_abs())
    }

    /// The entries about one incident with these numbers, both ends included, oldest first.
    ///
    /// # Errors
    /// `Unreadable` names the entry.
    pub fn of_incident_between(&self, id: IncidentId, from: u64, to: u64) -> Result<Vec<Entry>, StoreError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {} FROM journal WHERE incident = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq",
            self.columns()
        ))?;
        let mut rows = statement.query(params![id.0, from, to])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(parse(&read(row)?)?);
        }
        Ok(entries)
    }

    /// Calls `each` with every stored entry, for export.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn export(&self, mut each: impl FnMut(StoredEntry) -> std::io::Result<()>) -> Result<(), StoreError> {
        let mut statement = self
            .connection
            .prepare(&format!("SELECT {} FROM journal ORDER BY seq", self.columns()))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            each(read(row)?).map_err(|error| StoreError::Io(error.to_string()))?;
        }
        Ok(())
    }

    /// Checks the whole chain, and that what is erased was to be.
    ///
    /// # Errors
    /// `Broken` or `Changed` names the first entry that does not fit.
    pub fn verify(&self) -> Result<Verified, StoreError> {
        let mut head = GENESIS;
        let mut entries = 0_u64;
        let mut erasures = Erasures::default();
        let mut wrong = None;
        self.export(|entry| {
            if wrong.is_some() {
                return Ok(());
            }
            entries = entries.saturating_add(1);
            let fits = link(&entry, &head) == entry.hash || planted::is(Bug::ChainNotVerified);
            wrong = match entry.seq == entries && fits {
                true => erasures.take(&entry).err().map(StoreError::from),
                false => Some(StoreError::Broken { seq: entry.seq }),
            };
            head = entry.hash;
            Ok(())
        })?;
        match wrong {
            Some(error) => Err(error),
            None => {
                erasures.end()?;
                Ok(Verified { entries, head })
            }
        }
    }
}

pub(super) fn last(connection: &Connection) -> Result<(u64, ChainHash), StoreError> {
    let last = connection
        .prepare_cached("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get::<_, u64>(0)?, row.get::<_, ChainHash>(1)?)))
        .optional()?;
    Ok(last.unwrap_or((0, GENESIS)))
}

/// Of the last entry. What can't be read of it is said by whoever reads the journal.
fn last_epoch(connection: &Connection) -> Result<u64, StoreError> {
    #[derive(Deserialize)]
    struct Of {
        #[serde(default)]
        epoch: u64,
    }
    let payload: Option<String> = connection
        .query_row(
            "SELECT payload FROM journal ORDER BY seq DESC LIMIT 1",
            [],
            |row| row.get(0),
        )
        .optional()?;
    let read = payload.and_then(|payload| serde_json::from_str::<Of>(&payload).ok());
    Ok(read.map_or(0, |of| of.epoch))
}

fn stored(entry: &Entry, epoch: u64, previous: &ChainHash) -> Result<StoredEntry, StoreError> {
    let unreadable = |error: serde_json::Error| StoreError::Unreadable {
        seq: entry.seq,
        reason: error.to_string(),
    };
    let payload = PayloadRef {
        key: entry.key.as_ref(),
        epoch: (epoch > 0).then_some(epoch),
        event: &entry.event,
    };
    let mut stored = StoredEntry {
        seq: entry.seq,
        at_ms: entry.at.as_millisecond(),
        kind: entry.event.kind().to_owned(),
        // A number that no incident has is somebody's typing: it must not keep the others in the commit from being stored.
        incident: entry
            .event
            .incident()
            .filter(|id| *id <= IncidentId::MOST)
            .map(|id| id.0),
        content: Content::Kept {
            payload: serde_json::to_string(&payload).map_err(unreadable)?,
            salt: rand::random(),
        },
        hash: GENESIS,
    };
    stored.hash = link(&stored, previous);
    Ok(stored)
}

/// Of a row of [`Store::columns`].
pub(super) fn read(row: &Row<'_>) -> Result<StoredEntry, rusqlite::Error> {
    let content = match row.get::<_, Option<[u8; 32]>>(7)? {
        Some(commitment) => Content::Erased { commitment },
        None => Content::Kept {
            payload: row.get(4)?,
            salt: row.get(5)?,
        },
    };
    Ok(StoredEntry {
        seq: row.get(0)?,
        at_ms: row.get(1)?,
        kind: row.get(2)?,
        incident: row.get(3)?,
        content,
        hash: row.get(6)?,
    })
}

/// Reads a stored entry back.
///
/// # Errors
/// `Unreadable` names the entry.
pub fn parse(stored: &StoredEntry) -> Result<Entry, StoreError> {
    let unreadable = |reason: String| StoreError::Unreadable {
        seq: stored.seq,
        reason,
    };
    let at = Timestamp::from_millisecond(stored.at_ms).map_err(|error| unreadable(error.to_string()))?;
    let (key, event) = match stored.payload() {
        Some(payload) => {
            let payload: Payload =
                serde_json::from_str(payload).map_err(|error| unreadable(error.to_string()))?;
            (payload.key, payload.event)
        }
        None => (
            None,
            Event::PayloadErased {
                kind: stored.kind.clone(),
                incident: stored.incident.map(IncidentId),
            },
        ),
    };
    Ok(Entry {
        seq: stored.seq,
        at,
        key,
        event,
    })
}
