//! HTTP steps against a small server of this test: what counts as done, failed and unknown, and what never leaves.

mod common;
mod optional;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::{any, get, post};
use common::{Bench, done, failed, unknown};
use interlock::actions::http::HttpSettings;
use interlock::domain::action::{Action, HttpMethod, HttpRequest};
use interlock::evidence::prometheus::{Prometheus, QueryError};
use interlock::ports::{Ended, SurveyError};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

async fn server() -> SocketAddr {
    let app = Router::new()
        .route("/ok", any(|| async { "fine\n" }))
        .route("/missing", any(|| async { (StatusCode::NOT_FOUND, "nothing here\n") }))
        .route("/broken", any(|| async { (StatusCode::BAD_GATEWAY, "upstream is away") }))
        .route("/away", any(|| async { Redirect::temporary("/ok").into_response() }))
        .route("/large", get(|| async { "x".repeat(3 * 1024 * 1024) }))
        .route("/echo", post(|headers: HeaderMap, body: String| async move {
            let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
            format!("{}|{}|{body}", header("authorization") == "Bearer flag-secret-1", header("user-agent"))
        }))
        .route("/api/v1/query", get(|uri: axum::http::Uri| async move {
            match uri.query().unwrap_or("").contains("query=up") {
                true => (StatusCode::OK, r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"redis"},"value":[1,"0"]}]}}"#),
                false => (StatusCode::BAD_REQUEST, r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#),
            }
        }));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

fn bench(allowed: &[SocketAddr]) -> Bench {
    let settings = HttpSettings {
        allowed_hosts: allowed.iter().map(ToString::to_string).collect(),
        private_hosts: Vec::new(),
        secrets: BTreeMap::from([("flags".to_owned(), "flag-secret-1".to_owned())]),
    };
    Bench::with("/nowhere".into(), settings)
}

fn request(method: HttpMethod, address: SocketAddr, path: &str) -> HttpRequest {
    let url = format!("http://{address}{path}");
    HttpRequest {
        method,
        url,
        headers: Vec::new(),
        body: None,
        fail_on_error: false,
        max_time_seconds: None,
    }
}

#[tokio::test]
async fn a_reading_request_is_done_or_failed() {
    let address = server().await;
    let bench = bench(&[address]);
    let get = |path| request(HttpMethod::Get, address, path);
    assert_eq!(done(&bench.run(Action::Http(get("/ok"))).await), "fine\n");
    assert_eq!(
        done(&bench.run(Action::Http(get("/missing"))).await),
        "nothing here\n"
    );
    let strict = HttpRequest {
        fail_on_error: true,
        ..get("/missing")
    };
    assert_eq!(
        failed(&bench.run(Action::Http(strict)).await),
        "HTTP 404 Not Found"
    );
    let moved = bench.run(Action::Http(get("/away"))).await;
    assert!(
        !done(&moved).contains("fine"),
        "redirects are not followed: {moved:?}"
    );
    let head = bench
        .run(Action::Http(request(HttpMethod::Head, address, "/ok")))
        .await;
    assert!(done(&head).starts_with("HTTP 200 OK\n"), "{head:?}");
    let large = bench.run(Action::Http(get("/large"))).await;
    // Beside what has no room, 32 KiB on each side of the gap: there is no word's end to cut at.
    let dropped = 2 * 1024 * 1024 + 2 * 32 * 1024;
    let note = format!("\n[{dropped} bytes dropped: only the first and the last of 1 MiB are kept]\n");
    assert!(done(&large).contains(&note));
}

#[tokio::test]
async fn a_changing_request_is_unknown_when_nobody_can_tell() {
    let address = server().await;
    let bench = bench(&[address]);
    let post = |path| Action::Http(request(HttpMethod::Post, address, path));
    assert_eq!(done(&bench.run(post("/ok")).await), "fine\n");
    assert_eq!(failed(&bench.run(post("/missing")).await), "HTTP 404 Not Found");
    assert!(failed(&bench.run(post("/away")).await).contains("redirects are not followed"));
    assert!(unknown(&bench.run(post("/broken")).await).starts_with("HTTP 502"));
}

/// Takes a request and never answers; hangs up at once or stays.
async fn silent(hangs_up: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut start = [0; 16];
            let _ = stream.read(&mut start).await;
            if !hangs_up {
                kept.push(stream);
            }
        }
    });
    address
}

#[tokio::test]
async fn no_answer_is_unknown_for_a_change_and_a_failure_for_a_look() {
    for hangs_up in [true, false] {
        let address = silent(hangs_up).await;
        let bench = bench(&[address]);
        let post = bench
            .run_for(Action::Http(request(HttpMethod::Post, address, "/")), 1)
            .await;
        assert!(unknown(&post).contains("may have had its effect"), "{post:?}");
        let get = bench
            .run_for(Action::Http(request(HttpMethod::Get, address, "/")), 1)
            .await;
        assert!(matches!(get, Ended::Failed { .. }), "{get:?}");
    }
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port")
        .local_addr()
        .expect("an address");
    let refused = bench(&[closed])
        .run(Action::Http(request(HttpMethod::Post, closed, "/")))
        .await;
    assert!(failed(&refused).starts_with("nothing was sent"), "{refused:?}");
}

