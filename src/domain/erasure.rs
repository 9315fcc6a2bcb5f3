//! Retention: the payloads of incidents that closed long ago are erased, and what they prove stays.
//!
//! # What is erased
//!
//! Everything that entries about such an incident say, and the salts that they were hashed with: texts of alerts, names of people, commands,
//! outputs. Of each entry its number, its time, its kind, its incident and its hashes stay, so the chain, the tree and every
//! signed checkpoint hold as before, and nobody can guess from a hash what stood there. What is about no incident (starts,
//! checkpoints, freezes of people, second factors) stays, except for what people asked for, were refused and changed.
//!
//! # How the state stays the fold of the journal
//!
//! An erased entry reads as [`Event::PayloadErased`](super::event::Event::PayloadErased), which does to the state what its columns alone can do. The entry
//! [`Event::Erased`](super::event::Event::Erased) stands behind all that it erases and makes up for the rest:
//!
//! - What the state knows for minutes, an hour, a day or a month (deliveries, starts, limits, wrong codes, firings,
//!   changes, fixes that failed) is let go when that time is over. Nothing younger than [`YOUNGEST`] is erased, so none of
//!   it can come from an erased entry.
//! - What it knows for longer is bounded in number, and the entry carries it ([`Left`]): the latest code that each person
//!   used, so that none counts twice; which incidents are remembered, those that are erased as numbers and names of the team's own
//!   rules and runbooks; how many decisions the oversight counts.
//! - What stands until a person acts is not erased before: open incidents, a freeze or a breaker that is held, a broken glass
//!   that nobody has reviewed ([`State::lets_go`]).
//!
//! So from that entry on both folds, over what was and over what is left, are the same state. Before anything is recorded
//! the store rehearses it: it folds the journal both ways and refuses when they differ.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ids::IncidentId;
use super::incident::Phase;
use super::memory::Signature;
use super::state::State;

/// The payload of an entry is kept this long at least: for 30 days what an incident did decides whether its runbook may run
/// alone again.
pub const YOUNGEST: SignedDuration = SignedDuration::from_hours(24 * 31);
/// Entries of these kinds that are about no incident are erased by age: they say who asked, who was refused and who changed what.
pub const ALONE: [&str; 3] = ["asked", "refused", "changed"];

/// What an erasure takes, and what it leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// Numbers of incidents: first and last of each run, both included, in order.
    pub incidents: Vec<(u64, u64)>,
    /// Of their entries those from before this moment, in milliseconds since 1970.
    pub before_ms: i64,
    /// Entries of the kinds in [`ALONE`] from before that too.
    pub alone: bool,
    pub left: Left,
}

/// What the state keeps of everything that was ever erased.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// The latest time step of which a code was used, by `TEAM/USER`.
    pub codes: BTreeMap<String, u64>,
    /// The incidents that are remembered, oldest first.
    pub remembered: Vec<IncidentId>,
    /// Those of them whose payloads are erased, without a text.
    pub signatures: Vec<Signature>,
    /// Decisions that the oversight counts.
    pub decisions: usize,
}

impl Erasure {
    /// The `type` of the entry that records one.
    pub const KIND: &'static str = "erased";

    /// Of these incidents, in any order.
    #[must_use]
    pub fn of(mut incidents: Vec<IncidentId>, before: Timestamp, alone: bool) -> Self {
        incidents.sort_unstable();
        let mut runs: Vec<(u64, u64)> = Vec::new();
        for IncidentId(id) in incidents {
            match runs.last_mut() {
                Some((_, last)) if id <= last.saturating_add(1) => *last = id,
                Some(_) | None => runs.push((id, id)),
            }
        }
        Self {
            incidents: runs,
            before_ms: before.as_millisecond(),
            alone,
            left: Left::default(),
        }
    }

    /// Whether the entries of this incident are among it.
    #[must_use]
    pub fn has(&self, incident: IncidentId) -> bool {
        let place = self.incidents.partition_point(|(_, last)| *last < incident.0);
        self.incidents
            .get(place)
            .is_some_and(|(first, _)| *first <= incident.0)
    }

    /// Whether it takes an entry that stands before its own.
    #[must_use]
    pub fn takes(&self, at_ms: i64, kind: &str, incident: Option<IncidentId>) -> bool {
        at_ms < self.before_ms
            && match incident {
                Some(incident) => self.has(incident),
                None => self.alone && ALONE.contains(&kind),
            }
    }

