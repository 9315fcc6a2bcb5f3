//! A small client for the page and its control API.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use interlock::playground::page;
use serde_json::Value;

use super::fixture::Fixture;

/// The page over a fixture, on a free port.
pub struct Site {
    pub fixture: Arc<Fixture>,
    browser: Browser,
}

impl std::ops::Deref for Site {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.browser
    }
}

/// A client of whatever listens at an address.
pub struct Browser {
    pub base: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

pub struct Said {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub text: String,
}

impl Said {
    /// A header's text; empty without it.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("json")
    }
}

impl Site {
    pub async fn start() -> Self {
        let fixture = Arc::new(Fixture::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let app = page::router(fixture.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            fixture,
            browser: Browser::at(base),
        }
    }
}

impl Browser {
    pub fn at(base: String) -> Self {
        Self {
            base,
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    pub async fn send(&self, request: Request<Full<Bytes>>) -> Said {
        self.try_send(request).await.expect("an answer")
    }

    /// Nothing when the connection ended without an answer.
    pub async fn try_send(&self, request: Request<Full<Bytes>>) -> Option<Said> {
        let (parts, body) = self.client.request(request).await.ok()?.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Some(Said {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text,
        })
    }

    pub async fn get(&self, path: &str) -> Said {
        self.send(
            Request::get(format!("{}{path}", self.base))
                .body(Full::default())
                .expect("a request"),
        )
        .await
    }

    pub async fn call(&self, method: Method, path: &str, body: &Value) -> Said {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("content-type", "application/json")
            .body(Full::from(body.to_string()));
        self.send(request.expect("a request")).await
    }

    pub async fn delete(&self, path: &str) -> Said {
        self.call(Method::DELETE, path, &Value::Null).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Said {
        self.call(Method::POST, path, &body).await
    }

    pub async fn client_stream(&self, path: &str) -> hyper::body::Incoming {
        let request = Request::get(format!("{}{path}", self.base))
            .body(Full::default())
            .expect("a request");
        self.client.request(request).await.expect("an answer").into_body()
    }
}
