//! Senders that nobody but their team knows: Interlock's own format, maps, and what the documents say.

use axum::http::StatusCode;

use crate::sources::{line, open};
use crate::world::{Mood, with};

#[tokio::test]
async fn a_sender_of_ones_own_is_described_in_a_few_lines() {
    let config = r#"
        [webhooks.custom.nagios]
        bearer_token = "nagios-token"
        default_severity = "high"
        [webhooks.custom.nagios.map]
        each = "/events"
        dedup_key = "/id"
        title = "/output"
        name = "/check/name"
        status = "/state"
        firing = ["CRITICAL", "WARNING"]
        resolved = ["OK"]
        service = "/check/service"
        labels = "/host"

        [webhooks.custom.keep]
        header = "X-API-KEY"
        header_token = "keep-token"
        [webhooks.custom.keep.map]
        jq = '''{dedup_key: .fingerprint, title: .name, status, severity, service, description: .message, labels: .labels}'''
    "#;
    let world = with(config, Mood::Stores);
    let body = r#"{"events": [
        {"id": 7, "state": "CRITICAL", "output": "disk 97 %", "check": {"name": "disk", "service": "orders-db"}, "host": {"host": "db-2", "rack": 4}},
        {"id": 8, "state": "OK", "output": "disk 40 %", "check": {"name": "disk"}, "host": {"host": "db-3"}}]}"#;
    let bearer: &[(&str, &str)] = &[("authorization", "Bearer nagios-token")];
    let answer = world.post("/webhooks/custom/nagios", bearer, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let keep = r#"{"id":"1","name":"CheckoutHighErrorRate","status":"firing","severity":"critical","service":"checkout","message":"x","fingerprint":"abc","labels":{"namespace":"shop"}}"#;
    let answer = world
        .post("/webhooks/custom/keep", &[("x-api-key", "keep-token")], keep)
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let told: Vec<String> = world
        .alerts()
        .iter()
        .map(|alert| format!("{} {}", alert.source, line(alert)))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    custom/nagios Firing [7] high orders-db 2026-11-21T12:00:00Z disk | disk 97 %
    custom/nagios Resolved [8] high - - disk | disk 40 %
    custom/keep Firing [abc] critical checkout 2026-11-21T12:00:00Z CheckoutHighErrorRate | CheckoutHighErrorRate
    ");

    // A word that is in no list, a list that isn't there, a program that fails: refused, and nothing quoted.
    let odd = body.replace("CRITICAL", "s3cret");
    let answer = world.post("/webhooks/custom/nagios", bearer, odd).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(
        answer.text.contains("`state`") && !answer.text.contains("s3cret"),
        "{}",
        answer.text
    );
    let answer = world.post("/webhooks/custom/nagios", bearer, "{}").await;
    assert!(answer.text.contains("`events`"), "{}", answer.text);
    let answer = world
        .post(
            "/webhooks/custom/keep",
            &[("x-api-key", "keep-token")],
            "\"s3cret\"",
        )
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(
        answer.text.contains("interlock ingest") && !answer.text.contains("s3cret"),
        "{}",
        answer.text
    );
    assert_eq!(world.alerts().len(), 3);
}

/// The payload that the documents tell people to paste into Datadog, with the variables filled in as Datadog does.
#[tokio::test]
async fn the_payload_of_the_documents_is_understood() {
    let documents = include_str!("../../docs/sources.md");
    let payload = |marker: &str| {
        let start = documents.find(marker).unwrap();
        let block = documents[start..].split("```json\n").nth(1).unwrap();
        block.split("```").next().unwrap().to_owned()
    };
    let datadog = payload("### Datadog")
        .replace("$ALERT_CYCLE_KEY", "77")
        .replace("$ALERT_TRANSITION", "Triggered")
        .replace("$EVENT_TITLE", "[P2] [Triggered] Disk full")
        .replace("$ALERT_PRIORITY", "P2")
        .replace("$TAGS", "service:orders,env:prod")
        .replace("$LAST_UPDATED", "1795213577464");
    let world = open();
    let answer = world.post("/webhooks/datadog", &[], datadog).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let answer = world
        .post("/webhooks/generic", &[], payload("### A sender of your own"))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let told: Vec<String> = world.alerts().iter().map(line).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    Firing [77] high orders 2026-11-20T22:26:17.464Z Disk full | Disk full
    Firing [disk-full:db-2] critical orders-db 2026-11-20T22:26:15Z Disk 97 % full on db-2 | Disk 97 % full on db-2
    ");
}

#[tokio::test]
async fn a_program_that_loops_is_ended() {
    let config = r#"
        [webhooks.custom.loop]
        bearer_token = "loop-token"
        map = { jq = "{title: ([range(100000000)] | length | tostring)}" }
    "#;
    let world = with(config, Mood::Stores);
    let answer = world
        .post(
            "/webhooks/custom/loop",
            &[("authorization", "Bearer loop-token")],
            "{}",
        )
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
}
