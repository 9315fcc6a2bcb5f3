//! What changed: a deploy, a flag, a release, told by whoever made it. "What changed" is the first question of most
//! incidents, so a change shortly before an alert, on its service or on one that it depends on, stands on its card.
//!
//! Invariants: bounded in number and age; the same change told twice is one; a change starts nothing and chooses nothing.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::alert::Alert;
use super::ids::{Environment, Service, Source};
use super::incident::Incident;
use super::redaction::Clean;
use super::rules::ServiceRow;

/// How long before an alert a change is likely to matter.
pub const BEFORE: SignedDuration = SignedDuration::from_mins(30);
/// A change so long after the start of an alert may still be before it: clocks differ, and some senders round.
const SKEW: SignedDuration = SignedDuration::from_mins(1);
/// Changes that one incident shows, and places whose changes it does not know.
pub const SHOWN: usize = 3;
/// Changes that one incident keeps: what is not shown is counted.
pub const KEPT_WITH_INCIDENT: usize = 20;
/// A change that is told later than this, or is dated further ahead, explains nothing any more.
const OLD: SignedDuration = SignedDuration::from_hours(24);
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// Changes that are kept at hand; the oldest go first.
const KEPT: usize = 2_000;
/// Labels of an alert that name what runs, beside its service.
const NAMING: [&str; 5] = [
    "service",
    "app",
    "deployment",
    "workload",
    "app_kubernetes_io_name",
];

/// What kind of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Deploy,
    Flag,
    Config,
    Other,
}

/// How far it has come. Only what took effect can have caused anything; the others are said as what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeState {
    #[default]
    Done,
    Running,
    /// It did not come about, or nobody knows how much of it did.
    Failed,
    /// Its sender does not say how far it has come.
    Unknown,
}

impl ChangeState {
    fn is_done(&self) -> bool {
        *self == Self::Done
    }

    /// Whether it is told how it ended.
    fn is_settled(self) -> bool {
        match self {
            Self::Done | Self::Failed => true,
            Self::Running | Self::Unknown => false,
        }
    }
}

/// One change. Texts are cut and without secrets before they come here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// `changes/github`, `kubernetes`.
    pub source: Source,
    /// The sender's own, the same when it is told again.
    pub id: String,
    pub kind: ChangeKind,
    #[serde(default, skip_serializing_if = "ChangeState::is_done")]
    pub state: ChangeState,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    /// The sender's word for where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// One line for people.
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// `http` or `https`; shown, never fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

impl Change {
    /// Takes secrets out of everything that the sender wrote. The same text comes out the same, so that a change that is told
    /// twice stays one.
    pub fn redact(&mut self, clean: Clean<'_>) {
        let Self {
            source: _,
            id,
            kind: _,
            state: _,
            at: _,
            service,
            environment,
            title,
            by,
            link,
        } = self;
        let texts = [
            Some(id),
            environment.as_mut(),
            Some(title),
            by.as_mut(),
            link.as_mut(),
        ];
        for text in texts.into_iter().flatten() {
            *text = clean(text).into_owned();
        }
        if let Some(service) = service {
            *service = Service::new(clean(service.as_str()));
        }
    }

    /// Whether it is new enough to explain anything.
    #[must_use]
    pub fn matters_at(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.at);
        age <= OLD && age >= -AHEAD
    }

    fn is_of(&self, other: &Self) -> bool {
        self.source == other.source && self.id == other.id
    }

    /// Told before, or `other` adds nothing to it: it does not say how the change ended.
    fn is_same(&self, other: &Self) -> bool {
        self.is_of(other) && (self.state == other.state || !other.state.is_settled())
    }

    /// Whether this says how the other ended.
    #[must_use]
    pub fn ends(&self, other: &Self) -> bool {
        self.is_of(other) && self.state.is_settled() && !other.state.is_settled()
    }

    /// Whether it can have caused what came after it.
    #[must_use]
    pub fn took_effect(&self) -> bool {
        self.state == ChangeState::Done
    }

    fn is_before(&self, from: Timestamp, until: Timestamp) -> bool {
        let earliest = from.checked_sub(BEFORE).unwrap_or(from);
        (earliest..=until).contains(&self.at)
    }

    /// Whether it may have to do with this open incident, which it came too late to stand on from the beginning.
    #[must_use]
    pub fn may_explain(&self, incident: &Incident, catalogue: &[ServiceRow]) -> bool {
        let known = incident.changes.iter().any(|known| known.is_same(self));
        let Some(alert) = incident.first_alert().filter(|_| !known) else {
            return false;
        };
        let (from, until) = span(alert, incident.opened_at);
        self.is_before(from, until) && self.is_on(&services(alert, catalogue))
    }

    fn is_on(&self, services: &BTreeSet<String>) -> bool {
        let service = self.service.as_ref();
        service.is_some_and(|service| services.contains(&service.as_str().to_lowercase()))
    }
}

/// Changes of one place that can't be read at present: what is not known is never "nothing changed".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    pub environment: Environment,
    /// `demo/production`: cluster and namespace.
    pub place: String,
    /// `config maps, rollouts of Deployments`.
    pub what: String,
    /// In the words of whoever refused.
    pub why: String,
}

impl Unread {
    /// Those of the place that an alert comes from; all of them when that is not known.
    #[must_use]
    pub fn about(unread: &[Self], environment: Option<&Environment>) -> Vec<Self> {
        let here = |one: &&Self| environment.is_none_or(|environment| one.environment == *environment);
        unread.iter().filter(here).take(SHOWN).cloned().collect()
    }

    /// Whether the same is not known of the same place, for whatever reason.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.place == other.place && self.what == other.what
    }
}

