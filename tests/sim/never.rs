//! What must never come after what, in other words than the product's: `promises` asks here about each entry, and once more
//! when a commit is complete about what one entry owes the next.

use std::collections::{BTreeMap, BTreeSet};

use interlock::domain::action::{EffectClass, Tier};
use interlock::domain::alert::Severity;
use interlock::domain::approval::Approval;
use interlock::domain::event::{Entry, Event, Outcome};
use interlock::domain::freeze::Scope;
use interlock::domain::ids::{AttemptId, IncidentId, PlanNo, StepNo};
use interlock::domain::incident::{ClosedAs, Incident, Phase, PlanTrack};
use interlock::domain::plan::{PlannedStep, Role};
use interlock::domain::run::{RunResult, StepState};
use interlock::domain::runbook::Autonomy;
use interlock::domain::state::State;
use interlock::engine::Knowledge;
use jiff::{SignedDuration, Timestamp};

use super::promises::must;
use super::scenery;

/// What was said before, as far as later entries answer to it.
#[derive(Clone, Default)]
pub struct Never {
    rejected: BTreeSet<(IncidentId, PlanNo)>,
    /// The plan that counted when a person took over.
    taken_over: BTreeMap<IncidentId, PlanNo>,
    /// How far people approved.
    approved_to: BTreeMap<(IncidentId, PlanNo), usize>,
    /// When something was changed, since somebody last lifted the breaker of the hour.
    changes: Vec<Timestamp>,
    /// Plans whose runbook did not help against their alert before.
    failed_before: BTreeSet<(IncidentId, PlanNo)>,
    /// What the executor said of each attempt.
    reported: BTreeMap<AttemptId, Vec<Outcome>>,
    last_resolved: BTreeMap<IncidentId, Timestamp>,
    /// What this commit still owes.
    owed: BTreeMap<String, String>,
}

impl Never {
    pub fn reported(&mut self, attempt: AttemptId, outcome: Outcome) {
        self.reported.entry(attempt).or_default().push(outcome);
    }

    /// Holds the next entry against what came before it; `state` is from before it. `glass`: whether its incident's is open.
    pub fn take(
        &mut self,
        entry: &Entry,
        state: &State,
        knowledge: &Knowledge,
        glass: bool,
    ) -> Result<(), String> {
        match &entry.event {
            Event::Proposed {
                incident,
                plan,
                failed_before: Some(_),
                ..
            } => {
                self.failed_before.insert((*incident, plan.no));
            }
            Event::Rejected { incident, plan, .. } => {
                self.rejected.insert((*incident, *plan));
            }
            Event::TakenOver { incident, .. } => {
                if let Some(track) = state.incident(*incident).and_then(Incident::current) {
                    self.taken_over.insert(*incident, track.plan.no);
                }
            }
            Event::Merged { incident, into, .. } => {
                let had = state.incident(*incident).is_some_and(|it| it.commander.is_some());
                let has = state.incident(*into).is_some_and(|it| it.commander.is_some());
                if had && !has {
                    self.owe(
                        format!("commander of {into}"),
                        "who had taken over the other has nothing",
                    );
                }
                let waits = state.incident(*incident).and_then(Incident::current);
                let waits = waits.is_some_and(|track| matches!(track.approval, Approval::Pending { .. }));
                must(!waits, || {
                    format!(
                        "{incident} is merged, and nobody who is asked for it hears that it waits no more"
                    )
                })?;
            }
            Event::Voted {
                incident, plan, upto, ..
            } => self.voted(state, *incident, *plan, *upto),
            Event::PartDone { incident, plan, .. } => {
                self.approved_to.remove(&(*incident, *plan));
            }
            Event::AllowedAlone { incident, plan, .. } => self.alone(state, knowledge, *incident, *plan)?,
            Event::Unfrozen {
                by,
                reason,
                scope,
                over: None,
            } => {
                must(!reason.trim().is_empty(), || {
                    format!("{scope} was lifted without a word")
                })?;
                let same = state.freeze.of(scope).is_some_and(|held| held.by == by.id);
                must(!same, || format!("{} lifted what they froze", by.name))?;
                if matches!(scope, Scope::Breaker { cluster: None }) {
                    self.changes.clear();
                }
            }
            Event::Frozen {
                over: Some(attempt), ..
            } => {
                self.owed.remove(&format!("containment of {attempt}"));
            }
            Event::BreakerTripped { .. } => {
                self.owed.remove("breaker of the hour");
            }
            Event::StepStarted { attempt, .. } => {
                self.started((entry.at, glass), state, knowledge, *attempt)?;
            }
            Event::StepEnded { attempt, outcome, .. } => self.ended(state, *attempt, outcome)?,
            Event::RunEnded {
                incident,
                plan,
                result: RunResult::Verified,
            } => verified(state, *incident, *plan)?,
            Event::AlertResolved { incident, .. } => {
                self.last_resolved.insert(*incident, entry.at);
            }
            Event::Closed {
                incident,
                result: ClosedAs::Resolved,
            } => self.settled(entry.at, state, knowledge, *incident)?,
            _ => {}
        }
        Ok(())
    }

