//! `docs/playground.md` against the control API: every route is in it, and every example in it is understood.

use http::Method;
use serde_json::{Value, json};

use super::real::Playground;

const MANUAL: &str = include_str!("../../docs/playground.md");
const ROUTERS: [&str; 2] = [
    include_str!("../../src/playground/control.rs"),
    include_str!("../../src/playground/control/levers.rs"),
];

/// The paths of the routers, from their source.
fn routes() -> Vec<String> {
    let literals = ROUTERS.iter().flat_map(|text| text.split('"'));
    let mut found: Vec<String> = literals
        .filter(|literal| literal.starts_with("/api/"))
        .map(str::to_owned)
        .collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn every_route_is_in_the_manual() {
    let routes = routes();
    assert!(routes.len() > 25, "{routes:?}");
    let absent: Vec<&String> = routes
        .iter()
        .filter(|route| !MANUAL.contains(route.as_str()))
        .collect();
    assert!(absent.is_empty(), "docs/playground.md does not name {absent:?}");
}

/// `curl [-X METHOD] [-d 'BODY'] "$PAGE/path"`, as the manual writes it.
fn examples() -> Vec<(Method, String, Value)> {
    let lines = MANUAL.lines().filter(|line| line.starts_with("curl "));
    lines
        .map(|line| {
            let path = line.split("$PAGE").nth(1).unwrap().split('"').next().unwrap();
            let method = line.split("-X ").nth(1).and_then(|rest| rest.split(' ').next());
            let body = line.split("-d '").nth(1).and_then(|rest| rest.split('\'').next());
            let method = method.unwrap_or("GET").parse().unwrap();
            let body = body.map_or(Value::Null, |body| {
                serde_json::from_str(body).unwrap_or_else(|error| panic!("{line}: {error}"))
            });
            (method, path.to_owned(), body)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_is_understood() {
    let playground = Playground::start().await;
    // What the examples speak of is there: a card with a button, and an armed fault.
    let card = json!({"channel": super::real::INCIDENTS, "text": "Redis is down", "blocks": [
        {"type": "actions", "block_id": "gate", "elements": [
            {"type": "button", "action_id": "approve", "value": "v", "text": {"type": "plain_text", "text": "Approve"}}]},
    ]});
    playground.calls("chat.postMessage", card).await;
    let examples = examples();
    assert!(examples.len() > 40, "{}", examples.len());
    for (method, path, body) in examples {
        if path == "/api/changes" {
            // A stream without an end.
            continue;
        }
        let said = playground.page.call(method.clone(), &path, &body).await;
        let what = format!("{method} {path} {body}: {} {}", said.status, said.text);
        // Without a bot some are refused, in words; none is misunderstood.
        let understood = match said.status {
            200 | 409 | 502 => true,
            404 => said.text.contains("there is no"),
            // Nobody wrote the message of the example.
            400 => said.text.contains("there is no message"),
            _ => false,
        };
        assert!(understood, "{what}");
    }
}
