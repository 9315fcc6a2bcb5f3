//! Recorded deliveries, sent as they were.

use axum::http::StatusCode;
use interlock::domain::alert::{AlertStatus, Severity, TRUNCATED};
use interlock::ingress::{Mapping, parse_alertmanager, parse_pagerduty};

use crate::world::{Mood, Recorded, TOKEN, usual, with};

const TO_ALERTMANAGER: &str = "/webhooks/alertmanager";
const TO_PAGERDUTY: &str = "/webhooks/pagerduty";

#[tokio::test]
async fn every_recorded_alertmanager_delivery_is_stored_alert_by_alert() {
    let bearer = format!("Bearer {TOKEN}");
    for recorded in Recorded::all("alertmanager", "am0") {
        if recorded.name.contains("_16_") || recorded.name.contains("_22_") {
            continue;
        }
        let world = usual();
        let answer = world
            .send(recorded.to(TO_ALERTMANAGER, &[("Authorization", &bearer)]))
            .await;
        assert_eq!(
            answer.status,
            StatusCode::OK,
            "{}: {}",
            recorded.name,
            answer.text
        );
        let sent = recorded.json();
        let got = world.alerts();
        let wanted = sent["alerts"].as_array().unwrap();
        assert_eq!(got.len(), wanted.len(), "{}", recorded.name);
        for (got, wanted) in got.iter().zip(wanted) {
            assert_eq!(
                got.fingerprint.as_str(),
                wanted["fingerprint"],
                "{}",
                recorded.name
            );
            assert_eq!(
                serde_json::to_value(&got.labels).unwrap(),
                wanted["labels"],
                "{}",
                recorded.name
            );
            assert_eq!(
                got.status == AlertStatus::Resolved,
                wanted["status"] == "resolved"
            );
            assert_eq!(
                got.status == AlertStatus::Resolved,
                got.ends_at.is_some(),
                "{}",
                recorded.name
            );
            assert!(
                got.starts_at.is_some() && got.group.is_some(),
                "{}",
                recorded.name
            );
        }
    }
}

#[test]
fn one_alert_reads_like_this() {
    let recorded = Recorded::read("alertmanager", "am0.33.1_01_single_firing.json");
    let alerts = parse_alertmanager(recorded.body.as_bytes(), &Mapping::default()).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&alerts[0]).unwrap(), @r#"
    {
      "source": "alertmanager",
      "episode": "7825393b2873614a@2026-11-20T22:26:15.451Z",
      "fingerprint": "7825393b2873614a",
      "group": "single {}/{scenario=\"single\"}:{alertname=\"CheckoutHighErrorRate\"}",
      "status": "firing",
      "name": "CheckoutHighErrorRate",
      "title": "Checkout error ratio is 12.34%",
      "description": "More than 5 % of checkout requests fail — région eu-west-1 <script> & \"quoted\" µs.",
      "severity": "critical",
      "severity_word": "page",
      "service": "checkout",
      "labels": {
        "alertname": "CheckoutHighErrorRate",
        "cluster": "lab-eu-1",
        "instance": "127.0.0.1:19900",
        "job": "synthetic",
        "namespace": "shop",
        "prometheus": "monitoring/k8s",
        "region": "eu-west-1",
        "scenario": "single",
        "service": "checkout",
        "severity": "page",
        "team": "payments"
      },
      "annotations": {
        "dashboard_url": "https://grafana.example.test/d/checkout?var-region=eu-west-1",
        "description": "More than 5 % of checkout requests fail — région eu-west-1 <script> & \"quoted\" µs.",
        "runbook_url": "https://runbooks.example.test/checkout/high-error-rate",
        "summary": "Checkout error ratio is 12.34%"
      },
      "links": [
        {
          "title": "Runbook page",
          "url": "https://runbooks.example.test/checkout/high-error-rate"
        },
        {
          "title": "Dashboard",
          "url": "https://grafana.example.test/d/checkout?var-region=eu-west-1"
        },
        {
          "title": "Source",
          "url": "http://prometheus.example.test:9090/graph?g0.expr=checkout_error_ratio+%3E+0.05&g0.tab=1"
        }
      ],
      "starts_at": "2026-11-20T22:26:15.451Z",
      "told": {
        "voice": ""
      }
    }
    "#);
}

