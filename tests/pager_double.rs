//! The pager double over its wire: what a client of PagerDuty sends and gets back.
//! Longer than other files, since its stories share one client and its shapes.

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::post;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use interlock::playground::pager::{PagerDouble, PagerFaults, PagerOptions, Status, Trigger, webhooks};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc;

const NOW: &str = "2026-11-20T22:00:00Z";

fn fixed() -> PagerOptions {
    let now: Timestamp = NOW.parse().expect("a timestamp");
    PagerOptions {
        clock: Arc::new(move || now),
        ..PagerOptions::default()
    }
}

async fn start() -> PagerDouble {
    PagerDouble::start(fixed()).await.expect("a free port")
}

/// One request; `None` when the connection was cut before an answer.
async fn ask(request: Request<Full<Bytes>>) -> Option<(u16, HeaderMap, Value)> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let answer: Response<_> = client.request(request).await.ok()?;
    let (parts, body) = answer.into_parts();
    let bytes = body.collect().await.ok()?.to_bytes();
    Some((
        parts.status.as_u16(),
        parts.headers,
        serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    ))
}

async fn enqueue(pager: &PagerDouble, event: &Value) -> (u16, Value) {
    let url = format!("{}/v2/enqueue", pager.events_base());
    let request = Request::post(url)
        .header("content-type", "application/json")
        .body(Full::from(event.to_string()));
    let (status, _, body) = ask(request.expect("a request")).await.expect("an answer");
    (status, body)
}

fn rest(pager: &PagerDouble, method: &str, path: &str, body: Value) -> Request<Full<Bytes>> {
    Request::builder()
        .method(method)
        .uri(format!("{}{path}", pager.api_base()))
        .header("authorization", format!("Token token={}", pager.api_token()))
        .header("accept", "application/vnd.pagerduty+json;version=2")
        .header("from", "ana@acme.example")
        .body(Full::from(body.to_string()))
        .expect("a request")
}

fn trigger(pager: &PagerDouble) -> Value {
    json!({
        "routing_key": pager.routing_key(),
        "event_action": "trigger",
        "dedup_key": "interlock/INC-7",
        "payload": {"summary": "redis is slow", "source": "api-gateway", "severity": "critical",
                    "custom_details": {"alertname": "RedisConnectionTimeout"}},
        "links": [{"href": "https://chat.example.test/1", "text": "Thread"}],
    })
}

#[tokio::test]
async fn an_event_pages_and_its_key_resolves_it() {
    let pager = start().await;
    let (status, body) = enqueue(&pager, &trigger(&pager)).await;
    assert_eq!(
        (status, &body["status"], &body["dedup_key"]),
        (202, &json!("success"), &json!("interlock/INC-7"))
    );
    let view = pager.snapshot();
    assert_eq!(view.pages.len(), 1);
    assert_eq!(
        (view.pages[0].to.as_str(), view.pages[0].text.as_str()),
        ("Ana Ferreira", "[high] redis is slow")
    );
    let resolve = json!({"routing_key": pager.routing_key(), "event_action": "resolve", "dedup_key": "interlock/INC-7"});
    assert_eq!(enqueue(&pager, &resolve).await.0, 202);
    assert_eq!(pager.incidents()[0].status, Status::Resolved);
    assert_eq!(pager.calls().len(), 2);
}

#[tokio::test]
async fn a_trigger_without_a_key_is_given_one() {
    let pager = start().await;
    let mut event = trigger(&pager);
    event["dedup_key"] = Value::Null;
    let (_, first) = enqueue(&pager, &event).await;
    let (_, second) = enqueue(&pager, &event).await;
    assert_ne!(first["dedup_key"], second["dedup_key"]);
    assert_eq!(pager.incidents().len(), 2);
}

#[tokio::test]
async fn malformed_events_are_refused_with_the_reason() {
    let pager = start().await;
    let cases = [
        (
            "/routing_key",
            json!("short"),
            "Length of 'routing_key' is incorrect (should be 32 characters)",
        ),
        ("/routing_key", json!("x".repeat(32)), "Invalid routing key"),
        ("/event_action", json!("page"), "'event_action' is invalid"),
        (
            "/dedup_key",
            json!("k".repeat(256)),
            "Length of 'dedup_key' is incorrect",
        ),
        (
            "/payload/summary",
            json!(""),
            "'payload.summary' is missing or blank",
        ),
        (
            "/payload/summary",
            json!("s".repeat(1025)),
            "Length of 'payload.summary' is incorrect",
        ),
        (
            "/payload/source",
            json!(null),
            "'payload.source' is missing or blank",
        ),
        (
            "/payload/severity",
            json!("high"),
            "'payload.severity' is invalid",
        ),
        (
            "/links",
            json!([{"text": "no address"}]),
            "'links.href' is missing or blank",
        ),
    ];
    for (pointer, value, reason) in cases {
        let mut event = trigger(&pager);
        *event.pointer_mut(pointer).expect("a field") = value;
        let (status, body) = enqueue(&pager, &event).await;
        assert_eq!(
            (status, &body["status"]),
            (400, &json!("invalid event")),
            "{pointer}"
        );
        let said = body["errors"][0].as_str().unwrap_or_default();
        assert!(said.starts_with(reason), "{pointer}: {said}");
    }
    let blank = json!({"routing_key": pager.routing_key(), "event_action": "resolve"});
    assert_eq!(
        enqueue(&pager, &blank).await.1["errors"][0],
        "'dedup_key' is missing or blank"
    );
    assert!(pager.incidents().is_empty());
}

