//! What Slack's cards show beside an incident: the rules in force, the freeze, and whole outputs.

mod follow;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use parking_lot::RwLock;
use tokio::sync::watch;

use crate::actions::redact::Redactor;
use crate::domain::ceremony::{Code, Factor};
use crate::domain::evidence::Finding;
use crate::domain::freeze::{Freeze, FreezeFile};
use crate::domain::glass::Glass;
use crate::domain::ids::{AttemptId, PersonId};
use crate::domain::incident::{Incident, Phase};
use crate::domain::matching::{AlertFacts, Verdict, rank};
use crate::domain::policy::{Asking, Circumstances, Place, Question, Reason, Request, Who};
use crate::domain::prechecks;
use crate::domain::recent::Started;
use crate::domain::rules::Rules;
use crate::domain::runbook::{Refused, RefusedLine};
use crate::domain::silence;
use crate::engine::{Health, Knowledge};
use crate::ports::{Clock, Pending, Person, Standing};
use crate::slack::cards::{CardContext, Frozen, named_for, who_may};
use crate::slack::{Absent, Around, Origin, Outlook, Picture};

pub use follow::{FreezeFileAt, follow, follow_absent};

use super::charts::Charts;
use super::outputs::Outputs;
use super::totp::Factors;

/// What the engine said a moment ago.
#[derive(Debug, Default)]
pub struct Recent {
    /// By scope, that of everything first.
    pub frozen: Vec<Frozen>,
    pub started: Started,
    /// Each time somebody broke the glass, until it is reviewed.
    pub glass: Vec<Glass>,
}

/// Answers from memory; the freeze is told to it by the task that follows the engine.
pub struct AppOutlook {
    pub clock: Arc<dyn Clock>,
    pub knowledge: Arc<ArcSwap<Knowledge>>,
    /// Told by [`follow`].
    pub recent: Arc<RwLock<Recent>>,
    /// Told by [`follow_absent`].
    pub absent: Arc<RwLock<Absent>>,
    pub outputs: Arc<Outputs>,
    pub redactor: Arc<Redactor>,
    pub health: watch::Receiver<Health>,
    pub factors: Factors,
    /// `None` where no Prometheus is configured.
    pub charts: Option<Charts>,
    pub origin: Origin,
}

impl AppOutlook {
    /// The freeze that keeps a step of the incident's plan from starting.
    fn frozen_over(&self, incident: &Incident) -> Option<Frozen> {
        let all = &self.recent.read().frozen;
        let covers = |held: &&Frozen| {
            // Limits do not hold while the glass is broken, and the breaker stands for one.
            if held.scope.is_breaker() && incident.glass_at(self.clock.now()).is_some() {
                return false;
            }
            held.scope.is_everything()
                || incident.current().is_some_and(|track| {
                    if held.over.is_some() && held.over == track.plan.takes_back {
                        return false;
                    }
                    let mut places = track
                        .plan
                        .live_steps()
                        .map(|step| Place::of(step, &track.plan.runbook, Some(incident.id)));
                    places.any(|place| held.scope.covers(&place))
                })
        };
        all.iter().find(covers).cloned()
    }
}

impl AppOutlook {
    /// Whether a runbook is for it now, where none was when it came.
    fn fits_now(&self, incident: &Incident) -> bool {
        let knowledge = self.knowledge.load();
        let alert = incident.first_alert().filter(|_| incident.may_match_again());
        alert.is_some_and(|alert| {
            let environment = knowledge.rules.environment_of(alert);
            let facts = AlertFacts::of(alert, environment.as_ref());
            rank(&knowledge.catalog, &facts).verdict != Verdict::None
        })
    }

    /// What the policy says against starting the plan now, whoever approves it, beside a freeze by people.
    fn not_now(&self, rules: &Rules, incident: &Incident) -> Vec<Reason> {
        let Some(track) = incident
            .current()
            .filter(|_| matches!(incident.phase, Phase::Proposed))
        else {
            return Vec::new();
        };
        let (now, part) = (self.clock.now(), track.part(None, None));
        let frozen = self.frozen();
        let question = Question {
            who: Who::Nobody,
            asking: Asking::Approve,
            plan: &part,
            circumstances: Circumstances {
                now,
                team: &rules.team,
                behind: &BTreeSet::new(),
                votes: &[],
                expires: None,
                freeze: &Freeze::default(),
                freeze_file: &FreezeFile::Absent,
                counts: &self.recent.read().started.counts(incident, now),
                glass: incident.glass_at(now),
            },
        };
        let mut against = BTreeSet::new();
        rules.policy.stands_against(&question, |reason| {
            // A click on a plan that is out of date brings a fresh one. Where a limit's breaker stands, time makes no room.
            let tripped = frozen.iter().any(|held| held.says(&reason, incident.id));
            if !reason.is_out_of_date() && !tripped {
                against.insert(reason);
            }
        });
        against.extend(prechecks::unmet(incident, &track.plan));
        against.into_iter().collect()
    }
}

