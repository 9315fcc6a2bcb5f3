//! Erasing payloads that retention lets go of, while the chain, the tree and every checkpoint over them hold. What may go,
//! and how the state stays the fold of what is left, is decided in [`domain::erasure`](crate::domain::erasure).
//!
//! # How a payload goes
//!
//! 1. [`Store::erasable`] looks for what may go and rehearses it: the journal is folded with and without, and where the two
//!    states differ nothing is recorded.
//! 2. The engine records an `erased` entry, which says who asked, what goes, and what is left of it.
//! 3. Where checkpoints are signed, one covers that entry before anything goes ([`Store::is_covered`]), so that a process that
//!    dies in between leaves nothing behind that looks like somebody else's doing.
//! 4. [`Store::erase_some`] takes the payloads and salts out, a few entries in each transaction, so that no click waits for
//!    it. In their place stands the commitment that the chain goes over. The triggers allow exactly this change, and only to
//!    entries that a recorded erasure covers.
//! 5. [`Store::erased_through`] stores the state anew, since the old one held texts, and empties the write-ahead log. The
//!    pragma `secure_delete` has overwritten what was freed in the file.
//!
//! A crash anywhere goes on at the next start: the table `erasures` says how far it has come, and doing it twice is doing it once.
//! Backups from before hold what they held: nothing here reaches them.

mod take_out;

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{TransactionBehavior, params};

use take_out::{Next, next_alone, next_of_incidents, take_out};

use super::journal::{parse, read};
use super::{Store, StoreError, migrate};
use crate::domain::erasure::{ALONE, Erasure};
use crate::domain::event::{Entry, Event, Who};
use crate::domain::ids::IncidentId;
use crate::domain::state::State;

/// How long the writer waits for readers to leave the write-ahead log before it tries again later.
const PATIENCE: Duration = Duration::from_millis(50);
/// As rusqlite has it.
const USUAL_PATIENCE: Duration = Duration::from_secs(5);

/// What may be erased.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erasable {
    pub incidents: Vec<IncidentId>,
    /// Entries of theirs, with those that are about no incident.
    pub entries: u64,
    /// Whether there are any of the latter.
    pub alone: bool,
}

/// A recorded erasure that is not carried out yet, and how far it has come.
#[derive(Clone, Debug)]
pub struct Erasing {
    /// The entry that records it.
    pub entry: u64,
    erasure: Erasure,
    /// The last incident and entry that were looked at.
    from: (u64, u64),
    alone_from: u64,
    /// No payload is left; what is beside the journal may still be.
    through: bool,
}

impl Erasing {
    /// Whether all payloads are taken out.
    #[must_use]
    pub fn is_through(&self) -> bool {
        self.through
    }
}

impl Store {
    /// What of the incidents that closed before this moment, or of the one, still has payloads and may lose them.
    ///
    /// # Errors
    /// When the database can't be read, or erasing would change what the state is: then nothing may be erased.
    pub fn erasable(
        &self,
        before: Timestamp,
        only: Option<IncidentId>,
        now: Timestamp,
    ) -> Result<Erasable, StoreError> {
        if self.schema < migrate::ERASABLE {
            return Ok(Erasable::default());
        }
        let moment = self.connection.unchecked_transaction()?;
        let mut found = Erasable::default();
        let state = self.load()?;
        let waits: Vec<IncidentId> = self
            .outbox()?
            .iter()
            .filter_map(|(_, effect, _)| effect.incident())
            .collect();
        for (incident, entries) in self.closed_before(before, only)? {
            if state.lets_go(incident, now) && !waits.contains(&incident) {
                found.incidents.push(incident);
                found.entries = found.entries.saturating_add(entries);
            }
        }
        if only.is_none() {
            let alone = self.alone_before(before)?;
            found.alone = alone > 0;
            found.entries = found.entries.saturating_add(alone);
        }
        if found.entries > 0 {
            self.rehearse(&found, before, now)?;
        }
        drop(moment);
        Ok(found)
    }

