//! The model's rules about keys and re-opening.

use super::*;
use serde_json::json;

fn model() -> Model {
    let person = |id: &str| Person {
        id: id.into(),
        name: id.to_lowercase(),
        email: format!("{id}@example.test"),
    };
    let service = |id: &str| Service {
        id: id.into(),
        name: id.into(),
        routing_key: id.repeat(4),
    };
    Model::new(
        vec![person("PUSR001"), person("PUSR002")],
        vec![service("PSVC001"), service("PSVC002")],
    )
}

fn event() -> Value {
    json!({"payload": {"summary": "redis is slow", "source": "r", "severity": "critical"}})
}

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

#[test]
fn a_key_opens_one_incident_until_it_is_resolved() {
    let mut m = model();
    assert!(matches!(
        m.trigger("PSVC001", "k", event(), NOW),
        Some(Change::Triggered(_))
    ));
    assert_eq!(m.trigger("PSVC001", "k", event(), NOW), None);
    assert_eq!(
        (m.incidents.len(), m.incidents[0].alerts.len(), m.pages.len()),
        (1, 2, 1)
    );
    assert_eq!(
        m.event_status("PSVC002", "k", Status::Resolved, NOW),
        None,
        "another service's key does not match"
    );
    assert!(matches!(
        m.event_status("PSVC001", "k", Status::Resolved, NOW),
        Some(Change::Resolved(..))
    ));
    assert_eq!(
        m.event_status("PSVC001", "k", Status::Acknowledged, NOW),
        None,
        "nothing is open any more"
    );
    assert!(matches!(
        m.trigger("PSVC001", "k", event(), NOW),
        Some(Change::Triggered(_))
    ));
    assert_eq!(m.incidents.len(), 2);
    assert_ne!(m.incidents[0].number, m.incidents[1].number);
}

#[test]
fn reopening_pages_again_and_takes_its_key_back() {
    let mut m = model();
    m.trigger("PSVC001", "k", event(), NOW);
    let id = m.incidents[0].id.clone();
    let by = || Agent::Person("PUSR001".into());
    m.set_status(&id, Status::Resolved, Some("restarted".into()), by(), NOW);
    assert!(matches!(
        m.set_status(&id, Status::Triggered, None, by(), NOW),
        Some(Change::Reopened(..))
    ));
    assert_eq!(m.pages.len(), 2);
    assert_eq!(m.trigger("PSVC001", "k", event(), NOW), None);
    assert_eq!(m.incidents.len(), 1);
}
