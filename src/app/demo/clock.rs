//! The playground's clock: the machine's, moved forward on request.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::ports::Clock;

/// Real time plus what it was moved by.
#[derive(Debug, Default)]
pub struct PlayClock {
    ahead_ms: AtomicI64,
}

impl PlayClock {
    /// Moves it forward.
    pub fn advance(&self, by: Duration) {
        self.ahead_ms.fetch_add(
            i64::try_from(by.as_millis()).unwrap_or(i64::MAX),
            Ordering::AcqRel,
        );
    }
}

impl Clock for PlayClock {
    fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_millis(self.ahead_ms.load(Ordering::Acquire));
        Timestamp::now().checked_add(ahead).unwrap_or(Timestamp::MAX)
    }
}