#[test]
fn a_repeat_is_the_same_episode_and_firing_again_is_another() {
    for version in ["0.25.0", "0.28.1", "0.33.1"] {
        let read = |name: &str| {
            let recorded = Recorded::read("alertmanager", &format!("am{version}_{name}.json"));
            parse_alertmanager(recorded.body.as_bytes(), &Mapping::default()).unwrap()
        };
        let (fired, resolved) = (read("01_single_firing"), read("02_single_resolved"));
        let again = read("03_single_refiring_new_startsAt");
        assert_eq!(fired[0].episode, resolved[0].episode, "{version}");
        assert_eq!(fired[0].fingerprint, again[0].fingerprint, "{version}");
        assert_ne!(fired[0].episode, again[0].episode, "{version}");
        assert_eq!(fired[0].group, again[0].group, "{version}");
        let (first, second) = (read("09_repeat_first"), read("10_repeat_second"));
        assert_eq!(first, second, "{version}");
    }
}

#[test]
fn both_members_of_a_pair_tell_of_one_alert() {
    let read = |name| {
        let body = Recorded::read("alertmanager", name).body;
        parse_alertmanager(body.as_bytes(), &Mapping::default())
            .unwrap()
            .remove(0)
    };
    let (a, b) = (read("ha_duplicate_a.json"), read("ha_duplicate_b.json"));
    assert_eq!((a.fingerprint, a.group), (b.fingerprint, b.group));

    let body = Recorded::read("alertmanager", "ha_duplicate_a.json").body;
    let other = body.replace("http://vm:19393", "http://vm:19394");
    assert_ne!(body, other);
    let parse = |body: &str| parse_alertmanager(body.as_bytes(), &Mapping::default()).unwrap();
    assert_eq!(parse(&body), parse(&other));
}

#[test]
fn alerts_say_that_others_of_their_group_were_left_out() {
    let recorded = Recorded::read("alertmanager", "am0.33.1_07_group12_max_alerts_5.json");
    let alerts = parse_alertmanager(recorded.body.as_bytes(), &Mapping::default()).unwrap();
    assert_eq!(alerts.len(), 5);
    assert!(alerts.iter().all(|alert| alert.annotations[TRUNCATED] == "7"));
}

#[test]
fn huge_labels_are_cut_and_counted() {
    let labels: serde_json::Map<String, serde_json::Value> = (0..200)
        .map(|n| (format!("label{n:03}"), "x".repeat(10_000).into()))
        .collect();
    let body = serde_json::json!({"version": "4", "groupKey": "g", "receiver": "r",
        "alerts": [{"status": "firing", "labels": labels, "annotations": {}, "startsAt": "not a time", "fingerprint": "f"}]});
    let alerts = parse_alertmanager(body.to_string().as_bytes(), &Mapping::default()).unwrap();
    assert_eq!(alerts[0].labels.len(), 65);
    assert_eq!(alerts[0].labels["interlock_left_out"], "136");
    assert!(alerts[0].labels["label000"].ends_with("… [cut]"));
    assert!(alerts[0].labels.values().all(|value| value.len() < 4_200));
    assert_eq!(
        alerts[0].starts_at, None,
        "a time that can't be read loses no alert"
    );
    assert_eq!(alerts[0].annotations["interlock_unread_start"], "not a time");
}

