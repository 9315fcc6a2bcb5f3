//! The page and the control API over HTTP.

use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};

use super::http_client::Site;

#[tokio::test]
async fn the_page_shows_the_channel_the_people_and_the_world() {
    let site = Site::start().await;
    let page = site.get("/?as=U0ANA").await;
    assert_eq!(page.status, 200);
    for part in [
        "Ana Okafor",
        "SRE lead",
        "RedisConnectionTimeout",
        "Redis time-out",
        "api-gateway",
        "On call: ",
        "+15 min",
    ] {
        assert!(page.text.contains(part), "{part}");
    }
    assert!(
        page.headers["content-security-policy"]
            .to_str()
            .is_ok_and(|p| p.starts_with("default-src 'none'"))
    );
    assert!(
        !page.text.contains(" style=") && !page.text.contains("<script>"),
        "the policy forbids inline code"
    );
    for asset in ["/assets/page.css", "/assets/page.js", "/assets/icon.svg"] {
        assert_eq!(site.get(asset).await.status, 200, "{asset}");
    }
}

#[tokio::test]
async fn people_see_what_is_theirs() {
    let site = Site::start().await;
    assert!(
        site.get("/fragment?as=U0KIM")
            .await
            .text
            .contains("Only visible to you")
    );
    assert!(
        !site
            .get("/fragment?as=U0ANA")
            .await
            .text
            .contains("Only visible to you")
    );
    assert!(site.get("/fragment?as=U0ANA").await.text.contains("security"));
    assert!(!site.get("/fragment?as=U0VIC").await.text.contains("security"));
    assert_eq!(site.get("/fragment?as=U0NOBODY").await.status, 404);
    for by_name in ["/?as=ana", "/?as=@Ana"] {
        assert!(
            site.get(by_name).await.text.contains("/?as=U0ANA&amp;channel="),
            "{by_name}"
        );
    }
    let nobody = site.get("/?as=nobody").await;
    assert_eq!(nobody.status, 404);
    assert!(
        nobody.text.contains("there is no person `nobody` here"),
        "{}",
        nobody.text
    );
}

#[tokio::test]
async fn a_channel_is_unread_until_it_was_looked_at() {
    let site = Site::start().await;
    let unread = |page: &str| page.contains("class=\"nav unread\" href=\"/?as=U0ANA&amp;channel=C0SRE");
    assert!(unread(&site.get("/fragment?as=U0ANA&channel=C0INC").await.text));
    site.get("/fragment?as=U0ANA&channel=C0SRE").await;
    assert!(!unread(&site.get("/fragment?as=U0ANA&channel=C0INC").await.text));
}

#[tokio::test]
async fn a_thread_opens_beside_its_channel() {
    let site = Site::start().await;
    let page = site
        .get("/fragment?as=U0ANA&channel=C0INC&thread=1795212001.000200&pane=thread")
        .await;
    for part in [
        "<h1>Thread</h1>",
        "4 replies",
        "step-1-output.txt",
        "data-thread=\"1795212001.000200\"",
    ] {
        assert!(page.text.contains(part), "{part}");
    }
}

