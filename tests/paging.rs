//! What the pager hears from Interlock, and what Interlock makes of its answers, over loopback HTTP. Requests are compared
//! with those that PagerDuty's own SDK was recorded making.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, Response};
use interlock::config::Settings;
use interlock::domain::alert::Severity;
use interlock::domain::ids::IncidentId;
use interlock::paging::{Page, PageError, PagerDuty};
use serde_json::{Value, json};

struct Heard {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Value,
}

impl Heard {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

type Script = VecDeque<(u16, Vec<(&'static str, &'static str)>, Value)>;

/// A pager that writes down what it hears and answers from a list.
#[derive(Clone, Default)]
struct Stub {
    heard: Arc<Mutex<Vec<Heard>>>,
    script: Arc<Mutex<Script>>,
}

async fn hear(State(stub): State<Stub>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    stub.heard.lock().unwrap().push(Heard {
        method: parts.method.to_string(),
        path: parts.uri.to_string(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    });
    let next = stub.script.lock().unwrap().pop_front();
    let (status, headers, body) = next.unwrap_or((
        202,
        vec![],
        json!({"status": "success", "message": "Event processed"}),
    ));
    let mut answer = Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(name, value);
    }
    answer.body(Body::from(body.to_string())).unwrap()
}

async fn started() -> (Stub, PagerDuty) {
    let stub = Stub::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(hear).with_state(stub.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let client = client(&format!(
        "[pagerduty]\nevents_base = \"{base}/\"\napi_base = \"{base}\"\nrouting_key = \"R0UT1NGKEY0000000000000000000000\"\n\
         api_token = \"tok_abc\"\nfrom = \"ana@example.test\"\nescalation_policies = [\"PEP0001\"]"
    ));
    (stub, client)
}

fn client(config: &str) -> PagerDuty {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("interlock.toml");
    std::fs::write(&path, config).unwrap();
    PagerDuty::new(&Settings::load(Some(&path), std::iter::empty()).unwrap().pagerduty).unwrap()
}

impl Stub {
    fn answers(&self, status: u16, headers: Vec<(&'static str, &'static str)>, body: Value) {
        self.script.lock().unwrap().push_back((status, headers, body));
    }

    fn last(&self) -> Heard {
        self.heard.lock().unwrap().pop().expect("the pager heard nothing")
    }
}

fn recorded(name: &str) -> (Value, Value) {
    let text =
        std::fs::read_to_string(format!("tests/data/alerts/pagerduty/captured_sdk_{name}.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    (file["request"].clone(), file["answer_given"]["body"].clone())
}

fn page() -> Page {
    Page {
        about: IncidentId(42).into(),
        before: 0,
        summary: "redis-primary times out".to_owned(),
        source: "api-gateway".to_owned(),
        severity: Severity::High,
        component: None,
        group: None,
        class: None,
        at: "2026-11-21T02:30:00Z".parse().unwrap(),
        details: json!({"tried": []}),
        links: vec![],
        thread_url: None,
    }
}

#[tokio::test]
async fn trigger_and_resolve_share_one_key() {
    let (stub, pager) = started().await;
    let receipt = pager.trigger(&page()).await.unwrap();
    assert_eq!(
        (receipt.dedup_key.as_str(), receipt.message.as_str()),
        ("interlock/INC-42", "Event processed")
    );
    let heard = stub.last();
    assert_eq!(
        (heard.method.as_str(), heard.path.as_str()),
        ("POST", "/v2/enqueue")
    );
    assert_eq!(heard.body["payload"]["severity"], "error");
    assert_eq!(heard.header("authorization"), None);

    let receipt = pager.resolve(IncidentId(42).into(), 0).await;
    assert_eq!(receipt.unwrap().dedup_key, "interlock/INC-42");
    let (request, _) = recorded("events_v2_resolve");
    let mut wanted: Value = serde_json::from_str(request["body_raw"].as_str().unwrap()).unwrap();
    wanted["dedup_key"] = json!("interlock/INC-42");
    assert_eq!(stub.last().body, wanted);
}

#[tokio::test]
async fn rest_writes_are_those_of_the_official_sdk() {
    let (stub, pager) = started().await;
    let (resolve, answer) = recorded("rest_resolve");
    stub.answers(200, vec![], answer);
    pager
        .resolve_at_source("Q1ABCDEFGHIJKL", "by Interlock")
        .await
        .unwrap();
    let (note, answer) = recorded("rest_note");
    let content = "Runbook step 3 approved by @ana: rollback started";
    let heard = stub.last();
    stub.answers(200, vec![], answer);
    pager.note("Q1ABCDEFGHIJKL", content).await.unwrap();
    for (heard, wanted) in [(heard, resolve), (stub.last(), note)] {
        assert_eq!(heard.method, wanted["method"]);
        assert_eq!(heard.path, wanted["path"]);
        for pair in wanted["headers"].as_array().unwrap() {
            let name = pair[0].as_str().unwrap();
            if ["From", "Accept", "Content-Type", "Authorization"].contains(&name) {
                assert_eq!(heard.header(name), pair[1].as_str(), "{name}");
            }
        }
        let body: Value = serde_json::from_str(wanted["body_raw"].as_str().unwrap()).unwrap();
        match body.get("note") {
            Some(note) => assert_eq!(&heard.body["note"], note),
            None => {
                assert_eq!(heard.body["incident"]["status"], body["incident"]["status"]);
                assert_eq!(heard.body["incident"]["type"], body["incident"]["type"]);
                assert_eq!(heard.body["incident"]["resolution"], "by Interlock");
            }
        }
    }
}

#[tokio::test]
async fn who_is_on_call_is_read_from_a_recorded_answer() {
    let (stub, pager) = started().await;
    stub.answers(200, vec![], recorded("rest_oncalls_retry").1);
    let people = pager.on_calls().await.unwrap();
    assert_eq!(people.len(), 1);
    assert_eq!(
        (
            people[0].name.as_str(),
            people[0].policy.as_str(),
            people[0].level
        ),
        ("Ana", "Payments", 1)
    );
    assert_eq!(people[0].until.unwrap().to_string(), "2026-11-27T08:00:00Z");
    assert!(stub.last().path.contains("escalation_policy_ids%5B%5D=PEP0001"));
}

#[tokio::test]
async fn answers_say_whether_to_try_again() {
    let (stub, pager) = started().await;
    let retry = |seconds| Duration::from_secs(seconds);
    let limited = json!({"error": {"message": "Rate Limit Exceeded", "code": 2020}});
    for (status, headers, after) in [
        (429, vec![("ratelimit-reset", "2")], retry(2)),
        (429, vec![("retry-after", "7")], retry(7)),
        (429, vec![], retry(30)),
        (429, vec![("retry-after", "86400")], retry(120)),
        (500, vec![], retry(5)),
        (503, vec![("retry-after", "9")], retry(9)),
    ] {
        stub.answers(status, headers, limited.clone());
        match pager.trigger(&page()).await {
            Err(PageError::Retry { after: told, reason }) => {
                assert_eq!(told, after, "{status}");
                assert!(reason.contains("Rate Limit Exceeded"), "{reason}");
            }
            other => panic!("{status}: {other:?}"),
        }
    }
    let invalid = json!({"status": "invalid event", "message": "Event object is invalid",
        "errors": ["Length of 'routing_key' is incorrect (should be 32 characters)"]});
    for status in [400, 403, 404, 413, 302] {
        stub.answers(status, vec![("location", "/elsewhere")], invalid.clone());
        let error = pager.trigger(&page()).await.unwrap_err();
        assert!(matches!(error, PageError::Refused { .. }), "{status}: {error:?}");
        assert!(error.to_string().contains("should be 32 characters"), "{error}");
        assert!(!error.to_string().contains("R0UT1NG"), "{error}");
    }
    assert_eq!(
        stub.heard.lock().unwrap().len(),
        11,
        "nothing was sent twice and no redirect was followed"
    );
}

#[tokio::test]
async fn resolving_what_is_resolved_is_fine() {
    let (stub, pager) = started().await;
    let already = json!({"error": {"message": "Invalid Input Provided", "code": 2001, "errors": ["Incident Already Resolved"]}});
    stub.answers(400, vec![], already);
    pager.resolve_at_source("Q1ABCDEFGHIJKL", "x").await.unwrap();
}

#[tokio::test]
async fn an_id_that_is_a_path_is_never_sent() {
    let (stub, pager) = started().await;
    for id in ["", "../users/PUSR001", "Q1/notes", "Q1?x=1", "Q1%2F"] {
        assert!(
            matches!(
                pager.resolve_at_source(id, "x").await,
                Err(PageError::Refused { .. })
            ),
            "{id}"
        );
    }
    assert!(stub.heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn nobody_there_is_told_apart_from_a_refusal() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let pager = client(&format!(
        "[pagerduty]\nevents_base = \"{base}\"\nrouting_key = \"R0UT1NGKEY\""
    ));
    let error = pager.trigger(&page()).await.unwrap_err();
    assert!(matches!(error, PageError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains("no connection"), "{error}");
}

#[tokio::test]
async fn what_is_not_configured_is_named() {
    let pager = client("");
    assert!(!pager.can_page() && !pager.can_resolve_at_source());
    let told = pager.trigger(&page()).await.unwrap_err().to_string();
    assert!(
        told.contains("pagerduty.routing_key") && told.contains("Events API v2"),
        "{told}"
    );
    let told = pager.note("Q1", "x").await.unwrap_err().to_string();
    assert!(told.contains("pagerduty.from"), "{told}");
}
