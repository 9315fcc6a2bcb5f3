//! One cause, one card: an alert that has to do with an open incident joins it, with the reason, instead of opening a card of
//! its own. Only what a team has said counts: services and what they need from the catalogue, the same node, the same change.
//! In a storm, when alerts come by the minute as nobody could read them, the same service is enough, in the catalogue or not;
//! for those that say no service, the same rule. And the same rule on the same service that asks for the same plan is always one.
//!
//! A window counts from the last alert that joined, while the card fires: what goes on for an hour is one thing and not six.
//!
//! Longer than other files, since each reason why an alert joins stands beside what keeps it out.
//!
//! Invariants: an alert whose own trigger asks for another runbook, or for the same with other parameters or in another place, never
//! joins: its fix would be lost, since what joins changes no plan; what a person has split off never joins again; alerts of
//! different places, or of different sources, never meet.

use std::cell::OnceCell;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::alert::Alert;
use super::change::SHOWN;
use super::decide::Context;
use super::ids::{IncidentId, RunbookName, Service};
use super::incident::{Incident, Phase, Verdict};
use super::matching::{self, AlertFacts};
use super::planning;
use super::rules::ServiceRow;
use super::state::State;

/// Newest incidents that are looked at.
const LOOKED_AT: usize = 500;
/// In a storm an alert joins a card whose last alert came within so long.
const STORM: SignedDuration = SignedDuration::from_mins(10);
/// A card is at most so old when it takes what is not the very same: what goes on for longer is looked at anew.
const OLDEST: SignedDuration = SignedDuration::from_mins(60);
/// What comes within so long counts towards a storm.
const GUST: SignedDuration = SignedDuration::from_mins(1);
/// Labels that say where something is: alerts that differ in one of them have nothing to do with each other.
const PLACES: [&str; 4] = ["cluster", "namespace", "environment", "env"];
/// Alerts of an incident that say where it is: its first may name a cluster only, its second a namespace too.
const PLACED_BY: usize = 20;
/// The label that Kubernetes' alerts name a machine by.
const NODE: &str = "node";

/// Why an alert joined an incident that it was not opened for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Because {
    SameService {
        service: Service,
    },
    /// `service` needs `needs` to work, which makes `needs` the likely root.
    Needs {
        service: Service,
        needs: Service,
    },
    SameNode {
        node: String,
    },
    SameChange {
        title: String,
    },
    /// The same rule and service, and its trigger asks for the very plan that the card has.
    SameRule {
        name: String,
    },
    /// An alert of its group joined before, for another reason.
    SameGroup,
    /// A person says that its incident is the same as this one.
    Merged {
        from: IncidentId,
        by: String,
    },
    /// It storms, this is the same rule as that of the card, and neither says which service it is about.
    StormOfRule {
        name: String,
    },
    /// It storms, and its sender says that it is the same service as that of the card.
    StormOfService {
        service: Service,
    },
}

impl Because {
    /// Whether it was in another incident before.
    #[must_use]
    pub fn is_merge(&self) -> bool {
        match self {
            Self::Merged { .. } => true,
            Self::SameService { .. }
            | Self::Needs { .. }
            | Self::SameNode { .. }
            | Self::SameChange { .. }
            | Self::SameRule { .. }
            | Self::SameGroup
            | Self::StormOfRule { .. }
            | Self::StormOfService { .. } => false,
        }
    }

    /// Whether only the storm brought it there.
    fn is_storm(&self) -> bool {
        match self {
            Self::StormOfRule { .. } | Self::StormOfService { .. } => true,
            Self::SameService { .. }
            | Self::Needs { .. }
            | Self::SameNode { .. }
            | Self::SameChange { .. }
            | Self::SameRule { .. }
            | Self::SameGroup
            | Self::Merged { .. } => false,
        }
    }
}

/// How far back is looked, for each kind of reason; `None` when it brings nothing together.
#[derive(Clone, Copy)]
struct Reach {
    related: Option<SignedDuration>,
    same_rule: Option<SignedDuration>,
    /// Of a card that a storm made, whether it still storms or not.
    storm: Option<SignedDuration>,
    storms: bool,
}

impl Reach {
    fn of(state: &State, context: Context<'_>) -> Self {
        let rules = context.rules;
        let storms = rules.storm_from.is_some_and(|from| {
            // The one that comes is not among them yet.
            let before = usize::try_from(from.get())
                .unwrap_or(usize::MAX)
                .saturating_sub(1);
            state.past.fired_within(GUST, context.now, before) >= before
        });
        let set = rules.related_within;
        Self {
            related: if storms {
                Some(set.map_or(STORM, |set| set.max(STORM)))
            } else {
                set
            },
            same_rule: rules.same_rule_within,
            storm: rules.storm_from.map(|_| STORM),
            storms,
        }
    }
}

