//! What the policy forbids whoever asks: closed change windows, freezes of the calendar, limits on how much may be done,
//! and the lists of what needs Tier 3. Every rule only ever takes away: rules of one kind all have to agree, so one
//! more of them never lets more through, and their order never matters.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::reason::Reason;
use crate::domain::action::{Action, BudgetKey, CommandPattern, EffectClass, Tier};
use crate::domain::freeze::Scope;
use crate::domain::glass::GlassRule;
use crate::domain::ids::{ClusterName, Environment, IncidentId, Namespace, RunbookName};
use crate::domain::plan::PlannedStep;
use crate::planted::{self, Bug};

/// How far ahead an opening is looked for.
const AHEAD_DAYS: i64 = 400;

/// Where a rule holds. An empty list covers everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    pub environments: Vec<Environment>,
    pub clusters: Vec<ClusterName>,
    pub namespaces: Vec<Namespace>,
    pub runbooks: Vec<RunbookName>,
}

/// A step, as far as rules of place are about it.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    pub environment: Option<&'a Environment>,
    pub cluster: Option<ClusterName>,
    pub namespace: Option<Namespace>,
    pub runbook: &'a RunbookName,
    pub tier: Tier,
    /// Its tier without the lists that raised it: what holds for that one goes on holding.
    pub tier_unlisted: Option<Tier>,
    /// More than looking.
    pub changes: bool,
    /// By what work on it is serialised; `None` for what only looks.
    pub target: Option<String>,
    /// Whose plan it is of; `None` where nobody has made one of it.
    pub incident: Option<IncidentId>,
}

impl<'a> Place<'a> {
    /// `incident`: whose plan the step is of. Without it the breaker of that incident covers nothing.
    #[must_use]
    pub fn of(step: &'a PlannedStep, runbook: &'a RunbookName, incident: Option<IncidentId>) -> Self {
        Self {
            environment: step.environment.as_ref(),
            cluster: step.action.cluster(),
            namespace: step.action.namespace(),
            runbook,
            tier: step.tier,
            tier_unlisted: step.tier_unlisted,
            changes: step.effect != EffectClass::Observe,
            target: step.target_key(),
            incident,
        }
    }

    /// Whether a rule about some of these covers it. A step that changes something nobody knows where (HTTP, a whole
    /// cluster) is covered by every such rule; one that only looks is not.
    #[must_use]
    pub fn within<T: PartialEq>(&self, named: &[T], here: Option<&T>) -> bool {
        named.is_empty() || here.map_or(self.changes, |here| named.contains(here))
    }
}

impl Cover {
    #[must_use]
    pub fn covers(&self, place: &Place<'_>) -> bool {
        place.within(&self.environments, place.environment)
            && place.within(&self.clusters, place.cluster.as_ref())
            && place.within(&self.namespaces, place.namespace.as_ref())
            && place.within(&self.runbooks, Some(place.runbook))
    }
}

/// A change window: what it covers may start only while it is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    pub name: String,
    pub cover: Cover,
    /// Never empty.
    pub tiers: Vec<Tier>,
    pub open: Calendar,
}

/// A freeze that the calendar brings: nothing that it covers starts while it lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarFreeze {
    pub name: String,
    pub reason: String,
    pub cover: Cover,
    pub during: Calendar,
}

/// How many actions that change something may start. `None`: as many as budgets and approvals allow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    pub per_incident: Option<u32>,
    pub per_hour: Option<u32>,
    pub per_hour_and_cluster: Option<u32>,
}

/// Which limit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "of")]
pub enum LimitOf {
    Incident,
    Hour,
    ClusterHour {
        cluster: ClusterName,
    },
    /// The blast-radius budget of a runbook: so much of this, for one run of it.
    Runbook {
        runbook: RunbookName,
        key: BudgetKey,
    },
}

impl LimitOf {
    /// What the breaker stops when this one is spent; `None` for that of an incident where none is named.
    #[must_use]
    pub fn breaker(&self, incident: Option<IncidentId>) -> Option<Scope> {
        match self {
            Self::Incident => incident.map(|incident| Scope::IncidentBreaker { incident }),
            Self::Runbook { runbook, .. } => Some(Scope::RunbookBreaker {
                runbook: runbook.clone(),
            }),
            Self::Hour => Some(Scope::Breaker { cluster: None }),
            Self::ClusterHour { cluster } => Some(Scope::Breaker {
                cluster: Some(cluster.clone()),
            }),
        }
    }
}

