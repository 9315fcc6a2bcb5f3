//! One cause, one card: an alert that has to do with an open incident joins it, with the reason, instead of opening a card of
//! its own. Only what a team has said counts: services and what they need from the catalogue, the same node, the same change.
//! In a storm, when alerts come by the minute as nobody could read them, the same service is enough, in the catalogue or not;
//! for those that say no service, the same rule.
//!
//! Invariants: off unless the rules set a window, or it storms; an alert whose own trigger asks for another runbook never joins; what a
//! person has split off never joins again; alerts of different places, or of different sources, never meet.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::alert::Alert;
use super::decide::Context;
use super::ids::{IncidentId, RunbookName, Service};
use super::incident::{Incident, Verdict};
use super::matching::{self, AlertFacts};
use super::rules::ServiceRow;
use super::state::State;

/// Newest incidents that are looked at.
const LOOKED_AT: usize = 500;
/// In a storm an alert joins a card of the last so long.
const STORM: SignedDuration = SignedDuration::from_mins(10);
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
            | Self::SameGroup
            | Self::Merged { .. } => false,
        }
    }
}

/// How far back, and how widely, is looked.
#[derive(Clone, Copy)]
struct Reach {
    window: SignedDuration,
    storms: bool,
}

impl Reach {
    /// `None` when nothing joins.
    fn of(state: &State, context: Context<'_>) -> Option<Self> {
        let storms = context.rules.storm_from.is_some_and(|from| {
            // The one that comes is not among them yet.
            let before = usize::try_from(from.get())
                .unwrap_or(usize::MAX)
                .saturating_sub(1);
            state.past.fired_within(GUST, context.now, before) >= before
        });
        let set = context.rules.related_within;
        let window = if storms {
            Some(set.map_or(STORM, |set| set.max(STORM)))
        } else {
            set
        };
        window.map(|window| Self { window, storms })
    }
}

/// The open incident that this alert has to do with, the oldest if there are several.
#[must_use]
pub fn find(state: &State, context: Context<'_>, alert: &Alert) -> Option<(IncidentId, Because)> {
    let reach = Reach::of(state, context)?;
    let newest = state.incidents.values().rev().take(LOOKED_AT);
    let mut found = None;
    for incident in newest.filter(|incident| incident.is_open()) {
        let because = because(state, context, reach, incident, alert);
        found = because.map(|because| (incident, because)).or(found);
    }
    let (incident, because) = found?;
    (!asks_for_another(context, incident, alert, &because)).then_some((incident.id, because))
}

fn because(
    state: &State,
    context: Context<'_>,
    reach: Reach,
    incident: &Incident,
    alert: &Alert,
) -> Option<Because> {
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
        return Some(Because::SameGroup);
    }
    if context.now.duration_since(incident.opened_at) > reach.window {
        return None;
    }
    let services = incident.service.as_ref().zip(alert.service.as_ref());
    services
        .and_then(|(one, other)| by_service(&context.rules.services, one, other))
        .or_else(|| same_node(first, alert))
        .or_else(|| same_change(state, context, incident, alert))
        .or_else(|| {
            if reach.storms {
                alike(incident, first, alert)
            } else {
                None
            }
        })
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
    let shared = changes.iter().find(|change| incident.changes.contains(change))?;
    Some(Because::SameChange {
        title: shared.title.clone(),
    })
}

/// Whether a trigger says that this alert means another runbook than the one that the incident has. A storm alone brings
/// nothing together that a trigger asks for: its steps are approved for it, on a card of its own, unless its source groups it.
fn asks_for_another(context: Context<'_>, incident: &Incident, alert: &Alert, because: &Because) -> bool {
    let environment = context.rules.environment_of(alert);
    let matches = matching::by_trigger(context.catalog, &AlertFacts::of(alert, environment.as_ref()));
    if matches.candidates.is_empty() {
        return false;
    }
    let wanted = matches.chosen().map(|chosen| &chosen.runbook.name);
    wanted != runbook(incident) || because.is_storm()
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
