//! A storm: so many incidents opened in one channel within minutes that people have to hear of all of them together. Alerts that
//! belong together share a card (`cluster`); these don't, and every one of them keeps its card and its page.
//!
//! Invariants: told once an hour and channel at most, or anew after half an hour of quiet; what is kept is bounded by channels and
//! number, and let go when its time is over.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ids::{Channel, IncidentId};
use super::state::State;
use super::text::shortened;

/// So many incidents within so long are a storm.
pub const MANY: usize = 20;
pub const WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// It is not told again sooner,
const AGAIN: SignedDuration = SignedDuration::from_hours(1);
/// unless nothing was opened for so long.
const QUIET: SignedDuration = SignedDuration::from_mins(30);
/// Channels that are kept at hand; the one that was quiet longest goes first.
const CHANNELS: usize = 200;
/// What most of them share is told, the most common first.
const SHARED: usize = 3;
/// Characters of a label's name or value.
const SHOWN: usize = 80;
/// Labels that say how bad it is or who tells of it, and not what is wrong.
const SAYS_NOTHING: [&str; 6] = [
    "severity",
    "prometheus",
    "prometheus_replica",
    "replica",
    "monitor",
    "interlock_left_out",
];

/// A label that at least half of them have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    pub label: String,
    pub value: String,
    /// How many of them have it.
    pub incidents: usize,
}

/// What opened lately, by channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Storms(Vec<Lately>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Lately {
    channel: Channel,
    /// The newest, at most [`MANY`] and not older than [`WITHIN`].
    opened: VecDeque<(Timestamp, IncidentId)>,
    last: Timestamp,
    told: Option<Timestamp>,
}

impl Lately {
    /// Without what is over at this moment.
    fn keep(&mut self, now: Timestamp) {
        self.opened.retain(|(at, _)| now.duration_since(*at) <= WITHIN);
        let told = self.told.filter(|at| now.duration_since(*at) < AGAIN);
        self.told = told.filter(|_| now.duration_since(self.last) < QUIET);
    }
}

impl Storms {
    /// An incident was opened for an alert.
    pub(super) fn opened(&mut self, channel: &Channel, incident: IncidentId, at: Timestamp) {
        self.let_go(at);
        let mut row = match self.0.iter().position(|row| row.channel == *channel) {
            Some(place) => self.0.remove(place),
            None => Lately {
                channel: channel.clone(),
                opened: VecDeque::new(),
                last: at,
                told: None,
            },
        };
        row.last = at;
        row.opened.push_back((at, incident));
        if row.opened.len() > MANY {
            row.opened.pop_front();
        }
        // The newest last.
        self.0.push(row);
        if self.0.len() > CHANNELS {
            self.0.remove(0);
        }
    }

    pub(super) fn told(&mut self, channel: &Channel, at: Timestamp) {
        for row in self.0.iter_mut().filter(|row| row.channel == *channel) {
            row.told = Some(at);
        }
    }

    /// Lets go of what decides nothing any more.
    pub(super) fn let_go(&mut self, now: Timestamp) {
        for row in &mut self.0 {
            row.keep(now);
        }
        self.0.retain(|row| !row.opened.is_empty() || row.told.is_some());
    }

    /// The incidents of a storm that was not told yet, oldest first, and since when they came.
    #[must_use]
    pub fn untold(&self, channel: &Channel) -> Option<(Timestamp, Vec<IncidentId>)> {
        let row = self.0.iter().find(|row| row.channel == *channel)?;
        let (since, _) = row
            .opened
            .front()
            .filter(|_| row.opened.len() >= MANY && row.told.is_none())?;
        Some((*since, row.opened.iter().map(|(_, id)| *id).collect()))
    }
}

impl State {
    /// What at least half of these incidents share, the most common first.
    #[must_use]
    pub fn shared(&self, incidents: &[IncidentId]) -> Vec<Shared> {
        let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for alert in incidents
            .iter()
            .filter_map(|id| self.incident(*id)?.first_alert())
        {
            for (label, value) in &alert.labels {
                let count = counts.entry((label, value)).or_default();
                *count = count.saturating_add(1);
            }
        }
        let half = incidents.len().div_ceil(2);
        let mut shared: Vec<Shared> = counts
            .into_iter()
            .filter(|((label, value), count)| {
                *count >= half && !value.is_empty() && !SAYS_NOTHING.contains(label)
            })
            .map(|((label, value), incidents)| Shared {
                label: shortened(label, SHOWN),
                value: shortened(value, SHOWN),
                incidents,
            })
            .collect();
        shared.sort_by_key(|shared| std::cmp::Reverse(shared.incidents));
        shared.truncate(SHARED);
        shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When a channel is told of a storm, in seconds: every time at which it could be told it is.
    fn told(opened: impl IntoIterator<Item = i64>) -> Vec<i64> {
        let mut storms = Storms::default();
        let channel = Channel::new("#incidents");
        let mut told = Vec::new();
        for (number, second) in (1..).zip(opened) {
            let at = Timestamp::from_second(second).unwrap();
            storms.opened(&channel, IncidentId(number), at);
            if storms.untold(&channel).is_some() {
                storms.told(&channel, at);
                told.push(second);
            }
        }
        told
    }

    #[test]
    fn twenty_within_ten_minutes_are_told_once_an_hour_or_after_half_an_hour_of_quiet() {
        assert_eq!(told(0..19), [0; 0]);
        assert_eq!(told(0..500), [19]);
        // One every 32 seconds is no storm: the twentieth comes after ten minutes.
        assert_eq!(told((0..200).map(|number| number * 32)), [0; 0]);
        // One that goes on is told again after the hour, not before.
        assert_eq!(told((0..1_000).map(|number| number * 10)), [190, 3_790, 7_390]);
        let twice = |gap: i64| told((0..30).chain(30 + gap..60 + gap));
        assert_eq!(twice(29 * 60), [19]);
        assert_eq!(twice(31 * 60), [19, 30 + 31 * 60 + 19]);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut storms = Storms::default();
        for number in 0..1_000_u64 {
            let channel = Channel::new(format!("C{number}"));
            storms.opened(&channel, IncidentId(number), Timestamp::UNIX_EPOCH);
        }
        assert_eq!(storms.0.len(), CHANNELS);
        storms.let_go(Timestamp::from_second(7_200).unwrap());
        assert_eq!(storms, Storms::default());
    }
}