    /// Whether it takes nothing that was too young when it was recorded, at `at_ms`.
    #[must_use]
    pub fn is_aged(&self, at_ms: i64) -> bool {
        i128::from(self.before_ms).saturating_add(YOUNGEST.as_millis()) <= i128::from(at_ms)
    }

    /// How many incidents.
    #[must_use]
    pub fn count(&self) -> u64 {
        let runs = self.incidents.iter();
        runs.fold(0, |sum, (first, last)| {
            sum.saturating_add(last.saturating_sub(*first).saturating_add(1))
        })
    }

    /// Nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.incidents.is_empty() && !self.alone
    }
}

impl State {
    /// Whether nothing that stands hangs on an incident any more: it is closed and let go of, no freeze and no breaker of it is held,
    /// and whoever broke its glass was reviewed.
    #[must_use]
    pub fn lets_go(&self, id: IncidentId, now: Timestamp) -> bool {
        let over = match self.incident(id).map(|incident| &incident.phase) {
            // Closed ones alone are forgotten.
            None => id.0 <= self.last_incident,
            Some(Phase::Closed { at, .. }) => now.duration_since(*at) >= YOUNGEST && !self.keeps_tripped(id),
            Some(
                Phase::Planning { .. }
                | Phase::Proposed
                | Phase::Running
                | Phase::Settling { .. }
                | Phase::Handed { .. },
            ) => false,
        };
        let frozen = self
            .freeze
            .held()
            .iter()
            .any(|held| held.over.is_some_and(|over| over.incident == id) || held.tripped_by == Some(id));
        let glass = self.glass.iter().any(|glass| glass.incident == id);
        over && !frozen && !glass
    }

    /// The same erasure with what this state leaves of it.
    #[must_use]
    pub fn leaving(&self, mut erasure: Erasure) -> Erasure {
        let has = |incident| erasure.has(incident);
        let left = Left {
            codes: self.codes.used(),
            remembered: self.memory.incidents().collect(),
            signatures: self.memory.without_texts(has),
            decisions: self.oversight.decided_besides(has),
        };
        erasure.left = left;
        erasure
    }

    /// See the top of this file.
    pub(super) fn erased(&mut self, erasure: &Erasure, now: Timestamp) {
        let has = |incident| erasure.has(incident);
        self.forget_old(now);
        self.let_go_of(has);
        self.seen.let_go(now);
        self.past.let_go(now);
        self.let_go_of_starts(now);
        self.changes.let_go(now);
        self.ends.let_go(now);
        self.storms.let_go(now);
        self.codes.erased(&erasure.left.codes, now);
        self.memory
            .erased(&erasure.left.remembered, &erasure.left.signatures);
        self.oversight.erased(has, erasure.left.decisions);
    }

    /// What the columns of an erased entry do.
    pub(super) fn payload_erased(&mut self, kind: &str, incident: Option<IncidentId>, at: Timestamp) {
        if let (Some(incident), "opened") = (incident, kind) {
            self.forget_old(at);
            self.last_incident = self.last_incident.max(incident.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incidents_are_written_as_runs_and_found_in_them() {
        let ids = [9, 1, 2, 3, 7, 10].map(IncidentId).to_vec();
        let erasure = Erasure::of(ids.clone(), Timestamp::UNIX_EPOCH, false);
        assert_eq!(erasure.incidents, [(1, 3), (7, 7), (9, 10)]);
        assert_eq!(erasure.count(), 6);
        for id in 0..12 {
            assert_eq!(erasure.has(IncidentId(id)), ids.contains(&IncidentId(id)), "{id}");
        }
    }

    #[test]
    fn nothing_is_taken_that_is_younger_or_of_another_incident() {
        let before = Timestamp::from_millisecond(1_000).unwrap();
        let erasure = Erasure::of(vec![IncidentId(4)], before, true);
        assert!(erasure.takes(999, "opened", Some(IncidentId(4))));
        assert!(!erasure.takes(1_000, "opened", Some(IncidentId(4))));
        assert!(!erasure.takes(999, "opened", Some(IncidentId(5))));
        assert!(erasure.takes(999, "changed", None));
        assert!(!erasure.takes(999, "frozen", None));
        assert!(!erasure.takes(999, "erased", None));
    }
}
