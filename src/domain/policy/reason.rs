//! Every reason there is for a no. Data only; the sentences are in `render::reasons`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::guards::LimitOf;
use crate::domain::action::Tier;
use crate::domain::freeze::Scope;
use crate::domain::ids::Environment;

/// Why something is not allowed. Worded for people in `render::explain`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Reason {
    /// No `[[environments]]` row covers the step's cluster and namespace.
    NoEnvironment {
        step: u16,
    },
    /// No approver row for this tier here.
    NoRow {
        step: u16,
        tier: Tier,
        environment: Environment,
    },
    /// The person is in none of the rows that could approve this step.
    NotApprover {
        step: u16,
        tier: Tier,
        environment: Environment,
    },
    /// The person stands in no approver row at all.
    NotResponder,
    /// The person asked for it or changed it.
    OwnRequest,
    Guest,
    Bot,
    Stranger,
    Deactivated,
    /// Group membership or the person could not be read.
    DirectoryUnreadable,
    /// More approvals are needed.
    Quorum {
        have: u8,
        need: u8,
    },
    Frozen {
        by: String,
        reason: String,
        #[serde(default)]
        scope: Scope,
    },
    /// A freeze of the policy's calendar lasts.
    CalendarFreeze {
        name: String,
        reason: String,
        /// When this step may start again, as far as the calendar goes; `None` when not within 400 days.
        opens: Option<Timestamp>,
        /// The zone that the freeze is written in.
        zone: String,
    },
    /// A change window that covers the step is closed.
    WindowClosed {
        window: String,
        opens: Option<Timestamp>,
        zone: String,
    },
    /// More than the policy lets start.
    LimitReached {
        limit: LimitOf,
        allowed: u32,
        have: u32,
        wanted: u32,
    },
    FreezeFileUnreadable,
    /// The plan that runs would not be the plan that was approved.
    DigestDiffers,
    PolicyChanged,
    AlertResolved,
    TargetMoved {
        what: String,
    },
    SurveyStale {
        seconds: i64,
    },
    OverBudget {
        what: String,
    },
    TargetBusy {
        with: String,
    },
    /// The target could not be looked at just before the start.
    SurveyFailed {
        why: String,
    },
    /// The step is not the one whose turn it is: started before, or the run has moved on.
    NotItsTurn,
    Expired,
    /// The clock stepped back since the approval: its deadlines mean nothing.
    ClockWentBack,
}