#[tokio::test]
async fn the_teams_own_words_for_severity_and_service_are_asked_first() {
    let world = with(
        r#"
        [webhooks]
        allow_unauthenticated = true
        service_labels = ["team"]
        [webhooks.severity]
        PAGE = "low"
        "#,
        Mood::Stores,
    );
    let recorded = Recorded::read("alertmanager", "am0.33.1_01_single_firing.json");
    assert_eq!(
        world.send(recorded.to(TO_ALERTMANAGER, &[])).await.status,
        StatusCode::OK
    );
    let alert = world.alerts().remove(0);
    assert_eq!(
        (alert.severity, alert.severity_word.as_str()),
        (Severity::Low, "page")
    );
    assert_eq!(alert.service.unwrap().as_str(), "payments");
}

#[tokio::test]
async fn every_recorded_pagerduty_event_is_taken_as_what_it_is() {
    let mut told = Vec::new();
    for recorded in Recorded::all("pagerduty", "webhook_v3_") {
        let world = usual();
        let answer = world.send(recorded.to(TO_PAGERDUTY, &[])).await;
        let alerts: Vec<String> = world
            .alerts()
            .iter()
            .map(|alert| {
                format!(
                    "{:?} {} {} {}",
                    alert.status, alert.episode, alert.severity, alert.name
                )
            })
            .collect();
        let key = world
            .deliveries()
            .first()
            .and_then(|delivery| delivery.delivery_key.clone());
        let name = recorded
            .name
            .trim_start_matches("webhook_v3_")
            .trim_end_matches(".json")
            .to_owned();
        told.push(format!(
            "{name}: {} {} {}",
            answer.status.as_u16(),
            key.map_or("-".to_owned(), |key| key.to_string()),
            alerts.join("; ")
        ));
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    bad_signature: 401 - 
    incident_acknowledged: 200 pagerduty/01ABCDEFGHIJKLMNOPQRSTUV01 Acknowledged Q1ABCDEFGHIJKL critical CheckoutHighErrorRate checkout (eu-west-1 critical)
    incident_annotated: 200 - 
    incident_delegated: 200 pagerduty/01ABCDEFGHIJKLMNOPQRSTUV05 Unacknowledged Q1ABCDEFGHIJKL critical CheckoutHighErrorRate checkout (eu-west-1 critical)
    incident_escalated: 200 pagerduty/01ABCDEFGHIJKLMNOPQRSTUV03 Unacknowledged Q1ABCDEFGHIJKL critical CheckoutHighErrorRate checkout (eu-west-1 critical)
    incident_priority_updated: 200 - 
    incident_reassigned: 200 pagerduty/01ABCDEFGHIJKLMNOPQRSTUV04 Unacknowledged Q1ABCDEFGHIJKL critical CheckoutHighErrorRate checkout (eu-west-1 critical)
    incident_reopened: 200 pagerduty/01ABCDEFGHIJKLMNOPQRSTUV08 Reopened Q1ABCDEFGHIJKL critical CheckoutHighErrorRate checkout (eu-west-1 critical)
    incident_resolved: 200 pagerduty/01ABCDEFGHIJKLMNOPQRSTUV07 Resolved Q1ABCDEFGHIJKL critical CheckoutHighErrorRate checkout (eu-west-1 critical)
    incident_responder_added: 200 - 
    incident_status_update_published: 200 - 
    incident_triggered: 200 pagerduty/01ABCDEFGHIJKLMNOPQRSTUV00 Firing Q1ABCDEFGHIJKL critical CheckoutHighErrorRate checkout (eu-west-1 critical)
    incident_unacknowledged: 200 pagerduty/01ABCDEFGHIJKLMNOPQRSTUV02 Unacknowledged Q1ABCDEFGHIJKL critical CheckoutHighErrorRate checkout (eu-west-1 critical)
    pagey_ping: 200 - 
    rotation_two_signatures: 200 pagerduty/01ABCDEFGHIJKLMNOPQRSTUV21 Firing Q1ABCDEFGHIJKL critical CheckoutHighErrorRate checkout (eu-west-1 critical)
    service_updated: 200 - 
    unknown_signature_version: 200 pagerduty/01ABCDEFGHIJKLMNOPQRSTUV22 Firing Q1ABCDEFGHIJKL critical CheckoutHighErrorRate checkout (eu-west-1 critical)
    "#);
}

#[test]
fn one_pagerduty_incident_reads_like_this() {
    let recorded = Recorded::read("pagerduty", "webhook_v3_incident_triggered.json");
    let alerts = parse_pagerduty(recorded.body.as_bytes(), &Mapping::default()).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&alerts[0]).unwrap(), @r#"
    {
      "source": "pagerduty",
      "episode": "Q1ABCDEFGHIJKL",
      "fingerprint": "PSVC001/00a9c40f2a9a4435e24e8c47ff033d7dfef6ca1fccd74beb8d6d372c91ede761",
      "group": "Q1ABCDEFGHIJKL",
      "status": "firing",
      "name": "CheckoutHighErrorRate checkout (eu-west-1 critical)",
      "title": "[FIRING:1] CheckoutHighErrorRate checkout (eu-west-1 critical)",
      "severity": "critical",
      "severity_word": "P1",
      "service": "checkout",
      "labels": {
        "escalation_policy": "Payments",
        "priority": "P1",
        "service": "checkout",
        "urgency": "high"
      },
      "annotations": {
        "pagerduty_event": "incident.triggered",
        "pagerduty_number": "1234"
      },
      "links": [
        {
          "title": "PagerDuty",
          "url": "https://acme.pagerduty.com/incidents/Q1ABCDEFGHIJKL"
        }
      ],
      "starts_at": "2026-11-20T22:26:18Z",
      "source_ref": "Q1ABCDEFGHIJKL",
      "dedup_key": "00a9c40f2a9a4435e24e8c47ff033d7dfef6ca1fccd74beb8d6d372c91ede761"
    }
    "#);
}

