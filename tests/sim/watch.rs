//! Reads the journal through a connection of its own: what a process believes to have written does not count.

use std::ops::Deref;
use std::path::Path;

use interlock::domain::event::Outcome;
use interlock::domain::ids::{AttemptId, IncidentId};
use interlock::engine::Knowledge;
use interlock::ports::Person;
use interlock::store::Store;
use jiff::Timestamp;

use super::beside::Beside;
use super::promises::Law;

/// Follows the journal.
pub struct Watch {
    reader: Store,
    law: Law,
}

impl Deref for Watch {
    type Target = Law;

    fn deref(&self) -> &Law {
        &self.law
    }
}

impl Watch {
    pub fn open(path: &Path) -> Self {
        Self {
            reader: Store::open_to_read(path).expect("a second connection"),
            law: Law::default(),
        }
    }

    /// The executor says how an attempt ended.
    pub fn reported(&mut self, attempt: AttemptId, outcome: Outcome) {
        self.law.never.reported(attempt, outcome);
    }

    pub fn beside(&mut self) -> &mut Beside {
        &mut self.law.beside
    }

    /// A commit was stored, and the clock was looked at where that was due; `told`: for whom the pager hears that somebody came.
    pub fn looked_at_the_clock(&mut self, now: Timestamp, told: &[IncidentId]) -> Result<(), String> {
        self.law.looked_at_the_clock(now, told)
    }

    pub fn forget_snapshot(&self, path: &Path) -> Result<(), String> {
        let other = rusqlite::Connection::open(path).map_err(|error| error.to_string())?;
        other
            .execute_batch("DELETE FROM snapshot")
            .map_err(|error| error.to_string())
    }

    /// Somebody has written to the journal: what it says now is what a process starts on, and is held against nothing.
    pub fn reads_anew(&mut self) -> Result<(), String> {
        let law = &mut self.law;
        law.forget();
        self.reader
            .read_after(0, |entry| law.fold(&entry))
            .map_err(|error| error.to_string())
    }

    /// Reads what is new and holds every entry against the promises. Gives the number of the last entry.
    pub fn follow(
        &mut self,
        now: Timestamp,
        knowledge: &Knowledge,
        people: &[Person],
    ) -> Result<u64, String> {
        let mut entries = Vec::new();
        self.reader
            .read_after(self.law.state().seq, |entry| entries.push(entry))
            .map_err(|error| error.to_string())?;
        for entry in entries {
            self.law.take(&entry, now, knowledge, people)?;
        }
        self.law.complete()?;
        Ok(self.law.state().seq)
    }
}