/// A change of the last hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    pub at: Timestamp,
    /// `None` where it counts for no cluster.
    pub cluster: Option<ClusterName>,
    /// Whether it counts for the hour: a breaker that was lifted since begins anew.
    pub of_hour: bool,
}

/// What was started already, as the journal says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Whose these are; `None` where it is asked without an incident.
    pub of: Option<IncidentId>,
    /// Changing attempts of this incident, since a person last lifted its breaker.
    pub incident: u32,
    /// Of the last hour, everywhere.
    pub hour: u32,
    /// Of the last hour, by cluster.
    pub clusters: BTreeMap<ClusterName, u32>,
    /// When those of the last hour started, oldest first: says when there is room again.
    pub started: Vec<Start>,
}

impl Counts {
    /// When so many of the last hour's starts will be an hour old; `None` when there are not so many.
    fn room(&self, limit: &LimitOf, leave: u32) -> Option<Timestamp> {
        let mut counted = self.started.iter().filter(|start| match limit {
            LimitOf::Incident | LimitOf::Runbook { .. } => false,
            LimitOf::Hour => start.of_hour,
            LimitOf::ClusterHour { cluster } => start.cluster.as_ref() == Some(cluster),
        });
        let nth = usize::try_from(leave).ok()?.checked_sub(1)?;
        counted
            .nth(nth)?
            .at
            .checked_add(SignedDuration::from_hours(1))
            .ok()
    }
}

/// A name, or the beginning of one with `*` behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern(pub String);

impl NamePattern {
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == self.0,
        }
    }
}

/// Everything in the policy that is not about people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guards {
    pub windows: Vec<Window>,
    pub freezes: Vec<CalendarFreeze>,
    pub limits: Limits,
    /// A change in one of these namespaces is Tier 3.
    pub protected: Vec<NamePattern>,
    /// A command that one of these matches is Tier 3.
    pub irreversible: Vec<CommandPattern>,
    /// Who may break the glass; `None` is nobody.
    pub glass: Option<GlassRule>,
}

impl Guards {
    /// The lists over what the action is by itself and why: tier, why, and what it would be without them, when they raise
    /// it.
    #[must_use]
    pub fn listed(&self, action: &Action, (own, why): (Tier, String)) -> (Tier, String, Option<Tier>) {
        match self.raise(action) {
            Some(raised) if own < Tier::Three => (Tier::Three, raised, Some(own)),
            Some(raised) => (own, raised, None),
            None => (own, why, None),
        }
    }

    /// Why this action is Tier 3 whatever it does, when a list says so.
    #[must_use]
    pub fn raise(&self, action: &Action) -> Option<String> {
        let listed = self.irreversible.iter().find(|pattern| pattern.matches(action));
        if let Some(pattern) = listed.filter(|_| !planted::is(Bug::IrreversibleNotRaised)) {
            return Some(format!("the policy's irreversible list has `{}`", pattern.0));
        }
        if action.only_looks() || planted::is(Bug::ProtectedNotRaised) {
            return None;
        }
        let namespace = action.namespace()?;
        let protected = self.protected.iter().any(|name| name.matches(namespace.as_str()));
        protected.then(|| format!("the policy protects the namespace {namespace}"))
    }

    /// What the calendar says against a start of this step now.
    pub fn calendar(&self, place: &Place<'_>, now: Timestamp, mut say: impl FnMut(Reason)) {
        for window in self.windows_of(place).filter(|window| !window.open.holds(now)) {
            say(Reason::WindowClosed {
                window: window.name.clone(),
                opens: self.opens(place, now),
                zone: window.open.zone_name().to_owned(),
            });
        }
        for freeze in self.freezes_of(place).filter(|freeze| freeze.during.holds(now)) {
            say(Reason::CalendarFreeze {
                name: freeze.name.clone(),
                reason: freeze.reason.clone(),
                opens: self.opens(place, now),
                zone: freeze.during.zone_name().to_owned(),
            });
        }
    }

    fn windows_of(&self, place: &Place<'_>) -> impl Iterator<Item = &Window> {
        let of_tier = |window: &Window| {
            let unlisted = place
                .tier_unlisted
                .is_some_and(|tier| window.tiers.contains(&tier));
            window.tiers.contains(&place.tier) || unlisted
        };
        self.windows
            .iter()
            .filter(move |window| of_tier(window) && window.cover.covers(place))
    }

