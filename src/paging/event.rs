//! Events of PagerDuty's Events API v2, kept inside its limits by cutting, never by failing: a page with less text is
//! better than none. Limits: <https://developer.pagerduty.com/docs/events-api-v2/trigger-events/>.

use std::fmt;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::config::Secret;
use crate::domain::alert::{Link, Severity};
use crate::domain::ids::IncidentId;

/// How every `dedup_key` of ours begins, so that a webhook about it is recognised and opens nothing here.
pub const DEDUP_PREFIX: &str = "interlock/";
/// The `client` named in events.
const CLIENT: &str = "Interlock";
/// Characters.
const MAX_SUMMARY: usize = 1024;
/// Bytes of a whole event; the API takes 512 KB.
const MAX_EVENT: usize = 512 * 1000;
/// Bytes of `source`, `component`, `group`, `class`.
const MAX_FIELD: usize = 255;
const MAX_LINKS: usize = 20;
const MARK: &str = "… [cut]";

/// What a page is about; what is told again about the same is one incident at the pager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    Incident(IncidentId),
    /// Interlock's own journal can't be written.
    Journal,
    /// Interlock's own database is an older copy.
    OlderCopy,
    /// Interlock can't start.
    Start,
}

impl From<IncidentId> for About {
    fn from(incident: IncidentId) -> Self {
        Self::Incident(incident)
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incident(incident) => write!(f, "{incident}"),
            Self::Journal => f.write_str("journal"),
            Self::OlderCopy => f.write_str("older-copy"),
            Self::Start => f.write_str("start"),
        }
    }
}

/// Why a human is wanted, with all that this person needs. Texts may have any length; what doesn't fit is cut and marked.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    pub about: About,
    /// How many pages about it were taken before for less. A pager rings nobody for more of what somebody has acknowledged,
    /// so each has a key of its own.
    pub before: usize,
    /// One line: what is broken and why Interlock asks.
    pub summary: String,
    /// What is affected: the service, or the cluster.
    pub source: String,
    pub severity: Severity,
    pub component: Option<String>,
    /// Environment or cluster.
    pub group: Option<String>,
    /// Rule name of the alert.
    pub class: Option<String>,
    pub at: Timestamp,
    /// The handoff packet: the alert, what was tried, evidence, what is safe to try next.
    pub details: Value,
    pub links: Vec<Link>,
    /// The incident's thread.
    pub thread_url: Option<String>,
}

/// The key under which an incident is held at the pager, the same however often it is told, and another one for an
/// incident of the same number in another database.
#[must_use]
pub(super) fn dedup_key(database: &str, about: About, before: usize) -> String {
    let key = match database {
        "" => format!("{DEDUP_PREFIX}{about}"),
        database => format!("{DEDUP_PREFIX}{database}/{about}"),
    };
    match before {
        0 => key,
        before => format!("{key}/{}", before.saturating_add(1)),
    }
}

/// An `acknowledge` and a `resolve` need no payload.
pub(super) fn follow_up(routing_key: &Secret, action: &str, dedup_key: &str) -> Value {
    json!({"routing_key": routing_key.expose(), "event_action": action, "dedup_key": dedup_key})
}

/// A trigger that fits.
pub(super) fn trigger(routing_key: &Secret, key: &str, page: &Page) -> Value {
    let event = |details| event(routing_key, key, page, details);
    let whole = event(page.details.clone());
    if size(&whole) <= MAX_EVENT {
        return whole;
    }
    // Long texts give way first, then long lists; the last resort says where to look instead.
    for (longest, most) in [
        (32_768, 1_000),
        (8_192, 200),
        (2_048, 100),
        (512, 50),
        (128, 20),
        (64, 10),
    ] {
        let cut = event(shortened(&page.details, longest, most));
        if size(&cut) <= MAX_EVENT {
            return cut;
        }
    }
    event(json!({"cut": "the handoff is too large for the pager: read it in the incident's thread"}))
}

fn event(routing_key: &Secret, key: &str, page: &Page, details: Value) -> Value {
    let mut payload = json!({
        "summary": characters(&one_line(&page.summary, &page.about), MAX_SUMMARY),
        "source": bytes(&one_line(&page.source, &CLIENT), MAX_FIELD),
        "severity": severity(page.severity),
        "timestamp": page.at.to_string(),
        "custom_details": details,
    });
    for (name, value) in [
        ("component", &page.component),
        ("group", &page.group),
        ("class", &page.class),
    ] {
        if let Some(value) = value {
            payload[name] = json!(bytes(value, MAX_FIELD));
        }
    }
    let links: Vec<Value> = page
        .links
        .iter()
        .filter(|link| link.url.len() <= 2_048)
        .take(MAX_LINKS)
        .map(|link| json!({"href": link.url, "text": bytes(&link.title, MAX_FIELD)}))
        .collect();
    let mut event = json!({
        "routing_key": routing_key.expose(),
        "event_action": "trigger",
        "dedup_key": key,
        "client": CLIENT,
        "payload": payload,
        "links": links,
    });
    if let Some(url) = page.thread_url.as_ref().filter(|url| url.len() <= 2_048) {
        event["client_url"] = json!(url);
    }
    event
}

/// The API's four words. What no mapping knows is not taken lightly.
fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High | Severity::Unknown => "error",
        Severity::Medium => "warning",
        Severity::Low => "info",
    }
}

fn size(event: &Value) -> usize {
    event.to_string().len()
}