#[tokio::test]
async fn a_header_gets_its_secret_and_only_a_configured_one() {
    let address = server().await;
    let bench = bench(&[address]);
    let with = |value: &str| HttpRequest {
        headers: vec![("Authorization".to_owned(), value.to_owned())],
        body: Some("off".to_owned()),
        ..request(HttpMethod::Post, address, "/echo")
    };
    let sent = bench.run(Action::Http(with("Bearer @flags"))).await;
    assert!(
        done(&sent).starts_with("true|interlock/") && done(&sent).ends_with("|off"),
        "{sent:?}"
    );
    assert!(
        done(&sent).contains("0123456789abcdef.INC-7.p1.s1.a1"),
        "the other side's log can be joined with ours: {sent:?}"
    );
    let action = Action::Http(with("Bearer @nope"));
    let error = bench.survey(&action).await.expect_err("no such secret");
    assert!(
        matches!(&error, SurveyError::Forbidden(text) if text.contains("http.secrets.nope")),
        "{error:?}"
    );
    assert!(failed(&bench.run(action).await).contains("nothing was sent"));
}

#[tokio::test]
async fn a_host_that_is_not_listed_is_never_asked() {
    let (listed, other) = (server().await, server().await);
    let bench = bench(&[listed]);
    let action = Action::Http(request(HttpMethod::Get, other, "/ok"));
    let error = bench.survey(&action).await.expect_err("not listed");
    assert!(
        error.to_string().contains("is not on the list of allowed hosts"),
        "{error}"
    );
    assert!(failed(&bench.run(action).await).contains("nothing was sent"));
}

/// A name of this machine that leads to an address inside, other than `localhost`, which needs no more than to be listed.
fn name_inside() -> Option<String> {
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    let lines = hosts
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default());
    let of_line = |line: &str| {
        let mut words = line.split_whitespace();
        let address: std::net::Ipv4Addr = words.next()?.parse().ok()?;
        let inside = address.is_loopback() || address.is_private();
        let name = words.find(|name| !name.starts_with("localhost"))?;
        inside.then(|| name.to_ascii_lowercase())
    };
    let found = lines.filter_map(of_line).next();
    let required = std::env::var("INTERLOCK_REQUIRE_ALL").is_ok_and(|value| value == "1");
    assert!(
        found.is_some() || !required,
        "INTERLOCK_REQUIRE_ALL=1 but /etc/hosts has no name for this machine; Debian writes one: 127.0.1.1 NAME"
    );
    found
}

/// What is listed is a name, and whoever has the name can point it anywhere.
#[tokio::test]
async fn a_listed_name_that_leads_inside_is_not_connected_to() {
    let Some(name) = name_inside() else {
        optional::say(
            "skipped a name that leads inside: /etc/hosts has none; Debian writes one: 127.0.1.1 NAME",
        );
        return;
    };
    let listener = TcpListener::bind("0.0.0.0:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (connected, mut connections) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, from)) = listener.accept().await {
            drop(stream);
            connected.send(from).expect("somebody listens");
        }
    });
    let listed = format!("http://{name}:{}", address.port());
    let bench = |private: &[String]| {
        let settings = HttpSettings {
            allowed_hosts: vec![listed.clone()],
            private_hosts: private.to_vec(),
            secrets: BTreeMap::new(),
        };
        Bench::with("/nowhere".into(), settings)
    };
    let to = |method| {
        Action::Http(HttpRequest {
            url: format!("{listed}/ok"),
            ..request(method, address, "/ok")
        })
    };
    let shut = bench(&[]);
    for method in [HttpMethod::Get, HttpMethod::Post] {
        let ended = shut.run(to(method)).await;
        let why = failed(&ended);
        assert!(
            why.contains("resolves to private or link-local addresses only")
                && why.contains("http.private_hosts"),
            "{why}"
        );
    }
    assert!(connections.try_recv().is_err(), "somebody connected");
    // It was the guard that refused: on the word of whoever runs it, it is asked.
    let open = bench(std::slice::from_ref(&name));
    assert!(matches!(
        open.run(to(HttpMethod::Get)).await,
        Ended::Failed { .. }
    ));
    assert!(connections.recv().await.is_some());
}

#[tokio::test]
async fn prometheus_is_asked_and_quoted() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let address = server().await;
    let prometheus =
        Prometheus::new(&format!("http://{address}/"), None, Duration::from_secs(3)).expect("an address");
    let answer = prometheus.query("up{job=\"redis\"}").await.expect("an answer");
    assert_eq!(answer.samples[0].value, "0");
    assert_eq!(
        prometheus.query("((").await,
        Err(QueryError::Refused {
            of: "Prometheus",
            why: "parse error".into()
        })
    );
}

#[tokio::test]
async fn a_permit_that_is_old_sends_nothing() {
    let address = server().await;
    let bench = bench(&[address]);
    let action = Action::Http(request(HttpMethod::Post, address, "/ok"));
    let old = bench.order(action.clone(), None, 10);
    bench.later(Duration::from_secs(60));
    let why = bench.perform(old).await;
    assert!(
        failed(&why).starts_with("nothing was sent: Interlock was held up for 60 s"),
        "{why:?}"
    );
    assert_eq!(done(&bench.run(action).await), "fine\n");
}
