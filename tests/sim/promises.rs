//! What must hold, entry by entry, whoever wrote them. The rules are written down here a second
//! time, in other words than the product's: who counts, what may start when, which attempt may follow which.
//! Longer than other files, since what a start is held against is read together.

use std::collections::{BTreeMap, BTreeSet};

use interlock::domain::action::{EffectClass, Tier};
use interlock::domain::approval::Approval;
use interlock::domain::event::{Entry, Event, Mode, Outcome, Who};
use interlock::domain::freeze::Scope;
use interlock::domain::ids::{AttemptId, DeliveryKey, IncidentId, PersonId, PlanNo, StepNo};
use interlock::domain::incident::{Incident, Phase, PlanTrack};
use interlock::domain::plan::PlannedStep;
use interlock::domain::run::StepState;
use interlock::domain::runbook::FailureAction;
use interlock::domain::state::State;
use interlock::engine::Knowledge;
use interlock::ports::Person;
use jiff::{SignedDuration, Timestamp};

use super::beside::Beside;
use super::never::Never;
use super::notes::{Attempt, Figures};
use super::quorum::{counts, enough};

/// What the entries so far lead to, and what may follow them.
#[derive(Clone, Default)]
pub struct Law {
    /// The fold of what was taken.
    state: State,
    started: BTreeSet<AttemptId>,
    ended: BTreeSet<AttemptId>,
    /// Under way when a process started: nobody can know how they ended.
    adrift: BTreeSet<AttemptId>,
    frozen: bool,
    /// Targets that are frozen.
    still: BTreeSet<String>,
    /// Steps that ended Unknown and were not judged.
    unjudged: BTreeSet<(IncidentId, PlanNo, StepNo)>,
    /// Deliveries that were taken, and when.
    keys: BTreeMap<DeliveryKey, Timestamp>,
    /// How far the clock has come; it may be set back.
    latest: Timestamp,
    counts: BTreeMap<&'static str, u64>,
    pub never: Never,
    pub beside: Beside,
}

