//! Who was asked what and who said yes, counted from the entries alone: a vote is about the plan that is shown, under the
//! policy and the evidence that it was shown with, and only enough of the right people let it run. Who changed a plan is told by
//! their click, not by the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use interlock::domain::action::EffectClass;
use interlock::domain::approval::{Approval, Vote};
use interlock::domain::event::{Entry, Event};
use interlock::domain::evidence::Seen;
use interlock::domain::ids::{AttemptId, IncidentId, PersonId, PlanNo, RunbookName, StepNo};
use interlock::domain::incident::Phase;
use interlock::domain::plan::{Plan, PlannedStep};
use interlock::domain::runbook::Autonomy;
use interlock::domain::state::State;
use interlock::engine::Knowledge;
use interlock::ports::Person;
use jiff::{SignedDuration, Timestamp};

use super::glass::Glasses;
use super::promises::must;
use super::quorum::{self, Given, enough_for};
use super::scenery;

/// A plan as it was shown last, and what was said to it since.
#[derive(Clone)]
pub struct Shown {
    pub plan: Arc<Plan>,
    seq: u64,
    autonomy: Autonomy,
    approve_by: Timestamp,
    voters: Vec<(Person, bool)>,
    /// Everything from this place on is not approved; counted from 0.
    upto: Option<usize>,
    /// Steps that are no longer to come.
    over: BTreeSet<StepNo>,
    begun: bool,
}

#[derive(Clone, Default)]
pub struct Asked {
    shown: BTreeMap<IncidentId, Shown>,
    behind: BTreeMap<(IncidentId, PlanNo), BTreeSet<PersonId>>,
    digests: BTreeMap<(IncidentId, PlanNo), String>,
    /// Who changed which plan of an incident last.
    changed: BTreeMap<IncidentId, (PlanNo, PersonId)>,
    /// What was read for the card: for which runbook, when, and whether it speaks against the alert.
    gathered: BTreeMap<IncidentId, (RunbookName, Timestamp, bool)>,
    /// The last entry before the clock went back.
    clock_went_back: u64,
    rejected: Vec<(IncidentId, PlanNo)>,
    /// What was proposed where Interlock only watches.
    watched: Vec<(IncidentId, PlanNo)>,
    /// Plans whose votes are not enough, and why.
    short: BTreeMap<(IncidentId, PlanNo), String>,
}

impl Shown {
    /// Steps that an approval up to there is about.
    pub fn part(&self, upto: Option<usize>) -> impl Iterator<Item = &PlannedStep> {
        let steps = self.plan.steps.iter().enumerate();
        steps
            .filter(move |(place, step)| {
                !step.skip && !self.over.contains(&step.no) && upto.is_none_or(|upto| *place <= upto)
            })
            .map(|(_, step)| step)
    }

    pub fn place(&self, no: StepNo) -> Option<usize> {
        self.plan.steps.iter().position(|step| step.no == no)
    }

    /// How far a yes up to there goes: what others approved before may have been less.
    pub fn reaches(&self, upto: Option<StepNo>) -> Option<usize> {
        let wanted = upto.and_then(|upto| self.place(upto));
        wanted.into_iter().chain(self.upto).min()
    }
}

impl Asked {
    pub fn shown(&self, incident: IncidentId) -> Option<&Shown> {
        self.shown.get(&incident)
    }

    /// The digest that this plan was shown with.
    pub fn digest(&self, incident: IncidentId, plan: PlanNo) -> Option<&str> {
        self.digests.get(&(incident, plan)).map(String::as_str)
    }

    pub fn changed(&mut self, incident: IncidentId, plan: PlanNo, by: PersonId) {
        self.changed.insert(incident, (plan, by));
    }

    /// What was shown up to this entry was shown by a clock that went back.
    pub fn clock_went_back(&mut self, seq: u64) {
        self.clock_went_back = seq;
    }

