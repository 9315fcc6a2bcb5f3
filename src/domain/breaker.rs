//! The breaker: when as many changes have been started within an hour as a limit of the policy allows, nothing more is
//! changed there until a person has looked and lifts it with a reason. The same for the limit of one incident, and where a
//! step wants more than is left of its runbook's budget. It is a freeze of its own scope, so it is as durable and as visible
//! as one; looking goes on, so that what was changed is still verified.

use jiff::Timestamp;

use super::event::Who;
use super::freeze::{Held, Scope};
use super::ids::{IncidentId, PersonId};
use super::policy::LimitOf;
use super::state::State;

/// Who freezes where no person did.
#[must_use]
pub fn interlock() -> Who {
    Who {
        id: PersonId {
            team: "interlock".to_owned(),
            user: "interlock".to_owned(),
        },
        name: "Interlock".to_owned(),
    }
}

/// What was spent, for the record.
#[must_use]
pub fn why(limit: &LimitOf, allowed: u32) -> String {
    let place = match limit {
        LimitOf::Runbook { runbook, key } => {
            let key = key.as_str();
            return format!(
                "a run of {runbook} has spent its blast-radius budget: it wants more than the {allowed} that `{key}` allows"
            );
        }
        LimitOf::Incident => " in one incident".to_owned(),
        LimitOf::Hour => " within an hour".to_owned(),
        LimitOf::ClusterHour { cluster } => format!(" within an hour on cluster {cluster}"),
    };
    match allowed {
        1 => format!("1 change was started{place}, and the policy allows no more"),
        _ => format!("{allowed} changes were started{place}, and the policy allows no more"),
    }
}

impl State {
    /// It trips once: one that stands already says enough.
    pub(super) fn tripped(&mut self, by: IncidentId, limit: &LimitOf, allowed: u32, at: Timestamp) {
        let Some(scope) = limit.breaker(Some(by)) else {
            return;
        };
        let who = interlock();
        let held = Held {
            scope,
            by: who.id,
            name: who.name,
            at,
            reason: why(limit, allowed),
            over: None,
            tripped_by: Some(by),
        };
        if let Ok(frozen) = self.freeze.trip(held) {
            self.freeze = frozen;
        }
    }

    /// An incident that was closed, and kept for the breaker that it tripped, is let go of like any other from now on.
    pub(super) fn let_go_later(&mut self, tripped: Option<IncidentId>, at: Timestamp) {
        let Some(id) = tripped.filter(|id| !self.keeps_tripped(*id)) else {
            return;
        };
        let waits = self.closed.iter().any(|(_, known)| *known == id);
        if !waits && self.incident(id).is_some_and(|incident| !incident.is_open()) {
            self.closed.push_back((at, id));
        }
    }

    /// An incident is over: its own breaker has nothing left to stop.
    pub(super) fn own_breaker_ends(&mut self, incident: IncidentId) {
        let own = Scope::IncidentBreaker { incident };
        if self.freeze.of(&own).is_some() {
            self.freeze = self.freeze.without(&own);
        }
    }

    /// Whether a breaker stands that this incident tripped.
    #[must_use]
    pub fn keeps_tripped(&self, id: IncidentId) -> bool {
        self.freeze.held().iter().any(|held| held.tripped_by == Some(id))
    }
}
