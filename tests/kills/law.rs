//! What must hold from one entry of the journal to the next, whatever died in between; in other words than the product's. The
//! simulation asks the same of its schedules, and more (`tests/sim/promises.rs`).

use std::collections::{BTreeMap, BTreeSet};

use interlock::domain::action::EffectClass;
use interlock::domain::approval::Approval;
use interlock::domain::event::{Entry, Event, Outcome, Who};
use interlock::domain::freeze::Scope;
use interlock::domain::ids::{AttemptId, DeliveryKey, IncidentId, PersonId, PlanNo, StepNo};
use interlock::domain::incident::{Incident, Phase, PlanTrack};
use interlock::domain::plan::{PlannedStep, Role};
use interlock::domain::run::{RunResult, StepState};
use interlock::domain::runbook::FailureAction;
use interlock::domain::state::State;
use jiff::{SignedDuration, Timestamp};

use super::place::APPROVER;

/// The fold of the entries so far, and what it does not remember.
#[derive(Default)]
pub struct Law {
    state: State,
    started: BTreeSet<AttemptId>,
    ended: BTreeSet<AttemptId>,
    /// Under way when a process started: how they ended nobody can know.
    adrift: BTreeSet<AttemptId>,
    /// Ended Unknown, and nobody has said what became of it.
    unjudged: BTreeSet<(IncidentId, PlanNo, StepNo)>,
    /// Deliveries, and when they were taken.
    keys: BTreeMap<DeliveryKey, Timestamp>,
    /// Unknown, and what they may have broken is not frozen.
    uncontained: BTreeSet<AttemptId>,
}

fn must(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// Nobody else of those who press is in a row of the policy.
fn is_approver(person: &PersonId) -> bool {
    person.user.as_str() == APPROVER
}

impl Law {
    pub fn take(&mut self, entry: &Entry) -> Result<(), String> {
        if let Some(key) = &entry.key {
            let before = self.keys.insert(key.clone(), entry.at);
            let fresh = before.is_none_or(|at| entry.at.duration_since(at) > SignedDuration::from_mins(15));
            must(fresh, || format!("delivery {key} was taken twice"))?;
        }
        self.judge(&entry.event)
            .map_err(|why| format!("entry {}: {why}", entry.seq))?;
        self.state.apply(entry);
        Ok(())
    }

    /// The journal ends here, behind a whole commit.
    pub fn complete(&self) -> Result<(), String> {
        must(self.uncontained.is_empty(), || {
            format!("not contained: {:?}", self.uncontained)
        })?;
        for incident in self.state.incidents.values() {
            let asks = incident
                .current()
                .is_some_and(|track| matches!(track.approval, Approval::Pending { .. }));
            let over = !incident.is_open() || incident.all_resolved();
            must(!asks || !over, || {
                format!("{} is over and still asks for approval", incident.id)
            })?;
        }
        Ok(())
    }

    fn judge(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::Started { .. } => {
                self.adrift = &self.started - &self.ended;
                Ok(())
            }
            Event::Voted {
                incident, plan, vote, ..
            } => {
                must(is_approver(&vote.by), || format!("{} can't vote", vote.name))?;
                let cast = self.track(*incident, *plan)?.approval.votes();
                must(!cast.iter().any(|cast| cast.by == vote.by), || {
                    "voted twice".to_owned()
                })
            }
            Event::StepStarted {
                attempt,
                digest,
                approved_by,
                ..
            } => {
                let track = self.track(attempt.incident, attempt.plan)?;
                must(track.digest == *digest, || {
                    "another digest starts than was proposed".to_owned()
                })?;
                self.may_start(*attempt, approved_by)
                    .map_err(|why| format!("{attempt} starts: {why}"))?;
                self.started.insert(*attempt);
                Ok(())
            }
            Event::StepEnded { attempt, outcome, .. } => self.end(*attempt, outcome),
            Event::StepJudged {
                incident, plan, step, ..
            } => {
                let unknown = self.unjudged.remove(&(*incident, *plan, *step));
                must(unknown, || {
                    format!("step {step} of {incident} was judged and was not Unknown")
                })
            }
            Event::Frozen {
                over: Some(attempt), ..
            } => {
                self.uncontained.remove(attempt);
                Ok(())
            }
            Event::RunEnded {
                incident,
                plan,
                result: RunResult::Verified,
            } => verified(self.track(*incident, *plan)?)
                .map_err(|step| format!("{incident} counts as verified without step {step}")),
            _ => Ok(()),
        }
    }

    fn end(&mut self, attempt: AttemptId, outcome: &Outcome) -> Result<(), String> {
        must(self.started.contains(&attempt), || {
            format!("{attempt} ended and never started")
        })?;
        must(self.ended.insert(attempt), || format!("{attempt} ended twice"))?;
        let unknown = matches!(outcome, Outcome::Unknown { .. });
        must(unknown || !self.adrift.contains(&attempt), || {
            format!("{attempt} was cut off and is said to have ended: {outcome:?}")
        })?;
        if unknown {
            let AttemptId {
                incident, plan, step, ..
            } = attempt;
            self.unjudged.insert((incident, plan, step));
            let planned = self.track(incident, plan)?.plan.step(step);
            let opaque = planned.filter(|step| step.effect == EffectClass::Opaque);
            if let Some(target) = opaque.and_then(PlannedStep::target_key) {
                let held = self.state.freeze.of(&Scope::Target { target }).is_some();
                if !held {
                    self.uncontained.insert(attempt);
                }
            }
        }
        Ok(())
    }

    fn incident(&self, id: IncidentId) -> Result<&Incident, String> {
        self.state
            .incident(id)
            .ok_or_else(|| format!("{id} is not there"))
    }

    fn track(&self, incident: IncidentId, plan: PlanNo) -> Result<&PlanTrack, String> {
        let track = self.incident(incident)?.plan(plan);
        track.ok_or_else(|| format!("{incident} has no plan {plan}"))
    }

    fn may_start(&self, id: AttemptId, approved_by: &[Who]) -> Result<(), String> {
        must(!self.started.contains(&id), || "twice".to_owned())?;
        must(!self.unjudged.contains(&(id.incident, id.plan, id.step)), || {
            "nobody has judged it".to_owned()
        })?;
        let incident = self.incident(id.incident)?;
        must(matches!(incident.phase, Phase::Running), || {
            format!("in {:?}", incident.phase)
        })?;
        let track = incident.current().ok_or("no plan")?;
        must(track.plan.no == id.plan, || "of an old plan".to_owned())?;
        must(track.plan.digest().ok().as_ref() == Some(&track.digest), || {
            "the plan changed".to_owned()
        })?;
        let step = track.plan.step(id.step).ok_or("no step")?;
        in_turn(track, step, id)?;
        let looks = step.effect == EffectClass::Observe;
        must(looks || !incident.all_resolved(), || {
            "it changes things after all is well".to_owned()
        })?;
        must(matches!(track.approval, Approval::Approved { .. }), || {
            "unapproved".to_owned()
        })?;
        must(
            !approved_by.is_empty() && approved_by.iter().all(|who| is_approver(&who.id)),
            || format!("on the word of {approved_by:?}"),
        )?;
        let Some(target) = step.target_key() else {
            return Ok(());
        };
        let scope = Scope::Target {
            target: target.clone(),
        };
        must(self.state.freeze.of(&scope).is_none(), || {
            format!("{target} is frozen")
        })?;
        self.is_free(incident.id, &target)
    }

    /// No other incident works there, or may still.
    fn is_free(&self, own: IncidentId, target: &str) -> Result<(), String> {
        let others = self.state.incidents.values().filter(|other| other.id != own);
        for other in others {
            for track in &other.plans {
                let at_it = |step: &PlannedStep| {
                    matches!(
                        track.run.state(step.no),
                        StepState::Started { .. } | StepState::Unknown { .. }
                    )
                };
                let mut there = track.plan.steps.iter().filter(|step| at_it(step));
                let busy = there.any(|step| step.target_key().is_some_and(|theirs| *theirs == *target));
                must(!busy, || format!("{} works on {target} already", other.id))?;
            }
        }
        Ok(())
    }
}