    fn freezes_of(&self, place: &Place<'_>) -> impl Iterator<Item = &CalendarFreeze> {
        self.freezes.iter().filter(|freeze| freeze.cover.covers(place))
    }

    /// Of each window and each freeze of the calendar whether it holds now: when this differs, other steps may start.
    #[must_use]
    pub fn turned(&self, now: Timestamp) -> Vec<bool> {
        let windows = self.windows.iter().map(|window| window.open.holds(now));
        let freezes = self.freezes.iter().map(|freeze| freeze.during.holds(now));
        windows.chain(freezes).collect()
    }

    fn calendar_allows(&self, place: &Place<'_>, at: Timestamp) -> bool {
        self.windows_of(place).all(|window| window.open.holds(at))
            && !self.freezes_of(place).any(|freeze| freeze.during.holds(at))
    }

    /// The first moment from `now` on at which the calendar lets this step start; `None` when there is none within 400
    /// days.
    #[must_use]
    pub fn opens(&self, place: &Place<'_>, now: Timestamp) -> Option<Timestamp> {
        if self.calendar_allows(place, now) {
            return Some(now);
        }
        let calendars: Vec<&Calendar> = self
            .windows_of(place)
            .map(|window| &window.open)
            .chain(self.freezes_of(place).map(|freeze| &freeze.during))
            .collect();
        // What is forbidden now is allowed again at a turn of one of these; between turns nothing changes. It begins one
        // day back, since it is an earlier date elsewhere.
        let mut date = TimeZone::UTC.to_datetime(now).date().yesterday().ok()?;
        let mut turns = Vec::new();
        for _ in 0..AHEAD_DAYS {
            for calendar in &calendars {
                calendar.turns(date, &mut turns);
            }
            turns.sort_unstable();
            // No zone begins the next date earlier than 14 hours ahead of UTC: turns up to here are complete.
            let midnight = TimeZone::UTC.to_timestamp(date.into()).ok()?;
            let sure = midnight.checked_add(SignedDuration::from_hours(9)).ok()?;
            let ripe = turns.partition_point(|at| *at <= sure);
            let open = |at: &Timestamp| *at > now && self.calendar_allows(place, *at);
            if let Some(at) = turns.drain(..ripe).find(open) {
                return Some(at);
            }
            date = date.tomorrow().ok()?;
        }
        None
    }
}

impl Limits {
    /// The limits that as many changes as they allow have been started under: there the breaker trips.
    #[must_use]
    pub fn spent(&self, counts: &Counts) -> Vec<(LimitOf, u32)> {
        let incident = self.per_incident.filter(|allowed| counts.incident >= *allowed);
        let incident = incident.map(|allowed| (LimitOf::Incident, allowed));
        let hour = self.per_hour.filter(|allowed| counts.hour >= *allowed);
        let hour = hour.map(|allowed| (LimitOf::Hour, allowed));
        let clusters = counts.clusters.iter().filter_map(|(cluster, have)| {
            let allowed = self.per_hour_and_cluster.filter(|allowed| have >= allowed)?;
            let cluster = cluster.clone();
            Some((LimitOf::ClusterHour { cluster }, allowed))
        });
        incident.into_iter().chain(hour).chain(clusters).collect()
    }

    /// What stands against starting `wanted` more changes, `of_cluster` of them on each cluster.
    pub fn against(
        &self,
        counts: &Counts,
        wanted: u32,
        of_cluster: &BTreeMap<ClusterName, u32>,
        mut say: impl FnMut(Reason),
    ) {
        let mut check = |limit: LimitOf, allowed: Option<u32>, have: u32, wanted: u32| {
            if let Some(allowed) = allowed
                && wanted > allowed.saturating_sub(have)
            {
                let leave = have.saturating_add(wanted).saturating_sub(allowed);
                let opens = counts.room(&limit, leave).filter(|_| wanted <= allowed);
                say(Reason::LimitReached {
                    limit,
                    allowed,
                    have,
                    wanted,
                    opens,
                });
            }
        };
        check(LimitOf::Incident, self.per_incident, counts.incident, wanted);
        check(LimitOf::Hour, self.per_hour, counts.hour, wanted);
        for (cluster, wanted) in of_cluster {
            let have = counts.clusters.get(cluster).copied().unwrap_or(0);
            let cluster = cluster.clone();
            check(
                LimitOf::ClusterHour { cluster },
                self.per_hour_and_cluster,
                have,
                *wanted,
            );
        }
    }
}
