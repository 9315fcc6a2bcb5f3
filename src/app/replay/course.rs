//! What Interlock did by itself with one incident, up to the moment at which people decide.

use serde::Serialize;

use crate::domain::event::{Entry, Event};
use crate::domain::incident::{HandoffReason, Verdict};
use crate::domain::matching::By;
use crate::domain::plan::Plan;
use crate::domain::policy::Decision;
use crate::render;

/// What the policy said to a proposal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Ruling {
    /// Nothing was proposed.
    #[default]
    Nothing,
    /// Only looking: nobody has to agree.
    Allowed,
    Approvals {
        needed: u8,
    },
    /// Nobody may approve it; says why.
    Denied {
        why: String,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Course {
    /// Proposed, or shown as a checklist.
    pub runbook: Option<String>,
    pub by: Option<By>,
    /// Those that a person was to choose from, best first; empty when one was clear.
    pub offered: Vec<String>,
    /// Command lines of the steps that would run, in order.
    pub steps: Vec<String>,
    pub ruling: Ruling,
    /// It ran without a person.
    pub alone: bool,
    /// Why it went to a human at once.
    pub handed: Option<String>,
}

impl Course {
    /// Of the entries of one incident, and the first plan that was proposed.
    pub(super) fn of<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> (Self, Option<Plan>) {
        let mut course = Self::default();
        let mut proposed = None;
        for entry in entries {
            if is_of_people(&entry.event) {
                break;
            }
            course.take(&entry.event, &mut proposed);
        }
        (course, proposed)
    }

    fn take(&mut self, event: &Event, proposed: &mut Option<Plan>) {
        if let Event::Matched { matched, .. } = event {
            self.by = Some(matched.by);
            if matched.verdict == Verdict::Several {
                let offered = matched.candidates.iter().map(|line| line.runbook.to_string());
                self.offered = offered.collect();
            }
        } else if let Event::Checklist { runbook, .. } = event {
            self.runbook = Some(runbook.to_string());
        } else if let Event::Proposed { plan, decision, .. } = event {
            if proposed.is_some() {
                return;
            }
            self.runbook = Some(plan.runbook.to_string());
            self.steps = plan.live_steps().map(|step| step.command.clone()).collect();
            self.ruling = ruling(decision);
            *proposed = Some((**plan).clone());
        } else if let Event::AllowedAlone { .. } = event {
            self.alone = true;
        } else if let Event::HandedOver { reason, .. } = event
            && self.handed.is_none()
            && is_at_once(reason)
        {
            self.handed = Some(reason.words());
        }
    }
}

fn ruling(decision: &Decision) -> Ruling {
    match decision {
        Decision::Allow => Ruling::Allowed,
        Decision::RequireApproval { approvals } => Ruling::Approvals { needed: *approvals },
        Decision::Deny { reasons } => Ruling::Denied {
            why: render::reasons::all(reasons),
        },
    }
}

/// From here on it is no longer Interlock alone that says how it goes.
fn is_of_people(event: &Event) -> bool {
    matches!(
        event,
        Event::Voted { .. }
            | Event::Rejected { .. }
            | Event::TakenOver { .. }
            | Event::GlassBroken { .. }
            | Event::GlassOver { .. }
            | Event::GlassReviewed { .. }
            | Event::Expired { .. }
            | Event::AlertResolved { .. }
    )
}

/// Whether matching or policy handed it over, and not what happened later.
fn is_at_once(reason: &HandoffReason) -> bool {
    match reason {
        HandoffReason::NoMatch
        | HandoffReason::SeveralMatch
        | HandoffReason::Unsure
        | HandoffReason::Flapping { .. }
        | HandoffReason::Checklist
        | HandoffReason::PlanBlocked { .. }
        | HandoffReason::Denied
        | HandoffReason::Shadow => true,
        HandoffReason::Rejected { .. }
        | HandoffReason::NoDecision
        | HandoffReason::Void { .. }
        | HandoffReason::StepStopped { .. }
        | HandoffReason::NotVerified { .. }
        | HandoffReason::StillFiring
        | HandoffReason::TakenBack { .. }
        | HandoffReason::SourceRefused { .. }
        | HandoffReason::TakenOver { .. }
        | HandoffReason::AskedFor { .. }
        | HandoffReason::DryRun => false,
    }
}
