//! How fast we may post: Slack allows about one message a second and channel with small bursts, about fifty edits a minute,
//! and says 429 per method beyond that (docs.slack.dev, rate limits). Whose turn it is says [`Queue`]. Time is an argument.
//!
//! Posts and edits of one channel share its pace, so that in a storm people there see one change a second and not two. The edit
//! that a person waits for, who has just clicked, goes at once; what comes after it waits the longer.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::queue::{Asking, Queue, Urgency};

#[derive(Clone, Copy, Debug)]
struct Rate {
    burst: f64,
    per_second: f64,
}

/// Posts and edits of one channel together.
const CALLS: Rate = Rate {
    burst: 4.0,
    per_second: 1.0,
};
/// Where so many wait for a channel there is no burst: what was saved up goes out one a second like the rest.
const CROWD: usize = 4;
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
        if self.queue.len() >= CROWD {
            self.tokens = self.tokens.min(1.0);
        }
        let is_there = self.tokens >= 1.0;
        if is_there && self.queue.take(asking, now) {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(self.wait(asking, is_there, now))
    }

    /// For whom nobody is made to wait: it counts, and those who come later wait for it.
    fn take_at_once(&mut self, now: Instant) {
        self.refill(now);
        self.tokens = (self.tokens - 1.0).max(-self.rate.burst);
    }

    /// It was taken and is not used.
    fn give_back(&mut self, asking: Asking, until: Instant) {
        self.tokens = (self.tokens + 1.0).min(self.rate.burst);
        self.queue.wait_until(asking, until);
    }

    fn wait(&mut self, asking: Asking, is_there: bool, now: Instant) -> Instant {
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
        at
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
        state.channel(channel, now).take(asking, now)
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

    /// Leave to edit one message: of the workspace and of its channel.
    ///
    /// # Errors
    /// When to ask again.
    pub fn edit(&self, channel: &str, asking: Asking, now: Instant) -> Result<(), Instant> {
        let mut state = self.state.lock();
        state.free(EDIT_METHOD, now)?;
        if let Err(until) = state.edits(now).take(asking, now) {
            // It can't come when its channel would have it: others are not made to wait for that.
            state.channel(channel, now).queue.leave(asking.asker);
            return Err(until);
        }
        if asking.urgency == Urgency::AWAITED {
            state.channel(channel, now).take_at_once(now);
            return Ok(());
        }
        let taken = state.channel(channel, now).take(asking, now);
        taken.inspect_err(|until| state.edits(now).give_back(asking, *until))
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
    fn edits(&mut self, now: Instant) -> &mut Bucket {
        self.edits.get_or_insert_with(|| Bucket::full(EDIT, now))
    }

    fn channel(&mut self, channel: &str, now: Instant) -> &mut Bucket {
        if self.channels.len() >= CHANNELS {
            self.channels.retain(|_, bucket| {
                bucket.refill(now);
                bucket.tokens < bucket.rate.burst
            });
        }
        self.channels
            .entry(channel.to_owned())
            .or_insert_with(|| Bucket::full(CALLS, now))
    }

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
