//! Ends that came before their beginnings: senders deliver out of order, and a late "firing" of what is over opens nothing.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::State;
use crate::domain::alert::Alert;
use crate::domain::ids::{EpisodeKey, Fingerprint, Source};

/// Amazon SNS tries for an hour, longer than any other sender that keeps no order (`reference`, alerts §7b).
const KEPT: SignedDuration = SignedDuration::from_hours(1);
/// Alertmanager keeps the key of an alert that had timed out and comes back, and gives a delivery up after five minutes.
const KEPT_OF_LABELS: SignedDuration = SignedDuration::from_mins(6);
/// Some 300 bytes each. In a flood the oldest go first, which opens a card too many and none too few.
const MOST: usize = 10_000;

/// An end of which nobody had heard the beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub source: Source,
    pub episode: EpisodeKey,
    /// Where that is the alert's labels, which have one episode at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Fingerprint>,
    /// Which of a pair said so, where that is told: for the other it may fire on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// When it ended, as its sender says, else when that came.
    pub ended_at: Timestamp,
}

impl Ended {
    fn is_of(&self, alert: &Alert) -> bool {
        let same = self.episode == alert.episode
            || (alert.told.voice.is_some() && self.labels.as_ref() == Some(&alert.fingerprint));
        let before = alert.starts_at.is_none_or(|start| start <= self.ended_at);
        let voice = alert.told.voice.as_ref().filter(|voice| !voice.is_empty());
        let of_other = matches!((&self.voice, voice), (Some(said), Some(voice)) if said != voice);
        self.source == alert.source && same && before && !of_other
    }
}

/// What was heard lately, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ends(VecDeque<(Timestamp, Ended)>);

impl Ends {
    pub(in crate::domain) fn add(&mut self, at: Timestamp, ended: &Ended) {
        self.let_go(at);
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back((at, ended.clone()));
    }

    /// Lets go of what can be late no more.
    pub(in crate::domain) fn let_go(&mut self, now: Timestamp) {
        let old = |(then, _): &(Timestamp, Ended)| now.duration_since(*then) > KEPT;
        while self.0.front().is_some_and(old) {
            self.0.pop_front();
        }
    }
}

impl State {
    /// Whether this is over, although it has only now been heard that it began.
    #[must_use]
    pub fn has_ended(&self, alert: &Alert, now: Timestamp) -> bool {
        let kept = match alert.told.voice {
            Some(_) => KEPT_OF_LABELS,
            None => KEPT,
        };
        let recent = self.ends.0.iter().rev();
        let mut recent = recent.take_while(|(at, _)| now.duration_since(*at) <= kept);
        recent.any(|(_, ended)| ended.is_of(alert))
    }
}
