//! What the team set in its configuration, as the pure core needs it. Built once by `app` from `config`.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::action::ObjectPattern;
use super::alert::{Alert, Severity};
use super::event::Mode;
use super::ids::{Channel, ClusterName, Environment, Namespace, Service, Source};
use super::incident::Incident;
use super::policy::Policy;
use super::runbook::Autonomy;
use crate::planted::{self, Bug};

/// Maps a cluster and namespaces to an environment. The first row that covers both counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentRow {
    pub name: Environment,
    /// `None` covers every cluster.
    pub cluster: Option<ClusterName>,
    /// Empty covers every namespace.
    pub namespaces: Vec<Namespace>,
    /// `host` or `host:port` of services that HTTP actions of this environment talk to.
    pub hosts: Vec<String>,
}

/// Sends incidents of a service, or with labels, to a channel. The first row whose every condition holds counts; a row
/// without conditions holds always.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub service: Option<Service>,
    /// Labels and the values that they must have, all of them.
    pub labels: BTreeMap<String, String>,
    pub channel: Channel,
}

/// One service of the catalogue: whose it is, and what it needs to work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRow {
    pub name: Service,
    /// As people are to read it: `checkout team, #team-checkout`.
    pub owner: Option<String>,
    pub depends_on: Vec<Service>,
}

/// How long alerts like these have to stay resolved before a fix counts. An empty list covers everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StayRule {
    /// Names of alert rules.
    pub alerts: Vec<String>,
    pub services: Vec<Service>,
    /// Labels and the values that they must have, all of them.
    pub labels: BTreeMap<String, String>,
    pub stays: SignedDuration,
}

impl StayRule {
    fn covers(&self, alert: &Alert) -> bool {
        let named = self.alerts.is_empty() || self.alerts.contains(&alert.name);
        let service = |service: &Service| self.services.contains(service);
        named
            && (self.services.is_empty() || alert.service.as_ref().is_some_and(service))
            && self
                .labels
                .iter()
                .all(|(key, value)| alert.labels.get(key) == Some(value))
    }
}

/// How long a waiting card may wait until a human is paged. `None` never pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageAfter {
    pub critical: Option<SignedDuration>,
    pub high: Option<SignedDuration>,
    pub medium: Option<SignedDuration>,
    pub low: Option<SignedDuration>,
}

impl PageAfter {
    /// An unknown severity counts as high: paging fails open.
    #[must_use]
    pub fn of(&self, severity: Severity) -> Option<SignedDuration> {
        match severity {
            Severity::Critical => self.critical,
            Severity::High | Severity::Unknown => self.high,
            Severity::Medium => self.medium,
            Severity::Low => self.low,
        }
    }
}

impl Default for PageAfter {
    fn default() -> Self {
        Self {
            critical: Some(SignedDuration::ZERO),
            high: Some(SignedDuration::from_mins(2)),
            medium: Some(SignedDuration::from_mins(10)),
            low: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    pub mode: Mode,
    pub autonomy: Autonomy,
    /// The workspace that Interlock is installed in. Empty until Slack has said it: nobody is a member of it then.
    pub team: String,
    pub policy: Policy,
    pub environments: Vec<EnvironmentRow>,
    /// Targets that the team declares to be caches: emptying one loses nothing that can't be had again.
    pub caches: Vec<ObjectPattern>,
    pub clusters: Vec<ClusterName>,
    /// `None` when there are several and none is named: a step has to name one then.
    pub default_cluster: Option<ClusterName>,
    pub routes: Vec<Route>,
    pub channel: Channel,
    /// How long a proposal waits for people.
    pub approve_by: SignedDuration,
    /// How long evidence counts.
    pub evidence_for: SignedDuration,
    /// How long an approved plan may wait for its first step.
    pub execute_by: SignedDuration,
    /// How long the source may go on saying "firing" after a verified run.
    pub settle: SignedDuration,
    /// How long it then has to stay resolved. Of several rules that cover an alert the longest counts; of none, it counts
    /// at once.
    pub stays: Vec<StayRule>,
    pub page_after: PageAfter,
    /// Sources that page people by themselves.
    pub pagers: Vec<Source>,
    /// Sources that can be told that it is over.
    pub resolvable: Vec<Source>,
    /// Sources that can't, and take a note of what was done and who has it.
    pub noted: Vec<Source>,
    /// How long after the last alert of an incident one that has to do with it joins it; `None` never.
    pub related_within: Option<SignedDuration>,
    /// How long after the last of an incident an alert of the same rule and service joins it that asks for the same plan; `None`
    /// never.
    pub same_rule_within: Option<SignedDuration>,
    /// Whether there is a model to ask about the order of candidates.
    pub asks_advisor: bool,
    /// So many new alerts within a minute are a storm, in which alerts that are alike share a card; `None` never.
    pub storm_from: Option<NonZeroU32>,
    /// The service catalogue.
    pub services: Vec<ServiceRow>,
    /// `None` where no Alertmanager is known to make silences in.
    pub silences: Option<SilenceRules>,
}

/// What the team set about silences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SilenceRules {
    /// Whose approvers it takes where the alerts come from no place that the map of environments knows.
    pub environment: Option<Environment>,
}

impl Rules {
    /// Whether this source is told who has its alerts.
    #[must_use]
    pub fn hears(&self, source: &Source) -> bool {
        self.resolvable.contains(source) || self.noted.contains(source)
    }

