//! What the pager knows: services, people on call, incidents with their alerts and notes. Pure; the time is
//! an argument.
//!
//! Invariants: an open incident's `dedup_key` is unique within its service; a resolved incident's key may
//! open a new one; the history of an incident only grows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::view::{IncidentView, OnCallView, PageView, PagerView};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Triggered,
    Acknowledged,
    Resolved,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Status::Triggered => "triggered",
            Status::Acknowledged => "acknowledged",
            Status::Resolved => "resolved",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        [Status::Triggered, Status::Acknowledged, Status::Resolved]
            .into_iter()
            .find(|s| s.name() == name)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    High,
    Low,
}

impl Urgency {
    pub fn name(self) -> &'static str {
        match self {
            Urgency::High => "high",
            Urgency::Low => "low",
        }
    }
}

/// A user of the account. The order of people is the order of escalation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: String,
    pub name: String,
    pub email: String,
}

/// A service with the routing key of its Events API v2 integration (32 characters).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub id: String,
    pub name: String,
    pub routing_key: String,
}

/// Who did something: a person, or an event of an integration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agent {
    Person(String),
    Integration,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    pub id: String,
    pub created_at: Timestamp,
    pub severity: String,
    pub summary: String,
    /// The event as it was sent.
    pub event: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    pub id: String,
    pub content: String,
    pub created_at: Timestamp,
    pub by: Agent,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    pub id: String,
    pub number: u64,
    pub title: String,
    pub status: Status,
    pub urgency: Urgency,
    pub service: String,
    pub dedup_key: String,
    pub created_at: Timestamp,
    pub assignee: Option<String>,
    pub resolution: Option<String>,
    pub alerts: Vec<Alert>,
    pub notes: Vec<Note>,
}

/// What an accepted event or request did, for webhooks.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    Triggered(Incident),
    Acknowledged(Incident, Agent),
    Unacknowledged(Incident, Agent),
    Resolved(Incident, Agent),
    Reopened(Incident, Agent),
    Annotated(Incident, Note),
}

/// The account.
#[derive(Clone, Debug)]
pub struct Model {
    pub people: Vec<Person>,
    pub services: Vec<Service>,
    pub incidents: Vec<Incident>,
    pub pages: Vec<PageView>,
    pub change_events: Vec<Value>,
    next: u64,
    /// Incident ids by service and key, open ones only.
    open: BTreeMap<(String, String), String>,
}

impl Model {
    pub fn new(people: Vec<Person>, services: Vec<Service>) -> Self {
        Self {
            people,
            services,
            incidents: Vec::new(),
            pages: Vec::new(),
            change_events: Vec::new(),
            next: 1_234,
            open: BTreeMap::new(),
        }
    }

    pub fn service_by_key(&self, routing_key: &str) -> Option<&Service> {
        self.services.iter().find(|s| s.routing_key == routing_key)
    }

    pub fn person(&self, id: &str) -> Option<&Person> {
        self.people.iter().find(|p| p.id == id)
    }

    pub fn person_by_email(&self, email: &str) -> Option<&Person> {
        self.people.iter().find(|p| p.email.eq_ignore_ascii_case(email))
    }

    pub fn incident(&self, id: &str) -> Option<&Incident> {
        self.incidents.iter().find(|i| i.id == id)
    }