    /// The commit is complete.
    pub fn complete(&mut self, state: &State) -> Result<(), String> {
        self.owed.retain(|what, _| {
            let commander = state
                .incidents
                .values()
                .any(|it| it.commander.is_some() && *what == format!("commander of {}", it.id));
            !commander
        });
        if let Some((what, why)) = self.owed.pop_first() {
            return Err(format!("{what}: {why}"));
        }
        for incident in state.open() {
            let gone = incident.source.as_str() != "manual" && incident.all_resolved();
            must(!gone || !matches!(incident.phase, Phase::Proposed), || {
                format!("{} still asks for approval, and its alerts are over", incident.id)
            })?;
        }
        for incident in state.incidents.values().filter(|incident| !incident.is_open()) {
            let waits = incident
                .current()
                .is_some_and(|track| matches!(track.approval, Approval::Pending { .. }));
            must(!waits, || {
                format!("{} is over and still asks for approval", incident.id)
            })?;
        }
        Ok(())
    }

    fn owe(&mut self, what: String, why: &str) {
        self.owed.insert(what, why.to_owned());
    }

    fn voted(&mut self, state: &State, incident: IncidentId, plan: PlanNo, upto: Option<StepNo>) {
        let Some(track) = track(state, incident, plan) else {
            return;
        };
        let all = track.plan.steps.len();
        let place = upto.map_or(all, |upto| place(track, upto));
        let before = self.approved_to.get(&(incident, plan)).copied();
        self.approved_to
            .insert((incident, plan), before.map_or(place, |before| before.min(place)));
    }

    fn alone(
        &self,
        state: &State,
        knowledge: &Knowledge,
        incident: IncidentId,
        plan: PlanNo,
    ) -> Result<(), String> {
        let found = state.incident(incident).ok_or("no incident")?;
        let grave = matches!(found.severity, Severity::Critical | Severity::Unknown);
        must(!grave, || format!("{incident} is critical and runs alone"))?;
        must(knowledge.rules.autonomy == Autonomy::Auto, || {
            format!("{incident} runs alone, and nothing may")
        })?;
        must(!self.failed_before.contains(&(incident, plan)), || {
            format!("{incident} runs alone what did not help before")
        })?;
        let runbook = track(state, incident, plan).map(|track| track.plan.runbook.as_str());
        let kept = runbook.is_some_and(|name| scenery::is_kept_from(&knowledge.rules.policy, name));
        must(!kept, || {
            format!("{incident} runs alone, and a row keeps it from that")
        })?;
        let refused = runbook.is_some_and(|name| scenery::is_refused_beside(&knowledge.catalog, name));
        must(!refused, || {
            format!("{incident} runs alone, and a runbook that can't be read would match as well")
        })?;
        let most = scenery::alone_at_most(&knowledge.rules.policy);
        let changes = track(state, incident, plan).map_or(0, |track| {
            let live = track.plan.live_steps();
            live.filter(|step| step.effect != EffectClass::Observe).count()
        });
        must(most.is_none_or(|most| changes <= most), || {
            format!("{incident} changes {changes} things alone")
        })
    }

    fn started(
        &mut self,
        (at, glass): (Timestamp, bool),
        state: &State,
        knowledge: &Knowledge,
        id: AttemptId,
    ) -> Result<(), String> {
        let key = (id.incident, id.plan);
        must(knowledge.rules.autonomy != Autonomy::Shadow, || {
            format!("{id} starts in shadow")
        })?;
        must(!self.rejected.contains(&key), || format!("{id} was rejected"))?;
        let taken = self
            .taken_over
            .get(&id.incident)
            .is_some_and(|last| id.plan <= *last);
        must(!taken, || format!("{id} starts after a person took over"))?;
        let track = track(state, id.incident, id.plan).ok_or("no plan")?;
        let step = track.plan.step(id.step).ok_or("no step")?;
        let within = self
            .approved_to
            .get(&key)
            .is_none_or(|upto| place(track, id.step) <= *upto);
        must(within, || format!("{id} lies behind the part that was approved"))?;
        must(glass || !scenery::is_closed(&knowledge.rules.policy, at), || {
            format!("{id} starts in a freeze of the calendar")
        })?;
        self.changes_little((at, glass), (state, knowledge), step, id)
    }

