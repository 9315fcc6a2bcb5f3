//! Which deliveries were taken already, so that one that comes twice counts once.

use std::collections::{BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::ids::DeliveryKey;

/// Slack signs a request for 5 minutes and redelivers an event for up to 5 more (docs.slack.dev, Events API); a key
/// older than this can't come again.
const SEEN_FOR: SignedDuration = SignedDuration::from_mins(15);
/// PagerDuty, of all senders with a number for each delivery, sends again for the longest: for 48 hours
/// (<https://developer.pagerduty.com/docs/webhooks/v3-overview/>). What happened longer ago and comes now was taken from the wire
/// by somebody; what is younger is known by its number.
pub const REDELIVERED_FOR: SignedDuration = SignedDuration::from_hours(48);
/// A delivery may come as late as that after it happened, and its copy as late again by another clock.
const DELIVERED_FOR: SignedDuration = SignedDuration::from_hours(49);
/// Of alert sources, at most this many: some 10 MiB.
const DELIVERED_MOST: usize = 100_000;
/// At most this many keys are kept; the oldest go first. 1,000,000 keys of 24 bytes and their text take about 100 MiB,
/// which only a flood of more than 1,000 clicks a second over the whole window reaches.
const SEEN_MOST: usize = 1_000_000;
/// Deliveries that were taken already.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    order: VecDeque<(Timestamp, DeliveryKey)>,
    /// Of alert sources, which send again for longer than Slack does.
    delivered: VecDeque<(Timestamp, DeliveryKey)>,
    #[serde(skip)]
    keys: BTreeSet<DeliveryKey>,
}

impl Seen {
    #[must_use]
    pub fn contains(&self, key: &DeliveryKey) -> bool {
        self.keys.contains(key)
    }

    pub(in crate::domain) fn add(&mut self, at: Timestamp, key: &DeliveryKey) {
        if !self.keys.insert(key.clone()) {
            return;
        }
        if key.is_of_a_source() {
            self.delivered.push_back((at, key.clone()));
            trim(
                &mut self.delivered,
                &mut self.keys,
                at,
                (DELIVERED_FOR, DELIVERED_MOST),
            );
        } else {
            self.order.push_back((at, key.clone()));
            trim(&mut self.order, &mut self.keys, at, (SEEN_FOR, SEEN_MOST));
        }
    }

    /// Brings what is derived up to date.
    pub(super) fn reindex(&mut self) {
        let all = self.order.iter().chain(&self.delivered);
        self.keys = all.map(|(_, key)| key.clone()).collect();
    }
}

/// Lets go of what is too old by now, or too much.
fn trim(
    order: &mut VecDeque<(Timestamp, DeliveryKey)>,
    keys: &mut BTreeSet<DeliveryKey>,
    now: Timestamp,
    (kept_for, most): (SignedDuration, usize),
) {
    while let Some((then, _)) = order.front() {
        let old = now.duration_since(*then) > kept_for;
        if !old && order.len() <= most {
            return;
        }
        if let Some((_, key)) = order.pop_front() {
            keys.remove(&key);
        }
    }
}

impl Seen {
    /// Lets go of keys that can't come again.
    pub(in crate::domain) fn let_go(&mut self, now: Timestamp) {
        self.order.retain(|(at, _)| now.duration_since(*at) <= SEEN_FOR);
        self.delivered
            .retain(|(at, _)| now.duration_since(*at) <= DELIVERED_FOR);
        self.reindex();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Source;

    fn hour(n: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + 3_600 * n).unwrap()
    }

    #[test]
    fn an_alert_that_was_taken_is_known_for_as_long_as_it_may_be_sent_again_and_a_click_for_minutes() {
        let mut seen = Seen::default();
        let alert = |n: i64| DeliveryKey::of(&Source::new("pagerduty"), &format!("01ABC:{n}"));
        let click = |n: i64| DeliveryKey::new(format!("event:Ev/{n}"));
        for n in 0..=60 {
            seen.add(hour(n), &alert(n));
            seen.add(hour(n), &click(n));
        }
        assert!(seen.contains(&alert(60)) && seen.contains(&alert(12)));
        assert!(!seen.contains(&alert(10)), "it can't come again");
        assert!(seen.contains(&click(60)));
        assert!(!seen.contains(&click(59)));
        let before = seen.clone();
        seen.reindex();
        assert_eq!(seen, before);
        seen.let_go(hour(70));
        assert!(seen.contains(&alert(21)) && !seen.contains(&alert(20)) && !seen.contains(&click(60)));
    }
}
