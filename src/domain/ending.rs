//! What people may do about an incident that came to no end by itself. The card asks the same as what decides, so that a
//! button is there exactly when pressing it can do something.

use super::ids::StepNo;
use super::incident::{HandoffReason, Incident, Phase, PlanTrack};
use super::run::StepState;

impl Incident {
    /// The step whose Rollback may be proposed: one that nobody knows about, or that failed after nobody had known, of
    /// the newest plan.
    #[must_use]
    pub fn may_take_back(&self) -> Option<(&PlanTrack, StepNo)> {
        let track = self.current().filter(|track| track.plan.takes_back.is_none())?;
        let with_people = matches!(self.phase, Phase::Handed { .. });
        let mut steps = track.plan.steps.iter().filter(|step| step.rollback.is_some());
        let step = steps.find(|step| match track.run.state(step.no) {
            StepState::Unknown { .. } => matches!(self.phase, Phase::Running | Phase::Handed { .. }),
            StepState::Failed { .. } => with_people && track.run.contained.contains(&step.no),
            StepState::Waiting
            | StepState::Started { .. }
            | StepState::Succeeded { .. }
            | StepState::Skipped { .. }
            | StepState::Refused { .. } => false,
        })?;
        Some((track, step.no))
    }

    /// The step of which people are asked what was wrong with it, once they have said what became of it.
    #[must_use]
    pub fn asks_for_cause(&self) -> Option<(&PlanTrack, StepNo)> {
        self.plans.iter().rev().find_map(|track| {
            let run = &track.run;
            let mut judged = run.contained.intersection(&run.judged);
            let step = judged.find(|step| !run.causes.contains_key(step))?;
            Some((track, *step))
        })
    }

    /// No runbook was for it when it came, and nobody has it yet: one may be for it now.
    #[must_use]
    pub fn may_match_again(&self) -> bool {
        let unmatched = matches!(
            &self.phase,
            Phase::Handed {
                reason: HandoffReason::NoMatch,
                ..
            }
        );
        unmatched && self.commander.is_none()
    }

    /// By name: whoever took it over, or said no to its plan, which hands it to them.
    #[must_use]
    pub fn in_hands_of(&self) -> Option<&str> {
        let commander = self.commander.as_ref().map(|(_, name)| name.as_str());
        commander.or(match &self.phase {
            Phase::Handed {
                reason: HandoffReason::Rejected { by, .. },
                ..
            } => Some(by.as_str()),
            Phase::Handed { .. }
            | Phase::Planning { .. }
            | Phase::Proposed
            | Phase::Running
            | Phase::Settling { .. }
            | Phase::Closed { .. } => None,
        })
    }

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
                | HandoffReason::TakenBack { .. }
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
