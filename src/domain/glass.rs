//! Break-glass: in an emergency somebody whom the policy names for it opens the gate of one incident for some minutes.
//! Until then no change window, freeze of the calendar or limit holds it back, and below Tier 3 that person's approval is
//! enough, own request or not. Freezes by people and by the file stand, and so does everything else.
//!
//! Invariants: it is about one incident, ends by itself, is told to everybody, and is kept until another person has
//! looked at it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::event::Who;
use super::ids::{GroupId, IncidentId, PersonId};
use super::incident::Incident;
use super::state::State;
use crate::planted::{self, Bug};
use crate::ports::Person;

/// Who may, and for how long. Without it nobody may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GlassRule {
    /// Slack user ids.
    pub users: Vec<String>,
    pub groups: Vec<GroupId>,
    /// 1 to 60 minutes.
    pub minutes: u32,
}

impl GlassRule {
    #[must_use]
    pub fn lists(&self, person: &Person) -> bool {
        let named = |group: &GroupId| person.groups.iter().any(|name| name == group.as_str());
        self.users.contains(&person.id.user) || self.groups.iter().any(named)
    }

    #[must_use]
    pub fn lasts(&self) -> SignedDuration {
        SignedDuration::from_mins(i64::from(self.minutes))
    }
}

/// Once that somebody broke it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glass {
    pub incident: IncidentId,
    pub by: Who,
    pub reason: String,
    pub at: Timestamp,
    /// From then on everything holds again.
    pub until: Timestamp,
    /// Its end is on record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub over: bool,
}

impl Glass {
    /// A clock that went back opens nothing, and lengthens nothing: what is over by the record is over.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        let stands = !self.over && now < self.until;
        self.at <= now && (stands || planted::is(Bug::BreakGlassOutlivesItsTime))
    }
}

impl State {
    pub(super) fn glass_is_over(&mut self, incident: IncidentId) {
        for glass in self.glass.iter_mut().filter(|glass| glass.incident == incident) {
            glass.over = true;
        }
    }
}

/// Why it is not broken, or not reviewed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "refused")]
pub enum GlassRefusal {
    /// The policy names nobody for it.
    NoRule,
    NotListed,
    NoReason,
    /// It is broken already.
    Open {
        by: String,
        until: Timestamp,
    },
    /// Nothing of this incident waits for a review.
    NothingToReview,
    /// Whoever broke it does not review it.
    SamePerson,
    /// What was found has to be said.
    NoWords,
}

impl Incident {
    /// Who broke the glass of this incident, while that lasts.
    #[must_use]
    pub fn glass_at(&self, now: Timestamp) -> Option<&PersonId> {
        let glass = self.glass.as_ref().filter(|glass| glass.holds(now))?;
        Some(&glass.by.id)
    }

    /// When the end of it has to be recorded.
    #[must_use]
    pub fn glass_until(&self) -> Option<Timestamp> {
        let glass = self
            .glass
            .as_ref()
            .filter(|glass| !glass.over && self.is_open())?;
        Some(glass.until)
    }
}