fn one_line(text: &str, instead: &dyn std::fmt::Display) -> String {
    let line = text
        .split(|c: char| c.is_control())
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let line = line.collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        instead.to_string()
    } else {
        line
    }
}

fn characters(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - MARK.chars().count()).collect();
    kept + MARK
}

fn bytes(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(MARK.len());
    let end = (0..=room)
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(0);
    format!("{}{MARK}", &text[..end])
}

/// Depth is bounded by what serde_json reads and by what we build.
fn shortened(value: &Value, longest: usize, most: usize) -> Value {
    match value {
        Value::String(text) => json!(bytes(text, longest)),
        Value::Array(items) => {
            let mut kept: Vec<Value> = items
                .iter()
                .take(most)
                .map(|item| shortened(item, longest, most))
                .collect();
            if items.len() > most {
                kept.push(json!(format!("{} more{MARK}", items.len() - most)));
            }
            Value::Array(kept)
        }
        Value::Object(fields) => {
            let mut kept: serde_json::Map<String, Value> = fields
                .iter()
                .take(most)
                .map(|(name, field)| (bytes(name, MAX_FIELD), shortened(field, longest, most)))
                .collect();
            if fields.len() > most {
                kept.insert(
                    "cut".to_owned(),
                    json!(format!("{} more{MARK}", fields.len() - most)),
                );
            }
            Value::Object(kept)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(details: Value) -> Page {
        Page {
            about: IncidentId(42).into(),
            before: 0,
            summary: "redis-primary times out: a step failed twice".to_owned(),
            source: "api-gateway".to_owned(),
            severity: Severity::Critical,
            component: None,
            group: Some("production".to_owned()),
            class: Some("RedisConnectionTimeout".to_owned()),
            at: "2026-11-21T02:30:00Z".parse().unwrap(),
            details,
            links: vec![Link {
                title: "Thread".to_owned(),
                url: "https://example.slack.com/archives/C1/p1".to_owned(),
            }],
            thread_url: None,
        }
    }

    fn key() -> Secret {
        Secret::new("R0UT1NGKEY0000000000000000000000").unwrap()
    }

    #[test]
    fn the_same_number_in_another_database_is_another_page() {
        let one = dedup_key("7f3a9c2e41d05b6a", IncidentId(42).into(), 0);
        assert_eq!(one, "interlock/7f3a9c2e41d05b6a/INC-42");
        assert_ne!(one, dedup_key("00112233445566ff", IncidentId(42).into(), 0));
    }

    #[test]
    fn a_page_carries_the_handoff_under_a_stable_key() {
        let event = trigger(
            &key(),
            "interlock/INC-42",
            &page(json!({"tried": ["step 1: failed"]})),
        );
        insta::assert_snapshot!(serde_json::to_string_pretty(&event).unwrap(), @r#"
    {
      "client": "Interlock",
      "dedup_key": "interlock/INC-42",
      "event_action": "trigger",
      "links": [
        {
          "href": "https://example.slack.com/archives/C1/p1",
          "text": "Thread"
        }
      ],
      "payload": {
        "class": "RedisConnectionTimeout",
        "custom_details": {
          "tried": [
            "step 1: failed"
          ]
        },
        "group": "production",
        "severity": "critical",
        "source": "api-gateway",
        "summary": "redis-primary times out: a step failed twice",
        "timestamp": "2026-11-21T02:30:00Z"
      },
      "routing_key": "R0UT1NGKEY0000000000000000000000"
    }
    "#);
        assert_eq!(
            follow_up(&key(), "resolve", &dedup_key("", IncidentId(42).into(), 0))["dedup_key"],
            event["dedup_key"]
        );
    }

    #[test]
    fn texts_over_the_limits_are_cut_and_say_so() {
        let long = Page {
            summary: "ü\n".repeat(5_000),
            source: " \n".to_owned(),
            class: Some("x".repeat(999)),
            ..page(json!({}))
        };
        let event = trigger(&key(), "interlock/INC-42", &long);
        let summary = event["payload"]["summary"].as_str().unwrap();
        assert_eq!(summary.chars().count(), MAX_SUMMARY);
        assert!(summary.ends_with(MARK) && !summary.contains('\n'));
        assert_eq!(event["payload"]["source"], "Interlock");
        assert_eq!(event["payload"]["class"].as_str().unwrap().len(), MAX_FIELD);
    }

    #[test]
    fn a_handoff_of_any_size_still_pages() {
        let texts = json!({"alert": "RedisDown", "log": "x".repeat(600_000)});
        let many: Vec<Value> = (0..30_000)
            .map(|n| json!({"line": n, "text": "\"quoted\""}))
            .collect();
        let wide: serde_json::Map<String, Value> =
            (0..40_000).map(|n| (format!("key{n}"), json!("value"))).collect();
        let nested = json!(
            (0..600)
                .map(|_| (0..600).map(|_| 1).collect::<Vec<_>>())
                .collect::<Vec<_>>()
        );
        for details in [texts.clone(), json!(many), Value::Object(wide), nested] {
            let event = trigger(&key(), "interlock/INC-42", &page(details));
            assert!(size(&event) <= MAX_EVENT);
            assert!(event["payload"]["custom_details"].to_string().contains("[cut]"));
        }
        let event = trigger(&key(), "interlock/INC-42", &page(texts));
        assert_eq!(
            event["payload"]["custom_details"]["alert"], "RedisDown",
            "short texts stay whole"
        );
    }
}
