//! Small apps for the tests: one that calls, one that listens on a WebSocket, one that listens on signed HTTP.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use futures::{SinkExt, StreamExt};
use interlock::playground::slack::{MessageAt, RateLimits, SlackDouble, SlackOptions};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

pub const ANA: &str = "U0ANA00001";
pub const BEN: &str = "U0BEN00001";
pub const CLEO: &str = "U0CLEO0001";
pub const GUS: &str = "U0GUS00001";
pub const INCIDENTS: &str = "C0INCIDENT";

/// Longest any test waits for something that must come.
pub const PATIENCE: Duration = Duration::from_secs(10);

pub async fn workspace() -> SlackDouble {
    SlackDouble::start(SlackOptions::default()).await.unwrap()
}

pub async fn unlimited() -> SlackDouble {
    SlackDouble::start(SlackOptions {
        limits: RateLimits::off(),
        ..SlackOptions::default()
    })
    .await
    .unwrap()
}

pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

pub type Http = hyper_util::client::legacy::Client<
    hyper_util::client::legacy::connect::HttpConnector,
    http_body_util::Full<bytes::Bytes>,
>;

pub fn http() -> Http {
    hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http()
}

pub async fn send(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: impl Into<bytes::Bytes>,
) -> Result<Reply, hyper_util::client::legacy::Error> {
    use http_body_util::BodyExt as _;
    let mut request = http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(http_body_util::Full::new(body.into())).unwrap();
    let response = http().request(request).await?;
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Reply {
        status: parts.status.as_u16(),
        headers: parts.headers,
        text,
    })
}

/// Calls a method with the bot token and a JSON body.
pub async fn call(slack: &SlackDouble, method: &str, args: Value) -> Value {
    call_full(slack, method, args).await.json()
}

pub async fn call_full(slack: &SlackDouble, method: &str, args: Value) -> Reply {
    let url = format!("{}/{method}", slack.api_base());
    let token = format!("Bearer {}", slack.bot_token());
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "application/json; charset=utf-8"),
    ];
    send("POST", &url, &headers, args.to_string()).await.unwrap()
}

pub async fn post_json(url: &str, body: Value) -> Reply {
    send(
        "POST",
        url,
        &[("content-type", "application/json")],
        body.to_string(),
    )
    .await
    .unwrap()
}

pub fn section(text: &str) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": text}})
}

pub fn button(action_id: &str, text: &str) -> Value {
    json!({"type": "button", "action_id": action_id, "value": "v1", "text": {"type": "plain_text", "text": text}})
}

/// Posts a card with an Approve button and one that asks first.
pub async fn post_card(slack: &SlackDouble) -> MessageAt {
    let mut flush = button("flush", "Flush");
    flush["confirm"] = json!({
        "title": {"type": "plain_text", "text": "Sure?"}, "text": {"type": "plain_text", "text": "Deletes every key."},
        "confirm": {"type": "plain_text", "text": "Flush"}, "deny": {"type": "plain_text", "text": "Cancel"},
    });
    let more = json!({"type": "overflow", "action_id": "more", "options": [
        {"text": {"type": "plain_text", "text": "Escalate"}, "value": "escalate"},
    ]});
    let blocks = json!([
        section("*Redis is down*"),
        {"type": "actions", "block_id": "gate", "elements": [button("approve", "Approve"), flush, more]},
    ]);
    let reply = call(
        slack,
        "chat.postMessage",
        json!({"channel": INCIDENTS, "text": "Redis is down", "blocks": blocks}),
    );
    MessageAt::new(INCIDENTS, reply.await["ts"].as_str().unwrap())
}

/// What an app answers to one envelope.
#[derive(Clone, Debug)]
pub enum Answer {
    Empty,
    Body(Value),
    Silence,
}