#[tokio::test]
async fn what_people_do_reaches_the_playground() {
    let site = Site::start().await;
    let target = json!({"in": "message", "channel": "C0INC", "ts": "1795212001.000200"});
    site.post(
        "/api/click",
        json!({"as": "ana", "target": target, "block_id": "decide", "action_id": "more",
        "input": {"kind": "option", "value": "escalate"}}),
    )
    .await;
    site.post("/api/press", json!({"as": "@sam", "label": "approve"}))
        .await;
    site.post(
        "/api/slash",
        json!({"as": "ana", "channel": "#incidents", "text": "/runbook list"}),
    )
    .await;
    site.post(
        "/api/say",
        json!({"as": "kim", "channel": "sre", "thread": "1.2", "text": "@interlock <why> #sre @nobody"}),
    )
    .await;
    site.post("/api/home", json!({"as": "ana"})).await;
    site.post("/api/scenarios/storm", json!({})).await;
    site.post("/api/clock/advance", json!({"seconds": 90})).await;
    let alert = site
        .post("/api/alerts/alertmanager", json!({"version": "4"}))
        .await;
    assert_eq!(alert.json(), json!({"ok": true, "status": 202}));
    let target = r#""target":{"in":"message","channel":"C0INC","ts":"1795212001.000200"}"#;
    assert_eq!(
        site.fixture.done(),
        [
            format!(
                r#"U0ANA clicks {{{target},"block_id":"decide","action_id":"more","input":{{"kind":"option","value":"escalate"}}}}"#
            ),
            format!(
                r#"U0SAM clicks {{{target},"block_id":"decide","action_id":"approve","input":{{"kind":"button"}}}}"#
            ),
            "U0ANA in C0INC: /runbook list".into(),
            "U0KIM in C0SRE 1.2: <@U0BOT> &lt;why&gt; <#C0SRE|sre> @nobody".into(),
            "U0ANA opens home".into(),
            "fired storm".into(),
            "clock +90 s".into(),
            r#"alert from alertmanager: {"version":"4"}"#.into(),
        ]
    );
}

#[tokio::test]
async fn a_modal_is_filled_refused_and_closed() {
    let site = Site::start().await;
    site.post("/api/press", json!({"as": "ana", "label": "Modify"}))
        .await;
    assert!(
        site.get("/fragment?as=U0ANA")
            .await
            .text
            .contains("role=\"dialog\"")
    );
    let values = json!({"replicas": {"value": {"kind": "text", "value": "9"}}});
    site.post("/api/modal/submit", json!({"as": "ana", "values": values}))
        .await;
    assert!(
        site.get("/fragment?as=U0ANA")
            .await
            .text
            .contains("`9` is above the bound of 6")
    );
    site.post("/api/modal/close", json!({"as": "ana"})).await;
    assert!(
        !site
            .get("/fragment?as=U0ANA")
            .await
            .text
            .contains("role=\"dialog\"")
    );
}

#[tokio::test]
async fn refusals_say_what_is_wrong() {
    let site = Site::start().await;
    let cases = [
        (
            "/api/press",
            json!({"as": "ana", "label": "Launch"}),
            404,
            "there is no button `Launch` here; reload the page to see what there is",
        ),
        (
            "/api/slash",
            json!({"as": "nobody", "channel": "sre", "text": "/runbook"}),
            404,
            "there is no person `nobody` here; there is ana, sam, kim, vic",
        ),
        (
            "/api/slash",
            json!({"as": "ana", "channel": "nowhere", "text": "/runbook"}),
            404,
            "there is no channel `nowhere` here; there is incidents, sre, block-gallery, security",
        ),
        (
            "/api/slash",
            json!({"as": "ana", "channel": "sre", "text": "runbook"}),
            409,
            "`runbook` is no slash command; it begins with `/`",
        ),
        (
            "/api/slash",
            json!({"as": "ana", "channel": "sre", "thread": "1.2", "text": "/runbook"}),
            409,
            "`/runbook` is not supported in threads; type it in the channel",
        ),
        (
            "/api/say",
            json!({"as": "ana", "channel": "sre", "text": "  "}),
            409,
            "an empty message is not sent",
        ),
        (
            "/api/clock/advance",
            json!({"seconds": 99_999_999}),
            409,
            "the clock moves by at most 30 days at once",
        ),
        (
            "/api/press",
            json!({"as": "vic", "label": "Approve"}),
            502,
            "the app did not answer: no acknowledgement within 3 s; look at its log",
        ),
    ];
    for (path, body, status, error) in cases {
        let said = site.post(path, body).await;
        assert_eq!(
            (said.status, said.json()),
            (status, json!({"ok": false, "error": error})),
            "{path}"
        );
    }
    let typo = site
        .post(
            "/api/click",
            json!({"as": "ana", "target": {"in": "modal"}, "block": "b", "action_id": "a"}),
        )
        .await;
    assert_eq!(typo.status, 400);
    assert!(
        typo.json()["error"]
            .as_str()
            .is_some_and(|e| e.contains("unknown field `block`"))
    );
    assert!(site.fixture.done().is_empty());
}