pub fn must(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

impl Law {
    pub fn has_started(&self, id: AttemptId) -> bool {
        self.started.contains(&id)
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// The state is to be folded anew; what was seen of starts, votes and cards stays.
    pub fn forget(&mut self) {
        self.state = State::default();
    }

    pub fn fold(&mut self, entry: &Entry) {
        self.state.apply(entry);
    }

    /// Holds the next entry against the promises.
    pub fn take(
        &mut self,
        entry: &Entry,
        now: Timestamp,
        knowledge: &Knowledge,
        people: &[Person],
    ) -> Result<(), String> {
        must(entry.seq == self.state.seq + 1, || {
            format!("a gap before entry {}", entry.seq)
        })?;
        if let Some(key) = &entry.key {
            // However far the clock had come by then: what is let go once is gone.
            self.latest = self.latest.max(entry.at);
            let before = self.keys.insert(key.clone(), entry.at);
            let fresh = before
                .is_none_or(|before| self.latest.duration_since(before) > SignedDuration::from_mins(15));
            must(fresh, || format!("delivery {key} was taken twice"))?;
        }
        self.judge(entry, now, knowledge, people)
            .and_then(|()| self.beside.take(entry, &self.state, knowledge, people))
            .and_then(|()| {
                let glass = entry.event.incident();
                let glass = glass.and_then(|id| self.beside.glasses.open(id, entry.at));
                self.never.take(entry, &self.state, knowledge, glass.is_some())
            })
            .map_err(|why| format!("entry {}: {why}", entry.seq))?;
        *self.counts.entry(entry.event.kind()).or_default() += 1;
        self.state.apply(entry);
        Ok(())
    }

    pub fn count(&self, figures: &mut Figures) {
        let of = |kind| self.counts.get(kind).copied().unwrap_or(0);
        figures.entries = self.state.seq;
        figures.started = of("step_started");
        figures.judged = of("step_judged");
        figures.frozen = of("frozen");
        figures.refused = of("step_refused");
        figures.closed = of("closed");
        figures.unknown = of("unknown");
    }

    /// The state in memory is the fold of the journal.
    pub fn same_state(&self, state: &State) -> Result<(), String> {
        must(self.state == *state, || {
            let differs = self
                .state
                .incidents
                .iter()
                .find(|(id, incident)| state.incident(**id) != Some(incident));
            let (ours, theirs) = (format!("{:?}", self.state), format!("{state:?}"));
            let same = ours
                .bytes()
                .zip(theirs.bytes())
                .take_while(|(one, other)| one == other);
            let from = same.count().saturating_sub(200);
            let part = |text: &str| text.chars().skip(from).take(400).collect::<String>();
            let (ours, theirs) = (part(&ours), part(&theirs));
            format!("the state is not the fold of the journal: {differs:?}; …{ours}… and …{theirs}…")
        })
    }

    /// A commit is complete.
    pub fn complete(&mut self) -> Result<(), String> {
        self.never.complete(&self.state)?;
        self.beside.complete(&self.state)
    }

    /// A commit was stored, and the clock was looked at where that was due.
    pub fn looked_at_the_clock(&mut self, now: Timestamp, told: &[IncidentId]) -> Result<(), String> {
        self.beside.looked_at_the_clock(&self.state, now, told)
    }

    /// A step that counts as started has somebody who is at it.
    pub fn started_are_known(&self, state: &State, attempts: &[Attempt]) -> Result<(), String> {
        for incident in state.incidents.values() {
            for track in &incident.plans {
                for (step, found) in &track.run.steps {
                    let StepState::Started { attempt, .. } = found else {
                        continue;
                    };
                    let id = AttemptId {
                        incident: incident.id,
                        plan: track.plan.no,
                        step: *step,
                        attempt: *attempt,
                    };
                    must(attempts.iter().any(|attempt| attempt.id == id), || {
                        format!("{id} runs without anybody")
                    })?;
                }
            }
        }
        Ok(())
    }

    fn judge(
        &mut self,
        entry: &Entry,
        now: Timestamp,
        knowledge: &Knowledge,
        people: &[Person],
    ) -> Result<(), String> {
        match &entry.event {
            Event::Started { .. } => self.adrift = &self.started - &self.ended,
            Event::Frozen {
                scope: Scope::Everything,
                ..
            } => self.frozen = true,
            Event::Unfrozen {
                scope: Scope::Everything,
                ..
            } => self.frozen = false,
            Event::Frozen {
                scope: Scope::Target { target },
                ..
            } => {
                self.still.insert(target.clone());
            }
            Event::Unfrozen {
                scope: Scope::Target { target },
                ..
            } => {
                self.still.remove(target);
            }
            Event::Voted {
                incident, plan, vote, ..
            } => {
                let track = self.track(*incident, *plan)?;
                let person = people.iter().find(|person| person.id == vote.by);
                must(person.is_some_and(counts), || format!("{} can't vote", vote.name))?;
                must(
                    !track.approval.votes().iter().any(|cast| cast.by == vote.by),
                    || "voted twice".to_owned(),
                )?;
                must(track.approval.deadline().is_some_and(|by| now < by), || {
                    "voted too late".to_owned()
                })?;
            }
            Event::Expired { incident, plan } => {
                let track = self.track(*incident, *plan)?;
                must(track.approval.deadline().is_some_and(|by| by <= now), || {
                    "expired early".to_owned()
                })?;
            }
            Event::StepStarted {
                incident,
                attempt,
                digest,
                approved_by,
                ..
            } => {
                let track = self.track(*incident, attempt.plan)?;
                must(track.digest == *digest, || {
                    "another digest starts than was proposed".to_owned()
                })?;
                self.may_start(*attempt, approved_by, now, knowledge, people)?;
                self.started.insert(*attempt);
            }
            Event::StepEnded { attempt, outcome, .. } => {
                must(self.started.contains(attempt), || {
                    format!("{attempt} ended and never started")
                })?;
                let unknown = matches!(outcome, Outcome::Unknown { .. });
                must(unknown || !self.adrift.contains(attempt), || {
                    format!("{attempt} was cut off by a crash and is said to have ended: {outcome:?}")
                })?;
                self.adrift.remove(attempt);
                self.ended.insert(*attempt);
                if matches!(outcome, Outcome::Unknown { .. }) {
                    *self.counts.entry("unknown").or_default() += 1;
                    self.unjudged
                        .insert((attempt.incident, attempt.plan, attempt.step));
                }
            }
            Event::StepJudged {
                incident,
                plan,
                step,
                by,
                ..
            } => {
                let person = people.iter().find(|person| person.id == by.id);
                must(person.is_some_and(counts), || format!("{} can't judge", by.name))?;
                let unknown = self.unjudged.remove(&(*incident, *plan, *step));
                must(unknown, || format!("step {step} was judged and was not Unknown"))?;
            }
            _ => {}
        }
        Ok(())
    }

    fn track(&self, incident: IncidentId, plan: PlanNo) -> Result<&PlanTrack, String> {
        let incident = self
            .state
            .incident(incident)
            .ok_or_else(|| format!("{incident} is not there"))?;
        incident
            .plan(plan)
            .ok_or_else(|| format!("{} has no plan {plan}", incident.id))
    }

    fn may_start(
        &self,
        id: AttemptId,
        approved_by: &[Who],
        now: Timestamp,
        knowledge: &Knowledge,
        people: &[Person],
    ) -> Result<(), String> {
        must(!self.frozen, || format!("{id} starts under a freeze"))?;
        let planned = self.track(id.incident, id.plan)?;
        let still = planned.plan.step(id.step).and_then(PlannedStep::target_key);
        let still = still.is_some_and(|target| self.still.contains(&target));
        must(!still || planned.plan.takes_back.is_some(), || {
            format!("{id} starts on a target that is frozen")
        })?;
        must(!self.started.contains(&id), || format!("{id} starts twice"))?;
        must(knowledge.rules.mode == Mode::Live, || {
            format!("{id} starts in a dry run")
        })?;
        must(!self.unjudged.contains(&(id.incident, id.plan, id.step)), || {
            format!("{id} starts, and nobody judged")
        })?;
        let incident = self.state.incident(id.incident).ok_or("no incident")?;
        must(matches!(incident.phase, Phase::Running), || {
            format!("{id} starts while {:?}", incident.phase)
        })?;
        let track = incident.current().ok_or("no plan")?;
        must(track.plan.no == id.plan, || format!("{id} is of an old plan"))?;
        must(track.plan.digest().ok().as_ref() == Some(&track.digest), || {
            "the plan changed".to_owned()
        })?;
        must(
            track.plan.policy_revision == knowledge.rules.policy.revision,
            || "an old policy".to_owned(),
        )?;
        let step = track.plan.step(id.step).ok_or("no step")?;
        must(!step.skip, || format!("{id} was left out"))?;
        in_turn(track, step, id)?;
        within_budget(track, step)?;
        let resolved = incident.episodes.iter().all(|e| e.resolved_at.is_some());
        let more = self.beside.lists.may_be_more(incident);
        let gone = incident.source.as_str() != "manual" && resolved && !more;
        must(!gone || step.effect == EffectClass::Observe, || {
            format!("{id} changes things after all is well")
        })?;
        self.target_is_free(incident, step)?;
        let Approval::Approved {
            votes, execute_by, ..
        } = &track.approval
        else {
            return Err(format!("{id} starts unapproved"));
        };
        in_time(track, step, *execute_by, now)?;
        must(votes.len() == approved_by.len(), || {
            "the record names others".to_owned()
        })?;
        let voters: BTreeSet<&PersonId> = approved_by.iter().map(|who| &who.id).collect();
        must(voters.len() == approved_by.len(), || {
            "one person counts twice".to_owned()
        })?;
        if voters.is_empty() {
            let small = track.plan.live_steps().all(|step| step.tier < Tier::Two);
            return must(small && !track.plan.requires_human_approval, || {
                format!("{id} starts alone")
            });
        }
        let voters: Vec<&Person> = people
            .iter()
            .filter(|person| voters.contains(&person.id))
            .collect();
        let glass = self.beside.glasses.open(id.incident, now);
        let plan = (incident, &*track.plan);
        enough(&knowledge.rules.policy, plan, glass, step.no, &voters)
    }

    fn target_is_free(&self, incident: &Incident, step: &PlannedStep) -> Result<(), String> {
        let Some(target) = step.target_key() else {
            return Ok(());
        };
        let others = self
            .state
            .incidents
            .values()
            .filter(|other| other.id != incident.id);
        for other in others {
            for track in &other.plans {
                for theirs in &track.plan.steps {
                    let held = matches!(
                        track.run.state(theirs.no),
                        StepState::Started { .. } | StepState::Unknown { .. }
                    );
                    let same = theirs.target_key().as_ref() == Some(&target);
                    must(!held || !same, || {
                        format!("{} works on {target} already", other.id)
                    })?;
                }
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
        must(over, || format!("{id} overtakes step {}", before.no))?;
    }
    let expected = match track.run.state(step.no) {
        StepState::Waiting => Some(1),
        StepState::Failed { attempt, .. } if *attempt < step.attempts => Some(attempt + 1),
        StepState::Failed { .. }
        | StepState::Started { .. }
        | StepState::Succeeded { .. }
        | StepState::Unknown { .. }
        | StepState::Skipped { .. }
        | StepState::Refused { .. } => None,
    };
    must(expected == Some(id.attempt), || {
        format!("{id} is not the next attempt ({expected:?})")
    })
}

fn within_budget(track: &PlanTrack, step: &PlannedStep) -> Result<(), String> {
    for (key, need) in &step.cost {
        let spent = track.run.spent.get(key).copied().unwrap_or(0);
        let allowed = track.plan.budget.get(key).copied().unwrap_or(0);
        must(spent + need <= allowed, || {
            format!("{key:?}: {spent} + {need} of {allowed}")
        })?;
    }
    Ok(())
}

/// What was approved starts in time, and goes on in time: ten minutes after the step before it was over, or after the wait that
/// its runbook asks for. Looking on, when nothing else is left, may come whenever.
fn in_time(track: &PlanTrack, step: &PlannedStep, by: Timestamp, now: Timestamp) -> Result<(), String> {
    let (Some(_), false) = (track.run.started_at, track.part_waits) else {
        return must(now < by, || format!("step {} starts too late", step.no));
    };
    let changes = |step: &PlannedStep| step.effect != EffectClass::Observe && !step.skip;
    let to_come =
        |of: &&PlannedStep| of.no >= step.no && matches!(track.run.state(of.no), StepState::Waiting);
    if !changes(step) && !track.plan.steps.iter().filter(to_come).any(changes) {
        return Ok(());
    }
    let ended = track.run.last_ended_at.ok_or("nothing ended before")?;
    let wait = SignedDuration::from_secs(i64::from(step.wait_seconds) + 600);
    must(now.duration_since(ended) < wait, || {
        format!(
            "step {} goes on {} after the one before",
            step.no,
            now.duration_since(ended)
        )
    })
}