    fn closed_before(
        &self,
        before: Timestamp,
        only: Option<IncidentId>,
    ) -> Result<Vec<(IncidentId, u64)>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            // Where the clock went back, what is younger stands before what is older: that incident waits until all of it is
            // old. What ended would go otherwise, and what it had begun would stay.
            "WITH old AS (SELECT incident, count(*) AS entries, max(seq) AS last FROM journal
                WHERE incident IS NOT NULL AND (?2 IS NULL OR incident = ?2) AND at_ms < ?1 AND commitment IS NULL
                GROUP BY incident)
             SELECT incident, entries FROM old
             WHERE EXISTS (SELECT 1 FROM journal AS closing
                WHERE closing.incident = old.incident AND closing.kind = 'closed' AND closing.at_ms < ?1)
             AND NOT EXISTS (SELECT 1 FROM journal AS young
                WHERE young.incident = old.incident AND young.at_ms >= ?1 AND young.seq < old.last)
             ORDER BY incident",
        )?;
        let only = only.map(|id| id.0);
        let rows = statement.query_map(params![before.as_millisecond(), only], |row| {
            Ok((IncidentId(row.get(0)?), row.get(1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn alone_before(&self, before: Timestamp) -> Result<u64, StoreError> {
        let [one, two, three] = ALONE;
        Ok(self.connection.query_row(
            "SELECT count(*) FROM journal
             WHERE incident IS NULL AND kind IN (?2, ?3, ?4) AND at_ms < ?1 AND commitment IS NULL",
            params![before.as_millisecond(), one, two, three],
            |row| row.get(0),
        )?)
    }

    /// Whether the state stays what it is: the fold of all that stands, and the fold of what would be left.
    fn rehearse(&self, found: &Erasable, before: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let erasure = Erasure::of(found.incidents.clone(), before, found.alone);
        let (mut whole, mut rest) = (State::default(), State::default());
        self.read_after(0, |entry| {
            whole.apply(&entry);
            let incident = entry.event.incident();
            let taken = erasure.takes(entry.at.as_millisecond(), entry.event.kind(), incident);
            rest.apply(&if taken { as_erased(entry) } else { entry });
        })?;
        let record = Entry {
            seq: whole.seq.saturating_add(1),
            at: now,
            key: None,
            event: Event::Erased {
                by: None,
                erasure: whole.leaving(erasure),
            },
        };
        for state in [&mut whole, &mut rest] {
            state.apply(&record);
            state.reindex();
        }
        if whole == rest {
            Ok(())
        } else {
            Err(StoreError::StateWouldChange)
        }
    }

    /// The oldest recorded erasure that is not carried out.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn erasing(&self) -> Result<Option<Erasing>, StoreError> {
        let mut next = None;
        self.each_unfinished(|entry, erasure| {
            next.get_or_insert(Erasing {
                entry,
                erasure,
                from: (0, 0),
                alone_from: 0,
                through: false,
            });
        })?;
        Ok(next)
    }

    /// Entries that a recorded erasure covers and that still have their payloads.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn unerased(&self) -> Result<u64, StoreError> {
        let mut all = 0_u64;
        let mut unfinished = Vec::new();
        self.each_unfinished(|entry, erasure| unfinished.push((entry, erasure)))?;
        for (entry, erasure) in unfinished {
            for (first, last) in &erasure.incidents {
                let count: u64 = self.connection.query_row(
                    "SELECT count(*) FROM journal
                     WHERE incident BETWEEN ?1 AND ?2 AND seq < ?3 AND at_ms < ?4 AND commitment IS NULL",
                    params![first, last, entry, erasure.before_ms],
                    |row| row.get(0),
                )?;
                all = all.saturating_add(count);
            }
            if erasure.alone {
                let [one, two, three] = ALONE;
                let count: u64 = self.connection.query_row(
                    "SELECT count(*) FROM journal
                     WHERE incident IS NULL AND kind IN (?1, ?2, ?3) AND seq < ?4 AND at_ms < ?5 AND commitment IS NULL",
                    params![one, two, three, entry, erasure.before_ms],
                    |row| row.get(0),
                )?;
                all = all.saturating_add(count);
            }
        }
        Ok(all)
    }

    fn each_unfinished(&self, mut each: impl FnMut(u64, Erasure)) -> Result<(), StoreError> {
        if self.schema < migrate::ERASABLE {
            return Ok(());
        }
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {} FROM journal WHERE kind = 'erased' AND seq > (SELECT through FROM erasures) ORDER BY seq",
            self.columns()
        ))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Entry {
                seq,
                event: Event::Erased { erasure, .. },
                ..
            } = parse(&read(row)?)?
            {
                each(seq, erasure);
            }
        }
        Ok(())
    }

    /// Who had an incident erased and when, where somebody had.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn erased_by(&self, incident: IncidentId) -> Result<Option<(Timestamp, Option<Who>)>, StoreError> {
        let mut found = None;
        if self.schema >= migrate::ERASABLE {
            let mut statement = self.connection.prepare_cached(&format!(
                "SELECT {} FROM journal WHERE kind = 'erased' ORDER BY seq",
                self.columns()
            ))?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let entry = parse(&read(row)?)?;
                if let Event::Erased { by, erasure } = entry.event
                    && erasure.has(incident)
                {
                    found.get_or_insert((entry.at, by));
                }
            }
        }
        Ok(found)
    }

    /// Takes the payloads of some entries more. Says whether any were left.
    ///
    /// # Errors
    /// When they can't be written, or one is not what its hash says: then it stays as evidence. Nothing is half done.
    pub fn erase_some(&mut self, erasing: &mut Erasing) -> Result<bool, StoreError> {
        self.look()?;
        let columns = self.columns();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut taken = next_of_incidents(&transaction, columns, erasing)?;
        if taken.is_empty() && erasing.erasure.alone {
            taken = next_alone(&transaction, columns, erasing)?;
        }
        for next in &taken {
            take_out(&transaction, next)?;
        }
        // A snapshot from before would be folded on with entries that no longer say what ended since.
        transaction.execute("DELETE FROM snapshot", [])?;
        transaction.commit()?;
        for Next { entry, .. } in &taken {
            match entry.incident {
                Some(incident) => erasing.from = (incident, entry.seq),
                None => erasing.alone_from = entry.seq,
            }
        }
        erasing.through = taken.is_empty();
        Ok(!erasing.through)
    }

    /// An erasure is carried out: what was beside the journal goes, too. False when somebody is reading what was there: to be
    /// asked again.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn erased_through(&mut self, erasing: &Erasing, state: &State) -> Result<bool, StoreError> {
        self.save_snapshot(state)?;
        if !self.empty_log()? {
            return Ok(false);
        }
        self.connection
            .execute("UPDATE erasures SET through = ?1", [erasing.entry])?;
        Ok(true)
    }

    /// Takes the write-ahead log into the file and cuts it to nothing. False when a reader is in it.
    fn empty_log(&self) -> Result<bool, StoreError> {
        self.connection.busy_timeout(PATIENCE)?;
        let busy: Result<i64, _> = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        self.connection.busy_timeout(USUAL_PATIENCE)?;
        Ok(busy? == 0)
    }
}

fn as_erased(entry: Entry) -> Entry {
    if matches!(entry.event, Event::PayloadErased { .. }) {
        return entry;
    }
    let (kind, incident) = (entry.event.kind().to_owned(), entry.event.incident());
    Entry {
        key: None,
        event: Event::PayloadErased { kind, incident },
        ..entry
    }
}
