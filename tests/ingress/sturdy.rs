//! Bodies with more, less or other things in them than was expected.

use axum::http::StatusCode;
use interlock::config::SourceKind;
use interlock::domain::alert::{Alert, AlertStatus};
use serde_json::Value;

use crate::sources::open;
use crate::world::Recorded;

/// A delivery with changes in its body, taken without secrets; the alerts and the answer.
async fn changed(folder: &str, name: &str, path: &str, change: impl Fn(&mut Value)) -> (Vec<Alert>, String) {
    let recorded = Recorded::read(folder, name);
    let mut body = recorded.json();
    change(&mut body);
    let world = open();
    let headers: Vec<(&str, &str)> = recorded
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"))
        .collect();
    let answer = world.post(path, &headers, body.to_string()).await;
    (
        world.alerts(),
        format!("{} {}", answer.status.as_u16(), answer.text),
    )
}

/// The first delivery of each, its end, and a repeat: one episode.
#[tokio::test]
async fn a_repeat_and_the_end_are_of_the_same_episode() {
    for (folder, path, first, end) in [
        ("grafana", "grafana", "webhook_firing", "webhook_resolved"),
        ("opsgenie", "opsgenie", "webhook_create", "webhook_close"),
        ("datadog", "datadog", "webhook_triggered", "webhook_recovered"),
        ("datadog", "datadog", "webhook_re_triggered", "webhook_recovered"),
        (
            "sentry",
            "sentry",
            "metric_alert_critical",
            "metric_alert_resolved",
        ),
        ("sentry", "sentry", "event_alert_triggered", "issue_resolved"),
        ("gcp_monitoring", "gcp", "webhook_open", "webhook_closed"),
        (
            "azure_monitor",
            "azure",
            "common_metric_fired",
            "common_metric_resolved",
        ),
        (
            "incidentio",
            "incident_io",
            "webhook_incident_created_v2",
            "webhook_status_updated_v2",
        ),
        ("zabbix", "zabbix", "webhook_problem", "webhook_recovery"),
        ("uptime_kuma", "uptime_kuma", "webhook_down", "webhook_up"),
        (
            "better_stack",
            "better_stack",
            "webhook_started",
            "webhook_resolved",
        ),
        (
            "generic",
            "generic",
            "runbook_bot_v1_firing",
            "runbook_bot_v1_resolved",
        ),
    ] {
        let world = open();
        for name in [first, first, end] {
            let recorded = Recorded::read(folder, &format!("{name}.json"));
            world.send(recorded.to(&format!("/webhooks/{path}"), &[])).await;
        }
        let alerts = world.alerts();
        let statuses: Vec<AlertStatus> = alerts.iter().map(|alert| alert.status).collect();
        assert_eq!(
            statuses,
            [AlertStatus::Firing, AlertStatus::Firing, AlertStatus::Resolved],
            "{path}"
        );
        assert!(
            alerts.iter().all(|alert| alert.episode == alerts[0].episode),
            "{path}: {alerts:#?}"
        );
        assert_eq!(alerts[0], alerts[1], "{path}");
        let keys: Vec<_> = world
            .deliveries()
            .into_iter()
            .map(|delivery| delivery.delivery_key)
            .collect();
        assert_eq!(keys[0], keys[1], "{path}");
        if keys[0].is_some() {
            assert_ne!(keys[1], keys[2], "{path}: the end is another delivery");
        }
    }
}

#[tokio::test]
async fn unknown_keys_change_nothing() {
    for (folder, name, path) in ONE_OF_EACH {
        let (plain, _) = changed(folder, name, path, |_| {}).await;
        let (more, answer) = changed(folder, name, path, |body| {
            more_keys(body);
        })
        .await;
        assert_eq!(plain.len(), 1, "{path}: {answer}");
        assert_eq!(plain[0].episode, more[0].episode, "{path}");
        assert_eq!(plain[0].title, more[0].title, "{path}");
        assert_eq!(plain[0].starts_at, more[0].starts_at, "{path}");
    }
}

const ONE_OF_EACH: [(&str, &str, &str); 13] = [
    ("grafana", "webhook_firing.json", "/webhooks/grafana"),
    ("opsgenie", "webhook_create.json", "/webhooks/opsgenie"),
    ("opsgenie", "webhook_create.json", "/webhooks/jsm"),
    ("datadog", "webhook_triggered.json", "/webhooks/datadog"),
    ("sentry", "metric_alert_critical.json", "/webhooks/sentry"),
    ("gcp_monitoring", "webhook_open.json", "/webhooks/gcp"),
    ("azure_monitor", "common_metric_fired.json", "/webhooks/azure"),
    (
        "incidentio",
        "webhook_incident_created_v2.json",
        "/webhooks/incident_io",
    ),
    ("zabbix", "webhook_problem.json", "/webhooks/zabbix"),
    ("uptime_kuma", "webhook_down.json", "/webhooks/uptime_kuma"),
    ("better_stack", "webhook_started.json", "/webhooks/better_stack"),
    ("cloudevents", "structured.json", "/webhooks/cloudevents"),
    ("generic", "runbook_bot_v1_firing.json", "/webhooks/generic"),
];

