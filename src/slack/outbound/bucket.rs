//! How fast we may post: Slack allows about one message a second and channel with small bursts, about fifty edits a minute,
//! and says 429 per method beyond that (docs.slack.dev, rate limits). Time is an argument.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Who wants to post, in order of importance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    Card,
    Thread,
}

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
const EDIT: Rate = Rate {
    burst: 20.0,
    per_second: 50.0 / 60.0,
};

#[derive(Debug)]
struct Bucket {
    rate: Rate,
    tokens: f64,
    at: Instant,
    /// A card was turned away: threads wait until it has been served.
    reserved: bool,
    /// Up to when cards, and threads, that were turned away have been told to come. Thousands may wait for one channel:
    /// told one after the other, each comes about when it is its turn, and not all of them each second.
    told: [Instant; 2],
}

impl Bucket {
    fn full(rate: Rate, now: Instant) -> Self {
        Self {
            rate,
            tokens: rate.burst,
            at: now,
            reserved: false,
            told: [now; 2],
        }
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * self.rate.per_second).min(self.rate.burst);
        self.at = now.max(self.at);
    }

    fn take(&mut self, rank: Rank, now: Instant) -> Result<(), Instant> {
        self.refill(now);
        let need = if self.reserved && rank == Rank::Thread {
            2.0
        } else {
            1.0
        };
        if self.tokens >= need {
            self.tokens -= 1.0;
            if rank == Rank::Card {
                self.reserved = false;
            }
            return Ok(());
        }
        if rank == Rank::Card {
            self.reserved = true;
        }
        let soonest = now
            + Duration::from_secs_f64((need - self.tokens) / self.rate.per_second)
            + Duration::from_millis(5);
        let told = match rank {
            Rank::Card => &mut self.told[0],
            Rank::Thread => &mut self.told[1],
        };
        // Some of those who were told may not come any more, so nobody is sent away for long.
        let at = soonest.max(*told).min(now + LONGEST_WAIT.max(soonest - now));
        *told = at + Duration::from_secs_f64(1.0 / self.rate.per_second);
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
    pub fn post(&self, channel: &str, rank: Rank, now: Instant) -> Result<(), Instant> {
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
            .take(rank, now)
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
    pub fn edit(&self, now: Instant) -> Result<(), Instant> {
        let mut state = self.state.lock();
        state.free(EDIT_METHOD, now)?;
        state
            .edits
            .get_or_insert_with(|| Bucket::full(EDIT, now))
            .take(Rank::Card, now)
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
mod tests {
    use super::*;

    #[test]
    fn a_channel_gets_a_burst_and_then_one_a_second() {
        let limits = Limits::default();
        let start = Instant::now();
        let mut now = start;
        let mut sent = 0;
        while now < start + Duration::from_secs(30) {
            match limits.post("C1", Rank::Thread, now) {
                Ok(()) => sent += 1,
                Err(at) => {
                    assert!(at > now);
                    now = at;
                }
            }
        }
        assert!((32..=33).contains(&sent), "{sent}");
        assert!(
            limits.post("C2", Rank::Thread, start).is_ok(),
            "another channel has its own"
        );
    }

    #[test]
    fn many_that_wait_are_told_to_come_one_after_the_other() {
        let limits = Limits::default();
        let now = Instant::now();
        let told: Vec<Instant> = (0..1000)
            .filter_map(|_| limits.post("C1", Rank::Card, now).err())
            .collect();
        assert_eq!(told.len(), 997);
        for (one, next) in told.iter().zip(&told[1..55]) {
            assert!(*next - *one >= Duration::from_millis(900));
        }
        assert!(told.iter().all(|at| *at <= now + LONGEST_WAIT));
    }

    #[test]
    fn a_card_that_waits_goes_before_the_thread() {
        let limits = Limits::default();
        let now = Instant::now();
        for _ in 0..3 {
            assert!(limits.post("C1", Rank::Thread, now).is_ok());
        }
        let at = limits.post("C1", Rank::Card, now).unwrap_err();
        assert!(
            limits.post("C1", Rank::Thread, at).is_err(),
            "the token is the card's"
        );
        assert!(limits.post("C1", Rank::Card, at).is_ok());
    }

    #[test]
    fn a_429_stops_that_method_only() {
        let limits = Limits::default();
        let now = Instant::now();
        limits.block(POST_METHOD, now + Duration::from_secs(7));
        assert_eq!(
            limits.post("C1", Rank::Card, now),
            Err(now + Duration::from_secs(7))
        );
        assert!(limits.edit(now).is_ok());
        assert!(
            limits
                .post("C1", Rank::Card, now + Duration::from_secs(7))
                .is_ok()
        );
    }
}
