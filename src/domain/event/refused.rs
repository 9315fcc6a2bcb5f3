//! What a person tried, and why it changed nothing.

use serde::{Deserialize, Serialize};

use super::Judgement;
use crate::domain::approval::ApprovalRefusal;
use crate::domain::ceremony::Problem;
use crate::domain::freeze::FreezeRefusal;
use crate::domain::glass::GlassRefusal;
use crate::domain::ids::{IncidentId, StepNo};
use crate::domain::policy::Reason;

/// Why a click or command changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Refusal {
    NotAllowed {
        reasons: Vec<Reason>,
    },
    Approval {
        refusal: ApprovalRefusal,
    },
    Freeze {
        refusal: FreezeRefusal,
    },
    Glass {
        refusal: GlassRefusal,
    },
    /// What Tier 3 takes was not filled in as it has to be.
    Ceremony {
        problems: Vec<Problem>,
    },
    /// The card that was clicked shows another plan than the one that counts.
    PlanChanged,
    NoSuchIncident,
    /// The incident is over.
    Over,
    /// The thing that was clicked is not waiting for anybody now.
    NotWaiting,
    /// Says which name, and which is near.
    NoSuchRunbook {
        why: String,
    },
    /// A part of the plan has run: it can be approved further or rejected, not changed.
    PartlyRun,
    /// No runbook was found for this incident.
    NoRunbook,
    BadInput {
        problems: Vec<(String, String)>,
    },
    /// The policy would let nobody approve the plan as it was to be changed; the one that waits stays.
    ChangeDenied {
        reasons: Vec<Reason>,
    },
    /// What was asked for can't be done as things are.
    Unfit {
        why: Unfit,
    },
    AlreadyTaken {
        by: String,
    },
    /// Interlock still works on it: only what a human has can be closed by one.
    NotWithHuman,
    /// Somebody has said before what became of the step.
    Judged {
        by: String,
        step: StepNo,
        judgement: Judgement,
    },
    /// A step runs, or nobody knows whether it happened: that is settled before anything else.
    LooseEnd,
    /// Its plan runs, or whether that helped is not known yet: it can't become another's.
    StillRuns,
    /// What was pressed points into another database than this one.
    Astray {
        card: AstrayCard,
    },
}

impl Refusal {
    /// Whether it was one wrong code too many: from now on none of the person's counts for a while.
    #[must_use]
    pub fn locks(&self) -> bool {
        match self {
            Self::Ceremony { problems } => problems
                .iter()
                .any(|problem| matches!(problem, Problem::WrongCode { left: 0 })),
            Self::NotAllowed { .. }
            | Self::Approval { .. }
            | Self::Freeze { .. }
            | Self::Glass { .. }
            | Self::PlanChanged
            | Self::NoSuchIncident
            | Self::Over
            | Self::NotWaiting
            | Self::NoSuchRunbook { .. }
            | Self::PartlyRun
            | Self::NoRunbook
            | Self::BadInput { .. }
            | Self::ChangeDenied { .. }
            | Self::Unfit { .. }
            | Self::AlreadyTaken { .. }
            | Self::NotWithHuman
            | Self::LooseEnd
            | Self::Judged { .. }
            | Self::StillRuns
            | Self::Astray { .. } => false,
        }
    }
}

/// Why what was asked for can't be done as things are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Unfit {
    MergeIntoItself {
        incident: IncidentId,
    },
    /// What was started by hand ends with its plan, whatever alerts say.
    MergeIntoManual {
        from: IncidentId,
        into: IncidentId,
    },
    /// Both were started by hand: neither has alerts, and each ends with its plan.
    MergeManuals {
        from: IncidentId,
        into: IncidentId,
    },
    /// The one that it was to be merged into is over.
    MergeIntoOver {
        into: IncidentId,
    },
    /// There is none of that number to merge into.
    MergeIntoNone {
        into: IncidentId,
    },
    /// The breaker of the one that was to be merged stands, and would end with it.
    MergeWhileTripped {
        from: IncidentId,
        into: IncidentId,
    },
    /// Nothing is configured to make silences in.
    NowhereToSilence,
    SilencedAlready,
    NothingToSilence,
    SilenceWithoutReason,
    SilenceOfOtherLength,
    /// Since the form was opened.
    AlertsChanged,
    EveryStepLeftOut,
    NothingChanged,
}

/// A card or form that may not be about what this database has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AstrayCard {
    /// Its mark is that of another database.
    OfAnother,
    /// It has no mark: an earlier version drew it, for this database or for another.
    Unmarked,
}

/// What a person tried, for the record of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    Approve,
    Reject,
    Modify,
    ReviewPlan,
    Escalate,
    TakeOver,
    ShowRunbook,
    ChooseRunbook,
    Tick,
    Judge,
    Run,
    Freeze,
    Unfreeze,
    Ask,
    Close,
    ProposeAgain,
    Split,
    BreakGlass,
    ReviewGlass,
    ProposeSilence,
    ApproveSilence,
    RejectSilence,
    TakeBack,
    Blame,
    Merge,
}
