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
/// What else is amiss is no reason to send alerts elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Something keeps cards from being posted that a person has to mend.
    pub slack_refuses: bool,
    /// What else a person has to mend, a sentence each.
    pub besides: Vec<String>,
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
        Ok(Readiness {
            slack_refuses,
            besides,
        }) => {
            let slack = "Slack refuses something that Interlock is to do there: `interlock status` says what";
            let slack = slack_refuses.then(|| slack.to_owned());
            let amiss: Vec<String> = slack.into_iter().chain(besides).collect();
            let text = match amiss.as_slice() {
                [] => "ready\n".to_owned(),
                amiss => format!("ready, but {}\n", amiss.join("\nand ")),
            };
            (StatusCode::OK, text)
        }
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")),
    }
}
