//! Freeze: while it stands, no step starts. Easy to trip, harder to lift.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::PersonId;

/// The global freeze as the journal knows it. The freeze file is separate: it is read before every start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Freeze {
    #[default]
    Off,
    On {
        by: PersonId,
        name: String,
        at: Timestamp,
        reason: String,
    },
}

/// Why a freeze or its lifting changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "refused")]
pub enum FreezeRefusal {
    AlreadyFrozen {
        by: String,
    },
    NotFrozen,
    /// Another person lifts it.
    SamePerson,
    /// Lifting needs a reason.
    NoReason,
}

impl Freeze {
    /// Freezes.
    ///
    /// # Errors
    /// When it is frozen already; the first reason stands.
    pub fn trip(
        &self,
        by: PersonId,
        name: String,
        at: Timestamp,
        reason: String,
    ) -> Result<Self, FreezeRefusal> {
        match self {
            Self::Off => Ok(Self::On { by, name, at, reason }),
            Self::On { name, .. } => Err(FreezeRefusal::AlreadyFrozen { by: name.clone() }),
        }
    }

    /// Lifts it: by another person, with a reason.
    ///
    /// # Errors
    /// Says which of these is missing.
    pub fn lift(&self, by: &PersonId, reason: &str) -> Result<Self, FreezeRefusal> {
        match self {
            Self::Off => Err(FreezeRefusal::NotFrozen),
            Self::On { by: tripper, .. } if tripper == by => Err(FreezeRefusal::SamePerson),
            Self::On { .. } if reason.trim().is_empty() => Err(FreezeRefusal::NoReason),
            Self::On { .. } => Ok(Self::Off),
        }
    }

    #[must_use]
    pub fn is_on(&self) -> bool {
        matches!(self, Self::On { .. })
    }
}

/// What the freeze file said just now. Unreadable counts as frozen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "file")]
pub enum FreezeFile {
    /// Not configured, or it does not exist.
    Absent,
    /// It exists; its first line is the reason.
    Present {
        reason: String,
    },
    Unreadable {
        why: String,
    },
}

#[cfg(test)]
mod tests;
