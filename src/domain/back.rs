//! A clock that goes back: what was proposed or approved before it has a deadline that means nothing any more, since nobody
//! can say how long ago that was. No yes counts for it, and it is proposed afresh; so no approval lives longer than it may.

use jiff::{SignedDuration, Timestamp};

use super::incident::PlanTrack;
use super::state::State;

/// Clocks are set by so much all the time, and two machines differ by as much.
const SLACK: SignedDuration = SignedDuration::from_secs(5);

/// The `type` of the entry that says so.
pub const KIND: &str = "clock_went_back";

/// Whether a clock that said `latest` before and says `now` went back.
#[must_use]
pub fn went_back(latest: Timestamp, now: Timestamp) -> bool {
    latest.duration_since(now) > SLACK
}

/// The same of two times in milliseconds.
#[must_use]
pub fn went_back_ms(latest: i64, now: i64) -> bool {
    i128::from(latest).saturating_sub(i128::from(now)) > SLACK.as_millis()
}

impl State {
    /// The time of the last entry, or of the latest since the clock last went back. Whoever looks at the clock between
    /// entries knows more.
    #[must_use]
    pub fn latest_at(&self) -> Option<Timestamp> {
        self.latest_at
    }

    /// Whether it was later already than it is now.
    #[must_use]
    pub fn clock_went_back(&self, now: Timestamp) -> bool {
        self.latest_at.is_some_and(|latest| went_back(latest, now))
    }

    /// What waits for a yes, or for its first step, has waited for nobody knows how long.
    pub(super) fn note_time(&mut self, at: Timestamp) {
        if !self.clock_went_back(at) {
            self.latest_at = self.latest_at.max(Some(at));
            return;
        }
        self.latest_at = Some(at);
        self.distrust();
    }

    /// Somebody saw it go back, whether or not anything was written at the time that it went back from. A page that was due
    /// comes at once: it would be late by as much as the clock went back, and nobody knows how late it is. What runs has
    /// the time that it was given from now on, and not from a time that has not come yet.
    pub(super) fn clock_was_set_back(&mut self, at: Timestamp) {
        self.latest_at = Some(at);
        self.distrust();
        let mut open = Vec::new();
        for incident in self.incidents.values_mut().filter(|of| of.is_open()) {
            if let Some(track) = incident.plans.last_mut() {
                track.run.counts_from(at);
            }
            if let Some(due) = incident.paging.due.as_mut() {
                *due = at.min(*due);
            }
            open.push(incident.id);
        }
        // Whatever of it is due may be due sooner.
        for id in open {
            self.index_incident(id);
        }
    }

    fn distrust(&mut self) {
        for incident in self.incidents.values_mut() {
            if let Some(track) = incident.plans.last_mut().filter(|track| !track.begun()) {
                track.clock_went_back = true;
            }
        }
    }
}

impl PlanTrack {
    /// Whether its deadlines mean nothing, as things stand.
    #[must_use]
    pub fn is_untimely(&self, state: &State, now: Timestamp) -> bool {
        // The deadline of what is proposed in the future is nobody's.
        self.clock_went_back || now < self.proposed_at || (!self.begun() && state.clock_went_back(now))
    }
}