/// Who could approve a silence of the incident's alerts.
fn silence_may(rules: &Rules, incident: &Incident, absent: &Absent) -> Vec<Vec<String>> {
    let environment = rules.silence_environment(incident);
    environment.map_or_else(Vec::new, |environment| {
        named_for(&rules.policy, silence::TIER, &environment, absent)
    })
}

impl Outlook for AppOutlook {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.redactor.clean(text)
    }

    fn card(&self, incident: &Incident) -> CardContext {
        let knowledge = self.knowledge.load();
        // Read once: a second look while the first is held waits for whoever waits to write, who waits for the first.
        let absent = self.absent.read().clone();
        let named = incident
            .checklist
            .as_ref()
            .and_then(|name| knowledge.catalog.get(name));
        let checklist = match incident.items.as_slice() {
            // From before the items were kept.
            [] => named.map(|runbook| runbook.checklist.clone()).unwrap_or_default(),
            items => items.to_vec(),
        };
        CardContext {
            origin: self.origin.clone(),
            now: self.clock.now(),
            mode: knowledge.rules.mode,
            autonomy: incident.current().map_or(knowledge.rules.autonomy, |track| {
                track.plan.autonomy.min(knowledge.rules.autonomy)
            }),
            who_may: who_may(&knowledge.rules.policy, incident, &absent),
            frozen: self.frozen_over(incident),
            not_now: self.not_now(&knowledge.rules, incident),
            broken: self.broken(),
            checklist,
            fits_now: self.fits_now(incident),
            silences: knowledge.rules.silences.is_some(),
            silence_may: silence_may(&knowledge.rules, incident, &absent),
            owner: incident
                .service
                .as_ref()
                .and_then(|service| knowledge.rules.owner(service))
                .map(str::to_owned),
        }
    }

    fn frozen(&self) -> Vec<Frozen> {
        self.recent.read().frozen.clone()
    }

    fn refused(&self) -> Vec<RefusedLine> {
        let knowledge = self.knowledge.load();
        knowledge.catalog.refused().iter().map(Refused::line).collect()
    }

    fn glass(&self) -> Vec<Glass> {
        self.recent.read().glass.clone()
    }

    fn around(&self) -> Around {
        let knowledge = self.knowledge.load();
        let guards = &knowledge.rules.policy.guards;
        let now = self.clock.now();
        let limited = guards.limits.per_hour.is_some() || guards.limits.per_hour_and_cluster.is_some();
        Around {
            frozen: self.frozen(),
            broken: self.broken(),
            turned: guards.turned(now),
            absent: self.absent(),
            runbooks: knowledge.catalog.revision().to_string(),
            started: if limited {
                self.recent.read().started.changes(now)
            } else {
                0
            },
        }
    }

    fn absent(&self) -> Absent {
        self.absent.read().clone()
    }

    fn broken(&self) -> Option<String> {
        match &*self.health.borrow() {
            Health::Ready => None,
            Health::Broken(reason) => Some(reason.clone()),
        }
    }

    fn may_approve(&self, incident: &Incident, person: &Person) -> bool {
        let rules = &self.knowledge.load().rules;
        incident.current().is_some_and(|track| {
            let behind = incident.behind(&track.plan);
            let request = Request {
                plan: &track.plan,
                behind: &behind,
                glass: incident.glass_at(self.clock.now()),
            };
            rules.policy.may_vote(person, &rules.team, request).is_ok()
        })
    }

    fn may_lift(&self, person: &Person) -> bool {
        let rules = &self.knowledge.load().rules;
        person.standing == Standing::Member && rules.policy.is_known(person)
    }

    fn second_factor<'a>(&'a self, person: &PersonId, code: &'a Code) -> Pending<'a, Factor> {
        let person = person.clone();
        Box::pin(async move { self.factors.check(&person, code).await })
    }

    fn chart<'a>(&'a self, incident: &'a Incident, finding: &'a Finding) -> Pending<'a, Option<Picture>> {
        Box::pin(async move {
            let drawn = self
                .charts
                .as_ref()?
                .draw(incident, finding, self.clock.now())
                .await?;
            let (png, alt) = (drawn.png, self.redactor.clean(&drawn.alt).into_owned());
            Some(Picture { png, alt })
        })
    }

    fn whole_output(&self, attempt: AttemptId) -> Pending<'_, Option<Vec<u8>>> {
        let whole = self.outputs.get(attempt);
        Box::pin(async move { whole })
    }
}
