//! The floor: the least that a server can do which acks a signed click only when it is on disk. It knows nobody, decides
//! nothing, refuses no repeat and tells nobody. One thread commits whatever waits in one transaction.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use hmac::{Hmac, KeyInit, Mac};
use rusqlite::{Connection, TransactionBehavior, params};
use serde::Deserialize;
use sha2::Sha256;
use tokio::sync::oneshot;

use super::process::SECRET;

/// Rows in one commit at most.
const MOST: usize = 1024;

struct Row {
    texts: Vec<[String; 3]>,
    done: oneshot::Sender<()>,
}

struct Floor {
    mac: Hmac<Sha256>,
    rows: Sender<Row>,
}

#[derive(Deserialize)]
struct Click {
    user: User,
    trigger_id: String,
    actions: Vec<Action>,
}

#[derive(Deserialize)]
struct User {
    id: String,
}

#[derive(Deserialize)]
struct Action {
    value: String,
}

#[derive(Deserialize)]
struct Webhook {
    alerts: Vec<Alert>,
}

#[derive(Deserialize)]
struct Alert {
    status: String,
    fingerprint: String,
    labels: std::collections::HashMap<String, String>,
}

pub fn serve(port: u16, database: &Path) {
    let connection = Connection::open(database).expect("a database");
    for (name, value) in [("journal_mode", "WAL"), ("synchronous", "FULL")] {
        connection.pragma_update(None, name, value).expect("a pragma");
    }
    connection
        .execute_batch("CREATE TABLE click (row INTEGER PRIMARY KEY, one TEXT, two TEXT, three TEXT)")
        .expect("a table");
    let (rows, waiting) = channel();
    std::thread::spawn(move || write(connection, &waiting));
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key of any length");
    let router = Router::new()
        .route("/click", post(click))
        .route("/alerts", post(alerts))
        .with_state(Arc::new(Floor { mac, rows }));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port))
            .await
            .expect("a port");
        axum::serve(listener, router).await.expect("it serves");
    });
}

fn write(mut connection: Connection, waiting: &Receiver<Row>) {
    while let Ok(first) = waiting.recv() {
        let mut batch = vec![first];
        while batch.len() < MOST
            && let Ok(row) = waiting.try_recv()
        {
            batch.push(row);
        }
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .expect("a transaction");
        {
            let mut insert = transaction
                .prepare_cached("INSERT INTO click (one, two, three) VALUES (?1, ?2, ?3)")
                .expect("a statement");
            for [one, two, three] in batch.iter().flat_map(|row| &row.texts) {
                insert.execute(params![one, two, three]).expect("a row");
            }
        }
        transaction.commit().expect("a commit");
        for row in batch {
            let _ = row.done.send(());
        }
    }
}

async fn click(State(floor): State<Arc<Floor>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let mut mac = floor.mac.clone();
    mac.update(b"v0:");
    mac.update(header("x-slack-request-timestamp").as_bytes());
    mac.update(b":");
    mac.update(&body);
    let given = header("x-slack-signature")
        .strip_prefix("v0=")
        .unwrap_or_default();
    let given = hex::decode(given).unwrap_or_default();
    if mac.verify_slice(&given).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    let payload = url::form_urlencoded::parse(&body).find(|(name, _)| name == "payload");
    let read = payload.and_then(|(_, payload)| serde_json::from_str::<Click>(&payload).ok());
    let Some(click) = read else {
        return StatusCode::BAD_REQUEST;
    };
    let value = click.actions.into_iter().next().map(|action| action.value);
    floor
        .store(vec![[click.user.id, click.trigger_id, value.unwrap_or_default()]])
        .await
}

async fn alerts(State(floor): State<Arc<Floor>>, body: Bytes) -> StatusCode {
    let Ok(webhook) = serde_json::from_slice::<Webhook>(&body) else {
        return StatusCode::BAD_REQUEST;
    };
    let texts = webhook.alerts.into_iter().map(|alert| {
        let name = alert.labels.get("alertname").cloned().unwrap_or_default();
        [alert.status, alert.fingerprint, name]
    });
    floor.store(texts.collect()).await
}

impl Floor {
    async fn store(&self, texts: Vec<[String; 3]>) -> StatusCode {
        let (done, stored) = oneshot::channel();
        if self.rows.send(Row { texts, done }).is_err() || stored.await.is_err() {
            return StatusCode::INTERNAL_SERVER_ERROR;
        }
        StatusCode::OK
    }
}
