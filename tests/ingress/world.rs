//! An engine that writes down what it is given, and ways to send it requests.

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode};
use interlock::config::Settings;
use interlock::domain::alert::Alert;
use interlock::ingress::{
    ANSWER_WITHIN, Accepted, Delivery, Intake, Mapping, Refused, SnsUrl, SnsWeb, WebhookSettings, webhooks,
};
use interlock::ports::{Clock, Pending};
use jiff::Timestamp;
use serde_json::Value;
use tower::ServiceExt;

/// How the engine answers.
#[derive(Clone, Debug)]
pub enum Mood {
    Stores,
    Refuses(Refused),
    NeverAnswers,
}

pub struct Engine {
    pub mood: Mood,
    pub got: Mutex<Vec<Delivery>>,
}

impl Intake for Engine {
    fn submit(&self, delivery: Delivery) -> Pending<'_, Result<Accepted, Refused>> {
        Box::pin(async move {
            match &self.mood {
                Mood::Stores => {
                    self.got.lock().unwrap().push(delivery);
                    Ok(Accepted)
                }
                Mood::Refuses(refused) => Err(refused.clone()),
                Mood::NeverAnswers => std::future::pending().await,
            }
        })
    }
}

/// A clock that stands.
struct At(Timestamp);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// SNS, as far as it is asked for anything; writes down what it was asked for.
#[derive(Default)]
pub struct Sns {
    /// Answers, by the part of the address before the query.
    pub pages: Vec<(String, Vec<u8>)>,
    pub asked: Mutex<Vec<String>>,
}

impl SnsWeb for Sns {
    fn get<'a>(&'a self, url: &'a SnsUrl) -> Pending<'a, Result<Vec<u8>, String>> {
        Box::pin(async move {
            self.asked.lock().unwrap().push(url.as_str().to_owned());
            let page = url.as_str().split('?').next().unwrap();
            self.pages
                .iter()
                .find(|(address, _)| address == page)
                .map(|(_, body)| body.clone())
                .ok_or_else(|| "it answered 404 Not Found".to_owned())
        })
    }
}

pub struct World {
    pub engine: Arc<Engine>,
    pub router: Router,
}

pub const TOKEN: &str = "tok-lab-0001";

/// Both sources with secrets: `tok-lab-0001`, and PagerDuty's old and new one.
pub fn usual() -> World {
    with(
        r#"
        [webhooks.alertmanager]
        bearer_token = "tok-lab-0001"
        [webhooks.pagerduty]
        secret = ["whk_old_secret_0001", "whk_new_secret_0002"]
        [pagerduty]
        own_user_id = "PBOT001"
        "#,
        Mood::Stores,
    )
}

pub fn with(config: &str, mood: Mood) -> World {
    at("2026-11-21T12:00:00Z", config, mood, Arc::default())
}

/// With a clock that shows this, and an SNS.
pub fn at(now: &str, config: &str, mood: Mood, web: Arc<Sns>) -> World {
    let now = now.parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("interlock.toml");
    std::fs::write(&path, config).unwrap();
    let settings = Settings::load(Some(&path), std::iter::empty()).unwrap();
    let engine = Arc::new(Engine {
        mood,
        got: Mutex::default(),
    });
    let answer_within = match engine.mood {
        Mood::NeverAnswers => std::time::Duration::from_millis(20),
        Mood::Stores | Mood::Refuses(_) => ANSWER_WITHIN,
    };
    let router = webhooks(WebhookSettings {
        webhooks: &settings.webhooks,
        mapping: Mapping::new(&settings),
        intake: engine.clone(),
        room: interlock::ingress::Room::default(),
        clock: Arc::new(At(now)),
        sns: web,
        on_loopback: settings.server.listen.is_loopback(),
        answer_within,
    });
    World { engine, router }
}

/// What the sender got back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl World {
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub async fn post(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.into()).unwrap()).await
    }

    /// With the right token.
    pub async fn alertmanager(&self, body: impl Into<Body>) -> Answer {
        let bearer = format!("Bearer {TOKEN}");
        self.post("/webhooks/alertmanager", &[("authorization", &bearer)], body)
            .await
    }

    pub fn alerts(&self) -> Vec<Alert> {
        self.engine
            .got
            .lock()
            .unwrap()
            .iter()
            .flat_map(|delivery| delivery.alerts.clone())
            .collect()
    }

    pub fn deliveries(&self) -> Vec<Delivery> {
        self.engine.got.lock().unwrap().clone()
    }
}

/// One recorded request.
pub struct Recorded {
    pub name: String,
    pub method: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Recorded {
    pub fn read(folder: &str, name: &str) -> Self {
        let path = Path::new("tests/data/alerts").join(folder).join(name);
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file: Value = serde_json::from_str(&text).unwrap();
        let request = &file["request"];
        Self {
            name: name.to_owned(),
            method: request["method"].as_str().unwrap().to_owned(),
            headers: request["headers"]
                .as_array()
                .unwrap()
                .iter()
                .map(|pair| {
                    (
                        pair[0].as_str().unwrap().to_owned(),
                        pair[1].as_str().unwrap().to_owned(),
                    )
                })
                .collect(),
            body: request["body_raw"].as_str().unwrap_or_default().to_owned(),
        }
    }

    pub fn all(folder: &str, prefix: &str) -> Vec<Self> {
        let mut names: Vec<String> = std::fs::read_dir(Path::new("tests/data/alerts").join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with(prefix))
            .collect();
        names.sort();
        assert!(!names.is_empty());
        names.iter().map(|name| Self::read(folder, name)).collect()
    }

    /// The recorded headers and bytes, at our address; `extra` replaces headers of the same name.
    pub fn to(&self, path: &str, extra: &[(&str, &str)]) -> Request<Body> {
        let mut request = Request::builder().method(self.method.as_str()).uri(path);
        for (name, value) in &self.headers {
            if !extra.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
                // As bytes: there are senders that don't encode what isn't ASCII.
                request = request.header(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
        }
        for (name, value) in extra {
            request = request.header(*name, *value);
        }
        request.body(Body::from(self.body.clone())).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}