    pub fn take(
        &mut self,
        entry: &Entry,
        knowledge: &Knowledge,
        people: &[Person],
        glasses: &Glasses,
    ) -> Result<(), String> {
        match &entry.event {
            Event::Gathered {
                incident,
                runbook,
                findings,
            } => {
                self.gathered.remove(incident);
                if findings.iter().any(|finding| !finding.is_missing()) {
                    let against = scenery::speaks_against(runbook, findings);
                    self.gathered
                        .insert(*incident, (runbook.clone(), entry.at, against));
                }
            }
            Event::Proposed {
                incident,
                plan,
                digest,
                approve_by,
                ..
            } => self.proposed(entry.seq, *incident, (plan, digest.short()), *approve_by)?,
            Event::Voted {
                incident,
                plan,
                vote,
                upto,
                ..
            } => {
                self.still_holds(entry.at, *incident, *plan, knowledge)?;
                let person = people.iter().find(|person| person.id == vote.by);
                let person = person.ok_or("nobody knows who voted")?;
                let glass = glasses.open(*incident, entry.at);
                self.voted((*incident, *plan), (person, vote), *upto, knowledge, glass)?;
            }
            Event::PartDone {
                incident, approve_by, ..
            } => {
                if let Some(shown) = self.shown.get_mut(incident) {
                    shown.voters.clear();
                    (shown.upto, shown.approve_by) = (None, *approve_by);
                }
            }
            Event::Rejected { incident, plan, .. } => {
                self.is_newest(*incident, *plan)?;
                self.rejected.push((*incident, *plan));
            }
            Event::AllowedAlone { incident, .. } => {
                let against = self.gathered.get(incident).zip(self.shown.get(incident));
                let against =
                    against.is_some_and(|((of, _, against), shown)| *against && *of == shown.plan.runbook);
                must(!against, || {
                    format!("{incident} runs alone, and what was found speaks against it")
                })?;
            }
            Event::StepStarted { attempt, .. } => self.started(entry.at, *attempt, knowledge)?,
            Event::StepSkipped { incident, step, .. } | Event::StepRefused { incident, step, .. } => {
                if let Some(shown) = self.shown.get_mut(incident) {
                    let within = shown.upto.is_none_or(|upto| shown.place(*step) <= Some(upto));
                    must(within || matches!(entry.event, Event::StepSkipped { .. }), || {
                        format!("{incident} is at step {step}, behind the part that was approved")
                    })?;
                    shown.over.insert(*step);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn proposed(
        &mut self,
        seq: u64,
        incident: IncidentId,
        (plan, digest): (&Arc<Plan>, &str),
        approve_by: Timestamp,
    ) -> Result<(), String> {
        // As it was sketched: where the rules changed since, it is shown and nobody can approve it.
        let autonomy = plan.autonomy;
        if autonomy == Autonomy::Shadow {
            self.watched.push((incident, plan.no));
        }
        has_a_remedy(incident, plan)?;
        self.digests.insert((incident, plan.no), digest.to_owned());
        self.is_made_from(incident, plan);
        let shown = Shown {
            plan: Arc::clone(plan),
            seq,
            autonomy,
            approve_by,
            voters: Vec::new(),
            upto: None,
            over: BTreeSet::new(),
            begun: false,
        };
        self.shown.insert(incident, shown);
        Ok(())
    }

    /// Who changed a plan is behind what was made of it.
    fn is_made_from(&mut self, incident: IncidentId, plan: &Plan) {
        let Some(from) = plan.modified_from else { return };
        let mut behind = self.behind.get(&(incident, from)).cloned().unwrap_or_default();
        if let Some((of, by)) = self.changed.get(&incident)
            && *of == from
        {
            behind.insert(by.clone());
        }
        self.behind.insert((incident, plan.no), behind);
    }

    fn is_newest(&self, incident: IncidentId, plan: PlanNo) -> Result<(), String> {
        let newest = self.shown.get(&incident).map(|shown| shown.plan.no);
        must(newest == Some(plan), || {
            format!("{incident} plan {plan} is decided and {newest:?} is shown")
        })
    }

    /// What it was shown with still counts.
    fn still_holds(
        &self,
        at: Timestamp,
        incident: IncidentId,
        plan: PlanNo,
        knowledge: &Knowledge,
    ) -> Result<(), String> {
        self.is_newest(incident, plan)?;
        let shown = self.shown.get(&incident).ok_or("no plan")?;
        let rules = &knowledge.rules;
        must(rules.autonomy != Autonomy::Shadow, || {
            format!("{incident} is approved in shadow")
        })?;
        must(shown.autonomy != Autonomy::Shadow, || {
            format!("{incident} was shown in shadow and is approved")
        })?;
        must(shown.plan.policy_revision == rules.policy.revision, || {
            format!("{incident} is approved under another policy than it was shown with")
        })?;
        self.is_fresh(at, incident, shown, knowledge)
    }

    /// Nothing of it has run: then its evidence and its times have to count.
    fn is_fresh(
        &self,
        at: Timestamp,
        incident: IncidentId,
        shown: &Shown,
        knowledge: &Knowledge,
    ) -> Result<(), String> {
        if shown.begun {
            return Ok(());
        }
        must(shown.seq > self.clock_went_back, || {
            format!("{incident} was shown before the clock went back and counts")
        })?;
        let read = self.gathered.get(&incident);
        let read = read.filter(|(runbook, ..)| *runbook == shown.plan.runbook);
        let allowed = knowledge.rules.evidence_for + SignedDuration::from_secs(1);
        let fresh = read.is_none_or(|(_, then, _)| at.duration_since(*then) <= allowed);
        must(fresh, || format!("{incident} counts with old evidence"))
    }

    fn voted(
        &mut self,
        (incident, plan): (IncidentId, PlanNo),
        (person, vote): (&Person, &Vote),
        upto: Option<StepNo>,
        knowledge: &Knowledge,
        glass: Option<&PersonId>,
    ) -> Result<(), String> {
        let shown = self.shown.get_mut(&incident).ok_or("no plan")?;
        shown.voters.push((person.clone(), vote.because().is_some()));
        shown.upto = shown.reaches(upto);
        let none = BTreeSet::new();
        let behind = self.behind.get(&(incident, plan)).unwrap_or(&none);
        let given: Vec<Given<'_>> = shown
            .voters
            .iter()
            .map(|(person, reasoned)| Given {
                person,
                reasoned: *reasoned,
            })
            .collect();
        let asked = quorum::Asked { behind, glass };
        let enough = enough_for(&knowledge.rules.policy, &asked, shown.part(shown.upto), &given);
        match enough {
            Ok(()) => self.short.remove(&(incident, plan)),
            Err(why) => self.short.insert((incident, plan), why),
        };
        Ok(())
    }

    fn started(&mut self, at: Timestamp, id: AttemptId, knowledge: &Knowledge) -> Result<(), String> {
        let shown = self.shown.get(&id.incident).ok_or("no plan")?;
        self.is_fresh(at, id.incident, shown, knowledge)?;
        let shown = self.shown.get_mut(&id.incident).ok_or("no plan")?;
        shown.begun = true;
        shown.over.insert(id.step);
        Ok(())
    }

    /// The commit is complete.
    pub fn complete(&mut self, state: &State) -> Result<(), String> {
        for ((incident, plan), why) in std::mem::take(&mut self.short) {
            let approved = approval(state, incident, plan)
                .is_some_and(|approval| matches!(approval, Approval::Approved { .. }));
            must(!approved, || format!("{incident} counts as approved: {why}"))?;
        }
        for (incident, plan) in std::mem::take(&mut self.rejected) {
            let stands = approval(state, incident, plan).is_some_and(|approval| {
                matches!(approval, Approval::Pending { .. } | Approval::Approved { .. })
            });
            must(!stands, || {
                format!("{incident} plan {plan} was rejected and waits on")
            })?;
        }
        for (incident, plan) in std::mem::take(&mut self.watched) {
            let found = state.incident(incident);
            let asks = found.is_some_and(|found| {
                matches!(found.phase, Phase::Proposed | Phase::Running)
                    && found.current().is_some_and(|track| track.plan.no == plan)
            });
            must(!asks, || format!("{incident} asks for approval in shadow"))?;
        }
        Ok(())
    }

    /// The clock was looked at: nothing waits for a yes that comes too late.
    pub fn nothing_is_late(&self, state: &State, now: Timestamp) -> Result<(), String> {
        for incident in state.open().filter(|it| matches!(it.phase, Phase::Proposed)) {
            let by = self.shown.get(&incident.id).map(|shown| shown.approve_by);
            must(by.is_none_or(|by| now < by), || {
                format!("{} waits for a yes that can't come any more", incident.id)
            })?;
        }
        Ok(())
    }
}

/// The evidence has not ruled out everything that it would change.
fn has_a_remedy(incident: IncidentId, plan: &Plan) -> Result<(), String> {
    let mut changes = plan
        .steps
        .iter()
        .filter(|step| step.effect != EffectClass::Observe)
        .peekable();
    let ruled_out = |step: &PlannedStep| {
        let seen = step.condition.as_ref().map(|condition| &condition.seen);
        step.skip && matches!(seen, Some(Seen::Fails { .. }))
    };
    let left = changes.peek().is_none() || changes.any(|step| !ruled_out(step));
    must(left || plan.modified_from.is_some(), || {
        format!("{incident} is shown a plan of which the evidence leaves nothing")
    })
}

fn approval(state: &State, incident: IncidentId, plan: PlanNo) -> Option<&Approval> {
    let track = state.incident(incident)?.plan(plan)?;
    Some(&track.approval)
}
