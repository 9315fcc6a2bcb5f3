//! The breaker: when as many changes have been started within an hour as a limit of the policy allows, nothing more is
//! changed there until a person has looked and lifts it with a reason. It is a freeze of its own scope, so it is as durable
//! and as visible as one; looking goes on, so that what was changed is still verified.

use jiff::Timestamp;

use super::event::Who;
use super::freeze::Held;
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
        let Some(scope) = limit.breaker() else { return };
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

    /// Whether a breaker stands that this incident tripped.
    #[must_use]
    pub fn keeps_tripped(&self, id: IncidentId) -> bool {
        self.freeze.held().iter().any(|held| held.tripped_by == Some(id))
    }
}
