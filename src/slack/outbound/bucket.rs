//! How fast we may post: Slack allows about one message a second and channel with small bursts, about fifty edits a minute,
//! and says 429 per method beyond that (docs.slack.dev, rate limits). Whose turn it is says [`Queue`]. Time is an argument.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::queue::{Asking, Queue};

#[derive(Clone, Copy, Debug)]
struct Rate {
    burst: f64,
    per_second: f64,
}

const POST: Rate = Rate {
    burst: 3.0,
    per_second: 1.0,
};
/// Nobody is told to wait longer than this before asking again.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// More than so many before somebody are longer than [`LONGEST_WAIT`].
const LONGEST_QUEUE: usize = 64;
const EDIT: Rate = Rate {
    burst: 20.0,
    per_second: 50.0 / 60.0,
};

#[derive(Debug)]
struct Bucket {
    rate: Rate,
    tokens: f64,
    at: Instant,
    /// Those who were turned away. Thousands may wait for one channel: told one after the other, each comes about when it
    /// is its turn, and not all of them each second.
    queue: Queue,
}

impl Bucket {
    fn full(rate: Rate, now: Instant) -> Self {
        Self {
            rate,
            tokens: rate.burst,
            at: now,
            queue: Queue::new(now),
        }
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * self.rate.per_second).min(self.rate.burst);
        self.at = now.max(self.at);
    }

    fn take(&mut self, asking: Asking, now: Instant) -> Result<(), Instant> {
        self.refill(now);
        let is_there = self.tokens >= 1.0;
        if is_there && self.queue.take(asking, now) {
            self.tokens -= 1.0;
            return Ok(());
        }
        let one = 1.0 / self.rate.per_second;
        let mut before = self.queue.before(&asking, LONGEST_QUEUE);
        if is_there {
            // It is kept for somebody else.
            before = before.max(1);
        }
        let next = (1.0 - self.tokens).max(0.0) * one;
        #[expect(clippy::cast_precision_loss, reason = "at most LONGEST_QUEUE")]
        let wait = Duration::from_secs_f64(next + before as f64 * one) + Duration::from_millis(5);
        // Some of those before it may not come any more, so nobody is sent away for long.
        let at = now + wait.min(LONGEST_WAIT);
        self.queue.wait_until(asking, at);
        Err(at)
    }
}

#[derive(Debug, Default)]
struct State {
    channels: HashMap<String, Bucket>,
    edits: Option<Bucket>,
    /// After a 429: not before.
    blocked: HashMap<&'static str, Instant>,
}

/// All the limits of one workspace.
#[derive(Debug, Default)]
pub struct Limits {
    state: Mutex<State>,
}

/// Channels remembered; a full bucket is as good as none.
const CHANNELS: usize = 5000;

pub const POST_METHOD: &str = "chat.postMessage";
pub const EDIT_METHOD: &str = "chat.update";

impl Limits {
    /// Leave to post one message.
    ///
    /// # Errors
    /// When to ask again.
    pub fn post(&self, channel: &str, asking: Asking, now: Instant) -> Result<(), Instant> {
        let mut state = self.state.lock();
        state.free(POST_METHOD, now)?;
        if state.channels.len() >= CHANNELS {
            state.channels.retain(|_, bucket| {
                bucket.refill(now);
                bucket.tokens < bucket.rate.burst
            });
        }
        state
            .channels
            .entry(channel.to_owned())
            .or_insert_with(|| Bucket::full(POST, now))
            .take(asking, now)
    }

    /// Whether more than one message may be posted here right now.
    pub fn has_room(&self, channel: &str, now: Instant) -> bool {
        let mut state = self.state.lock();
        match state.channels.get_mut(channel) {
            Some(bucket) => {
                bucket.refill(now);
                bucket.tokens >= 2.0
            }
            None => true,
        }
    }

    /// Leave to edit one message.
    ///
    /// # Errors
    /// When to ask again.
    pub fn edit(&self, asking: Asking, now: Instant) -> Result<(), Instant> {
        let mut state = self.state.lock();
        state.free(EDIT_METHOD, now)?;
        state
            .edits
            .get_or_insert_with(|| Bucket::full(EDIT, now))
            .take(asking, now)
    }

    /// Whether edits for which nobody waits may be made: half of the burst stays for those for which somebody does.
    pub fn has_edit_room(&self, now: Instant) -> bool {
        let mut state = self.state.lock();
        match state.edits.as_mut() {
            Some(bucket) => {
                bucket.refill(now);
                bucket.tokens >= bucket.rate.burst / 2.0
            }
            None => true,
        }
    }

    /// Slack said 429.
    pub fn block(&self, method: &'static str, until: Instant) {
        self.state.lock().blocked.insert(method, until);
    }
}

impl State {
    fn free(&self, method: &'static str, now: Instant) -> Result<(), Instant> {
        match self.blocked.get(method) {
            Some(until) if *until > now => Err(*until),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
#[path = "bucket_tests.rs"]
mod tests;