    /// A trigger event: opens an incident, or adds an alert to the open one with the same key.
    pub fn trigger(
        &mut self,
        service: &str,
        dedup_key: &str,
        event: Value,
        now: Timestamp,
    ) -> Option<Change> {
        let summary = event["payload"]["summary"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let severity = event["payload"]["severity"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let alert = Alert {
            id: self.id("A"),
            created_at: now,
            severity,
            summary,
            event,
        };
        let key = (service.to_owned(), dedup_key.to_owned());
        if let Some(id) = self.open.get(&key).cloned() {
            self.incident_mut(&id)?.alerts.push(alert);
            return None;
        }
        let incident = self.open_incident(key, alert, now);
        Some(Change::Triggered(incident))
    }

    fn open_incident(&mut self, key: (String, String), alert: Alert, now: Timestamp) -> Incident {
        let first = self.people.first().cloned();
        // PagerDuty's dynamic urgency: critical and error wake people, warning and info don't.
        let urgency = if matches!(alert.severity.as_str(), "critical" | "error") {
            Urgency::High
        } else {
            Urgency::Low
        };
        let incident = Incident {
            id: self.id("Q"),
            number: self.next,
            title: alert.summary.clone(),
            status: Status::Triggered,
            urgency,
            service: key.0.clone(),
            dedup_key: key.1.clone(),
            created_at: now,
            assignee: first.as_ref().map(|p| p.id.clone()),
            resolution: None,
            alerts: vec![alert],
            notes: Vec::new(),
        };
        if let Some(person) = first {
            self.page(&person.name, &incident, now);
        }
        self.open.insert(key, incident.id.clone());
        self.incidents.push(incident.clone());
        incident
    }

    fn page(&mut self, to: &str, incident: &Incident, now: Timestamp) {
        let text = format!("[{}] {}", incident.urgency.name(), incident.title);
        self.pages.push(PageView {
            at: now,
            to: to.to_owned(),
            text,
        });
    }

    /// An acknowledge or resolve event. Without an open incident it is dropped, as the real one does.
    pub fn event_status(
        &mut self,
        service: &str,
        dedup_key: &str,
        status: Status,
        now: Timestamp,
    ) -> Option<Change> {
        let id = self
            .open
            .get(&(service.to_owned(), dedup_key.to_owned()))
            .cloned()?;
        self.set_status(&id, status, None, Agent::Integration, now)
    }

    /// Moves an incident; `None` when it is not there or nothing changes.
    pub fn set_status(
        &mut self,
        id: &str,
        status: Status,
        resolution: Option<String>,
        by: Agent,
        now: Timestamp,
    ) -> Option<Change> {
        let incident = self.incident_mut(id)?;
        let before = std::mem::replace(&mut incident.status, status);
        let key = (incident.service.clone(), incident.dedup_key.clone());
        incident.resolution = if status == Status::Resolved {
            resolution
        } else {
            None
        };
        let after = incident.clone();
        match (before, status) {
            (a, b) if a == b => None,
            (_, Status::Resolved) => {
                self.open.remove(&key);
                Some(Change::Resolved(after, by))
            }
            (Status::Resolved, _) => {
                self.open.insert(key, after.id.clone());
                self.page_assignee(&after, now);
                Some(Change::Reopened(after, by))
            }
            (_, Status::Acknowledged) => Some(Change::Acknowledged(after, by)),
            (_, Status::Triggered) => {
                self.page_assignee(&after, now);
                Some(Change::Unacknowledged(after, by))
            }
        }
    }

    fn page_assignee(&mut self, incident: &Incident, now: Timestamp) {
        let name = incident
            .assignee
            .as_deref()
            .and_then(|id| self.person(id))
            .map(|p| p.name.clone());
        if let Some(name) = name {
            self.page(&name, incident, now);
        }
    }

    /// Adds a note; `None` when the incident is not there.
    pub fn annotate(&mut self, id: &str, content: String, by: Agent, now: Timestamp) -> Option<Change> {
        let note = Note {
            id: self.id("N"),
            content,
            created_at: now,
            by,
        };
        let incident = self.incident_mut(id)?;
        incident.notes.push(note.clone());
        Some(Change::Annotated(incident.clone(), note))
    }

    /// What the panel shows.
    pub fn view(&self) -> PagerView {
        let name = |id: &String| self.person(id).map_or(id.clone(), |p| p.name.clone());
        let service = |id: &str| {
            self.services
                .iter()
                .find(|s| s.id == id)
                .map_or(id.to_owned(), |s| s.name.clone())
        };
        let incidents = self.incidents.iter().rev().map(|i| IncidentView {
            id: i.id.clone(),
            number: i.number,
            title: i.title.clone(),
            status: i.status.name().to_owned(),
            urgency: i.urgency.name().to_owned(),
            service: service(&i.service),
            dedup_key: i.dedup_key.clone(),
            created_at: i.created_at,
            assignees: i.assignee.iter().map(name).collect(),
            alerts: i.alerts.len(),
            notes: i.notes.iter().map(|n| n.content.clone()).collect(),
        });
        let on_call = self.people.iter().zip(1..).map(|(p, level)| OnCallView {
            name: p.name.clone(),
            email: p.email.clone(),
            level,
        });
        PagerView {
            incidents: incidents.collect(),
            on_call: on_call.collect(),
            pages: self.pages.iter().rev().cloned().collect(),
        }
    }

    fn incident_mut(&mut self, id: &str) -> Option<&mut Incident> {
        self.incidents.iter_mut().find(|i| i.id == id)
    }

    /// Ids look like the real ones: 14 characters of A to Z and 0 to 9.
    fn id(&mut self, prefix: &str) -> String {
        self.next += 1;
        format!("{prefix}{:0>13}", self.next)
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