/// The changes of the last day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Changes(VecDeque<Arc<Change>>);

impl Changes {
    #[must_use]
    pub fn knows(&self, change: &Change) -> bool {
        self.0.iter().any(|known| known.is_same(change))
    }

    pub(super) fn note(&mut self, change: &Arc<Change>, now: Timestamp) {
        self.0.retain(|known| !change.ends(known));
        self.0.push_back(Arc::clone(change));
        while self.0.len() > KEPT || self.0.front().is_some_and(|oldest| !oldest.matters_at(now)) {
            self.0.pop_front();
        }
    }

    /// Lets go of those that explain nothing any more.
    pub(super) fn let_go(&mut self, now: Timestamp) {
        self.0.retain(|change| change.matters_at(now));
    }

    /// Those in the half hour before this alert, on its service or on what that depends on, newest first.
    #[must_use]
    pub fn before(&self, alert: &Alert, now: Timestamp, catalogue: &[ServiceRow]) -> Vec<Arc<Change>> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let services = services(alert, catalogue);
        let (from, until) = span(alert, now);
        let fits = |change: &&Arc<Change>| change.is_before(from, until) && change.is_on(&services);
        let mut found: Vec<_> = self.0.iter().filter(fits).cloned().collect();
        found.sort_by_key(|change| std::cmp::Reverse(change.at));
        found.truncate(KEPT_WITH_INCIDENT);
        found
    }
}

/// When it began, and the last moment at which a change may have come before that.
fn span(alert: &Alert, heard: Timestamp) -> (Timestamp, Timestamp) {
    let began = alert.began_at(heard);
    (
        began,
        began.checked_add(SKEW).map_or(heard, |until| until.min(heard)),
    )
}

/// What the alert is about, and what that depends on, in small letters.
fn services(alert: &Alert, catalogue: &[ServiceRow]) -> BTreeSet<String> {
    let named = NAMING.iter().filter_map(|label| alert.labels.get(*label));
    let own = alert.service.iter().map(Service::as_str);
    let mut services: BTreeSet<String> = own
        .chain(named.map(String::as_str))
        .map(str::to_lowercase)
        .collect();
    for row in catalogue {
        if services.contains(&row.name.as_str().to_lowercase()) {
            services.extend(row.depends_on.iter().map(|name| name.as_str().to_lowercase()));
        }
    }
    services
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(service: &str, at: &str) -> Arc<Change> {
        Arc::new(Change {
            source: Source::new("changes/generic"),
            id: format!("{service} {at}"),
            kind: ChangeKind::Deploy,
            state: ChangeState::Done,
            at: at.parse().unwrap(),
            service: Some(Service::new(service)),
            environment: None,
            title: "v2".to_owned(),
            by: None,
            link: None,
        })
    }

    fn alert(service: &str, at: Timestamp) -> Alert {
        serde_json::from_value(serde_json::json!({
            "source": "alertmanager", "episode": "e", "fingerprint": "f", "status": "firing", "name": "n",
            "title": "t", "severity": "high", "service": service, "starts_at": at,
        }))
        .unwrap()
    }

    #[test]
    fn a_change_of_what_the_service_depends_on_counts_too() {
        let now: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
        let mut changes = Changes::default();
        changes.note(&change("payments", "2026-03-02T09:50:00Z"), now);
        let row = ServiceRow {
            name: Service::new("checkout"),
            owner: None,
            depends_on: vec![Service::new("payments")],
        };
        assert_eq!(changes.before(&alert("checkout", now), now, &[row]).len(), 1);
        assert!(changes.before(&alert("checkout", now), now, &[]).is_empty());
    }

    #[test]
    fn a_secret_is_taken_out_wherever_its_sender_put_it() {
        fn clean(text: &str) -> std::borrow::Cow<'_, str> {
            text.replace("hunter2", "…").into()
        }
        let secret = || "with hunter2 in it".to_owned();
        let mut told = Change {
            source: Source::new("changes/generic"),
            id: secret(),
            kind: ChangeKind::Config,
            state: ChangeState::Done,
            at: Timestamp::UNIX_EPOCH,
            service: Some(Service::new(secret())),
            environment: Some(secret()),
            title: secret(),
            by: Some(secret()),
            link: Some(secret()),
        };
        let mut again = told.clone();
        told.redact(&clean);
        again.redact(&clean);
        assert!(!format!("{told:?}").contains("hunter2"), "{told:?}");
        assert!(told.is_same(&again));
    }

    #[test]
    fn only_the_half_hour_before_and_only_this_service_counts() {
        let now: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
        let mut changes = Changes::default();
        for (service, at) in [
            ("checkout", "2026-03-02T09:20:00Z"),
            ("Checkout", "2026-03-02T09:40:00Z"),
            ("payments", "2026-03-02T09:50:00Z"),
            ("checkout", "2026-03-02T09:59:00Z"),
        ] {
            changes.note(&change(service, at), now);
        }
        let alert = alert("checkout", now);
        let found = changes.before(&alert, now, &[]);
        let at: Vec<_> = found.iter().map(|change| change.at.to_string()).collect();
        assert_eq!(at, ["2026-03-02T09:59:00Z", "2026-03-02T09:40:00Z"]);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let now: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
        let mut changes = Changes::default();
        for number in 0..KEPT + 10 {
            changes.note(&change(&number.to_string(), "2026-03-02T09:59:00Z"), now);
        }
        assert_eq!(changes.0.len(), KEPT);
        let later: Timestamp = "2026-03-04T10:00:00Z".parse().unwrap();
        changes.note(&change("new", "2026-03-04T09:59:00Z"), later);
        assert_eq!(changes.0.len(), 1);
    }
}
