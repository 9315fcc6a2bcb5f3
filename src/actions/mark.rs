//! What is left outside so that a record there can be joined with ours: the attempt, and the database that knows it.

use std::fmt;
use std::sync::Arc;

use crate::domain::ids::{AttemptId, IncidentId};

/// `7f3a9c2e41d05b6a.INC-42.p1.s2.a1`: the same attempt of another database has another mark. Goes to the API server as
/// `Audit-ID` (which it takes up to 64 characters of) and onto the objects that are changed. What is no attempt says what it is
/// for: `7f3a9c2e41d05b6a.INC-42.look`, `interlock.lease`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark(Of);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Of {
    Attempt(Arc<str>, AttemptId),
    Look(Arc<str>, IncidentId),
    Own(&'static str),
}

impl Mark {
    #[must_use]
    pub fn new(database: Arc<str>, attempt: AttemptId) -> Self {
        Self(Of::Attempt(database, attempt))
    }

    /// A look at the target of a plan of this incident, before it is shown or started.
    #[must_use]
    pub fn look(database: Arc<str>, incident: IncidentId) -> Self {
        Self(Of::Look(database, incident))
    }

    /// What Interlock does for itself and for no incident: `lease`, `epoch`, `review`, `rollouts`.
    #[must_use]
    pub const fn own(what: &'static str) -> Self {
        Self(Of::Own(what))
    }

    /// For names that have little room and no capitals: `i42p1s2a1-7f3a9c`.
    #[must_use]
    pub fn short(&self) -> String {
        let Of::Attempt(database, id) = &self.0 else {
            return self.to_string().to_lowercase();
        };
        let AttemptId {
            incident,
            plan,
            step,
            attempt,
        } = id;
        let database = database.get(..6).unwrap_or(database);
        format!("i{}p{plan}s{step}a{attempt}-{database}", incident.0)
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Of::Attempt(database, attempt) => write!(f, "{database}.{attempt}"),
            Of::Look(database, incident) => write!(f, "{database}.{incident}.look"),
            Of::Own(what) => write!(f, "interlock.{what}"),
        }
    }
}