#[tokio::test]
async fn faults_go_on_and_off() {
    let site = Site::start().await;
    let path = "/api/faults/slack.ratelimited";
    site.call(Method::PUT, path, &json!({"seconds": 5})).await;
    assert_eq!(
        site.get("/api/faults").await.json()[0]["active"],
        json!({"seconds": 5})
    );
    site.call(Method::DELETE, path, &Value::Null).await;
    assert_eq!(site.get("/api/faults").await.json()[0]["active"], Value::Null);
    site.call(Method::PUT, path, &json!(true)).await;
    site.call(Method::DELETE, "/api/faults", &Value::Null).await;
    assert_eq!(site.get("/api/faults").await.json()[0]["active"], Value::Null);
}

#[tokio::test]
async fn everything_everyone_saw_can_be_read() {
    let site = Site::start().await;
    let seen = site.get("/api/seen").await.json();
    let people: Vec<&String> = seen.as_object().expect("people").keys().collect();
    assert_eq!(people, ["U0ANA", "U0KIM", "U0SAM", "U0VIC"]);
    let count = |who: &str| seen[who]["channels"][0]["messages"].as_array().map(Vec::len);
    assert_eq!((count("U0ANA"), count("U0KIM")), (Some(4), Some(5)));
    assert_eq!(site.get("/api/view?as=kim").await.json()["viewer"], "U0KIM");
    assert_eq!(
        site.get("/api/cluster").await.json()["clusters"][0]["name"],
        "prod-eu"
    );
    assert_eq!(
        site.get("/api/pager").await.json()["on_call"][0]["name"],
        "Ana Okafor"
    );
    assert_eq!(site.get("/api/clock").await.json()["now"], "2026-11-20T22:02:30Z");
}

#[tokio::test]
async fn a_change_is_told_to_open_windows() {
    let site = Site::start().await;
    let mut stream = site.client_stream("/api/changes").await;
    let mut next = async || {
        stream
            .frame()
            .await
            .expect("a frame")
            .expect("data")
            .into_data()
            .expect("data")
    };
    assert_eq!(next().await.as_ref(), b"event: changed\ndata: 1\n\n");
    site.post("/api/scenarios/storm", json!({})).await;
    assert_eq!(next().await.as_ref(), b"event: changed\ndata: 1\n\n");
}

#[tokio::test]
async fn other_sites_in_the_same_browser_are_kept_out() {
    let site = Site::start().await;
    let request = |host: &str, kind: &str| {
        Request::post(format!("{}/api/scenarios/storm", site.base))
            .header("host", host.to_owned())
            .header("content-type", kind.to_owned())
            .body(Full::from("{}"))
            .expect("a request")
    };
    assert_eq!(
        site.send(request("evil.example", "application/json"))
            .await
            .status,
        403
    );
    assert_eq!(site.send(request("127.0.0.1", "text/plain")).await.status, 415);
    assert!(site.fixture.done().is_empty());
    assert_eq!(
        site.send(request("localhost:1", "application/json")).await.status,
        200
    );
}

#[tokio::test]
async fn uploaded_files_never_run_in_the_page() {
    let site = Site::start().await;
    let picture = site.get("/files/F0PICTURE1").await;
    assert_eq!(
        (
            picture.header("content-type"),
            picture.header("content-disposition")
        ),
        ("image/png", "inline; filename*=UTF-8''a%2Epng")
    );
    for (id, name) in [("F0HTML0001", "a%2Ehtml"), ("F0SVG00001", "a%2Esvg")] {
        let active = site.get(&format!("/files/{id}")).await;
        assert_eq!(
            (
                active.header("content-type"),
                active.header("content-disposition")
            ),
            (
                "application/octet-stream",
                format!("attachment; filename*=UTF-8''{name}").as_str()
            )
        );
        assert_eq!(active.header("x-content-type-options"), "nosniff");
    }
    assert_eq!(site.get("/files/F0NONE0001").await.status, 404);
}
