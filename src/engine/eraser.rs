//! Carries out recorded erasures between two turns of the engine's thread, a few entries at a time, so that nobody waits for it.

use std::time::{Duration, Instant};

use super::core::Core;
use crate::store::{Erasing, StoreError};

/// While somebody reads what is to go.
const AGAIN: Duration = Duration::from_secs(1);
/// After a failure, which is seldom over in a second: a damaged entry stays so until a person has looked.
const FAILED: Duration = Duration::from_secs(60);

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
                Err(error) => self.failed(&error),
            }
            return;
        };
        let entry = erasing.entry;
        match core.erase_some(erasing) {
            Ok(false) if erasing.is_through() => self.not_before = Instant::now().checked_add(AGAIN),
            Ok(false) => {}
            Ok(true) => {
                tracing::info!(entry, "the payloads that an erasure was recorded for are gone");
                self.erasing = None;
            }
            Err(error) => self.failed(&error),
        }
    }

    fn failed(&mut self, error: &StoreError) {
        metrics::counter!("interlock_erasures_failed_total").increment(1);
        tracing::error!(%error, "an erasure that is on record can't go on; tried again in a minute");
        self.not_before = Instant::now().checked_add(FAILED);
    }
}