/// An alert that looks for its card.
struct Seeker<'a> {
    state: &'a State,
    context: Context<'a>,
    alert: &'a Alert,
    reach: Reach,
    asks: OnceCell<Asks>,
}

/// What the triggers say to an alert.
enum Asks {
    Nothing,
    /// For this runbook; `None` when several hold alike.
    For(Option<RunbookName>),
}

/// The open incident that this alert has to do with, the oldest if there are several.
#[must_use]
pub fn find(state: &State, context: Context<'_>, alert: &Alert) -> Option<(IncidentId, Because)> {
    let seeker = Seeker {
        state,
        context,
        alert,
        reach: Reach::of(state, context),
        asks: OnceCell::new(),
    };
    let newest = state.incidents.values().rev().take(LOOKED_AT);
    let mut found = None;
    for incident in newest.filter(|incident| incident.is_open()) {
        let because = seeker.because(incident);
        found = because.map(|because| (incident.id, because)).or(found);
    }
    found
}

impl Seeker<'_> {
    fn because(&self, incident: &Incident) -> Option<Because> {
        let (alert, reach) = (self.alert, self.reach);
        let first = incident.first_alert()?;
        let strange = incident.source != alert.source
            || incident.requested_by.is_some()
            || incident.split_off.contains(&alert.fingerprint)
            || incident
                .episodes
                .iter()
                .take(PLACED_BY)
                .any(|episode| elsewhere(&episode.alert, alert));
        if strange {
            return None;
        }
        if alert
            .group
            .as_ref()
            .is_some_and(|group| incident.joined_groups.contains(group))
        {
            return self.fits(incident, first, Because::SameGroup);
        }
        if let Some(because) = self.same_rule(incident, first) {
            return Some(because);
        }
        let because = if self.is_within(incident, reach.related, Some(OLDEST)) {
            let services = incident.service.as_ref().zip(alert.service.as_ref());
            services
                .and_then(|(one, other)| by_service(&self.context.rules.services, one, other))
                .or_else(|| same_node(first, alert))
                .or_else(|| same_change(self.state, self.context, incident, alert))
        } else {
            None
        };
        let because = because.or_else(|| {
            let storms = reach.storms || is_of_storm(incident);
            let alike = alike(incident, first, alert).filter(|_| storms)?;
            self.is_within(incident, reach.storm, Some(OLDEST))
                .then_some(alike)
        });
        self.fits(incident, first, because?)
    }

    fn same_rule(&self, incident: &Incident, first: &Alert) -> Option<Because> {
        let alert = self.alert;
        let same = !alert.name.is_empty() && first.name == alert.name && incident.service == alert.service;
        let because = Because::SameRule {
            name: alert.name.clone(),
        };
        let same = same && has_its_plan_ahead(incident);
        if !same || !self.is_within(incident, self.reach.same_rule, None) {
            return None;
        }
        match self.asks() {
            Asks::For(Some(_)) => self.fits(incident, first, because),
            Asks::For(None) | Asks::Nothing => None,
        }
    }

    /// Whether its card, or the last alert that joined it while it fires, came within so long before now.
    /// `oldest` is how old the card may be at most.
    fn is_within(
        &self,
        incident: &Incident,
        window: Option<SignedDuration>,
        oldest: Option<SignedDuration>,
    ) -> bool {
        let Some(window) = window else { return false };
        let now = self.context.now;
        let age = now.duration_since(incident.opened_at);
        if age <= window {
            return true;
        }
        if oldest.is_some_and(|oldest| age > oldest) {
            return false;
        }
        // What joined last is what mostly still fires.
        let mut newest = incident.episodes.iter().rev();
        let fires = newest.any(|episode| episode.resolved_at.is_none());
        let last = incident.episodes.last();
        fires
            && last.is_some_and(|last| {
                let last = &last.alert.fingerprint;
                self.state.past.fired_lately(last, window, now)
            })
    }

    fn asks(&self) -> &Asks {
        self.asks.get_or_init(|| {
            let environment = self.context.rules.environment_of(self.alert);
            let facts = AlertFacts::of(self.alert, environment.as_ref());
            let matches = matching::by_trigger(self.context.catalog, &facts);
            if matches.candidates.is_empty() {
                return Asks::Nothing;
            }
            Asks::For(matches.chosen().map(|chosen| chosen.runbook.name.clone()))
        })
    }

    /// Nothing, when a trigger says that this alert means another plan than the one that the incident has.
    fn fits(&self, incident: &Incident, first: &Alert, because: Because) -> Option<Because> {
        let Asks::For(wanted) = self.asks() else {
            return Some(because);
        };
        if wanted.as_ref() != runbook(incident) {
            return None;
        }
        let Some(wanted) = wanted else {
            // Several are meant, and a person chooses; a storm alone is no reason to ask that only once.
            return (!because.is_storm()).then_some(because);
        };
        let rules = self.context.rules;
        let same_place = PLACES
            .iter()
            .all(|label| first.labels.get(*label) == self.alert.labels.get(*label))
            && rules.environment_of(first) == rules.environment_of(self.alert);
        let same_plan = self
            .context
            .catalog
            .get(wanted)
            .is_some_and(|runbook| planning::is_same_for(runbook, first, self.alert));
        (same_place && same_plan && is_as_asked(incident)).then_some(because)
    }
}

