//! What leaves the engine: effects to be delivered, and work for the executor.

use serde::{Deserialize, Serialize};

use crate::domain::advice::{Blanks, Question};
use crate::domain::evidence::Look;
use crate::domain::ids::{AttemptId, Channel, EpisodeKey, IncidentId, PlanNo, SilenceNo, StepNo};
use crate::domain::notice::Notice;
use crate::domain::plan::Plan;

/// What leaves the engine after a commit. Durable ones are outbox rows until they are confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "effect")]
pub enum Effect {
    /// (Re)draw the card; later ones replace earlier ones of the same incident.
    Card { incident: IncidentId },
    /// Post the line of the entry with this number in the thread.
    Thread { incident: IncidentId, seq: u64 },
    /// Page a human.
    Page { incident: IncidentId },
    /// Tell the pager that somebody has come for what we opened there: for the pages after so many, which it knows of.
    PageAcknowledge {
        incident: IncidentId,
        after: usize,
        /// The page that was acknowledged at the pager itself: it is told of the others.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        known: Option<String>,
    },
    /// Tell the pager that what we opened there is over.
    PageResolve { incident: IncidentId },
    /// Tell the source that its alert is over.
    SourceResolve {
        incident: IncidentId,
        /// What was firing when this was asked for: only that was verified. Empty in rows from before this was kept, and
        /// means all that fires.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        episodes: Vec<EpisodeKey>,
    },
    /// Tell the source that somebody has its alerts.
    SourceAcknowledge { incident: IncidentId, by: String },
    /// Leave a note at the source of what was done, where it takes nothing more.
    SourceNote { incident: IncidentId },
    /// Make this silence, which was approved.
    Silence { incident: IncidentId, no: SilenceNo },
    /// Post the summary in the thread.
    Summary {
        incident: IncidentId,
        /// The handover that it was made for; not posted any more once the incident has closed after it, since the last
        /// one says it all. `None` is the last one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        handover: Option<u64>,
    },
    /// Attach a chart of the evidence that the entry with this number has.
    Chart { incident: IncidentId, seq: u64 },
    /// Attach the whole output of an attempt.
    Attach {
        incident: IncidentId,
        attempt: AttemptId,
    },
    /// Tell these channels, once each.
    Notice {
        notice: Box<Notice>,
        channels: Vec<Channel>,
    },
}

impl Effect {
    /// The incident that it is about; `None` for what concerns them all.
    #[must_use]
    pub fn incident(&self) -> Option<IncidentId> {
        match self {
            Self::Notice { .. } => None,
            Self::Card { incident }
            | Self::Thread { incident, .. }
            | Self::Page { incident }
            | Self::PageAcknowledge { incident, .. }
            | Self::PageResolve { incident }
            | Self::SourceResolve { incident, .. }
            | Self::SourceAcknowledge { incident, .. }
            | Self::SourceNote { incident }
            | Self::Silence { incident, .. }
            | Self::Chart { incident, .. }
            | Self::Summary { incident, .. }
            | Self::Attach { incident, .. } => Some(*incident),
        }
    }
}

/// Work for the executor. Not stored: it follows from the state, so a restart finds it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drive {
    /// Look at the targets of this plan in the making, and at its evidence.
    Survey {
        incident: IncidentId,
        sketch: Box<Plan>,
        looks: Vec<Look>,
    },
    /// Ask a model in which order the candidates stand. Nothing waits for its answer.
    Advise {
        incident: IncidentId,
        question: Box<Question>,
    },
    /// Ask a model what stands in parameters that the alert leaves open. The plan waits for its answer, 3 s at most.
    Fill {
        incident: IncidentId,
        blanks: Box<Blanks>,
    },
    /// Somebody approved and others have to: look whether the targets are still what was shown.
    Recheck { incident: IncidentId, plan: PlanNo },
    /// Ask to start this step, not before the given time.
    Start {
        incident: IncidentId,
        plan: PlanNo,
        step: StepNo,
        attempt: u8,
        not_before: Option<jiff::Timestamp>,
    },
}
