//! The engine without its thread: state, journal and the order of things. The thread in `batch` and the simulation
//! both drive this.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::command::{Command, Drive, Effect, Reply};
use crate::domain::decide::{Context, Tx, decide};
use crate::domain::rules::Rules;
use crate::domain::runbook::Catalog;
use crate::domain::state::State;
use crate::planted::{self, Bug};
use crate::store::{Store, StoreError};

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
}

pub struct Core {
    state: State,
    store: Store,
    /// Set after a failed commit, until the journal could be read again: the state in memory may be ahead of it.
    broken: bool,
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
    /// When the commit failed: nothing of it counts. The state is read again from the journal before anything else is
    /// decided, because nobody can tell whether the commit landed; it is never retried.
    pub fn run(
        &mut self,
        commands: Vec<Command>,
        done: &[i64],
        knowledge: &Knowledge,
        now: Timestamp,
    ) -> Result<Committed, StoreError> {
        self.mend()?;
        let context = Context {
            now,
            rules: &knowledge.rules,
            catalog: &knowledge.catalog,
        };
        let mut tx = Tx::new(&mut self.state, now);
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
        if entries.is_empty() && effects.is_empty() && done.is_empty() {
            return Ok(Committed {
                replies,
                effects: Vec::new(),
                drives,
            });
        }
        match self.store.commit(&entries, &effects, done, now) {
            Ok(rows) => Ok(Committed {
                replies,
                effects: rows.into_iter().zip(effects).collect(),
                drives,
            }),
            Err(_) if planted::is(Bug::EffectsWithoutCommit) => Ok(Committed {
                replies,
                effects: (0..).zip(effects).collect(),
                drives,
            }),
            Err(error) => {
                self.broken = true;
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
        }
        Ok(())
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
