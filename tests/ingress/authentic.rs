//! What each source's requests must prove: with its own signature or token they are taken, with a wrong one nothing is
//! stored.

use axum::http::StatusCode;

use crate::sources::THEN;
use crate::world::{Mood, Recorded, World, at};

/// Every source with its secret.
const SECRETS: &str = r#"
    [webhooks.prometheus]
    bearer_token = "plain-static-token"
    [webhooks.grafana]
    secret = "grafana-hmac-secret"
    [webhooks.opsgenie]
    header = "X-Runbook-Key"
    header_token = "opsgenie-static-token"
    [webhooks.jsm]
    header = "X-Runbook-Key"
    header_token = "opsgenie-static-token"
    [webhooks.datadog]
    bearer_token = "datadog-static-token"
    [webhooks.sentry]
    secret = ["sentry-client-secret-0000", "sentry-client-secret-0001"]
    [webhooks.gcp]
    basic = "gcp:secret"
    [webhooks.azure]
    url_token = "azure-static-token"
    [webhooks.incident_io]
    secret = "whsec_aW5jaWRlbnQtaW8tdGVzdC1zZWNyZXQtMzItYnl0ZXM="
    [webhooks.alertmanager]
    bearer_token = "plain-static-token"
    [webhooks.uptime_kuma]
    bearer_token = "plain-static-token"
    [webhooks.better_stack]
    bearer_token = "plain-static-token"
    [webhooks.cloudevents]
    bearer_token = "plain-static-token"
    [webhooks.zabbix]
    bearer_token = "zabbix-static-token"
    [webhooks.generic]
    bearer_token = "generic-static-token"
    secret = "generic-secret"
"#;

fn guarded() -> World {
    at(THEN, SECRETS, Mood::Stores, std::sync::Arc::default())
}

/// Each with the headers that its sender would set: signatures by other programs, tokens as configured.
#[tokio::test]
async fn what_is_authentic_is_taken_and_what_is_not_stores_nothing() {
    let taken = [
        ("grafana", "webhook_hmac.json", "/webhooks/grafana"),
        ("opsgenie", "webhook_create.json", "/webhooks/opsgenie"),
        ("opsgenie", "webhook_create.json", "/webhooks/jsm"),
        ("datadog", "webhook_triggered.json", "/webhooks/datadog"),
        ("sentry", "metric_alert_critical.json", "/webhooks/sentry"),
        ("gcp_monitoring", "webhook_open.json", "/webhooks/gcp"),
        (
            "azure_monitor",
            "common_metric_fired.json",
            "/webhooks/azure?token=azure-static-token",
        ),
        (
            "incidentio",
            "webhook_incident_created_v2.json",
            "/webhooks/incident_io",
        ),
        ("zabbix", "webhook_problem.json", "/webhooks/zabbix"),
        ("generic", "runbook_bot_v1_firing.json", "/webhooks/generic"),
    ];
    for (folder, name, path) in taken {
        let recorded = Recorded::read(folder, name);
        let world = guarded();
        let answer = world.send(recorded.to(path, &[])).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        assert_eq!(world.alerts().len(), 1, "{path}");

        // Without any header, and with each of the proofs a little wrong.
        let bare = path.split('?').next().unwrap();
        let answer = world.post(bare, &[], recorded.body.clone()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}: {}", answer.text);
        for (header, value) in &recorded.headers {
            let proves = ["signature", "authorization", "x-runbook-key"]
                .iter()
                .any(|word| header.to_ascii_lowercase().contains(word));
            if proves {
                let forged = format!("{}0", &value[..value.len() - 1]);
                let forged = if forged == *value {
                    format!("{}1", &value[..value.len() - 1])
                } else {
                    forged
                };
                let answer = world
                    .send(recorded.to(path, &[(header.as_str(), forged.as_str())]))
                    .await;
                let signs = header.to_ascii_lowercase().contains("signature");
                assert_eq!(
                    answer.status,
                    StatusCode::UNAUTHORIZED,
                    "{path} {header}: {}",
                    answer.text
                );
                if signs {
                    let other = recorded.body.replace("2026", "2027");
                    assert_ne!(other, recorded.body);
                    let answer = world
                        .send(
                            Recorded {
                                body: other,
                                ..Recorded::read(folder, name)
                            }
                            .to(path, &[]),
                        )
                        .await;
                    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}: {}", answer.text);
                }
            }
        }
        let signed = recorded
            .headers
            .iter()
            .any(|(name, _)| name.to_ascii_lowercase().contains("signature"));
        if !signed {
            let wrong = [("authorization", "x"), ("x-runbook-key", "x")];
            let answer = world
                .send(recorded.to(&format!("{bare}?token=azure-static-toke"), &wrong))
                .await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        }
        assert_eq!(world.alerts().len(), 1, "{path}: only the true one was stored");
        for secret in [
            "grafana-hmac",
            "opsgenie-static",
            "sentry-client",
            "azure-static",
            "aW5jaWRlbnQ",
            "generic-s",
        ] {
            assert!(!answer.text.contains(secret), "{}", answer.text);
        }
    }
}