#[test]
fn what_interlock_did_at_the_pager_opens_nothing() {
    let body = Recorded::read("pagerduty", "webhook_v3_incident_acknowledged.json").body;
    let read = |body: String| {
        parse_pagerduty(body.as_bytes(), &Mapping::default())
            .unwrap()
            .len()
    };
    assert_eq!(read(body.clone()), 1);
    let key = "00a9c40f2a9a4435e24e8c47ff033d7dfef6ca1fccd74beb8d6d372c91ede761";
    let ours = body.replace(key, "interlock/INC-42");
    assert_eq!(
        read(ours.replace("incident.acknowledged", "incident.triggered")),
        0
    );
    assert_eq!(
        read(ours.replace("incident.acknowledged", "incident.resolved")),
        0
    );
    // What our own event did there has no person behind it; who comes for our page has.
    assert_eq!(
        read(ours.replace("user_reference", "inbound_integration_reference")),
        0
    );
    let came = parse_pagerduty(ours.as_bytes(), &Mapping::default()).unwrap();
    assert_eq!(came[0].status, AlertStatus::Acknowledged);
    assert_eq!(came[0].told.by.as_deref(), Some("Ana Okafor"));
    assert_eq!(
        read(body.replace(
            "\"client\":{\"name\":\"PagerDuty\"}",
            "\"client\":{\"name\":\"Interlock\"}"
        )),
        0
    );
}

#[tokio::test]
async fn the_deeds_of_our_own_pagerduty_user_are_ignored() {
    let world = with(
        "[webhooks]\nallow_unauthenticated = true\n[pagerduty]\nown_user_id = \"PUSR001\"",
        Mood::Stores,
    );
    let recorded = Recorded::read("pagerduty", "webhook_v3_incident_resolved.json");
    assert_eq!(
        world.send(recorded.to(TO_PAGERDUTY, &[])).await.status,
        StatusCode::OK
    );
    assert!(world.alerts().is_empty());
}
