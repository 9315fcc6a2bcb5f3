//! What is left outside so that a record there can be joined with ours: the attempt, and the database that knows it.

use std::fmt;
use std::sync::Arc;

use crate::domain::ids::AttemptId;

/// `7f3a9c2e41d05b6a.INC-42.p1.s2.a1`: the same attempt of another database has another mark. Goes to the API server as
/// `Audit-ID` (which it takes up to 64 characters of) and onto the objects that are changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    database: Arc<str>,
    attempt: AttemptId,
}

impl Mark {
    #[must_use]
    pub fn new(database: Arc<str>, attempt: AttemptId) -> Self {
        Self { database, attempt }
    }

    /// For names that have little room and no capitals: `i42p1s2a1-7f3a9c`.
    #[must_use]
    pub fn short(&self) -> String {
        let AttemptId {
            incident,
            plan,
            step,
            attempt,
        } = self.attempt;
        let database = self.database.get(..6).unwrap_or(&self.database);
        format!("i{}p{plan}s{step}a{attempt}-{database}", incident.0)
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.database, self.attempt)
    }
}