/// A Socket Mode app on a bare WebSocket: answers as told and hands on every envelope.
pub struct SocketApp {
    pub frames: mpsc::UnboundedReceiver<Value>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for SocketApp {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub async fn socket_url(slack: &SlackDouble) -> String {
    let url = format!("{}/apps.connections.open", slack.api_base());
    let token = format!("Bearer {}", slack.app_token());
    let reply = send("POST", &url, &[("authorization", &token)], "")
        .await
        .unwrap()
        .json();
    reply["url"].as_str().unwrap().to_owned()
}

impl SocketApp {
    /// Connects and waits for the hello.
    pub async fn connect(slack: &SlackDouble) -> Self {
        let (mut socket, _) = tokio_tungstenite::connect_async(socket_url(slack).await)
            .await
            .unwrap();
        let (sender, mut frames) = mpsc::unbounded_channel();
        let answers = Arc::new(Mutex::new(VecDeque::new()));
        let planned = Arc::clone(&answers);
        let task = tokio::spawn(async move {
            while let Some(Ok(message)) = socket.next().await {
                let Message::Text(text) = message else { continue };
                let frame: Value = serde_json::from_str(&text).unwrap();
                let envelope = frame["envelope_id"].clone();
                let _closed = sender.send(frame);
                if envelope.is_null() {
                    continue;
                }
                let ack = match planned.lock().pop_front().unwrap_or(Answer::Empty) {
                    Answer::Empty => json!({"envelope_id": envelope}),
                    Answer::Body(body) => json!({"envelope_id": envelope, "payload": body}),
                    Answer::Silence => continue,
                };
                if socket.send(Message::text(ack.to_string())).await.is_err() {
                    return;
                }
            }
            let _closed = sender.send(json!({"type": "closed"}));
        });
        let hello = frames.recv().await.unwrap();
        assert_eq!(hello["type"], "hello");
        Self {
            frames,
            answers,
            task,
        }
    }

    /// What to answer to the next envelopes, in order; after these, empty acknowledgements.
    pub fn will(&self, answer: Answer) {
        self.answers.lock().push_back(answer);
    }

    pub async fn next(&mut self) -> Value {
        tokio::time::timeout(PATIENCE, self.frames.recv())
            .await
            .unwrap()
            .unwrap()
    }
}

/// A request that reached the HTTP app.
#[derive(Clone, Debug)]
pub struct Request {
    pub headers: HeaderMap,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The interaction inside the form.
    pub fn payload(&self) -> Value {
        let mut pairs = url::form_urlencoded::parse(self.body.as_bytes());
        let (_, text) = pairs.find(|(key, _)| key == "payload").unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

/// An app on signed HTTP: answers with planned (status, body, header) and hands on every request.
pub struct HttpApp {
    pub url: String,
    pub requests: mpsc::UnboundedReceiver<Request>,
    answers: Arc<Mutex<VecDeque<HttpAnswer>>>,
    task: tokio::task::JoinHandle<()>,
}

pub type HttpAnswer = (u16, &'static str, Option<(&'static str, &'static str)>);

impl Drop for HttpApp {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl HttpApp {
    pub async fn start() -> Self {
        let (sender, requests) = mpsc::unbounded_channel();
        let answers: Arc<Mutex<VecDeque<HttpAnswer>>> = Arc::default();
        let planned = Arc::clone(&answers);
        let router = axum::Router::new().fallback(move |headers: HeaderMap, body: String| {
            let (sender, planned) = (sender.clone(), Arc::clone(&planned));
            async move {
                let value: Value = serde_json::from_str(&body).unwrap_or_default();
                if value["type"] == "url_verification" {
                    return (
                        StatusCode::OK,
                        HeaderMap::new(),
                        value["challenge"].as_str().unwrap().to_owned(),
                    );
                }
                let _gone = sender.send(Request { headers, body });
                let (status, body, header) = planned.lock().pop_front().unwrap_or((200, "", None));
                let mut headers = HeaderMap::new();
                if let Some((name, value)) = header {
                    headers.insert(name, value.parse().unwrap());
                }
                (StatusCode::from_u16(status).unwrap(), headers, body.to_owned())
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/slack/events", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            requests,
            answers,
            task,
        }
    }

    pub fn will(&self, answer: HttpAnswer) {
        self.answers.lock().push_back(answer);
    }

    pub async fn next(&mut self) -> Request {
        tokio::time::timeout(PATIENCE, self.requests.recv())
            .await
            .unwrap()
            .unwrap()
    }
}
