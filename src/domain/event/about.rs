//! Which incident an event is about.

use super::Event;
use crate::domain::ids::IncidentId;

impl Event {
    /// The one incident it is about, where there is one.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "every kind has its arm in the one match")]
    pub fn incident(&self) -> Option<IncidentId> {
        match self {
            Self::Started { .. }
            | Self::ClockWentBack { .. }
            | Self::Checkpointed { .. }
            | Self::Repeated { .. }
            | Self::FreezeFile { .. }
            | Self::Changed { .. }
            | Self::ChangesUnread { .. }
            | Self::Storm { .. }
            | Self::Erased { .. }
            | Self::SecondFactor { .. } => None,
            Self::Frozen { over, .. } | Self::Unfrozen { over, .. } => over.map(|over| over.incident),
            Self::Refused { incident, .. }
            | Self::Asked { incident, .. }
            | Self::Heard { incident, .. }
            | Self::PayloadErased { incident, .. } => *incident,
            Self::Opened { incident, .. }
            | Self::Anchored { incident, .. }
            | Self::Joined { incident, .. }
            | Self::SplitOff { incident, .. }
            | Self::Merged { incident, .. }
            | Self::AlertResolved { incident, .. }
            | Self::ChangesSeen { incident, .. }
            | Self::Remembered { incident, .. }
            | Self::Advised { incident, .. }
            | Self::Filled { incident, .. }
            | Self::Matched { incident, .. }
            | Self::Planning { incident, .. }
            | Self::Gathered { incident, .. }
            | Self::Checklist { incident, .. }
            | Self::Ticked { incident, .. }
            | Self::Proposed { incident, .. }
            | Self::Voted { incident, .. }
            | Self::PartDone { incident, .. }
            | Self::AllowedAlone { incident, .. }
            | Self::Rejected { incident, .. }
            | Self::Expired { incident, .. }
            | Self::Withdrawn { incident, .. }
            | Self::Outdated { incident, .. }
            | Self::StepStarted { incident, .. }
            | Self::StepWaits { incident, .. }
            | Self::StepHeld { incident, .. }
            | Self::StepRefused { incident, .. }
            | Self::StepSkipped { incident, .. }
            | Self::StepEnded { incident, .. }
            | Self::StepJudged { incident, .. }
            | Self::StepBlamed { incident, .. }
            | Self::RunsLong { incident, .. }
            | Self::RunEnded { incident, .. }
            | Self::Settling { incident, .. }
            | Self::HandedOver { incident, .. }
            | Self::Reminded { incident, .. }
            | Self::PageDue { incident, .. }
            | Self::PageAsked { incident, .. }
            | Self::PageSettled { incident }
            | Self::GlassBroken { incident, .. }
            | Self::GlassOver { incident }
            | Self::GlassReviewed { incident, .. }
            | Self::Paged { incident, .. }
            | Self::PageFailed { incident, .. }
            | Self::SourceRefused { incident, .. }
            | Self::SourceResolved { incident, .. }
            | Self::SourceTold { incident, .. }
            | Self::SilenceProposed { incident, .. }
            | Self::SilenceVoted { incident, .. }
            | Self::SilenceRejected { incident, .. }
            | Self::SilenceMade { incident, .. }
            | Self::SilenceFailed { incident, .. }
            | Self::SilenceEnded { incident, .. }
            | Self::BreakerTripped { incident, .. }
            | Self::StaysFrozen { incident, .. }
            | Self::TakenOver { incident, .. }
            | Self::Closed { incident, .. }
            | Self::CardPosted { incident, .. } => Some(*incident),
        }
    }
}
