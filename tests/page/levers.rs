//! The control API past the page: the doubles' own faults, changes of the workspace, and what was recorded.
//! Longer than other files, since its tables of JSON are what it is about.

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::post;
use http::Method;
use interlock::playground::slack::{RequestUrls, request_signature};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::real::{INCIDENTS, Playground};

impl Playground {
    /// Arms a fault and gives its id.
    async fn arms(&self, fault: Value) -> String {
        let armed = self.page.post("/api/faults", fault).await;
        assert_eq!(armed.status, 200, "{}", armed.text);
        armed.json()["id"].as_str().unwrap().to_owned()
    }

    async fn armed(&self) -> Vec<(String, Value)> {
        let armed = self.page.get("/api/faults/armed").await.json();
        let one = |one: &Value| (one["id"].as_str().unwrap().to_owned(), one["fault"].clone());
        armed.as_array().unwrap().iter().map(one).collect()
    }

    async fn changes(&self, change: Value) {
        let changed = self.page.post("/api/workspace", change).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_every_double_can_be_armed_listed_and_taken_away_alone() {
    let playground = Playground::start().await;
    let faults = [
        json!({"slack": {"call": {"method": "chat.update", "fault": {"rate_limited": {"retry_after": 7}}, "times": 2}}}),
        json!({"slack": {"call": {"method": "*", "fault": "html_page", "times": 1}}}),
        json!({"slack": {"call": {"method": "upload", "fault": {"status_after": 500}, "times": null}}}),
        json!({"slack": {"delivery": {"kind": "event", "fault": "drop_ack", "times": 1}}}),
        json!({"slack": {"delivery": {"kind": null, "fault": "duplicate", "times": null}}}),
        json!({"slack": {"delivery": {"kind": "slash_command", "fault": {"replay": {"after_ms": 600_000}}, "times": 1}}}),
        json!({"slack": {"share": {"fault": {"polls": 3}, "times": 1}}}),
        json!({"slack": {"socket": "link_disabled"}}),
        json!({"cluster": {"on": {"verb": "patch", "resource": "deployments", "namespace": null, "name_prefix": null},
            "kind": {"refuse": {"code": 409, "message": "the object has been modified"}}, "times": 1}}),
        json!({"cluster_api": "down"}),
        json!({"pager": {"drop_reply": 2}}),
        json!({"pager": {"latency_ms": 250}}),
    ];
    let mut ids = Vec::new();
    for fault in &faults {
        ids.push(playground.arms(fault.clone()).await);
    }
    let mut left = playground.armed().await;
    for (id, fault) in ids.iter().zip(&faults) {
        assert!(
            left.contains(&(id.clone(), fault.clone())),
            "{fault} is not in {left:?}"
        );
    }
    for id in &ids {
        let gone = playground.page.delete(&format!("/api/faults/{id}")).await;
        assert_eq!(gone.status, 200, "{}", gone.text);
        left.retain(|(have, _)| have != id);
        assert_eq!(playground.armed().await, left, "{id} alone is gone");
        assert_eq!(
            playground.page.delete(&format!("/api/faults/{id}")).await.status,
            404
        );
    }
    assert_eq!(left, []);

    for fault in faults {
        playground.arms(fault).await;
    }
    playground.page.delete("/api/faults").await;
    assert_eq!(playground.armed().await, []);
    // What happens to connections happens at once; there is nothing to take away.
    for fault in [
        json!("abrupt"),
        json!("no_pong"),
        json!({"slow_reader": {"every_ms": 500}}),
    ] {
        let done = playground
            .page
            .post("/api/faults", json!({"slack": {"socket": fault}}))
            .await;
        assert_eq!(done.json(), json!({"ok": true, "id": null}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_a_400_that_says_what_is_possible() {
    let playground = Playground::start().await;
    let fault = |fault: Value| ("/api/faults", fault);
    let call = |inner: Value| fault(json!({"slack": {"call": {"method": "chat.update", "fault": inner}}}));
    let workspace = |change: Value| ("/api/workspace", change);
    let cases = [
        (
            fault(json!({"slak": {}})),
            "expected one of `slack`, `cluster`, `cluster_api`, `pager`",
        ),
        (call(json!("htlm")), "`html_page`"),
        (call(json!({"status": 200})), "from 400 to 599"),
        (
            fault(json!({"slack": {"call": {"method": "chat.edit", "fault": "html_page"}}})),
            "chat.update",
        ),
        (
            fault(json!({"slack": {"call": {"method": "*", "fault": "html_page", "times": 0}}})),
            "at least 1",
        ),
        (
            fault(json!({"slack": {"delivery": {"kind": "clicks", "fault": "drop_ack"}}})),
            "`block_actions`",
        ),
        (
            fault(json!({"slack": {"delivery": {"fault": "wrong_secret"}}})),
            "signed HTTP",
        ),
        (fault(json!({"slack": {"socket": "half-open"}})), "`half_open`"),
        (
            fault(json!({"cluster": {"on": {"resource": "pod"}, "kind": "hang"}})),
            "pods/exec",
        ),
        (
            fault(json!({"cluster": {"on": {"verb": "exec"}, "kind": "hang"}})),
            "patch",
        ),
        (fault(json!({"cluster": {"kind": {"latency": "long"}}})), "u64"),
        (fault(json!({"pager": {"explode": 1}})), "`drop_reply`"),
        (
            workspace(json!({"standing": {"user": "zoe", "standing": "guest"}})),
            "ana, ben, cleo",
        ),
        (
            workspace(json!({"standing": {"user": "ana", "standing": "boss"}})),
            "`deactivated`",
        ),
        (
            workspace(json!({"archived": {"channel": "#nowhere", "archived": true}})),
            "incidents",
        ),
        (
            workspace(json!({"group": {"handle": "nobody", "members": []}})),
            "sre-leads",
        ),
        (
            workspace(json!({"scope": {"scope": "im:write", "granted": false}})),
            "chat:write",
        ),
        (workspace(json!({"token": "stolen"})), "`account_inactive`"),
    ];
    for ((path, body), says) in cases {
        let said = playground.page.post(path, body.clone()).await;
        let error = said.json()["error"].as_str().unwrap_or_default().to_owned();
        assert_eq!(
            (said.status, error.contains(says)),
            (400, true),
            "{body}: {error}"
        );
    }
    for (switch, value, says) in [
        ("slack.rate_limited", json!("soon"), "such as `5`"),
        ("cluster.slow", json!(0), "such as `2000`"),
        ("cluster.down", json!("yes"), "takes `true`"),
    ] {
        let path = format!("/api/faults/{switch}");
        let said = playground.page.call(Method::PUT, &path, &value).await;
        let error = said.json()["error"].as_str().unwrap_or_default().to_owned();
        assert_eq!(
            (said.status, error.contains(says)),
            (400, true),
            "{switch}: {error}"
        );
    }
    assert_eq!(playground.armed().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_switch_goes_off_and_the_others_stay_as_they_are() {
    let playground = Playground::start().await;
    let page = &playground.page;
    for (switch, value) in [
        ("slack.lost_reply", json!(true)),
        ("cluster.slow", json!(50)),
        ("pager.fails", json!(3)),
    ] {
        let set = page
            .call(Method::PUT, &format!("/api/faults/{switch}"), &value)
            .await;
        assert_eq!(set.status, 200, "{}", set.text);
    }
    let on = async || {
        let all = page.get("/api/faults").await.json();
        let on = |one: &&Value| !one["active"].is_null();
        let ids = all.as_array().unwrap().iter().filter(on);
        ids.map(|one| one["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(on().await, ["slack.lost_reply", "cluster.slow", "pager.fails"]);

    // The reply is lost once, and that was it.
    let args = json!({"channel": INCIDENTS, "text": "hello"});
    assert!(playground.try_calls("chat.postMessage", &args).await.is_none());
    assert_eq!(on().await, ["cluster.slow", "pager.fails"]);
    page.delete("/api/faults/cluster.slow").await;
    assert_eq!(on().await, ["pager.fails"]);
    assert_eq!(
        playground.posts("again").await["ok"],
        true,
        "it is not armed anew"
    );
    // A switch that is set twice is set once.
    for count in [2, 5] {
        page.call(Method::PUT, "/api/faults/pager.fails", &json!(count))
            .await;
    }
    assert_eq!(
        playground.armed().await,
        [("pager-fail".to_owned(), json!({"pager": {"fail": 5}}))]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workspace_changes_under_the_app() {
    let playground = Playground::start().await;
    let in_incidents =
        |key: &str, what: bool, name: &str| json!({key: {"channel": "#incidents", name: what}});
    for (change, undo, code) in [
        (
            in_incidents("bot", false, "inside"),
            in_incidents("bot", true, "inside"),
            "not_in_channel",
        ),
        (
            in_incidents("archived", true, "archived"),
            in_incidents("archived", false, "archived"),
            "is_archived",
        ),
        (
            in_incidents("posting", true, "restricted"),
            in_incidents("posting", false, "restricted"),
            "restricted_action",
        ),
        (
            json!({"scope": {"scope": "chat:write", "granted": false}}),
            json!({"scope": {"scope": "chat:write", "granted": true}}),
            "missing_scope",
        ),
        (
            json!({"token": "account_inactive"}),
            json!({"token": "valid"}),
            "account_inactive",
        ),
        (
            json!({"token": "revoked"}),
            json!({"token": "valid"}),
            "token_revoked",
        ),
    ] {
        // So that Slack's own limit on posting is not met.
        playground
            .page
            .post("/api/clock/advance", json!({"seconds": 60}))
            .await;
        playground.changes(change).await;
        assert_eq!(playground.posts("no").await["error"], code);
        playground.changes(undo).await;
        assert_eq!(playground.posts("yes").await["ok"], true, "after {code}");
    }
    let posted = playground.posts("first").await;
    playground.changes(json!({"edit_window": {"seconds": 60}})).await;
    let edit = json!({"channel": INCIDENTS, "ts": posted["ts"], "text": "changed"});
    assert_eq!(playground.calls("chat.update", edit.clone()).await["ok"], true);
    playground
        .page
        .post("/api/clock/advance", json!({"seconds": 61}))
        .await;
    assert_eq!(
        playground.calls("chat.update", edit.clone()).await["error"],
        "edit_window_closed"
    );
    playground
        .changes(json!({"edit_window": {"seconds": null}}))
        .await;
    let delete = json!({"delete_message": {"channel": "incidents", "ts": posted["ts"]}});
    playground.changes(delete).await;
    assert_eq!(
        playground.calls("chat.update", edit).await["error"],
        "message_not_found"
    );

    playground
        .changes(json!({"standing": {"user": "@cleo", "standing": "guest"}}))
        .await;
    playground
        .changes(json!({"group": {"handle": "@sre", "members": ["ben"]}}))
        .await;
    let facts = playground.page.get("/api/workspace").await.json();
    let of = |list: &str, key: &str, named: &str| {
        let all = facts[list].as_array().unwrap();
        all.iter().find(|one| one[key] == named).unwrap().clone()
    };
    assert_eq!(of("people", "name", "cleo")["standing"], "guest");
    assert_eq!(of("groups", "handle", "sre")["members"], json!(["U0BEN00001"]));
    assert_eq!(of("channels", "name", "incidents")["bot"], true);
    assert_eq!(
        (&facts["transport"], &facts["token"]),
        (&json!("socket_mode"), &json!("valid"))
    );
}

/// An app on HTTP that answers the challenge and hands on everything else.
async fn app() -> (String, mpsc::UnboundedReceiver<(HeaderMap, String)>) {
    let (sender, heard) = mpsc::unbounded_channel();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/slack", listener.local_addr().unwrap());
    let answer = async move |headers: HeaderMap, body: String| {
        let asked: Value = serde_json::from_str(&body).unwrap_or_default();
        match asked["challenge"].as_str() {
            Some(challenge) => challenge.to_owned(),
            None => {
                sender.send((headers, body)).unwrap();
                String::new()
            }
        }
    };
    let router = Router::new().route("/slack", post(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, heard)
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_go_over_signed_http_and_can_be_forged() {
    let (url, mut heard) = app().await;
    let playground = Playground::with(Some(RequestUrls::single(&url))).await;
    let http = json!({"http": {"events": url, "interactions": url, "commands": url}});
    let mut changes = playground.slack().changes();
    while playground.page.get("/api/workspace").await.json()["transport"] != http {
        // The challenge is a delivery of its own; whatever changes, it is looked again.
        let _ = tokio::time::timeout(std::time::Duration::from_millis(50), changes.changed()).await;
    }
    let runbook = json!({"as": "ana", "channel": "incidents", "text": "/runbook list"});
    let mut hears = async |playground: &Playground| {
        playground.page.post("/api/slash", runbook.clone()).await;
        heard.recv().await.unwrap()
    };
    let header = |headers: &HeaderMap, name: &str| headers[name].to_str().unwrap().to_owned();
    let right = |(headers, body): &(HeaderMap, String)| {
        let at: u64 = header(headers, "x-slack-request-timestamp").parse().unwrap();
        let signature = request_signature(&playground.slack().signing_secret(), at, body.as_bytes());
        (at, signature == header(headers, "x-slack-signature"))
    };
    let (at, signed) = right(&hears(&playground).await);
    assert!(signed);
    playground
        .arms(json!({"slack": {"delivery": {"kind": "slash_command", "fault": "wrong_secret", "times": 1}}}))
        .await;
    assert!(!right(&hears(&playground).await).1);
    playground
        .arms(json!({"slack": {"delivery": {"fault": {"clock_skew": {"seconds": -301}}, "times": 1}}}))
        .await;
    let (old, signed) = right(&hears(&playground).await);
    assert!(signed && at.saturating_sub(old) >= 290, "{at} and {old}");
    assert_eq!(playground.armed().await, []);

    let deliveries = playground
        .page
        .get("/api/deliveries?kind=slash_command&last=2")
        .await
        .json();
    assert_eq!(deliveries.as_array().unwrap().len(), 2);
    assert_eq!(
        (&deliveries[1]["acked"], &deliveries[1]["payload"]["text"]),
        (&json!(true), &json!("list"))
    );
    // An address that does not answer the challenge is not taken.
    let nowhere = json!({"transport": {"http": {"events": "http://127.0.0.1:9/x", "interactions": url, "commands": url}}});
    assert_eq!(playground.page.post("/api/workspace", nowhere).await.status, 409);
    assert_eq!(
        playground.page.get("/api/workspace").await.json()["transport"],
        http
    );
    playground.changes(json!({"transport": "socket_mode"})).await;
    assert_eq!(
        playground.page.get("/api/workspace").await.json()["transport"],
        "socket_mode"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_reached_the_doubles_is_on_record() {
    let playground = Playground::start().await;
    for text in ["one", "two", "three"] {
        playground.posts(text).await;
    }
    let last = playground
        .page
        .get("/api/calls?method=chat.postMessage&last=2")
        .await
        .json();
    let texts: Vec<&str> = last
        .as_array()
        .unwrap()
        .iter()
        .map(|call| call["args"]["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts, ["two", "three"]);
    assert_eq!(
        (&last[0]["caller"], &last[0]["status"]),
        (&json!("bot"), &json!(200))
    );

    playground.posts("<!channel> wake up").await;
    let broken = playground.page.get("/api/violations").await.json();
    assert_eq!(broken[0]["kind"], "broadcast");
    playground.page.delete("/api/violations").await;
    assert_eq!(playground.page.get("/api/violations").await.json(), json!([]));
    for path in [
        "/api/cluster/requests",
        "/api/cluster/effects",
        "/api/pager/calls",
        "/api/deliveries",
    ] {
        assert!(playground.page.get(path).await.json().is_array(), "{path}");
    }
    assert_eq!(playground.page.get("/api/calls?newest=2").await.status, 400);
}