/// Every step before it is over, and this attempt is the one that follows.
fn in_turn(track: &PlanTrack, step: &PlannedStep, id: AttemptId) -> Result<(), String> {
    for before in track.plan.steps.iter().filter(|before| before.no < step.no) {
        let over = match track.run.state(before.no) {
            StepState::Succeeded { .. } | StepState::Skipped { .. } => true,
            StepState::Failed { .. } => before.on_failure == FailureAction::Continue,
            StepState::Waiting
            | StepState::Started { .. }
            | StepState::Unknown { .. }
            | StepState::Refused { .. } => false,
        };
        must(over, || format!("it overtakes step {}", before.no))?;
    }
    let next = match track.run.state(step.no) {
        StepState::Waiting => Some(1),
        StepState::Failed { attempt, .. } if *attempt < step.attempts => Some(attempt + 1),
        StepState::Failed { .. }
        | StepState::Started { .. }
        | StepState::Succeeded { .. }
        | StepState::Unknown { .. }
        | StepState::Skipped { .. }
        | StepState::Refused { .. } => None,
    };
    must(next == Some(id.attempt), || {
        format!("it is not the next attempt ({next:?})")
    })
}

/// Every step that verifies has succeeded; else the number of one that did not.
fn verified(track: &PlanTrack) -> Result<(), StepNo> {
    let mut checks = track
        .plan
        .live_steps()
        .filter(|step| step.role == Role::Verification);
    let bad = checks.find(|step| !matches!(track.run.state(step.no), StepState::Succeeded { .. }));
    bad.map_or(Ok(()), |step| Err(step.no))
}
