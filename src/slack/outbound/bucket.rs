//! Turns that come at a pace: tokens that fill up again, and the queue of those who wait for one. Time is an argument.

use std::time::Duration;

use tokio::time::Instant;

use super::queue::{Asking, Queue};

/// Nobody is told to wait longer than this before asking again: some of those before it may not come any more.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// More than so many before somebody are longer than [`LONGEST_WAIT`].
pub(super) const LONGEST_QUEUE: usize = 64;
/// A token is there a little after the moment that was told, and not a little before it.
const A_LITTLE: Duration = Duration::from_millis(5);

#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    pub burst: f64,
    pub per_second: f64,
}

#[derive(Debug)]
pub(super) struct Bucket {
    rate: Rate,
    /// Below none after what was taken ahead.
    tokens: f64,
    at: Instant,
    /// Those who were turned away. Thousands may wait for one channel: told one after the other, each comes about when it
    /// is its turn, and not all of them each second.
    pub queue: Queue,
}

impl Bucket {
    pub fn full(rate: Rate, now: Instant) -> Self {
        Self {
            rate,
            tokens: rate.burst,
            at: now,
            queue: Queue::new(now),
        }
    }

    pub fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * self.rate.per_second).min(self.rate.burst);
        self.at = now.max(self.at);
    }

    /// How many could be taken now.
    pub fn tokens(&mut self, now: Instant) -> f64 {
        self.refill(now);
        self.tokens
    }

    pub fn is_full(&mut self, now: Instant) -> bool {
        self.tokens(now) >= self.rate.burst
    }

    /// What was saved up beyond one turn is lost.
    pub fn forgets_its_burst(&mut self, now: Instant) {
        self.tokens = self.tokens(now).min(1.0);
    }

    /// When so many tokens are there; of what was taken ahead, when no more than that is missing.
    pub fn has(&mut self, tokens: f64, now: Instant) -> Instant {
        let missing = (tokens - self.tokens(now)).max(0.0);
        now + Duration::from_secs_f64(missing / self.rate.per_second)
    }

    /// Whether a token is there, and for the one who asks.
    pub fn is_for(&mut self, asking: Asking, now: Instant) -> bool {
        self.tokens(now) >= 1.0 && self.queue.is_next(asking, now)
    }

    /// Spends a token on the one who asks, who no longer waits.
    pub fn spend(&mut self, asking: Asking) {
        self.tokens -= 1.0;
        self.queue.gives_turn(asking.asker);
    }

    /// Spends a token that may have yet to come, and at most so many of those.
    pub fn spend_ahead(&mut self, most: f64, now: Instant) {
        self.tokens = (self.tokens(now) - 1.0).max(-most);
    }

    /// When the one who asks should come, whose turn is not now. `by` counts only those of the queue who come by then.
    pub fn later(&mut self, asking: Asking, by: Option<Instant>, now: Instant) -> Instant {
        let next = self.has(1.0, now);
        let before = if next == now {
            // It is kept for somebody else, who takes one of those that are there.
            1
        } else {
            self.queue.before(&asking, LONGEST_QUEUE, by)
        };
        #[expect(clippy::cast_precision_loss, reason = "at most LONGEST_QUEUE")]
        let behind = Duration::from_secs_f64(before as f64 / self.rate.per_second);
        (next + behind + A_LITTLE).min(now + LONGEST_WAIT)
    }

    /// Takes a token.
    ///
    /// # Errors
    /// When to ask again.
    pub fn take(&mut self, asking: Asking, now: Instant) -> Result<(), Instant> {
        if self.is_for(asking, now) {
            self.spend(asking);
            return Ok(());
        }
        let at = self.later(asking, None, now);
        self.queue.wait_until(asking, at);
        Err(at)
    }
}