    fn changes_little(
        &mut self,
        (at, glass): (Timestamp, bool),
        (state, knowledge): (&State, &Knowledge),
        step: &PlannedStep,
        id: AttemptId,
    ) -> Result<(), String> {
        if step.effect == EffectClass::Observe {
            return Ok(());
        }
        must(step.tier > Tier::Zero, || {
            format!("{id} changes something and is of tier 0")
        })?;
        let policy = &knowledge.rules.policy;
        let listed = scenery::is_irreversible(policy, &step.command) || scenery::is_protected(policy);
        must(!listed || step.tier == Tier::Three, || {
            format!("{id} can't be taken back and is of tier {}", step.tier)
        })?;
        let Some(allowed) = policy.guards.limits.per_hour else {
            return Ok(());
        };
        let lately = |then: &&Timestamp| {
            let age = at.duration_since(**then);
            age >= SignedDuration::ZERO && age < SignedDuration::from_mins(59)
        };
        let count = u32::try_from(self.changes.iter().filter(lately).count()).unwrap_or(u32::MAX);
        must(glass || count < allowed, || {
            format!("{id} is one more than {allowed} in an hour")
        })?;
        self.changes.push(at);
        // Behind broken glass more may start where it has stopped already.
        let stands = state.freeze.of(&Scope::Breaker { cluster: None }).is_some();
        if count + 1 == allowed && !stands {
            self.owe(
                "breaker of the hour".to_owned(),
                "its limit is spent and nothing stops",
            );
        }
        Ok(())
    }

    /// What is on record is what the executor said: nobody knows is neither well nor badly.
    fn ended(&mut self, state: &State, id: AttemptId, outcome: &Outcome) -> Result<(), String> {
        let said = self.reported.get(&id).map(Vec::as_slice).unwrap_or_default();
        let fits = match outcome {
            Outcome::Unknown { .. } => true,
            Outcome::Succeeded => said.iter().any(|it| matches!(it, Outcome::Succeeded)),
            Outcome::Failed { .. } => said.iter().any(|it| !matches!(it, Outcome::Unknown { .. })),
        };
        must(fits, || {
            format!("{id} is said to have ended {outcome:?}, and was told: {said:?}")
        })?;
        let step = track(state, id.incident, id.plan).and_then(|track| track.plan.step(id.step));
        let opaque =
            step.is_some_and(|step| step.effect == EffectClass::Opaque && step.target_key().is_some());
        let held = step
            .and_then(PlannedStep::target_key)
            .is_some_and(|target| state.freeze.of(&Scope::Target { target }).is_some());
        if opaque && !held && matches!(outcome, Outcome::Unknown { .. }) {
            self.owe(
                format!("containment of {id}"),
                "nobody knows what it did and its target is not frozen",
            );
        }
        Ok(())
    }

    /// A fix counts once its alert has stayed away for as long as the rules want.
    fn settled(
        &self,
        at: Timestamp,
        state: &State,
        knowledge: &Knowledge,
        incident: IncidentId,
    ) -> Result<(), String> {
        let Some(stays) = knowledge.rules.stays.iter().map(|rule| rule.stays).max() else {
            return Ok(());
        };
        let Some(found) = state
            .incident(incident)
            .filter(|it| it.source.as_str() == "alertmanager")
        else {
            return Ok(());
        };
        let Some(resolved) = self.last_resolved.get(&incident) else {
            return Ok(());
        };
        let waited = at.duration_since(*resolved) >= stays;
        must(waited || found.episodes.len() > 1, || {
            format!("{incident} counts as fixed at once")
        })
    }
}

fn track(state: &State, incident: IncidentId, plan: PlanNo) -> Option<&PlanTrack> {
    state.incident(incident)?.plan(plan)
}

/// Counted from 1.
fn place(track: &PlanTrack, step: StepNo) -> usize {
    let at = track.plan.steps.iter().position(|planned| planned.no == step);
    at.map_or(usize::MAX, |at| at + 1)
}

/// Every step that verifies has succeeded.
fn verified(state: &State, incident: IncidentId, plan: PlanNo) -> Result<(), String> {
    let track = track(state, incident, plan).ok_or("no plan")?;
    let checks = track
        .plan
        .live_steps()
        .filter(|step| step.role == Role::Verification);
    let states: Vec<&StepState> = checks.map(|step| track.run.state(step.no)).collect();
    let fine = states
        .iter()
        .any(|state| matches!(state, StepState::Succeeded { .. }));
    let bad = states
        .iter()
        .any(|state| !matches!(state, StepState::Succeeded { .. } | StepState::Skipped { .. }));
    must(fine && !bad, || {
        format!("{incident} counts as verified, and a check did not succeed")
    })
}
