//! Every reason there is for a no. Data only; the sentences are in `render::reasons`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::guards::LimitOf;
use crate::domain::action::Tier;
use crate::domain::freeze::Scope;
use crate::domain::ids::Environment;
use crate::domain::prechecks::Precheck;

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
    /// No approver row for something of this tier here that is no step.
    NobodyFor {
        tier: Tier,
        environment: Environment,
    },
    /// The person is in none of the rows that could approve it.
    NotFor {
        tier: Tier,
        environment: Environment,
    },
    /// The alert does not say where it comes from, and the configuration does not either.
    NoPlace,
    /// The person stands in no approver row at all.
    NotResponder,
    /// The person asked for it or changed it.
    OwnRequest,
    /// The person proposed it, and it is no step of a plan.
    OwnProposal,
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
        /// When enough of what was started is an hour old; `None` when it never is enough.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opens: Option<Timestamp>,
    },
    FreezeFileUnreadable,
    /// The plan that runs would not be the plan that was approved.
    DigestDiffers,
    PolicyChanged,
    AlertResolved,
    TargetMoved {
        what: String,
    },
    /// It would take more ready pods away than a PodDisruptionBudget has room for, which its card did not show.
    DisruptionBudget {
        budget: String,
        takes: u32,
        allowed: u32,
    },
    SurveyStale {
        seconds: i64,
    },
    /// The evidence on the card is older than the team lets it count.
    EvidenceOld {
        minutes: i64,
        allowed: i64,
    },
    OverBudget {
        what: String,
    },
    /// A precheck of the runbook that Interlock answers itself.
    Precheck {
        check: Precheck,
        why: String,
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
    /// The clock stepped back since the proposal or the approval: its deadlines mean nothing.
    ClockWentBack,
    /// Shadow: nothing is approved and nothing acts.
    OnlyWatches,
}

impl Reason {
    /// When it ends by itself, where that is known.
    #[must_use]
    pub fn opens(&self) -> Option<Timestamp> {
        match self {
            Self::CalendarFreeze { opens, .. }
            | Self::WindowClosed { opens, .. }
            | Self::LimitReached { opens, .. } => *opens,
            _ => None,
        }
    }

    /// Whether it says that what was shown is no longer so. Then the plan is out of date, whoever asks, and a fresh one
    /// is what helps.
    #[must_use]
    pub fn is_out_of_date(&self) -> bool {
        match self {
            Self::TargetMoved { .. }
            | Self::DisruptionBudget { .. }
            | Self::EvidenceOld { .. }
            | Self::PolicyChanged
            | Self::ClockWentBack => true,
            Self::NoEnvironment { .. }
            | Self::NoRow { .. }
            | Self::NotApprover { .. }
            | Self::NobodyFor { .. }
            | Self::NotFor { .. }
            | Self::NoPlace
            | Self::NotResponder
            | Self::OwnRequest
            | Self::OwnProposal
            | Self::Guest
            | Self::Bot
            | Self::Stranger
            | Self::Deactivated
            | Self::DirectoryUnreadable
            | Self::Quorum { .. }
            | Self::Frozen { .. }
            | Self::CalendarFreeze { .. }
            | Self::WindowClosed { .. }
            | Self::LimitReached { .. }
            | Self::FreezeFileUnreadable
            | Self::DigestDiffers
            | Self::AlertResolved
            | Self::SurveyStale { .. }
            | Self::OverBudget { .. }
            | Self::Precheck { .. }
            | Self::TargetBusy { .. }
            | Self::SurveyFailed { .. }
            | Self::NotItsTurn
            | Self::Expired
            | Self::OnlyWatches => false,
        }
    }
}