/// Senders that prove nothing but that they know a token. (PagerDuty and SNS sign in ways of their own: `deliveries`, `sns`.)
#[tokio::test]
async fn of_those_that_only_have_a_token_it_must_be_the_whole_token() {
    for (folder, name, path) in [
        (
            "alertmanager",
            "am0.33.1_01_single_firing.json",
            "/webhooks/alertmanager",
        ),
        (
            "alertmanager",
            "prometheus_direct_firing.json",
            "/webhooks/prometheus/api/v2/alerts",
        ),
        ("uptime_kuma", "webhook_down.json", "/webhooks/uptime_kuma"),
        ("better_stack", "webhook_started.json", "/webhooks/better_stack"),
        ("cloudevents", "structured.json", "/webhooks/cloudevents"),
    ] {
        let recorded = Recorded::read(folder, name);
        let world = guarded();
        let with = async |token: &str| {
            let token = format!("Bearer {token}");
            let answer = world
                .send(recorded.to(path, &[("authorization", token.as_str())]))
                .await;
            assert!(!answer.text.contains("static-token"), "{}", answer.text);
            answer.status
        };
        for wrong in [
            "",
            "plain-static-toke",
            "plain-static-token0",
            "generic-static-token",
        ] {
            assert_eq!(
                with(wrong).await,
                StatusCode::UNAUTHORIZED,
                "{path} with `{wrong}`"
            );
        }
        let bare = world.post(path, &[], recorded.body.clone()).await;
        assert_eq!(bare.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(world.alerts().len(), 0, "{path}");
        assert_eq!(with("plain-static-token").await, StatusCode::OK, "{path}");
        assert!(!world.alerts().is_empty(), "{path}");
    }
}

#[tokio::test]
async fn a_signed_time_must_be_near() {
    let hmac = "[webhooks.grafana]\nsecret = \"grafana-hmac-secret\"\ntimestamp_header = \"X-Grafana-Alerting-Timestamp\"";
    let recorded = Recorded::read("grafana", "webhook_hmac_timestamp.json");
    let incident = Recorded::read("incidentio", "webhook_incident_created_v2.json");
    for (now, status) in [
        ("2026-11-20T22:26:17Z", StatusCode::OK),
        ("2026-11-20T22:31:10Z", StatusCode::OK),
        ("2026-11-20T22:21:30Z", StatusCode::OK),
        ("2026-11-20T22:31:30Z", StatusCode::UNAUTHORIZED),
        ("2026-11-20T22:20:00Z", StatusCode::UNAUTHORIZED),
    ] {
        let world = at(now, hmac, Mood::Stores, std::sync::Arc::default());
        let answer = world.send(recorded.to("/webhooks/grafana", &[])).await;
        assert_eq!(answer.status, status, "{now}: {}", answer.text);
        let world = at(now, SECRETS, Mood::Stores, std::sync::Arc::default());
        let answer = world.send(incident.to("/webhooks/incident_io", &[])).await;
        assert_eq!(answer.status, status, "{now}: {}", answer.text);
        if status == StatusCode::UNAUTHORIZED {
            assert!(answer.text.contains("5 minutes"), "{}", answer.text);
        }
    }
    // Where a time is expected, a signature without one proves nothing.
    let world = at(THEN, hmac, Mood::Stores, std::sync::Arc::default());
    let plain = Recorded::read("grafana", "webhook_hmac.json");
    let answer = world.send(plain.to("/webhooks/grafana", &[])).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

/// A copy of an event is as well signed as the event, and PagerDuty signs no time. Its number is remembered for as long as PagerDuty
/// tries, 48 hours; beyond that the time of what it tells of says what it is.
#[tokio::test]
async fn what_happened_days_ago_opens_nothing_however_well_it_is_signed() {
    let config = "[webhooks.pagerduty]\nsecret = [\"whk_old_secret_0001\", \"whk_new_secret_0002\"]";
    let kept = Recorded::read("pagerduty", "webhook_v3_incident_triggered.json");
    let at = |now: &str| at(now, config, Mood::Stores, std::sync::Arc::default());
    // It happened on the 20th at 22:26.
    let late = at("2026-11-22T22:00:00Z");
    let answer = late.send(kept.to("/webhooks/pagerduty", &[])).await;
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (StatusCode::OK, "stored\n")
    );
    assert_eq!(late.alerts().len(), 1);

    let days_later = at("2026-11-22T23:00:00Z");
    let answer = days_later.send(kept.to("/webhooks/pagerduty", &[])).await;
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (
            StatusCode::OK,
            "nothing to do: it happened more than 48 hours ago\n"
        )
    );
    assert!(days_later.alerts().is_empty());
}