/// Whether its plan is what the runbook makes of the alert alone: nobody gave or left out anything, and it takes nothing back.
fn is_as_asked(incident: &Incident) -> bool {
    incident.request.as_ref().is_none_or(|request| {
        request.parameters.is_empty()
            && request.advised.is_empty()
            && request.skip.is_empty()
            && request.takes_back.is_none()
    })
}

/// Whether its plan is still before it or under way. What a person has said no to, or has taken, helps no other alert, and nobody
/// would be called for one that joined.
fn has_its_plan_ahead(incident: &Incident) -> bool {
    match incident.phase {
        Phase::Planning { .. } | Phase::Proposed | Phase::Running | Phase::Settling { .. } => true,
        Phase::Handed { .. } | Phase::Closed { .. } => false,
    }
}

/// Whether it has alerts that only a storm brought there.
fn is_of_storm(incident: &Incident) -> bool {
    let mut first = incident.episodes.iter().take(PLACED_BY);
    first.any(|episode| episode.because.as_ref().is_some_and(Because::is_storm))
}

fn alike(incident: &Incident, first: &Alert, alert: &Alert) -> Option<Because> {
    match (&incident.service, &alert.service) {
        (Some(one), Some(other)) if one == other => Some(Because::StormOfService {
            service: other.clone(),
        }),
        // One rule watches many services: what they have in common is the rule, and not the cause.
        (Some(_), _) | (_, Some(_)) => None,
        (None, None) => (!first.name.is_empty() && first.name == alert.name).then(|| Because::StormOfRule {
            name: alert.name.clone(),
        }),
    }
}

fn elsewhere(one: &Alert, other: &Alert) -> bool {
    PLACES.iter().any(|label| {
        let both = one.labels.get(*label).zip(other.labels.get(*label));
        both.is_some_and(|(one, other)| one != other)
    })
}

/// Only services of the catalogue: what others call a service may be an exporter that half of all alerts come from.
fn by_service(catalogue: &[ServiceRow], one: &Service, other: &Service) -> Option<Because> {
    let same = |one: &Service, other: &Service| one.as_str().eq_ignore_ascii_case(other.as_str());
    let row = |name: &Service| catalogue.iter().find(|row| same(&row.name, name));
    let needs = |service: &Service, needed: &Service| {
        row(service).is_some_and(|row| row.depends_on.iter().any(|name| same(name, needed)))
    };
    let because = |service: &Service, needs: &Service| Because::Needs {
        service: service.clone(),
        needs: needs.clone(),
    };
    if same(one, other) {
        return row(one).map(|row| Because::SameService {
            service: row.name.clone(),
        });
    }
    if needs(one, other) {
        return Some(because(one, other));
    }
    needs(other, one).then(|| because(other, one))
}

fn same_node(one: &Alert, other: &Alert) -> Option<Because> {
    let node = one.labels.get(NODE).filter(|node| !node.is_empty())?;
    (other.labels.get(NODE) == Some(node)).then(|| Because::SameNode { node: node.clone() })
}

fn same_change(state: &State, context: Context<'_>, incident: &Incident, alert: &Alert) -> Option<Because> {
    if incident.changes.is_empty() {
        return None;
    }
    let changes = state.changes.before(alert, context.now, &context.rules.services);
    let mut effective = changes.iter().filter(|change| change.took_effect());
    // The reason has to be one that stands on the card.
    let shown = incident.changes.iter().take(SHOWN);
    let shared = effective.find(|change| shown.clone().any(|known| known == *change))?;
    Some(Because::SameChange {
        title: shared.title.clone(),
    })
}

fn runbook(incident: &Incident) -> Option<&RunbookName> {
    let matched = incident
        .matched
        .as_ref()
        .and_then(|matched| match &matched.verdict {
            Verdict::One { runbook } => Some(runbook),
            Verdict::Several | Verdict::None => None,
        });
    incident
        .request
        .as_ref()
        .map(|request| &request.runbook)
        .or(matched)
}
