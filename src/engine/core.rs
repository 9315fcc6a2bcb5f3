//! The engine without its thread: state, journal and the order of things. The thread in `batch` and the simulation
//! both drive this.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::command::{Command, Drive, Effect, Reply};
use crate::domain::decide::{Context, Tx, decide};
use crate::domain::event::{Entry, Event};
use crate::domain::rules::Rules;
use crate::domain::runbook::Catalog;
use crate::domain::state::State;
use crate::planted::{self, Bug};
use crate::store::{Erasing, Store, StoreError};

/// What a decision needs to know beside the state: replaced as a whole when files change.
#[derive(Clone)]
pub struct Knowledge {
    pub rules: Arc<Rules>,
    pub catalog: Arc<Catalog>,
}

/// What left with a commit.
#[derive(Debug, Default)]
pub struct Committed {
    /// In the order of the commands.
    pub replies: Vec<Reply>,
    /// Outbox rows of the effects, in order.
    pub effects: Vec<(i64, Effect)>,
    pub drives: Vec<Drive>,
    /// Effects of an earlier commit that was reported as failed and had landed, with the time at which they were queued.
    pub late: Vec<(i64, Effect, Timestamp)>,
    /// Whether entries were written: only that proves that the journal can be.
    pub wrote: bool,
}

/// How far an erasure has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Going {
    /// No checkpoint covers the entry that records it, so nothing may go yet.
    Uncovered,
    /// There is more to take out.
    On,
    /// All is taken out, and somebody reads what was there.
    Read,
    Done,
}

pub struct Core {
    state: State,
    store: Store,
    /// Set after a failed commit, until the journal could be read again: the state in memory may be ahead of it.
    broken: bool,
    /// What the failed commit would have been.
    attempted: Option<Landed>,
    /// Commits that failed and had landed; their effects go out with the next one that works.
    landed: Vec<Landed>,
    /// Outbox rows that are done and still stand in the database.
    undone: Vec<i64>,
}

/// A commit that was told as failed, so nothing of it has left yet.
struct Landed {
    /// Known once it is known to have landed.
    rows: Vec<i64>,
    effects: Vec<Effect>,
    at: Timestamp,
    command: Command,
}

