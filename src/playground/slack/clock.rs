//! The workspace's own clock: the system's, plus an offset that only grows.
//!
//! What waits for a moment (ack deadlines, event retries, connection lifetimes) waits on this clock, so moving it ends the
//! wait at once and no test needs to sleep. Invariant: time never runs backwards.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};
use tokio::sync::watch;
use tokio::time::Instant;

/// A moment on the workspace's clock, in microseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(u64);

/// As Slack writes it.
impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.ts())
    }
}

impl Moment {
    /// From microseconds since the Unix epoch.
    #[must_use]
    pub fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Whole seconds since the Unix epoch.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub fn micros(self) -> u64 {
        self.0
    }

    /// The moment `after` later.
    #[must_use]
    pub fn plus(self, after: Duration) -> Self {
        Self(self.0.saturating_add(micros_of(after)))
    }

    /// How long after `earlier` this is; zero when it is not later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// Reads Slack's written form.
    pub(super) fn of_ts(ts: &str) -> Option<Self> {
        let (seconds, micros) = ts.split_once('.')?;
        let (seconds, micros): (u64, u64) = (seconds.parse().ok()?, micros.parse().ok()?);
        Some(Self(seconds.checked_mul(1_000_000)?.checked_add(micros)?))
    }

    /// Slack's written form, `seconds.micros` with six digits.
    #[must_use]
    pub fn ts(self) -> String {
        format!("{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

fn micros_of(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The clock; shared by reference.
#[derive(Debug)]
pub(super) struct Clock {
    wall_at_start: u64,
    started: Instant,
    offset: AtomicU64,
    moved: watch::Sender<u64>,
}

impl Clock {
    pub(super) fn start() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, micros_of);
        Self {
            wall_at_start: wall,
            started: Instant::now(),
            offset: AtomicU64::new(0),
            moved: watch::Sender::new(0),
        }
    }

    pub(super) fn now(&self) -> Moment {
        Moment(self.wall().0.saturating_add(self.offset.load(Ordering::SeqCst)))
    }

    /// The time without the offset: what signatures carry, because the app checks them against the real clock.
    pub(super) fn wall(&self) -> Moment {
        Moment(
            self.wall_at_start
                .saturating_add(micros_of(self.started.elapsed())),
        )
    }

    pub(super) fn advance(&self, by: Duration) {
        self.offset.fetch_add(micros_of(by), Ordering::SeqCst);
        self.moved.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(super) async fn sleep_until(&self, deadline: Moment) {
        let mut moved = self.moved.subscribe();
        loop {
            let left = deadline.since(self.now());
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                changed = moved.changed() => if changed.is_err() { return },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_slack_writes_it() {
        assert_eq!(
            Moment::from_micros(1_700_000_000_000_042).ts(),
            "1700000000.000042"
        );
        assert_eq!(
            Moment::of_ts("1700000000.000042"),
            Some(Moment::from_micros(1_700_000_000_000_042))
        );
        assert_eq!(Moment::of_ts("yesterday"), None);
    }

    #[tokio::test]
    async fn moving_the_clock_ends_a_wait() {
        let clock = Clock::start();
        let deadline = clock.now().plus(Duration::from_secs(3600));
        let (_, ()) = tokio::join!(clock.sleep_until(deadline), async {
            clock.advance(Duration::from_secs(3600))
        });
        assert!(clock.now() >= deadline);
    }
}
