//! `/healthz`, `/readyz`, `/metrics`: for orchestrators and Prometheus. No authentication, and nothing worth hiding.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::telemetry::Metrics;

/// Asked at each `/readyz`; must answer at once. The reason is shown.
pub type Ready = Arc<dyn Fn() -> Result<Readiness, String> + Send + Sync>;

/// Alerts are stored, and pages go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    Whole,
    /// Something keeps cards from being posted that a person has to mend. No reason to send alerts elsewhere.
    SlackRefuses,
}

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

fn answer(ready: Result<Readiness, String>) -> impl IntoResponse {
    match ready {
        Ok(Readiness::Whole) => (StatusCode::OK, "ready\n".to_owned()),
        Ok(Readiness::SlackRefuses) => (
            StatusCode::OK,
            "ready, but Slack refuses something that Interlock is to do there: `interlock status` says what\n".to_owned(),
        ),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")),
    }
}