impl Core {
    /// Reads the state from the journal.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn open(store: Store) -> Result<Self, StoreError> {
        let state = store.load()?;
        Ok(Self {
            state,
            store,
            broken: false,
            attempted: None,
            landed: Vec::new(),
            undone: Vec::new(),
        })
    }

    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Decides commands in order and commits them together; only then do answers and effects leave.
    ///
    /// # Errors
    /// When the commit failed: nothing of it is answered or let go. The state is read again from the journal before
    /// anything else is decided, because nobody can tell whether the commit landed; it is never retried. What did land is
    /// picked up by the next commit that works. Rows that are `done` are kept until they could be let go.
    pub fn run(
        &mut self,
        commands: Vec<Command>,
        done: &[i64],
        knowledge: &Knowledge,
        now: Timestamp,
    ) -> Result<Committed, StoreError> {
        self.undone.extend_from_slice(done);
        self.mend()?;
        let context = Context {
            now,
            rules: &knowledge.rules,
            catalog: &knowledge.catalog,
        };
        let mut tx = Tx::new(&mut self.state, now);
        for landed in &self.landed {
            decide(&mut tx, context, landed.command.clone());
        }
        let replies: Vec<Reply> = commands
            .into_iter()
            .map(|command| {
                let reply = decide(&mut tx, context, command);
                tx.use_key(None);
                reply
            })
            .collect();
        let Tx {
            entries,
            effects,
            drives,
            ..
        } = tx;
        let mut committed = self.store_all(entries, effects, now)?;
        (committed.replies, committed.drives) = (replies, drives);
        Ok(committed)
    }

    /// Writes what was decided, if there is anything to write.
    fn store_all(
        &mut self,
        entries: Vec<Entry>,
        effects: Vec<Effect>,
        now: Timestamp,
    ) -> Result<Committed, StoreError> {
        let nothing = entries.is_empty() && effects.is_empty() && self.undone.is_empty();
        if nothing && self.landed.is_empty() {
            return Ok(Committed::default());
        }
        // What landed by an error is let go only once writing is known to work again.
        let written = match nothing {
            true => self.store.probe().map(|()| Vec::new()),
            false => self.store.commit(&entries, &effects, &self.undone, now),
        };
        match written {
            Ok(rows) => {
                self.undone.clear();
                Ok(Committed {
                    effects: rows.into_iter().zip(effects).collect(),
                    late: self.landed.drain(..).flat_map(Landed::effects).collect(),
                    wrote: nothing || !entries.is_empty(),
                    ..Committed::default()
                })
            }
            Err(_) if planted::is(Bug::EffectsWithoutCommit) => Ok(Committed {
                effects: (0..).zip(effects).collect(),
                ..Committed::default()
            }),
            Err(error) => {
                self.broken = true;
                self.attempted = Some(Landed::of(&entries, effects, now));
                // At once, so that nobody reads a state that is not in the journal; if that fails too, before the next.
                if let Err(again) = self.mend() {
                    tracing::warn!(error = %again, "the journal can't be read back yet");
                }
                Err(error)
            }
        }
    }

    /// Reads the journal again after a failed commit.
    fn mend(&mut self) -> Result<(), StoreError> {
        if self.broken {
            self.store.refresh()?;
            self.state = self.store.load()?;
            self.broken = false;
            let rows = self.store.landed();
            if let (Some(rows), Some(mut landed)) = (rows, self.attempted.take()) {
                tracing::warn!(at = %landed.at, "a commit that was reported as failed had landed; it is picked up");
                landed.rows = rows;
                self.landed.push(landed);
            }
        }
        Ok(())
    }

    /// Finds out whether the journal can be written, by writing beside it.
    ///
    /// # Errors
    /// Why it can't.
    pub fn probe(&mut self) -> Result<(), StoreError> {
        self.mend()?;
        self.store.probe()
    }

    /// Whether the database is what was written last, and where it was.
    ///
    /// # Errors
    /// What somebody else has done to it.
    pub fn look(&self) -> Result<(), StoreError> {
        match self.broken {
            // It is read again before anything else.
            true => Ok(()),
            false => self.store.look(),
        }
    }

    /// Goes on with an erasure that is on record, by a few entries.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn erase_some(&mut self, erasing: &mut Erasing) -> Result<Going, StoreError> {
        self.mend()?;
        if !self.store.is_covered(erasing.entry)? {
            return Ok(Going::Uncovered);
        }
        if self.store.erase_some(erasing)? {
            return Ok(Going::On);
        }
        Ok(match self.store.erased_through(erasing, &self.state)? {
            true => Going::Done,
            false => Going::Read,
        })
    }

    /// Stores the state as a cache for the next start.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn save_snapshot(&mut self) -> Result<(), StoreError> {
        self.mend()?;
        self.store.save_snapshot(&self.state)
    }
}

impl Landed {
    /// What would be left to do about these if they had landed: steps whose start is on record were never let go, and
    /// incidents have to be gone on with.
    fn of(entries: &[Entry], effects: Vec<Effect>, at: Timestamp) -> Self {
        let incidents: BTreeSet<_> = entries
            .iter()
            .filter_map(|entry| entry.event.incident())
            .collect();
        let attempts = entries.iter().filter_map(|entry| {
            let Event::StepStarted { attempt, .. } = &entry.event else {
                return None;
            };
            Some(*attempt)
        });
        Self {
            rows: Vec::new(),
            effects,
            at,
            command: Command::Landed {
                incidents: incidents.into_iter().collect(),
                attempts: attempts.collect(),
            },
        }
    }

    fn effects(self) -> impl Iterator<Item = (i64, Effect, Timestamp)> {
        let at = self.at;
        let rows = self.rows.into_iter().zip(self.effects);
        rows.map(move |(row, effect)| (row, effect, at))
    }
}
