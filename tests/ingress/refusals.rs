//! What is turned away, and what the sender is told.

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use bytes::Bytes;
use interlock::ingress::Refused;

use crate::world::{Mood, Recorded, TOKEN, usual, with};

fn small(summary: &str) -> String {
    serde_json::json!({"version": "4", "groupKey": "g", "receiver": "r", "alerts": [{
        "status": "firing", "labels": {"alertname": "RedisDown"}, "annotations": {"summary": summary},
        "startsAt": "2026-11-21T00:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "fingerprint": "f1"}]})
    .to_string()
}

#[tokio::test]
async fn a_wrong_token_stores_nothing_and_learns_nothing() {
    let world = usual();
    let wrong: [&[(&str, &str)]; 7] = [
        &[],
        &[("authorization", "Bearer tok-lab-0002")],
        &[("authorization", "Bearer tok-lab-000")],
        &[("authorization", "Bearer ")],
        &[("authorization", "tok-lab-0001")],
        &[("authorization", "Token tok-lab-0001")],
        &[
            ("authorization", "Bearer tok-lab-0001"),
            ("authorization", "Bearer x"),
        ],
    ];
    for headers in wrong {
        let answer = world.post("/webhooks/alertmanager", headers, small("x")).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{headers:?}");
        assert!(!answer.text.contains(TOKEN), "{}", answer.text);
    }
    assert!(world.alerts().is_empty());
    assert_eq!(world.alertmanager(small("x")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn forged_and_changed_pagerduty_events_store_nothing() {
    let world = usual();
    let good = Recorded::read("pagerduty", "webhook_v3_incident_triggered.json");
    let signature = good
        .headers
        .iter()
        .find(|(name, _)| name == "X-PagerDuty-Signature")
        .unwrap()
        .1
        .clone();
    let changed = good.body.replace("checkout", "payments");
    let wrong: [(&str, &str); 6] = [
        (&good.body, "v1=00ff"),
        (&good.body, ""),
        (
            &good.body,
            "v2=b056b70009ebb5cec74cf9e5c89585d0bb60846e80dc4393c095cc2de49bc675",
        ),
        (&good.body, &signature[..signature.len() - 2]),
        (&good.body, signature.trim_start_matches("v1=")),
        (&changed, &signature),
    ];
    for (body, signature) in wrong {
        let answer = world
            .post(
                "/webhooks/pagerduty",
                &[("x-pagerduty-signature", signature)],
                body.to_owned(),
            )
            .await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{signature}");
        assert!(!answer.text.contains("whk_"), "{}", answer.text);
    }
    assert!(world.alerts().is_empty());
}

#[tokio::test]
async fn during_rotation_either_secret_is_enough() {
    let recorded = Recorded::read("pagerduty", "webhook_v3_rotation_two_signatures.json");
    for known in ["whk_old_secret_0001", "whk_new_secret_0002"] {
        let world = with(
            &format!("[webhooks.pagerduty]\nsecret = \"{known}\""),
            Mood::Stores,
        );
        let answer = world.send(recorded.to("/webhooks/pagerduty", &[])).await;
        assert_eq!(answer.status, StatusCode::OK, "{known}: {}", answer.text);
        assert_eq!(world.alerts().len(), 1);
    }
    let world = with(
        "[webhooks.pagerduty]\nsecret = \"whk_third_secret\"",
        Mood::Stores,
    );
    assert_eq!(
        world.send(recorded.to("/webhooks/pagerduty", &[])).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn without_a_secret_a_source_is_not_served_unless_loopback_was_allowed() {
    let closed = with("", Mood::Stores);
    for path in ["/webhooks/alertmanager", "/webhooks/pagerduty"] {
        let answer = closed.post(path, &[], small("x")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert!(answer.text.contains("no secret is configured"), "{}", answer.text);
    }
    let open = with("[webhooks]\nallow_unauthenticated = true", Mood::Stores);
    assert_eq!(
        open.post("/webhooks/alertmanager", &[], small("x")).await.status,
        StatusCode::OK
    );
    assert_eq!(open.alerts().len(), 1);
}

#[tokio::test]
async fn bodies_that_are_no_delivery_are_answered_with_what_is_wrong() {
    let world = usual();
    let deep = format!("{{\"version\":\"4\",\"alerts\":{}", "[".repeat(100_000));
    let bodies: Vec<(&str, String)> = vec![
        ("empty", String::new()),
        ("not json", "hello".to_owned()),
        ("cut", small("x")[..60].to_owned()),
        ("trailing", format!("{} x", small("x"))),
        ("deep", deep),
        ("grafana", Recorded::read("grafana", "webhook_firing.json").body),
        (
            "prometheus",
            Recorded::read("alertmanager", "prometheus_direct_firing.json").body,
        ),
        (
            "custom",
            Recorded::read("alertmanager", "am0.33.1_22_custom_payload.json").body,
        ),
        ("status", small("x").replace("firing", "hunter2")),
        (
            "labels",
            small("x").replace("\"RedisDown\"", "{\"a\":\"hunter2\"}"),
        ),
        ("no labels", small("x").replace("\"labels\"", "\"lables\"")),
        ("version", small("x").replace("\"4\"", "\"5\"")),
    ];
    let mut told = Vec::new();
    for (name, body) in bodies {
        let answer = world.alertmanager(body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name}: {}", answer.text);
        assert!(
            !answer.text.contains("hunter2"),
            "a value came back: {}",
            answer.text
        );
        told.push(format!("{name}: {}", answer.text.trim()));
    }
    assert!(world.alerts().is_empty());
    insta::assert_snapshot!(told.join("\n"), @r#"
    empty: the body is empty: send the JSON of the webhook with POST
    not json: the body is not valid JSON (line 1, column 1): send the sender's own payload unchanged
    cut: the body is not valid JSON (line 1, column 60): send the sender's own payload unchanged
    trailing: the body is not valid JSON (line 1, column 228): send the sender's own payload unchanged
    deep: the body is not valid JSON (line 1, column 27): send the sender's own payload unchanged
    grafana: this looks like Grafana's webhook, which is not Alertmanager's: set [webhooks.grafana] and send it to /webhooks/grafana
    prometheus: the body is a bare list, as Prometheus posts to an Alertmanager: point Prometheus at an Alertmanager, and a webhook receiver of that at this address; or set [webhooks.prometheus] and `path_prefix: /webhooks/prometheus` in Prometheus
    custom: this is JSON, but not Alertmanager's webhook, version 4 (`version` "4" and a list `alerts`): remove `payload` from the webhook_config if it is set
    status: `alerts[0].status` must be `firing` or `resolved` (line 1, column 180): this endpoint takes Alertmanager's webhook, version 4
    labels: `alerts[0].labels.alertname` must be a string (line 1, column 115): this endpoint takes Alertmanager's webhook, version 4
    no labels: `alerts[0]` has no `labels` (line 1, column 180): this endpoint takes Alertmanager's webhook, version 4
    version: this is JSON, but not Alertmanager's webhook, version 4 (`version` "4" and a list `alerts`): remove `payload` from the webhook_config if it is set
    "#);
}

#[tokio::test]
async fn deep_nonsense_beside_what_we_read_does_no_harm() {
    let world = usual();
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let body = small("x").replacen('{', &format!("{{\"routeLabels\":{deep},"), 1);
    assert_eq!(world.alertmanager(body).await.status, StatusCode::OK);
    assert_eq!(world.alerts().len(), 1);
}

#[tokio::test]
async fn bodies_over_the_limit_are_refused_announced_or_not() {
    let world = usual();
    let big = small(&"x".repeat(6 * 1024 * 1024));
    assert_eq!(
        world.alertmanager(big.clone()).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let pieces: Vec<Result<Bytes, std::io::Error>> = big
        .as_bytes()
        .chunks(64 * 1024)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    let answer = world
        .alertmanager(Body::from_stream(futures::stream::iter(pieces)))
        .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(world.alerts().is_empty());
    assert_eq!(
        world
            .alertmanager(small(&"x".repeat(4 * 1024 * 1024)))
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn what_is_not_stored_is_answered_503_so_that_the_sender_tries_again() {
    let moods = [
        (
            Mood::Refuses(Refused::Overloaded {
                retry_after_seconds: 3,
            }),
            "3",
        ),
        (
            Mood::Refuses(Refused::NotStored {
                reason: "the disk is full".to_owned(),
            }),
            "5",
        ),
        (Mood::NeverAnswers, "1"),
    ];
    for (mood, retry_after) in moods {
        let world = with("[webhooks]\nallow_unauthenticated = true", mood.clone());
        let answer = world.post("/webhooks/alertmanager", &[], small("x")).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{mood:?}");
        assert_eq!(answer.headers[RETRY_AFTER], retry_after, "{mood:?}");
    }
}

#[tokio::test]
async fn nothing_redirects_and_nothing_but_post_counts_as_delivered() {
    let world = usual();
    let recorded = Recorded::read("alertmanager", "am0.33.1_16_redirect_302_becomes_GET.json");
    let answer = world.send(recorded.to("/webhooks/alertmanager", &[])).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    for path in [
        "/webhooks/alertmanager/",
        "/webhooks/",
        "/webhooks/nagios",
        "//webhooks/alertmanager",
    ] {
        let answer = world
            .post(path, &[("authorization", "Bearer tok-lab-0001")], small("x"))
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(world.alerts().is_empty());
}

#[tokio::test]
async fn any_content_type_is_taken() {
    let world = usual();
    let bearer = format!("Bearer {TOKEN}");
    for kind in [
        "application/json; charset=utf-8",
        "text/plain",
        "application/x-www-form-urlencoded",
    ] {
        let headers = [("authorization", bearer.as_str()), ("content-type", kind)];
        assert_eq!(
            world
                .post("/webhooks/alertmanager", &headers, small("x"))
                .await
                .status,
            StatusCode::OK
        );
    }
}