/// A key more in every object but those whose keys are the sender's own.
fn more_keys(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields.iter_mut() {
                if !["labels", "annotations", "details", "customProperties"].contains(&name.as_str()) {
                    more_keys(inner);
                }
            }
            fields.insert(
                "a_key_of_next_year".to_owned(),
                serde_json::json!({"deep": [1, null, {"x": "y"}]}),
            );
        }
        Value::Array(items) => items.iter_mut().for_each(more_keys),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn nonsense_is_told_what_is_wrong_with_it() {
    let mut lines = Vec::new();
    for kind in SourceKind::ALL {
        let path = format!("/webhooks/{}", kind.name());
        for body in [
            "",
            "{\"a\": ",
            "[]",
            "{}",
            "null",
            "{\"alerts\": 5, \"data\": {}, \"incident\": [], \"alert\": \"s3cret\"}",
        ] {
            let world = open();
            let answer = world.post(&path, &[], body.to_owned()).await;
            assert!(world.alerts().is_empty());
            assert!(
                matches!(answer.status, StatusCode::BAD_REQUEST | StatusCode::OK),
                "{path} {body}: {}",
                answer.status
            );
            assert!(!answer.text.contains("s3cret"), "{}", answer.text);
            if body == "{}" {
                lines.push(format!("{}: {}", kind.name(), answer.text.trim_end()));
            }
        }
    }
    insta::assert_snapshot!(lines.join("\n"), @r#"
    alertmanager: this is JSON, but not Alertmanager's webhook, version 4 (`version` "4" and a list `alerts`): remove `payload` from the webhook_config if it is set
    prometheus: this is an object, but Prometheus posts a list: send Alertmanager's webhook to /webhooks/alertmanager
    pagerduty: `body` has no `event` (line 1, column 2): this endpoint takes PagerDuty's v3 webhook
    grafana: this is JSON, but not Grafana's webhook, version 1 (`version` "1", `orgId` and a list `alerts`): remove the custom payload from the contact point if it is set, or describe it under [webhooks.custom.NAME]
    opsgenie: `action` is missing, or not a text with something in it: this endpoint takes the outgoing webhook of Opsgenie or Jira Service Management
    jsm: `action` is missing, or not a text with something in it: this endpoint takes the outgoing webhook of Opsgenie or Jira Service Management
    datadog: `alert_id` is missing, or not the number of a monitor: this endpoint takes Datadog's webhook with the payload of Interlock's documents
    cloudwatch: `Type` is missing, or not a text with something in it: this endpoint takes a message of Amazon SNS
    sentry: `action` is missing, or not a text with something in it: this endpoint takes a webhook of Sentry's integration platform
    gcp: `incident` is missing, or not an object in { }: this endpoint takes the webhook of Google Cloud Monitoring
    azure: this is not Azure Monitor's common alert schema: open the action group, edit the webhook, and set "Enable the common alert schema" to yes
    incident_io: `event_type` is missing, or not a text with something in it: this endpoint takes incident.io's webhook
    zabbix: `event_id` is missing, or not a text with something in it: this endpoint takes what the media type of Interlock's documents posts
    uptime_kuma: `heartbeat` is missing, or not an object in { } or null: this endpoint takes the webhook of Uptime Kuma
    better_stack: `data.id` is missing, or not a text with something in it: this endpoint takes Better Stack's incident webhook
    cloudevents: `specversion` is missing, or not a text with something in it: this endpoint takes CloudEvents 1.0
    generic: `title` is missing, or not a text with something in it: this endpoint takes Interlock's own format, or what `map` describes
    "#);
}

#[tokio::test]
async fn deep_and_long_bodies_are_refused_in_time() {
    for kind in SourceKind::ALL {
        let path = format!("/webhooks/{}", kind.name());
        let world = open();
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        let answer = world.post(&path, &[], deep).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        let long = vec![b' '; 6 * 1024 * 1024];
        let answer = world.post(&path, &[], long).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        assert!(world.alerts().is_empty());
    }
}

#[tokio::test]
async fn every_text_is_cut_to_size_whoever_sends_it() {
    for (folder, name, path) in ONE_OF_EACH {
        let (alerts, answer) = changed(folder, name, path, |body| {
            lengthen(body);
        })
        .await;
        for alert in alerts {
            let size = serde_json::to_string(&alert).unwrap().len();
            assert!(size < 600_000, "{path}: {size} bytes");
            assert!(alert.title.chars().count() <= 201, "{path}: {answer}");
            assert!(alert.episode.as_str().len() <= 1_200, "{path}");
            assert!(alert.description.len() <= 4_200, "{path}");
        }
    }
}

fn lengthen(value: &mut Value) {
    match value {
        Value::String(text) if !text.starts_with("20") && text.len() > 12 && !text.contains("Schema") => {
            *text = format!("{text}{}", "x\u{7}".repeat(20_000));
        }
        Value::Object(fields) => fields.values_mut().for_each(lengthen),
        Value::Array(items) => items.iter_mut().for_each(lengthen),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn personal_data_of_sentry_is_not_kept() {
    let world = open();
    let recorded = Recorded::read("sentry", "event_alert_triggered.json");
    assert!(recorded.body.contains("203.0.113.9"));
    world.send(recorded.to("/webhooks/sentry", &[])).await;
    let kept = serde_json::to_string(&world.alerts()).unwrap();
    assert!(
        kept.contains("acquirer did not answer") && !kept.contains("203.0.113.9"),
        "{kept}"
    );
}
