//! Answers that wait to be sent: joined for each person and place, paced as Slack allows, bounded however many come.
//! Pure bookkeeping; time is an argument.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::answers::{Place, Told};

/// Slack takes 100 calls of `chat.postEphemeral` a minute and more in a burst (docs.slack.dev, rate limits, Tier 4).
const EVERY: Duration = Duration::from_millis(600);
const BURST: u32 = 40;
/// Places that wait at most; an answer to one more is dropped.
const PLACES: usize = 1024;
/// Different answers kept for one place; the rest is counted.
const JOINED: usize = 5;

/// What goes out as one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Batch {
    pub place: Place,
    /// Different from each other, oldest first.
    pub answers: Vec<Told>,
    /// Answers that were left out.
    pub more: usize,
}

/// All that waits. A place with a message on its way gets its next one only after that, so that answers stay in order.
#[derive(Debug)]
pub(super) struct Waiting {
    batches: HashMap<Place, Batch>,
    order: VecDeque<Place>,
    busy: HashSet<Place>,
    /// When the pace has caught up with what was sent.
    even: Instant,
}

impl Waiting {
    pub fn new(now: Instant) -> Self {
        Self {
            batches: HashMap::new(),
            order: VecDeque::new(),
            busy: HashSet::new(),
            even: now,
        }
    }

    /// False when there is no room for it.
    pub fn add(&mut self, mut place: Place, told: Told) -> bool {
        // A second click at the same place has another response_url; one of them is enough.
        let url = place.response_url.take();
        if let Some(batch) = self.batches.get_mut(&place) {
            if !batch.answers.contains(&told) {
                if batch.answers.len() < JOINED {
                    batch.answers.push(told);
                } else {
                    batch.more += 1;
                }
            }
            return true;
        }
        if self.batches.len() >= PLACES {
            return false;
        }
        if !self.busy.contains(&place) {
            self.order.push_back(place.clone());
        }
        let batch = Batch {
            place: Place {
                response_url: url,
                ..place.clone()
            },
            answers: vec![told],
            more: 0,
        };
        self.batches.insert(place, batch);
        true
    }

    /// The next message, when one may go out now. Its place is busy until `sent`.
    pub fn next(&mut self, now: Instant) -> Option<(Place, Batch)> {
        if self.due().is_none_or(|at| at > now) {
            return None;
        }
        let place = self.order.pop_front()?;
        let batch = self.batches.remove(&place)?;
        self.even = self.even.max(now) + EVERY;
        self.busy.insert(place.clone());
        Some((place, batch))
    }

    /// When the next message may go out; `None` when none waits for the pace.
    pub fn due(&self) -> Option<Instant> {
        let ahead = EVERY * (BURST - 1);
        (!self.order.is_empty()).then(|| self.even.checked_sub(ahead).unwrap_or(self.even))
    }

    /// The message to this place has been delivered or given up.
    pub fn sent(&mut self, place: Place) {
        self.busy.remove(&place);
        if self.batches.contains_key(&place) {
            self.order.push_back(place);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::command::Answer;

    fn place(user: u32) -> Place {
        Place {
            channel: Some("C1".to_owned()),
            user: format!("U{user}"),
            ..Place::default()
        }
    }

    fn text(text: &str) -> Told {
        let answer = Answer::NotUnderstood {
            text: text.to_owned(),
            problem: None,
        };
        Told { about: None, answer }
    }

    #[test]
    fn a_flood_of_clicks_is_a_few_messages() {
        let start = Instant::now();
        let mut waiting = Waiting::new(start);
        let mut sent = 0;
        for tick in 0..60_000_u32 {
            let now = start + Duration::from_millis(tick.into());
            for user in 0..3 {
                assert!(waiting.add(place(tick % 100 + user), text("no")));
            }
            while let Some((place, batch)) = waiting.next(now) {
                assert_eq!(batch.answers.len(), 1);
                waiting.sent(place);
                sent += 1;
            }
        }
        assert!(
            (135..=141).contains(&sent),
            "{sent} in a minute: 40 at once and 100 a minute"
        );
    }

    #[test]
    fn answers_to_one_person_are_joined_and_stay_in_order() {
        let now = Instant::now();
        let mut waiting = Waiting::new(now);
        assert!(waiting.add(place(1), text("a")));
        let (first, batch) = waiting.next(now).expect("it may go out at once");
        assert_eq!(batch.answers, [text("a")]);
        for word in ["b", "c", "b", "d", "e", "f", "g", "h"] {
            assert!(waiting.add(place(1), text(word)));
        }
        assert_eq!(waiting.next(now), None, "the first is still on its way");
        waiting.sent(first);
        let (_, batch) = waiting.next(now).expect("the rest");
        assert_eq!(batch.answers, ["b", "c", "d", "e", "f"].map(text));
        assert_eq!(batch.more, 2);
        assert!(waiting.is_empty());
    }

    #[test]
    fn there_is_an_end_to_what_waits() {
        let mut waiting = Waiting::new(Instant::now());
        let taken = (0..5_000)
            .filter(|user| waiting.add(place(*user), text("no")))
            .count();
        assert_eq!(taken, PLACES);
    }
}
