//! As much of Slack as the program under load asks for: who we are, who somebody is, and a yes to everything else. It
//! proves nothing about Slack; the playground's double does that.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::{Path, RawQuery};
use axum::routing::any;
use axum::{Json, Router};
use serde_json::{Value, json};

static COUNT: AtomicU64 = AtomicU64::new(0);
/// When a message about the incident with this marker was first posted.
static POSTED: Mutex<Option<HashMap<u64, Instant>>> = Mutex::new(None);

/// What stands between `card-` and ` ` in a title that is to be found again.
pub fn posted(marker: u64) -> Option<Instant> {
    POSTED
        .lock()
        .expect("nobody panics here")
        .as_ref()?
        .get(&marker)
        .copied()
}

fn note(body: &str) {
    let marker = body.split_once("card-").and_then(|(_, rest)| {
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok()
    });
    if let Some(marker) = marker {
        let mut posted = POSTED.lock().expect("nobody panics here");
        posted
            .get_or_insert_default()
            .entry(marker)
            .or_insert_with(Instant::now);
    }
}

/// Starts it on a thread of its own; gives the port.
pub fn start() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a listener of tokio");
    let port = listener.local_addr().expect("its address").port();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            let router = Router::new().route("/api/{method}", any(method));
            axum::serve(listener, router).await.expect("it serves");
        });
    });
    port
}

async fn method(Path(method): Path<String>, RawQuery(query): RawQuery, body: String) -> Json<Value> {
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    if method == "chat.postMessage" {
        note(&body);
    }
    let asked = query.unwrap_or(body);
    let argument = |name: &str| {
        url::form_urlencoded::parse(asked.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    Json(match method.as_str() {
        "auth.test" => json!({
            "ok": true, "url": "https://acme.slack.com/", "team": "Acme", "user": "interlock", "team_id": "T0ACME0001",
            "user_id": "U0BOT00001", "bot_id": "B0BOT00001", "is_enterprise_install": false,
        }),
        "users.info" => {
            let id = argument("user");
            json!({"ok": true, "user": {
                "id": id, "team_id": "T0ACME0001", "name": id, "deleted": false, "is_bot": false, "is_restricted": false,
                "is_ultra_restricted": false, "profile": {"display_name": id, "real_name": id},
            }})
        }
        _ => {
            json!({"ok": true, "channel": "C0INCIDENT", "ts": format!("1763690000.{count:06}"), "messages": []})
        }
    })
}
