//! What is looked at before anything moves, from what was read and recorded: budgets of disruption, signals that have to agree,
//! how sure a search was, what a model filled in, and that what starts is what was shown.

use std::collections::{BTreeMap, BTreeSet};

use interlock::domain::action::{Action, EffectClass, Tier};
use interlock::domain::disruption::DisruptionBudget;
use interlock::domain::event::{Entry, Event};
use interlock::domain::ids::{AttemptId, IncidentId, RunbookName};
use interlock::domain::incident::Incident;
use interlock::domain::matching::By;
use interlock::domain::plan::{Plan, PlannedStep, Requester};
use interlock::domain::prechecks::Precheck;
use interlock::domain::state::State;
use interlock::engine::Knowledge;

use super::asked::Asked;
use super::promises::must;
use super::scenery;

#[derive(Clone, Default)]
pub struct Guards {
    /// How many numbers beyond their limits were found for which runbook.
    beyond: BTreeMap<IncidentId, (RunbookName, usize)>,
    /// Values that a model gave.
    filled: BTreeMap<IncidentId, (RunbookName, Vec<String>)>,
}

impl Guards {
    /// Holds the next entry against what was read before; `state` is from before it.
    pub fn take(
        &mut self,
        entry: &Entry,
        state: &State,
        knowledge: &Knowledge,
        asked: &Asked,
    ) -> Result<(), String> {
        match &entry.event {
            Event::Gathered {
                incident,
                runbook,
                findings,
            } => {
                let count = scenery::beyond(runbook, findings);
                self.beyond.insert(*incident, (runbook.clone(), count));
                Ok(())
            }
            Event::Filled {
                incident,
                runbook,
                values,
            } => {
                let values = values.values().map(|value| value.0.clone()).collect();
                self.filled.insert(*incident, (runbook.clone(), values));
                Ok(())
            }
            Event::Proposed { incident, plan, .. } => {
                keeps_budgets(*incident, plan)?;
                let found = state.incident(*incident).ok_or("no incident")?;
                is_sure(found, plan, knowledge)
            }
            Event::AllowedAlone { incident, .. } => match asked.shown(*incident) {
                Some(shown) => self.says_nothing_of_a_model(*incident, &shown.plan),
                None => Err(format!("{incident} runs alone and was never shown")),
            },
            Event::StepStarted { attempt, .. } => self.started(*attempt, state, asked),
            _ => Ok(()),
        }
    }

    fn says_nothing_of_a_model(&self, incident: IncidentId, plan: &Plan) -> Result<(), String> {
        let Some((of, values)) = self.filled.get(&incident) else {
            return Ok(());
        };
        let says = |step: &PlannedStep| values.iter().any(|value| step.command.ends_with(value));
        must(*of != plan.runbook || !plan.live_steps().any(says), || {
            format!("{incident} runs alone with what a model said: {values:?}")
        })
    }

    fn started(&self, id: AttemptId, state: &State, asked: &Asked) -> Result<(), String> {
        let incident = state.incident(id.incident).ok_or("no incident")?;
        let plan = &incident.plan(id.plan).ok_or("no plan")?.plan;
        let shown = asked.shown(id.incident).ok_or("nothing was shown")?;
        must(*shown.plan == **plan, || {
            format!("{id} starts, and what was shown was another plan")
        })?;
        let step = plan.step(id.step).ok_or("no step")?;
        if step.effect == EffectClass::Observe {
            return Ok(());
        }
        must(
            !plan.checks.contains(&Precheck::OwnerKnown) || plan.owner.is_some(),
            || format!("{id} starts, and nobody knows whose it is"),
        )?;
        let agree = plan.checks.contains(&Precheck::SignalsAgree);
        let signals = self.signals(incident, plan);
        must(!agree || signals >= 2, || {
            format!("{id} starts on {signals} signals, and several have to agree")
        })
    }

    /// Different alerts that fire, and findings beyond their limits.
    fn signals(&self, incident: &Incident, plan: &Plan) -> usize {
        let firing = incident.episodes.iter().filter(|of| of.resolved_at.is_none());
        let names: BTreeSet<&str> = firing.map(|of| of.alert.name.as_str()).collect();
        let beyond = self.beyond.get(&incident.id);
        let beyond = beyond.filter(|(of, _)| *of == plan.runbook);
        names.len() + beyond.map_or(0, |(_, count)| *count)
    }
}

/// What would take a pod away where none may go is of Tier 3.
fn keeps_budgets(incident: IncidentId, plan: &Plan) -> Result<(), String> {
    let none_may_go = |budget: &DisruptionBudget| budget.counted.is_some_and(|counted| counted.allowed == 0);
    for step in plan.live_steps() {
        let rolls = matches!(
            step.action,
            Action::RolloutRestart { .. } | Action::RolloutUndo { .. }
        );
        let Some(target) = step.target.as_ref().filter(|_| rolls) else {
            continue;
        };
        let all_are_ready = target.ready > 0 && target.ready >= target.replicas;
        let budgets = target.disruption.iter().flat_map(|known| &known.budgets);
        let breaks = all_are_ready && budgets.into_iter().any(none_may_go);
        must(!breaks || step.tier == Tier::Three, || {
            format!(
                "step {} of {incident} takes a pod away that has to stay, and is of tier {}",
                step.no, step.tier
            )
        })?;
    }
    Ok(())
}

/// What a search found less surely than the policy wants is chosen by a person.
fn is_sure(incident: &Incident, plan: &Plan, knowledge: &Knowledge) -> Result<(), String> {
    let Some(matched) = incident.matched.as_ref().filter(|it| it.by == By::Search) else {
        return Ok(());
    };
    let best = matched.candidates.first().and_then(|line| line.confidence);
    // Here they are all the same.
    let wanted = knowledge.rules.policy.alone.sure.iter().min().copied();
    let unsure = best < wanted && plan.requester == Requester::Interlock;
    must(!unsure, || {
        format!("{} is proposed what a search found, {best:?} sure", incident.id)
    })
}
