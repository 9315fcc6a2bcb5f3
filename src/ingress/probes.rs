//! `/healthz`, `/readyz`, `/metrics`: for orchestrators and Prometheus. No authentication, and nothing worth hiding.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::telemetry::Metrics;

/// Asked at each `/readyz`; must answer at once. The reason is shown.
pub type Ready = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// What the probes ask.
#[derive(Clone)]
pub struct Probes {
    pub ready: Ready,
    pub metrics: Metrics,
}

impl Probes {
    pub fn routes(self) -> Router {
        let Self { ready, metrics } = self;
        Router::new()
            .route("/healthz", get(async || "ok\n"))
            .route("/readyz", get(async move || answer(ready())))
            .route(
                "/metrics",
                get(async move || {
                    (
                        [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
                        metrics.render(),
                    )
                }),
            )
    }
}

fn answer(ready: Result<(), String>) -> impl IntoResponse {
    match ready {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")),
    }
}
