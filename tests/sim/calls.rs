//! Whether somebody is called who has to be, from what was recorded and handed to the outbox: what waits is paged when its time
//! has come, a page that stands is told what became worse, the pager hears that somebody came, a plan that runs for long
//! gets somebody who looks.

use std::collections::{BTreeMap, BTreeSet};

use interlock::domain::alert::Severity;
use interlock::domain::event::{Entry, Event};
use interlock::domain::ids::IncidentId;
use interlock::domain::incident::{HandoffReason, Incident, Phase};
use interlock::domain::run::StepState;
use interlock::domain::state::State;
use jiff::{SignedDuration, Timestamp};

use super::promises::must;

/// A plan may run for ten minutes; one more is for whoever looks at the clock.
const LONG: SignedDuration = SignedDuration::from_mins(11);

#[derive(Clone, Default)]
pub struct Calls {
    /// Called, and nobody has come yet.
    rings: BTreeSet<IncidentId>,
    /// Since when a plan runs, or goes on after somebody looked.
    runs: BTreeMap<IncidentId, Timestamp>,
    /// What this commit still owes: to tell the pager what became critical, and that somebody came.
    raise: BTreeSet<IncidentId>,
    acknowledge: BTreeSet<IncidentId>,
}

fn waits(incident: &Incident) -> bool {
    match &incident.phase {
        Phase::Proposed => true,
        Phase::Handed { reason, .. } => !matches!(
            reason,
            HandoffReason::TakenOver { .. } | HandoffReason::Rejected { .. }
        ),
        Phase::Planning { .. } | Phase::Running | Phase::Settling { .. } | Phase::Closed { .. } => false,
    }
}

impl Calls {
    /// Holds the next entry against what came before; `state` is from before it.
    pub fn take(&mut self, entry: &Entry, state: &State) -> Result<(), String> {
        match &entry.event {
            Event::PageAsked { incident, .. } => {
                self.raise.remove(incident);
            }
            Event::Paged { incident, .. } => {
                self.rings.insert(*incident);
            }
            Event::PageSettled { incident } => {
                let found = state.incident(*incident).ok_or("no incident")?;
                let had = found.commander.is_some() || found.attended().is_some();
                must(!waits(found) || had || found.paging.asked_at.is_some(), || {
                    format!("{incident} waits, its time has come and nobody is called")
                })?;
            }
            Event::Joined { incident, alert, .. } => self.joined(state, *incident, alert.severity),
            Event::TakenOver { incident, .. } => {
                self.raise.remove(incident);
                // Whoever decided on what they were called for came for that.
                let came = state.incident(*incident).is_some_and(|found| {
                    let paging = &found.paging;
                    let last = paging.asked_at.is_some() || paging.key.is_some();
                    paging.acknowledged >= paging.before.len() + usize::from(last)
                });
                if self.rings.remove(incident) && !came {
                    self.acknowledge.insert(*incident);
                }
            }
            Event::StepStarted { incident, .. } => {
                self.runs.entry(*incident).or_insert(entry.at);
            }
            Event::StepJudged { incident, .. } => {
                // Somebody is told once.
                let told = self.runs.get(incident) == Some(&Timestamp::MAX);
                if !told {
                    self.runs.insert(*incident, entry.at);
                }
            }
            Event::Proposed { incident, .. }
            | Event::PartDone { incident, .. }
            | Event::RunEnded { incident, .. }
            | Event::RunsLong { incident, .. } => {
                self.runs.remove(incident);
                if matches!(entry.event, Event::RunsLong { .. }) {
                    self.runs.insert(*incident, Timestamp::MAX);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// One more alert makes an incident critical for which somebody was called, and that nobody has in hand.
    fn joined(&mut self, state: &State, id: IncidentId, severity: Severity) {
        let Some(incident) = state.incident(id) else {
            return;
        };
        let worse = severity == Severity::Critical && incident.severity < Severity::Critical;
        let ours = incident.source.as_str() == "alertmanager";
        let had = incident.commander.is_some()
            || matches!(
                incident.phase,
                Phase::Handed {
                    reason: HandoffReason::Rejected { .. } | HandoffReason::TakenOver { .. },
                    ..
                }
            );
        if worse && ours && !had && incident.paging.asked_at.is_some() {
            self.raise.insert(id);
        }
    }

    /// The commit is complete.
    pub fn complete(&mut self) -> Result<(), String> {
        let owed = std::mem::take(&mut self.raise).pop_first();
        owed.map_or(Ok(()), |id| {
            Err(format!(
                "{id} became critical and who was called hears nothing of it"
            ))
        })
    }

    /// For whom a commit tells the pager that somebody came.
    pub fn leaves(&mut self, told: &[IncidentId]) -> Result<(), String> {
        for id in std::mem::take(&mut self.acknowledge) {
            must(told.contains(&id), || {
                format!("somebody came for {id} and the pager rings the next one")
            })?;
        }
        Ok(())
    }

    /// The process died: nobody saw what it put into the outbox.
    pub fn nobody_saw(&mut self) {
        self.acknowledge.clear();
    }

    /// The clock was looked at: nothing runs for long without anybody's looking.
    pub fn nothing_is_forgotten(&self, state: &State, now: Timestamp) -> Result<(), String> {
        for incident in state.open().filter(|it| matches!(it.phase, Phase::Running)) {
            let Some(track) = incident.current().filter(|track| track.run.result.is_none()) else {
                continue;
            };
            let unknown = |state: &StepState| matches!(state, StepState::Unknown { .. });
            let since = self.runs.get(&incident.id);
            let long = since.is_some_and(|since| now.duration_since(*since) > LONG);
            must(!long || track.run.steps.values().any(unknown), || {
                format!(
                    "{} runs for more than ten minutes and nobody is told",
                    incident.id
                )
            })?;
        }
        Ok(())
    }
}
