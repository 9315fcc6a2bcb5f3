//! What an earlier process left in the outbox, as far as it can be trusted and read.

use jiff::Timestamp;

use crate::domain::command::Effect;
use crate::store::{Store, StoreError, Waiting};

/// What an earlier process left to be sent.
#[derive(Default)]
pub(super) struct Left {
    pub effects: Vec<(i64, Effect, Timestamp)>,
    /// Rows that nobody can read.
    pub set_aside: Vec<i64>,
    /// Some of it can't be sent.
    pub unsent: bool,
}

impl Left {
    pub fn of(store: &Store) -> Result<Self, StoreError> {
        if store.outbox_is_forged() {
            tracing::error!("what waited to be sent is not what was sealed: none of it is sent");
            return Ok(Self {
                unsent: true,
                ..Self::default()
            });
        }
        let Waiting { effects, unreadable } = store.waiting()?;
        for (row, why) in &unreadable {
            tracing::error!(
                row,
                why,
                "a row of the outbox can't be read: it is let go of, and what open incidents need is sent anew"
            );
        }
        Ok(Self {
            effects,
            unsent: !unreadable.is_empty(),
            set_aside: unreadable.into_iter().map(|(row, _)| row).collect(),
        })
    }
}
