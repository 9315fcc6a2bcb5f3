//! What Slack's cards show beside an incident: the rules in force, the freeze, and whole outputs.

use std::borrow::Cow;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use parking_lot::RwLock;

use crate::actions::redact::Redactor;
use crate::domain::ids::AttemptId;
use crate::domain::incident::Incident;
use crate::domain::policy::{Place, Request};
use crate::engine::Knowledge;
use crate::ports::{Clock, Pending, Person};
use crate::slack::Outlook;
use crate::slack::cards::{CardContext, Frozen, who_may};

use super::outputs::Outputs;

/// Answers from memory; the freeze is told to it by the task that follows the engine.
pub struct AppOutlook {
    pub clock: Arc<dyn Clock>,
    pub knowledge: Arc<ArcSwap<Knowledge>>,
    /// By scope, that of everything first.
    pub freeze: Arc<RwLock<Vec<Frozen>>>,
    pub outputs: Arc<Outputs>,
    pub redactor: Arc<Redactor>,
}

impl AppOutlook {
    /// The freeze that keeps a step of the incident's plan from starting.
    fn frozen_over(&self, incident: &Incident) -> Option<Frozen> {
        let all = self.freeze.read();
        let covers = |held: &&Frozen| {
            held.scope.is_everything()
                || incident.current().is_some_and(|track| {
                    let mut places = track
                        .plan
                        .live_steps()
                        .map(|step| Place::of(step, &track.plan.runbook));
                    places.any(|place| held.scope.covers(&place))
                })
        };
        all.iter().find(covers).cloned()
    }
}

impl Outlook for AppOutlook {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.redactor.clean(text)
    }

    fn card(&self, incident: &Incident) -> CardContext {
        let knowledge = self.knowledge.load();
        let checklist = incident
            .checklist
            .as_ref()
            .and_then(|name| knowledge.catalog.get(name))
            .map(|runbook| runbook.checklist.clone());
        CardContext {
            now: self.clock.now(),
            mode: knowledge.rules.mode,
            autonomy: incident.current().map_or(knowledge.rules.autonomy, |track| {
                track.plan.autonomy.min(knowledge.rules.autonomy)
            }),
            who_may: who_may(&knowledge.rules.policy, incident),
            frozen: self.frozen_over(incident),
            owner: incident
                .service
                .as_ref()
                .and_then(|service| knowledge.rules.owner(service))
                .map(str::to_owned),
            checklist: checklist.unwrap_or_default(),
        }
    }

    fn frozen(&self) -> Option<Frozen> {
        let all = self.freeze.read();
        match all.as_slice() {
            [] => None,
            // One on everything says enough.
            [first, ..] if first.scope.is_everything() => Some(first.clone()),
            [only] => Some(only.clone()),
            [first, rest @ ..] => {
                let more = rest
                    .iter()
                    .map(|held| format!("; {} by {}: {}", held.scope, held.by, held.reason));
                let reason = std::iter::once(first.reason.clone()).chain(more).collect();
                Some(Frozen {
                    reason,
                    ..first.clone()
                })
            }
        }
    }

    fn may_approve(&self, incident: &Incident, person: &Person) -> bool {
        let rules = &self.knowledge.load().rules;
        incident.current().is_some_and(|track| {
            let behind = incident.behind(&track.plan);
            let request = Request {
                plan: &track.plan,
                behind: &behind,
            };
            rules.policy.may_vote(person, &rules.team, request).is_ok()
        })
    }

    fn whole_output(&self, attempt: AttemptId) -> Pending<'_, Option<Vec<u8>>> {
        let whole = self.outputs.get(attempt);
        Box::pin(async move { whole })
    }
}
