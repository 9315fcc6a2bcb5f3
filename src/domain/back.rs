//! A clock that goes back: what was proposed or approved before it has a deadline that means nothing any more, since nobody
//! can say how long ago that was. No yes counts for it, and it is proposed afresh; so no approval lives longer than it may.

use jiff::{SignedDuration, Timestamp};

use super::incident::PlanTrack;
use super::state::State;

/// Clocks are set by so much all the time, and two machines differ by as much.
const SLACK: SignedDuration = SignedDuration::from_secs(5);

impl State {
    /// Whether it was later already than it is now.
    #[must_use]
    pub fn clock_went_back(&self, now: Timestamp) -> bool {
        self.latest_at
            .is_some_and(|latest| latest.duration_since(now) > SLACK)
    }

    /// What waits for a yes, or for its first step, has waited for nobody knows how long.
    pub(super) fn note_time(&mut self, at: Timestamp) {
        if !self.clock_went_back(at) {
            self.latest_at = self.latest_at.max(Some(at));
            return;
        }
        self.latest_at = Some(at);
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