#[tokio::test]
async fn events_over_the_size_and_the_rate_are_refused() {
    let pager = start().await;
    let mut large = trigger(&pager);
    large["payload"]["custom_details"] = json!("x".repeat(513 * 1024));
    assert_eq!(enqueue(&pager, &large).await.0, 413);
    for _ in 0..120 {
        enqueue(&pager, &trigger(&pager)).await;
    }
    let (status, body) = enqueue(&pager, &trigger(&pager)).await;
    assert_eq!((status, &body["status"]), (429, &json!("throttle exceeded")));
}

#[tokio::test]
async fn change_events_are_kept_apart_from_alerts() {
    let pager = start().await;
    let url = format!("{}/v2/change/enqueue", pager.events_base());
    let event = json!({"routing_key": pager.routing_key(), "payload": {"summary": "Deployed cart v2.3.1", "timestamp": NOW}});
    let request = Request::post(url)
        .body(Full::from(event.to_string()))
        .expect("a request");
    let (status, _, body) = ask(request).await.expect("an answer");
    assert_eq!(
        (status, &body["message"]),
        (202, &json!("Change event processed"))
    );
    assert!(pager.incidents().is_empty());
    let (_, _, listed) = ask(rest(
        &pager,
        "GET",
        "/services/PSVC001/change_events",
        Value::Null,
    ))
    .await
    .expect("an answer");
    assert_eq!(listed["change_events"][0]["summary"], "Deployed cart v2.3.1");
}

#[tokio::test]
async fn a_responder_acknowledges_annotates_and_resolves_over_rest() {
    let pager = start().await;
    enqueue(&pager, &trigger(&pager)).await;
    let (_, headers, listed) = ask(rest(
        &pager,
        "GET",
        "/incidents?statuses[]=triggered&incident_key=interlock/INC-7",
        Value::Null,
    ))
    .await
    .expect("answer");
    assert_eq!(headers["ratelimit-limit"], "960");
    let id = listed["incidents"][0]["id"].as_str().expect("an id").to_owned();

    let put = |status: &str| json!({"incident": {"type": "incident_reference", "status": status, "resolution": "flushed"}});
    let (status, _, body) = ask(rest(
        &pager,
        "PUT",
        &format!("/incidents/{id}"),
        put("acknowledged"),
    ))
    .await
    .expect("an answer");
    assert_eq!(
        (status, &body["incident"]["status"]),
        (200, &json!("acknowledged"))
    );
    let note = json!({"note": {"content": "step 1 approved by @ana"}});
    let (status, _, body) = ask(rest(&pager, "POST", &format!("/incidents/{id}/notes"), note))
        .await
        .expect("an answer");
    assert_eq!(
        (status, &body["note"]["user"]["summary"]),
        (200, &json!("Ana Ferreira"))
    );
    let (_, _, alerts) = ask(rest(
        &pager,
        "GET",
        &format!("/incidents/{id}/alerts"),
        Value::Null,
    ))
    .await
    .expect("an answer");
    assert_eq!(
        alerts["alerts"][0]["body"]["details"]["alertname"],
        "RedisConnectionTimeout"
    );
    ask(rest(&pager, "PUT", &format!("/incidents/{id}"), put("resolved")))
        .await
        .expect("an answer");
    assert_eq!(pager.incidents()[0].resolution.as_deref(), Some("flushed"));

    let (status, _, _) = ask(rest(&pager, "PUT", &format!("/incidents/{id}"), put("closed")))
        .await
        .expect("an answer");
    assert_eq!(status, 400);
    let many: Vec<Value> = (0..251)
        .map(|_| json!({"id": id, "type": "incident_reference"}))
        .collect();
    let (status, _, _) = ask(rest(&pager, "PUT", "/incidents", json!({"incidents": many})))
        .await
        .expect("an answer");
    assert_eq!(status, 413);
}

