//! Alerts as Alertmanager posts them.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// One alert, or one cause with many of them.
#[derive(Clone, Debug)]
pub struct Alert {
    name: String,
    severity: &'static str,
    service: String,
    summary: String,
    description: String,
    /// One alert for each.
    instances: Vec<String>,
    starts_at: Timestamp,
    /// Beside those that every alert has.
    labels: Vec<(&'static str, &'static str)>,
}

impl Alert {
    pub fn new(name: &str, service: &str, summary: &str) -> Self {
        Self {
            name: name.to_owned(),
            severity: "high",
            service: service.to_owned(),
            summary: summary.to_owned(),
            description: String::new(),
            instances: vec!["one".to_owned()],
            starts_at: Timestamp::from_second(Timestamp::now().as_second()).unwrap(),
            labels: Vec::new(),
        }
    }

    pub fn redis_timeout() -> Self {
        let alert = Self::new(
            "RedisConnectionTimeout",
            "api-gateway",
            "Redis connection timeout on api-gateway",
        );
        alert.described("Connections to redis-primary time out after 5 s; the pool is exhausted.")
    }

    pub fn bad_deploy() -> Self {
        Self::new(
            "CheckoutCrashLooping",
            "checkout",
            "checkout crash loops since the deploy of 2.15.0",
        )
    }

    /// Nobody wrote a runbook for it.
    pub fn tape_jam() -> Self {
        Self::new("TapeLibraryJammed", "archive", "Tape library 3 is jammed")
    }

    pub fn described(mut self, description: &str) -> Self {
        self.description = description.to_owned();
        self
    }

    pub fn severity(mut self, severity: &'static str) -> Self {
        self.severity = severity;
        self
    }

    pub fn label(mut self, name: &'static str, value: &'static str) -> Self {
        self.labels.push((name, value));
        self
    }

    /// The same alert once more, begun so much later.
    pub fn again(mut self, after: SignedDuration) -> Self {
        self.starts_at += after;
        self
    }

    /// So many alerts of the one cause.
    pub fn times(mut self, count: usize) -> Self {
        self.instances = (0..count).map(|number| format!("instance-{number}")).collect();
        self
    }

    fn body(&self, ends_at: Option<Timestamp>) -> Value {
        let status = if ends_at.is_some() { "resolved" } else { "firing" };
        // The zero time is what Alertmanager sends for "not ended".
        let ends = ends_at.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), |at| at.to_string());
        let mut alerts: Vec<Value> = self.instances.iter().enumerate().map(|(number, instance)| json!({
            "status": status,
            "labels": {
                "alertname": self.name, "severity": self.severity, "service": self.service,
                "namespace": "production", "cluster": "demo", "instance": instance,
            },
            "annotations": {"summary": self.summary, "description": self.description},
            "startsAt": self.starts_at.to_string(), "endsAt": ends,
            "generatorURL": "http://prometheus.example/graph", "fingerprint": self.fingerprint(number),
        })).collect();
        for (name, value) in &self.labels {
            for alert in &mut alerts {
                alert["labels"][*name] = json!(value);
            }
        }
        json!({
            "version": "4", "groupKey": format!("{{}}:{{alertname=\"{}\"}}", self.name), "truncatedAlerts": 0,
            "status": status, "receiver": "interlock", "groupLabels": {"alertname": self.name},
            "commonLabels": {"alertname": self.name}, "commonAnnotations": {},
            "externalURL": "http://alertmanager.example", "alerts": alerts,
        })
    }

    /// The same for the same alert, another one for another.
    fn fingerprint(&self, number: usize) -> String {
        let mut hasher = DefaultHasher::new();
        (&self.name, &self.service, number).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    pub fn firing(&self) -> Value {
        self.body(None)
    }

    pub fn resolved(&self, at: Timestamp) -> Value {
        self.body(Some(at))
    }
}
