//! What people may do about an incident that came to no end by itself. The card asks the same as what decides, so that a
//! button is there exactly when pressing it can do something.

use super::incident::{HandoffReason, Incident, Phase};

impl Incident {
    /// A person may say that it is over: a human has it, and nothing of ours is under way.
    #[must_use]
    pub fn may_close(&self) -> bool {
        matches!(self.phase, Phase::Handed { .. }) && !self.has_loose_end()
    }

    /// The same runbook may be proposed again, as a new plan that needs its own approval: nobody said no to the last one
    /// and nobody has taken it over, it only did not come to an end.
    #[must_use]
    pub fn may_propose_again(&self) -> bool {
        let ended = match &self.phase {
            Phase::Handed { reason, .. } => match reason {
                HandoffReason::PlanBlocked { .. }
                | HandoffReason::Denied
                | HandoffReason::NoDecision
                | HandoffReason::Void { .. }
                | HandoffReason::StepStopped { .. }
                | HandoffReason::NotVerified { .. }
                | HandoffReason::AskedFor { .. } => true,
                HandoffReason::NoMatch
                | HandoffReason::SeveralMatch
                | HandoffReason::Unsure
                | HandoffReason::Flapping { .. }
                | HandoffReason::Checklist
                | HandoffReason::Rejected { .. }
                | HandoffReason::StillFiring
                | HandoffReason::SourceRefused { .. }
                | HandoffReason::TakenOver { .. }
                | HandoffReason::DryRun
                | HandoffReason::Shadow => false,
            },
            Phase::Planning { .. }
            | Phase::Proposed
            | Phase::Running
            | Phase::Settling { .. }
            | Phase::Closed { .. } => false,
        };
        ended && self.request.is_some() && self.commander.is_none() && !self.has_loose_end()
    }
}
