//! What Interlock touched: every call that was made in an incident or since a moment, on whose word, with what outcome,
//! and whether it can be taken back. For whoever has to find out in a hurry.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::action::Undo;
use super::command::RanAs;
use super::ids::{AttemptId, IncidentId};
use super::incident::{Incident, PlanTrack};
use super::plan::PlannedStep;
use super::run::StepState;
use super::state::State;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// Everything of one incident.
    Incident(IncidentId),
    /// Everywhere, so long ago at most.
    Last(SignedDuration),
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Touched {
    pub attempt: AttemptId,
    /// When it started; when it ended, or was judged, if it started under a version that did not keep that.
    pub at: Timestamp,
    pub target: Option<String>,
    /// With all its arguments.
    pub command: String,
    /// Names; empty when the policy let it run alone.
    pub approved_by: Vec<String>,
    pub ended: RanAs,
    #[serde(flatten)]
    pub undo: Undo,
}

impl Touched {
    /// Nothing takes it back, or nobody knows whether it happened.
    #[must_use]
    pub fn is_worrying(&self) -> bool {
        self.ended == RanAs::Unknown || matches!(self.undo, Undo::Irreversible { .. })
    }
}

impl Since {
    /// `INC-3`, `60s`, `15m`, `1h`; nothing is the last hour. `None` when it is none of these, or longer than a day.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Some(Self::Last(SignedDuration::from_hours(1)));
        }
        if let Some(incident) = IncidentId::parse(text) {
            return Some(Self::Incident(incident));
        }
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let number: i64 = number.trim().parse().ok().filter(|number| *number > 0)?;
        let seconds = match unit {
            "s" => number,
            "m" => number.checked_mul(60)?,
            "h" => number.checked_mul(3_600)?,
            _ => return None,
        };
        (seconds <= 86_400).then(|| Self::Last(SignedDuration::from_secs(seconds)))
    }
}

impl State {
    /// The calls, oldest first. Of several attempts at one step the last is told. Incidents that closed more than a day
    /// ago are not at hand any more.
    #[must_use]
    pub fn calls(&self, since: Since, now: Timestamp) -> Vec<Touched> {
        let from = match since {
            Since::Incident(_) => None,
            Since::Last(within) => now.checked_sub(within).ok(),
        };
        let wanted = |incident: &&Incident| match since {
            Since::Incident(id) => incident.id == id,
            Since::Last(_) => true,
        };
        let mut all: Vec<Touched> = self
            .incidents
            .values()
            .filter(wanted)
            .flat_map(of_incident)
            .filter(|(last, touched)| {
                from.is_none_or(|from| *last >= from || touched.ended == RanAs::Running)
            })
            .map(|(_, touched)| touched)
            .collect();
        all.sort_by_key(|touched| touched.at);
        all
    }
}

/// With the last that happened to it.
fn of_incident(incident: &Incident) -> impl Iterator<Item = (Timestamp, Touched)> {
    incident.plans.iter().flat_map(|track| {
        let steps = track.plan.steps.iter();
        steps.filter_map(|step| of_step(incident.id, track, step))
    })
}

fn of_step(incident: IncidentId, track: &PlanTrack, step: &PlannedStep) -> Option<(Timestamp, Touched)> {
    let (attempt, last, ended) = match track.run.state(step.no) {
        StepState::Started { attempt, at } => (*attempt, *at, RanAs::Running),
        StepState::Succeeded { attempt, at } => (*attempt, *at, RanAs::Succeeded),
        StepState::Failed { attempt, at, .. } => (*attempt, *at, RanAs::Failed),
        StepState::Unknown { attempt, at, .. } => (*attempt, *at, RanAs::Unknown),
        StepState::Waiting | StepState::Skipped { .. } | StepState::Refused { .. } => return None,
    };
    let touched = Touched {
        attempt: AttemptId {
            incident,
            plan: track.plan.no,
            step: step.no,
            attempt,
        },
        at: track.run.begun_at.get(&step.no).copied().unwrap_or(last),
        target: step.action.names_target().map(|target| target.to_string()),
        command: step.command.clone(),
        approved_by: track.run.approved_by.get(&step.no).cloned().unwrap_or_default(),
        ended,
        undo: step.action.undo(step.target.as_ref(), step.rollback.as_deref()),
    };
    Some((last, touched))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_as_people_write_it() {
        let seconds = |seconds| Some(Since::Last(SignedDuration::from_secs(seconds)));
        assert_eq!(Since::read(""), seconds(3_600));
        assert_eq!(Since::read("60s"), seconds(60));
        assert_eq!(Since::read(" 15m "), seconds(900));
        assert_eq!(Since::read("1h"), seconds(3_600));
        assert_eq!(Since::read("inc-3"), Some(Since::Incident(IncidentId(3))));
        for wrong in ["25h", "0s", "-1h", "soon", "h", "1d", "é"] {
            assert_eq!(Since::read(wrong), None, "{wrong}");
        }
    }
}
