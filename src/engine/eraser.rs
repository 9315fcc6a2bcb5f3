//! Carries out recorded erasures between two turns of the engine's thread, a few entries at a time, so that nobody waits for it.

use std::time::{Duration, Instant};

use super::core::Core;
use crate::store::Erasing;

/// After a failure, or while somebody reads what is to go.
const AGAIN: Duration = Duration::from_secs(1);

/// Where it stands.
pub(super) struct Eraser {
    /// An erasure may be on record that is not carried out.
    look: bool,
    erasing: Option<Erasing>,
    not_before: Option<Instant>,
}

impl Eraser {
    /// What an earlier process left is gone on with.
    pub fn new() -> Self {
        Self {
            look: true,
            erasing: None,
            not_before: None,
        }
    }

    /// One was just recorded.
    pub fn look(&mut self) {
        self.look = true;
    }

    /// There is more to do at once.
    pub fn is_busy(&self) -> bool {
        (self.look || self.erasing.is_some()) && !self.waits()
    }

    fn waits(&self) -> bool {
        self.not_before.is_some_and(|until| Instant::now() < until)
    }

    /// Does a little of it.
    pub fn go_on(&mut self, core: &mut Core) {
        if !self.is_busy() {
            return;
        }
        self.not_before = None;
        let Some(erasing) = &mut self.erasing else {
            match core.store().erasing() {
                Ok(next) => {
                    self.look = next.is_some();
                    self.erasing = next;
                }
                Err(error) => self.later(&error.to_string()),
            }
            return;
        };
        let entry = erasing.entry;
        match core.erase_some(erasing) {
            Ok(false) if erasing.is_through() => self.later("somebody is reading the journal"),
            Ok(false) => {}
            Ok(true) => {
                tracing::info!(entry, "the payloads that an erasure was recorded for are gone");
                self.erasing = None;
            }
            Err(error) => self.later(&error.to_string()),
        }
    }

    fn later(&mut self, why: &str) {
        tracing::warn!(why, "an erasure that is on record is gone on with later");
        self.not_before = Instant::now().checked_add(AGAIN);
    }
}
