//! What an incident's senders say of its alerts together: two of a pair of the same one, and one of fewer than there are.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Episode, Incident};
use crate::domain::ids::{GroupKey, Source};

/// A group whose sender leaves alerts out (`max_alerts`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutOff {
    pub source: Source,
    pub group: GroupKey,
    /// How many in its last delivery.
    pub alerts: u64,
}

/// The last word of one of a pair about an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voice {
    pub over: bool,
    /// Until when its word that the alert fires holds, where its sender renews it. One that was restarted sees another start, and
    /// never ends the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// A server of a pair that renews its word does so by the minute, for four.
const HOLDS: SignedDuration = SignedDuration::from_mins(4);

impl Episode {
    /// One of a pair spoke at that time. The one that told of the alert first has a voice from then on, too.
    pub(in crate::domain) fn heard_from(&mut self, voice: &str, said: Voice, at: Timestamp) {
        let told = &self.alert.told;
        if let Some(first) = told.voice.as_ref().filter(|_| self.voices.is_empty()) {
            let until = told.at.and_then(|_| at.checked_add(HOLDS).ok());
            self.voices.insert(first.clone(), Voice { over: false, until });
        }
        let was_over = self.voices.get(voice).is_some_and(|known| known.over);
        // Until one of them says that it is over nobody asks how long the others' words hold, and their renewals are not noted. From
        // then on they have as long as a renewal takes.
        if said.over && !was_over {
            let holds = at.checked_add(HOLDS).ok();
            for other in self.voices.values_mut().filter(|other| !other.over) {
                other.until = other
                    .until
                    .map(|until| holds.map_or(until, |holds| holds.max(until)));
            }
        }
        self.voices.insert(voice.to_owned(), said);
    }

    /// Whether one of a pair says that it is over.
    #[must_use]
    pub fn is_over_for_some(&self) -> bool {
        self.voices.values().any(|said| said.over)
    }

    /// Those of a pair that still say that it fires.
    pub fn still_said_by(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        let holds = move |said: &Voice| !said.over && said.until.is_none_or(|until| until > now);
        let still = self.voices.iter().filter(move |(_, said)| holds(said));
        still.map(|(voice, _)| voice.as_str())
    }
}

impl Incident {
    /// Alerts that its senders left out of their last deliveries: what became of them nobody says.
    #[must_use]
    pub fn cut_off(&self) -> u64 {
        self.cut.iter().fold(0, |all, cut| all.saturating_add(cut.alerts))
    }
}
