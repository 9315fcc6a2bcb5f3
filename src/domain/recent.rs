//! What was started a moment ago: what a freeze shows, and what limits per hour count.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::action::EffectClass;
use super::command::{RanAs, RanLine};
use super::freeze::Scope;
use super::ids::{AttemptId, ClusterName, IncidentId, PlanNo, StepNo};
use super::incident::Incident;
use super::policy::{Counts, Place, Start};
use super::run::StepState;
use super::state::State;

/// Starts are kept this long, for limits per hour and for what a freeze shows.
const RAN_FOR: SignedDuration = SignedDuration::from_hours(1);

/// An attempt that was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ran {
    at: Timestamp,
    attempt: AttemptId,
    cluster: Option<ClusterName>,
    changes: bool,
    /// It no longer counts towards the hour: a person has lifted the breaker since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    let_go: bool,
    /// Nor towards its cluster's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    let_go_in_cluster: bool,
}

impl State {
    /// What runs now, whenever it was started, and what was started since: within this scope, oldest first.
    #[must_use]
    pub fn ran_since(&self, since: Timestamp, scope: &Scope) -> Vec<RanLine> {
        let running = self.open().flat_map(|incident| {
            let current = incident.current().into_iter();
            current.flat_map(move |track| {
                track
                    .plan
                    .steps
                    .iter()
                    .map(move |step| (incident.id, track, step))
            })
        });
        let running = running.filter_map(|(id, track, step)| match track.run.state(step.no) {
            StepState::Started { at, .. } => Some(((id, track.plan.no, step.no), *at)),
            StepState::Waiting
            | StepState::Succeeded { .. }
            | StepState::Failed { .. }
            | StepState::Unknown { .. }
            | StepState::Skipped { .. }
            | StepState::Refused { .. } => None,
        });
        let recent = self.ran.iter().filter(|ran| ran.at >= since).map(|ran| {
            let AttemptId {
                incident, plan, step, ..
            } = ran.attempt;
            ((incident, plan, step), ran.at)
        });
        // Of several attempts at one step the last counts.
        let latest: BTreeMap<_, _> = recent.chain(running).collect();
        let mut lines: Vec<RanLine> = latest
            .into_iter()
            .filter_map(|((incident, plan, step), at)| self.ran_line(incident, plan, step, at, scope))
            .collect();
        lines.sort_by_key(|line| line.at);
        lines
    }

    fn ran_line(
        &self,
        incident: IncidentId,
        plan: PlanNo,
        step: StepNo,
        at: Timestamp,
        scope: &Scope,
    ) -> Option<RanLine> {
        let track = self.incident(incident)?.plan(plan)?;
        let ended = match track.run.state(step) {
            StepState::Started { .. } => RanAs::Running,
            StepState::Succeeded { .. } => RanAs::Succeeded,
            StepState::Failed { .. } => RanAs::Failed,
            StepState::Unknown { .. } => RanAs::Unknown,
            StepState::Waiting | StepState::Skipped { .. } | StepState::Refused { .. } => return None,
        };
        let planned = track.plan.step(step)?;
        let covered = scope.covers(&Place::of(planned, &track.plan.runbook, Some(incident)));
        covered.then(|| RanLine {
            incident,
            step,
            command: planned.command.clone(),
            at,
            ended,
        })
    }

    pub(super) fn note_start(&mut self, attempt: AttemptId, at: Timestamp) {
        let step = self
            .incidents
            .get(&attempt.incident)
            .and_then(|incident| incident.plan(attempt.plan))
            .and_then(|track| track.plan.step(attempt.step));
        let Some(step) = step else { return };
        let ran = Ran {
            at,
            attempt,
            cluster: step.action.cluster(),
            changes: step.effect != EffectClass::Observe,
            let_go: false,
            let_go_in_cluster: false,
        };
        while self
            .ran
            .front()
            .is_some_and(|old| at.duration_since(old.at) >= RAN_FOR)
        {
            self.ran.pop_front();
        }
        self.ran.push_back(ran);
    }

    /// Lets go of starts that no limit counts any more.
    pub(super) fn let_go_of_starts(&mut self, now: Timestamp) {
        self.ran.retain(|ran| now.duration_since(ran.at) < RAN_FOR);
    }

    /// A person lifted a breaker: what had been started by then has been looked at, and its limit begins anew.
    pub(super) fn begin_anew(&mut self, lifted: &Scope) {
        match lifted {
            Scope::Breaker { cluster } => {
                for ran in &mut self.ran {
                    match cluster {
                        None => ran.let_go = true,
                        Some(_) => ran.let_go_in_cluster |= ran.cluster == *cluster,
                    }
                }
            }
            Scope::IncidentBreaker { incident } => {
                if let Some(incident) = self.incidents.get_mut(incident) {
                    incident.looked_at = incident.changes();
                }
            }
            // A budget is that of one run: the next has its own.
            Scope::RunbookBreaker { .. }
            | Scope::Everything
            | Scope::Cluster { .. }
            | Scope::Namespace { .. }
            | Scope::Runbook { .. }
            | Scope::Target { .. } => {}
        }
    }

    /// See [`Started::counts`].
    #[must_use]
    pub fn counts(&self, incident: &Incident, now: Timestamp) -> Counts {
        counts(&self.ran, incident, now)
    }

    /// A copy of what was started in the last hour, for those who show what limits leave.
    #[must_use]
    pub fn started(&self) -> Started {
        Started(self.ran.clone())
    }
}

/// What was started in the last hour.
#[derive(Clone, Debug, Default)]
pub struct Started(VecDeque<Ran>);

impl Started {
    /// How much has been started already, for the policy's limits. A start that seems to lie ahead, since the clock went
    /// back, counts.
    #[must_use]
    pub fn counts(&self, incident: &Incident, now: Timestamp) -> Counts {
        counts(&self.0, incident, now)
    }

    /// How many changes of the last hour still count: when this differs, other plans may be within the limits.
    #[must_use]
    pub fn changes(&self, now: Timestamp) -> usize {
        let counts = |ran: &Ran| usize::from(!ran.let_go).saturating_add(usize::from(!ran.let_go_in_cluster));
        recent(&self.0, now).map(counts).fold(0, usize::saturating_add)
    }
}

fn recent(ran: &VecDeque<Ran>, now: Timestamp) -> impl Iterator<Item = &Ran> {
    ran.iter()
        .filter(move |ran| ran.changes && now.duration_since(ran.at) < RAN_FOR)
}

fn counts(ran: &VecDeque<Ran>, incident: &Incident, now: Timestamp) -> Counts {
    let mut counts = Counts {
        of: Some(incident.id),
        incident: incident.changes().saturating_sub(incident.looked_at),
        ..Counts::default()
    };
    for ran in recent(ran, now) {
        counts.hour = counts.hour.saturating_add(u32::from(!ran.let_go));
        let cluster = ran.cluster.clone().filter(|_| !ran.let_go_in_cluster);
        if let Some(cluster) = &cluster {
            let started = counts.clusters.entry(cluster.clone()).or_default();
            *started = started.saturating_add(1);
        }
        counts.started.push(Start {
            at: ran.at,
            cluster,
            of_hour: !ran.let_go,
        });
    }
    counts
}
