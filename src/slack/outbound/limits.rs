//! How fast we may post: Slack allows about one message a second and channel with small bursts, about fifty edits a minute and
//! workspace, and says 429 per method beyond that (docs.slack.dev, rate limits). Whose turn it is says
//! [`Queue`](super::queue::Queue). Time is an argument.
//!
//! The edits of a channel count as its posts do, so that who looks at it in a storm sees one change a second and not two. They
//! stand in a queue of their own: worst cards change all the time, and would keep those that nobody has seen from coming at
//! all. While few wait to post, two turns of three are for edits, since a card that runs is looked at; while many do, one of four.
//! The edit that somebody waits for, who has just clicked, goes at once, and what is posted after it waits the longer.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::bucket::{Bucket, LONGEST_QUEUE, Rate};
use super::queue::{Asking, Queue, Urgency};

/// Posts of one channel.
const POST: Rate = Rate {
    burst: 3.0,
    per_second: 1.0,
};
/// Where so many wait to post there is no burst: what a channel has saved up goes out one a second like the rest.
const CROWD: usize = 4;
/// Edits of the workspace.
const EDIT: Rate = Rate {
    burst: 20.0,
    per_second: 50.0 / 60.0,
};
/// From one edit of a channel to the next: while nobody waits to post there, while some do, and while a crowd does. Then three
/// turns of four are for what nobody has seen.
const BETWEEN_EDITS: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_millis(1_500),
    Duration::from_secs(4),
];
/// Edits are told to ask again at least this often, since those who wait to post may be gone by then.
const EDIT_ASKS: Duration = Duration::from_secs(15);
/// Nobody is told to come at once who has just been told that it is not their turn.
const A_MOMENT: Duration = Duration::from_millis(5);
/// So many turns are taken ahead for those who have just clicked: a hundred clicks hold nobody up for longer.
const AHEAD: f64 = 4.0;
/// What few edits may take ahead while nobody waits to post, so that a card which was just posted says soon that it runs.
const LENT: f64 = 1.0;
/// Channels remembered; a full bucket is as good as none.
const CHANNELS: usize = 5000;

pub const POST_METHOD: &str = "chat.postMessage";
pub const EDIT_METHOD: &str = "chat.update";

#[derive(Debug)]
struct Channel {
    posts: Bucket,
    edits: Queue,
    edited: Option<Instant>,
}

impl Channel {
    fn new(now: Instant) -> Self {
        Self {
            posts: Bucket::full(POST, now),
            edits: Queue::new(now),
            edited: None,
        }
    }

    fn post(&mut self, asking: Asking, now: Instant) -> Result<(), Instant> {
        if self.posts.queue.expected(now) >= CROWD {
            self.posts.forgets_its_burst(now);
        }
        self.posts.take(asking, now)
    }

    /// From when on it has a turn for an edit, and how long each takes.
    fn next_edit(&mut self, now: Instant) -> (Instant, Duration) {
        let [alone, some, crowd] = BETWEEN_EDITS;
        let each = match self.posts.queue.expected(now) {
            0 => {
                let least = if self.edits.expected(now) < CROWD {
                    -LENT
                } else {
                    1.0
                };
                let next = self.edited.map_or(now, |at| now.max(at + alone));
                return (next.max(self.posts.has(least, now)), alone);
            }
            few if few < CROWD => some,
            _ => crowd,
        };
        (self.edited.map_or(now, |at| now.max(at + each)), each)
    }

    /// An edit needs a turn of its channel and one of the workspace, and takes neither or both.
    fn edit(&mut self, workspace: &mut Bucket, asking: Asking, now: Instant) -> Result<(), Instant> {
        if asking.urgency == Urgency::AWAITED {
            workspace.take(asking, now)?;
            self.edits.leave(asking.asker);
            self.posts.spend_ahead(AHEAD, now);
            return Ok(());
        }
        let (from, each) = self.next_edit(now);
        let is_next = from <= now && self.edits.is_next(asking, now);
        if is_next && workspace.is_for(asking, now) {
            workspace.spend(asking);
            self.edits.gives_turn(asking.asker);
            self.edited = Some(now);
            self.posts.spend_ahead(AHEAD, now);
            return Ok(());
        }
        let at = if is_next {
            // Those who wait for a turn of another channel take none of the workspace until they have it.
            let next = workspace.has(1.0, now);
            workspace.later(asking, Some(next), now)
        } else {
            let mut before = self.edits.before(&asking, LONGEST_QUEUE, None);
            if from <= now {
                // It is kept for somebody else.
                before = before.max(1);
            }
            let before = u32::try_from(before).unwrap_or(u32::MAX);
            from.max(workspace.has(1.0, now)) + each.saturating_mul(before)
        };
        // The same moment in both, else the one would be kept for who can't come yet for the other.
        let at = at.min(now + EDIT_ASKS).max(now + A_MOMENT);
        self.edits.wait_until(asking, at);
        workspace.queue.wait_until(asking, at);
        Err(at)
    }
}

#[derive(Debug, Default)]
struct State {
    channels: HashMap<String, Channel>,
    edits: Option<Bucket>,
    /// After a 429: not before.
    blocked: HashMap<&'static str, Instant>,
}

/// All the limits of one workspace.
#[derive(Debug, Default)]
pub struct Limits {
    state: Mutex<State>,
}

impl Limits {
    /// Leave to post one message.
    ///
    /// # Errors
    /// When to ask again.
    pub fn post(&self, channel: &str, asking: Asking, now: Instant) -> Result<(), Instant> {
        let mut state = self.state.lock();
        state.free(POST_METHOD, now)?;
        state.channel(channel, now).post(asking, now)
    }

    /// As `post`, for who has had the turn of the channel already.
    ///
    /// # Errors
    /// When to ask again: Slack said 429.
    pub fn post_paid(&self, now: Instant) -> Result<(), Instant> {
        self.state.lock().free(POST_METHOD, now)
    }

    /// Whether more than one message may be posted here right now.
    pub fn has_room(&self, channel: &str, now: Instant) -> bool {
        let mut state = self.state.lock();
        match state.channels.get_mut(channel) {
            Some(channel) => channel.posts.tokens(now) >= 2.0,
            None => true,
        }
    }

    /// Leave to edit one message of a channel.
    ///
    /// # Errors
    /// When to ask again.
    pub fn edit(&self, channel: &str, asking: Asking, now: Instant) -> Result<(), Instant> {
        let mut state = self.state.lock();
        state.free(EDIT_METHOD, now)?;
        let mut workspace = state.edits.take().unwrap_or_else(|| Bucket::full(EDIT, now));
        let leave = state.channel(channel, now).edit(&mut workspace, asking, now);
        state.edits = Some(workspace);
        leave
    }

    /// Whether edits for which nobody waits may be made: half of the burst stays for those for which somebody does.
    pub fn has_edit_room(&self, now: Instant) -> bool {
        let mut state = self.state.lock();
        match state.edits.as_mut() {
            Some(edits) => edits.tokens(now) >= EDIT.burst / 2.0,
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

    fn channel(&mut self, name: &str, now: Instant) -> &mut Channel {
        if self.channels.len() >= CHANNELS {
            self.channels.retain(|_, channel| !channel.posts.is_full(now));
        }
        self.channels
            .entry(name.to_owned())
            .or_insert_with(|| Channel::new(now))
    }
}

#[cfg(test)]
#[path = "limits_tests.rs"]
mod tests;