#[tokio::test]
async fn rest_wants_a_token_and_on_writes_a_known_requester() {
    let pager = start().await;
    enqueue(&pager, &trigger(&pager)).await;
    let path = format!("/incidents/{}", pager.incidents()[0].id);
    let change = json!({"incident": {"type": "incident_reference", "status": "resolved"}});
    let with = |name: &'static str, value: Option<&'static str>| {
        let mut request = rest(&pager, "PUT", &path, change.clone());
        request.headers_mut().remove(name);
        if let Some(value) = value {
            request
                .headers_mut()
                .insert(name, http::HeaderValue::from_static(value));
        }
        request
    };
    for (request, expected) in [
        (with("authorization", None), 401),
        (with("authorization", Some("Token token=wrong")), 401),
        (with("from", None), 400),
        (with("from", Some("stranger@example.test")), 400),
    ] {
        assert_eq!(ask(request).await.expect("an answer").0, expected);
    }
    assert_eq!(pager.incidents()[0].status, Status::Triggered);
    let (_, _, on_call) = ask(rest(
        &pager,
        "GET",
        "/oncalls?escalation_policy_ids[]=PEP0001&earliest=true",
        Value::Null,
    ))
    .await
    .expect("answer");
    assert_eq!(on_call["oncalls"][0]["user"]["summary"], "Ana Ferreira");
}

#[tokio::test]
async fn it_fails_as_it_is_told_to() {
    let pager = start().await;
    pager.set_faults(PagerFaults {
        throttle: 1,
        fail: 1,
        drop_reply: 1,
        latency: None,
    });
    assert_eq!(enqueue(&pager, &trigger(&pager)).await.0, 429);
    assert_eq!(enqueue(&pager, &trigger(&pager)).await.0, 500);
    assert!(pager.incidents().is_empty());
    let url = format!("{}/v2/enqueue", pager.events_base());
    let request = Request::post(url)
        .body(Full::from(trigger(&pager).to_string()))
        .expect("a request");
    assert!(ask(request).await.is_none(), "the answer is dropped");
    assert_eq!(pager.incidents().len(), 1, "but the event was taken");
    assert_eq!(enqueue(&pager, &trigger(&pager)).await.0, 202);
    let statuses: Vec<Option<u16>> = pager.calls().iter().map(|c| c.status).collect();
    assert_eq!(statuses, [Some(429), Some(500), None, Some(202)]);
}

#[tokio::test]
async fn changes_leave_as_signed_webhooks_in_order_and_are_retried() {
    let (sender, mut received) = mpsc::unbounded_channel();
    let mut first = true;
    let refuse_first = Arc::new(parking_lot::Mutex::new(move || {
        std::mem::replace(&mut first, false)
    }));
    let app = Router::new().route(
        "/webhooks/pagerduty",
        post(move |headers: HeaderMap, body: Bytes| async move {
            let _ = sender.send((headers, body));
            if (refuse_first.lock())() {
                http::StatusCode::SERVICE_UNAVAILABLE
            } else {
                http::StatusCode::OK
            }
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let url = format!(
        "http://{}/webhooks/pagerduty",
        listener.local_addr().expect("an address")
    );
    tokio::spawn(async move { axum::serve(listener, app).await });

    let secrets = vec!["new".to_owned(), "old".to_owned()];
    let options = PagerOptions {
        webhook_url: url.parse().ok(),
        webhook_secrets: secrets.clone(),
        ..fixed()
    };
    let pager = PagerDouble::start(options).await.expect("a free port");
    let opened = pager.trigger_incident(Trigger {
        service: String::new(),
        dedup_key: "k".into(),
        summary: "redis is slow".into(),
        severity: "critical".into(),
        source: "monitor".into(),
        custom_details: json!({"alertname": "RedisConnectionTimeout"}),
    });
    let id = opened.expect("an incident").id;
    let change = json!({"incident": {"type": "incident_reference", "status": "acknowledged"}});
    ask(rest(&pager, "PUT", &format!("/incidents/{id}"), change))
        .await
        .expect("an answer");

    let mut seen = Vec::new();
    for _ in 0..3 {
        let (headers, body) = received.recv().await.expect("a delivery");
        assert_eq!(
            headers["x-pagerduty-signature"],
            webhooks::signature(&secrets, &body).as_str()
        );
        let event: Value = serde_json::from_slice(&body).expect("json");
        let kind = event["event"]["event_type"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        seen.push((
            headers["x-webhook-id"].to_str().unwrap_or_default().to_owned(),
            kind,
            event,
        ));
    }
    assert_eq!(seen[0].0, seen[1].0, "a retry keeps its id");
    assert_ne!(seen[1].0, seen[2].0);
    assert_eq!(
        [seen[1].1.as_str(), &seen[2].1],
        ["incident.triggered", "incident.acknowledged"]
    );
    assert_eq!(seen[1].2["event"]["agent"], Value::Null);
    assert_eq!(seen[2].2["event"]["agent"]["id"], "PUSR001");
    assert_eq!(seen[2].2["event"]["data"]["title"], "redis is slow");
}
