//! Why a human has an incident, and its one wording: for the page, the card, the thread and the summary alike. It stands in
//! the domain since the page that is recorded says it. Foreign text is in it as it came; whoever posts it escapes it.

use serde::{Deserialize, Serialize};

use super::ids::StepNo;
use super::run::says_nothing;

/// Why a human has it now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum HandoffReason {
    NoMatch,
    /// Several runbooks match equally well.
    SeveralMatch,
    /// No trigger matches, and no runbook's text is sure enough: the best three are offered.
    Unsure,
    /// The same alert fires again and again: whatever ends it does not last.
    Flapping {
        /// Within the last hour.
        times: u32,
    },
    /// The runbook is prose: a checklist for people.
    Checklist,
    /// The plan could not be made: a pod that is not there, rights missing, a parameter without a value.
    PlanBlocked {
        problems: Vec<String>,
    },
    /// What was proposed or approved counts no longer, and nothing of it can be made afresh.
    Void {
        why: String,
    },
    /// Policy has no way to allow it.
    Denied,
    Rejected {
        by: String,
        reason: String,
    },
    NoDecision,
    StepStopped {
        step: StepNo,
        why: String,
    },
    NotVerified {
        why: String,
    },
    /// A step was taken back.
    TakenBack {
        step: StepNo,
    },
    /// Verified, but the source still says firing.
    StillFiring,
    /// Verified, but the source did not take our word for it, and says firing still.
    SourceRefused {
        why: String,
    },
    TakenOver {
        by: String,
    },
    /// Only in entries from before asking for a human left the incident as it was.
    AskedFor {
        by: String,
    },
    DryRun,
    Shadow,
}

impl HandoffReason {
    /// The reason behind a colon: no capital, no full stop. Where a person did it, the name comes first.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::NoMatch => "no runbook matches".to_owned(),
            Self::SeveralMatch => "several runbooks match equally well".to_owned(),
            Self::Unsure => "no runbook is sure to be the right one".to_owned(),
            Self::Flapping { times } => {
                format!(
                    "the same alert fired {times} times within an hour: it comes and goes, and whatever ended it did not last"
                )
            }
            Self::Checklist => "the runbook is a checklist for people".to_owned(),
            Self::PlanBlocked { problems } => format!("no plan could be made: {}", problems.join("; ")),
            Self::Void { why } => format!("the plan is void: {why}"),
            Self::Denied => "the policy lets nobody approve the plan".to_owned(),
            Self::Rejected { by, reason } if reason.trim().is_empty() => format!("{by} rejected the plan"),
            Self::Rejected { by, reason } => format!("{by} rejected the plan: {reason}"),
            Self::NoDecision => "nobody decided in time".to_owned(),
            Self::StepStopped { step, why } => format!("step {step} stopped the plan: {why}"),
            Self::NotVerified { why } => not_verified(why),
            Self::TakenBack { step } => format!("step {step} was taken back; look whether that was enough"),
            Self::StillFiring => "the steps were verified, but the alert still fires".to_owned(),
            Self::SourceRefused { why } => {
                format!(
                    "the steps were verified, but the source refused to be told and still says firing: {why}"
                )
            }
            Self::TakenOver { by } => format!("{by} took over"),
            Self::AskedFor { by } => format!("{by} asked for a human"),
            Self::DryRun => "this was a dry run; nothing was executed".to_owned(),
            Self::Shadow => "Interlock only watches here".to_owned(),
        }
    }
}

/// That a plan was not verified: because its verification says no, or because nothing says anything.
#[must_use]
pub fn not_verified(why: &str) -> String {
    if says_nothing(why) {
        format!("the steps ran; nothing verified that they helped: {why}")
    } else {
        format!("the steps ran, but it did not help: {why}")
    }
}
