//! An alert as Interlock understands it, whoever sent it. `ingress` has one parser a source that makes these;
//! `ingress` also redacts before anything is stored.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ids::{EpisodeKey, Fingerprint, GroupKey, Service, Source};

/// The annotation that keeps a start which is no time, as its sender wrote it: the alert counts from when it came, and its
/// card says so.
pub const UNREAD_START: &str = "interlock_unread_start";

/// The annotation that says how many alerts of its group the sender left out (Alertmanager's `max_alerts`): what became of those
/// nobody says.
pub const TRUNCATED: &str = "interlock_truncated_alerts";

/// A start that lies further back is none: a sender's clock or a default value, and nothing that anybody would call a beginning.
const OLDEST_START: SignedDuration = SignedDuration::from_hours(24 * 30);

/// How bad the sender says it is. `Unknown` is a word that no mapping knows: never dropped, never matched. In the order of how
/// soon they call: what is unknown calls as what is high does, so nothing that is known to be less counts as worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Low,
    Medium,
    Unknown,
    High,
    Critical,
}

impl Severity {
    /// The default mapping of words met in the field (`reference`: labels of Prometheus rules, PagerDuty urgency and
    /// priority, Opsgenie P1 to P5, Azure Sev0 to Sev4). A configured mapping is asked before this one.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word.trim().to_ascii_lowercase().as_str() {
            "critical" | "crit" | "page" | "fatal" | "emergency" | "disaster" | "p1" | "p0" | "sev0"
            | "sev1" | "sev-0" | "sev-1" => Self::Critical,
            "high" | "error" | "err" | "major" | "p2" | "sev2" | "sev-2" => Self::High,
            "medium" | "warning" | "warn" | "minor" | "average" | "moderate" | "p3" | "sev3" | "sev-3" => {
                Self::Medium
            }
            "low" | "info" | "informational" | "information" | "notice" | "none" | "p4" | "p5" | "sev4"
            | "sev-4" | "sev5" => Self::Low,
            _ => Self::Unknown,
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertStatus {
    Firing,
    /// The source says that an episode which had resolved is back, under the same key.
    Reopened,
    Resolved,
    /// Somebody took it at the source; nothing to open, nothing to close.
    Acknowledged,
    /// Nobody has it at the source any more, and it fires on.
    Unacknowledged,
}

/// What a delivery says beside what the alert is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    /// Who did what it tells of, as the source calls them: the words of a stranger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When that was, by the source's clock; of an alert that fires, until when that holds if it isn't said again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Which of a pair says so, where the fingerprint is that of the labels, so that it is one alert whoever says it. Empty where
    /// that isn't told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// The key that the episode has with the labels that tell a pair apart, where it has any: it is under that one where it was heard
    /// of before such a label was known as one. Looked up and never kept.
    #[serde(skip)]
    pub whole: Option<EpisodeKey>,
}

impl Told {
    /// Who did it, and when.
    #[must_use]
    pub fn by(by: Option<String>, at: Option<Timestamp>) -> Self {
        Self {
            by,
            at,
            ..Self::default()
        }
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A labelled address the sender gave; shown, never fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub title: String,
    pub url: String,
}

/// One alert of one delivery, normalised and redacted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    pub source: Source,
    pub episode: EpisodeKey,
    pub fingerprint: Fingerprint,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupKey>,
    pub status: AlertStatus,
    /// Rule name: `RedisConnectionTimeout`.
    pub name: String,
    /// One line for people.
    pub title: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    pub severity: Severity,
    /// The sender's own word for it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub severity_word: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// What the source wants back to resolve it: a PagerDuty incident id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ref: Option<String>,
    /// The `dedup_key` under which a pager holds it; ours is recognised by it and opens nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedup_key: Option<String>,
    #[serde(default, skip_serializing_if = "Told::is_empty")]
    pub told: Told,
}

impl Alert {
    /// The same, as one that fires.
    #[must_use]
    pub fn firing(mut self) -> Self {
        self.status = AlertStatus::Firing;
        self.told = Told::default();
        self
    }

    /// When it began: its sender's own start where that can be, else when it was heard of. A start that lies ahead is the sender's
    /// clock.
    #[must_use]
    pub fn began_at(&self, heard: Timestamp) -> Timestamp {
        let can_be = |start: &Timestamp| *start <= heard && heard.duration_since(*start) <= OLDEST_START;
        self.starts_at.filter(can_be).unwrap_or(heard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_began_when_its_sender_says_unless_that_cannot_be() {
        let heard: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
        let of = |start: Option<&str>| {
            let alert: Alert = serde_json::from_value(serde_json::json!({
                "source": "alertmanager", "episode": "e", "fingerprint": "f", "status": "firing", "name": "n",
                "title": "t", "severity": "high", "starts_at": start,
            }))
            .unwrap();
            alert.began_at(heard).to_string()
        };
        assert_eq!(of(Some("2026-03-02T09:35:00Z")), "2026-03-02T09:35:00Z");
        assert_eq!(of(Some("2026-02-27T10:00:00Z")), "2026-02-27T10:00:00Z");
        for none in [
            None,
            Some("2026-03-02T10:00:01Z"),
            Some("0001-01-01T00:00:00Z"),
            Some("2025-03-02T10:00:00Z"),
        ] {
            assert_eq!(of(none), "2026-03-02T10:00:00Z");
        }
    }
}
