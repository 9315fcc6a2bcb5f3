//! How much is changed, counted from the starts on record: no yes for more than an hour has room for, and a breaker trips where
//! a step wants more than is left of its runbook's budget.

use std::collections::BTreeMap;

use interlock::domain::action::EffectClass;
use interlock::domain::event::{Entry, Event};
use interlock::domain::freeze::Scope;
use interlock::domain::ids::{AttemptId, IncidentId, PlanNo, StepNo};
use interlock::domain::policy::{LimitOf, Reason};
use interlock::domain::state::State;
use interlock::engine::Knowledge;
use jiff::{SignedDuration, Timestamp};

use super::asked::Asked;
use super::glass::Glasses;
use super::promises::must;

#[derive(Clone, Default)]
pub struct Spent {
    /// When something was changed, since somebody last lifted the breaker of the hour.
    changes: Vec<Timestamp>,
    /// What the starts of each plan took of its budget, by the name that a runbook gives it.
    of_plan: BTreeMap<(IncidentId, PlanNo), BTreeMap<String, u32>>,
    /// A runbook whose breaker this commit owes, and for which incident.
    owed: Option<IncidentId>,
}

impl Spent {
    /// Holds the next entry against what was started before; `state` is from before it.
    pub fn take(
        &mut self,
        entry: &Entry,
        state: &State,
        knowledge: &Knowledge,
        (asked, glasses): (&Asked, &Glasses),
    ) -> Result<(), String> {
        match &entry.event {
            Event::Voted { incident, upto, .. } if glasses.open(*incident, entry.at).is_none() => {
                self.has_room(entry.at, knowledge, asked, (*incident, *upto))
            }
            Event::StepStarted { attempt, cost, .. } => {
                if changes(asked, attempt) {
                    self.changes.push(entry.at);
                }
                let spent = self.of_plan.entry((attempt.incident, attempt.plan)).or_default();
                for (key, need) in cost {
                    *spent.entry(key.as_str().to_owned()).or_default() += need;
                }
                Ok(())
            }
            Event::StepRefused {
                incident,
                plan,
                reasons,
                ..
            } if glasses.open(*incident, entry.at).is_none() => {
                self.refused(state, (*incident, *plan), reasons);
                Ok(())
            }
            Event::BreakerTripped {
                limit: LimitOf::Runbook { .. },
                ..
            } => {
                self.owed = None;
                Ok(())
            }
            Event::Unfrozen {
                scope: Scope::Breaker { cluster: None },
                ..
            } => {
                self.changes.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn has_room(
        &self,
        at: Timestamp,
        knowledge: &Knowledge,
        asked: &Asked,
        (incident, upto): (IncidentId, Option<StepNo>),
    ) -> Result<(), String> {
        let limit = knowledge.rules.policy.guards.limits.per_hour;
        let (Some(allowed), Some(shown)) = (limit, asked.shown(incident)) else {
            return Ok(());
        };
        let lately = |then: &&Timestamp| {
            let age = at.duration_since(**then);
            age >= SignedDuration::ZERO && age < SignedDuration::from_mins(59)
        };
        let before = self.changes.iter().filter(lately).count();
        let part = shown.part(shown.reaches(upto));
        let wanted = part.filter(|step| step.effect != EffectClass::Observe).count();
        let allowed = usize::try_from(allowed).unwrap_or(usize::MAX);
        // Glass was broken for others meanwhile: what changes nothing may run all the same.
        must(wanted == 0 || before + wanted <= allowed, || {
            format!("{incident} is approved for {wanted} changes, after {before} of {allowed} in an hour")
        })
    }

    fn refused(&mut self, state: &State, (incident, plan): (IncidentId, PlanNo), reasons: &[Reason]) {
        let over = reasons.iter().find_map(|reason| match reason {
            Reason::OverBudget { what } => what.split('`').nth(1),
            _ => None,
        });
        let spent = self.of_plan.get(&(incident, plan));
        let taken = over
            .zip(spent)
            .and_then(|(key, spent)| spent.get(key))
            .is_some_and(|taken| *taken > 0);
        let track = state.incident(incident).and_then(|found| found.plan(plan));
        let stands = track.is_some_and(|track| {
            let runbook = track.plan.runbook.clone();
            state.freeze.of(&Scope::RunbookBreaker { runbook }).is_some()
        });
        if taken && !stands {
            self.owed = Some(incident);
        }
    }

    /// The commit is complete.
    pub fn complete(&mut self) -> Result<(), String> {
        match self.owed.take() {
            Some(incident) => Err(format!(
                "{incident} wants more than its runbook's budget has, and no breaker trips"
            )),
            None => Ok(()),
        }
    }
}

fn changes(asked: &Asked, id: &AttemptId) -> bool {
    let step = asked
        .shown(id.incident)
        .and_then(|shown| shown.plan.step(id.step));
    step.is_some_and(|step| step.effect != EffectClass::Observe)
}