    /// Where something in this namespace takes effect.
    #[must_use]
    pub fn environment(&self, cluster: &ClusterName, namespace: Option<&Namespace>) -> Option<Environment> {
        self.environments
            .iter()
            .find(|row| {
                row.cluster.as_ref().is_none_or(|name| name == cluster)
                    && (row.namespaces.is_empty()
                        || namespace.is_some_and(|name| row.namespaces.contains(name)))
            })
            .map(|row| row.name.clone())
    }

    /// Where a request to this host takes effect.
    #[must_use]
    pub fn environment_of_host(&self, host: &str, port: u16) -> Option<Environment> {
        let with_port = format!("{host}:{port}");
        let names = |row: &&EnvironmentRow| {
            let mut hosts = row.hosts.iter();
            hosts.any(|named| named.eq_ignore_ascii_case(host) || named.eq_ignore_ascii_case(&with_port))
        };
        self.environments.iter().find(names).map(|row| row.name.clone())
    }

    /// Where the alert says it comes from, by its `cluster` and `namespace` labels and our own map: what triggers ask.
    #[must_use]
    pub fn environment_of(&self, alert: &Alert) -> Option<Environment> {
        let cluster = alert
            .labels
            .get("cluster")
            .map(|name| ClusterName::new(name.clone()));
        let cluster = cluster
            .filter(|name| self.clusters.contains(name))
            .or_else(|| self.default_cluster.clone())?;
        let namespace = alert
            .labels
            .get("namespace")
            .map(|name| Namespace::new(name.clone()));
        self.environment(&cluster, namespace.as_ref())
    }

    /// Whose approvers a silence of this incident takes: those of the place that its alerts come from, by our own map, else
    /// those that the configuration names. `None` is nobody's.
    #[must_use]
    pub fn silence_environment(&self, incident: &Incident) -> Option<Environment> {
        let named = incident
            .firing()
            .next()
            .and_then(|alert| self.environment_of(alert));
        named.or_else(|| self.silences.as_ref()?.environment.clone())
    }

    /// Whose service this is, as the catalogue says it.
    #[must_use]
    pub fn owner(&self, service: &Service) -> Option<&str> {
        let row = self
            .services
            .iter()
            .find(|row| row.name.as_str().eq_ignore_ascii_case(service.as_str()));
        row?.owner.as_deref()
    }

    /// How long this incident has to stay resolved before a fix counts: as long as the strictest of its alerts asks.
    #[must_use]
    pub fn stays(&self, incident: &Incident) -> SignedDuration {
        if planted::is(Bug::SettleNotWaited) {
            return SignedDuration::ZERO;
        }
        let alerts = incident.episodes.iter().map(|episode| &episode.alert);
        alerts
            .flat_map(|alert| self.stays.iter().filter(|rule| rule.covers(alert)))
            .map(|rule| rule.stays)
            .max()
            .unwrap_or(SignedDuration::ZERO)
    }

    /// The channel for an alert.
    #[must_use]
    pub fn route(&self, alert: &Alert) -> Channel {
        self.routes
            .iter()
            .find(|route| {
                let service = route.service.is_none() || route.service == alert.service;
                service
                    && route
                        .labels
                        .iter()
                        .all(|(key, value)| alert.labels.get(key) == Some(value))
            })
            .map_or_else(|| self.channel.clone(), |route| route.channel.clone())
    }
}
