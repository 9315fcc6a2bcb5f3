//! What is answered at a path that nothing is served at: which paths there are. They are the same everywhere, so that the
//! answer says nothing of this configuration; which of them are open is in the log at the start.

use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;

use super::sources::PROMETHEUS_PATH;
use crate::config::{ChangeSource, SourceKind};

/// Every path of the port, for who wrote another one.
pub async fn nothing_here(asked: Uri) -> impl IntoResponse {
    let text = if asked.path().starts_with("/webhooks/") {
        webhooks()
    } else {
        "there is nothing here. Alerts go to /webhooks/SOURCE, Slack's requests to /slack/events, /slack/interactions and \
         /slack/commands; /healthz, /readyz and /metrics are for probes\n"
            .to_owned()
    };
    (
        StatusCode::NOT_FOUND,
        [(CONTENT_TYPE, "text/plain; charset=utf-8")],
        text,
    )
}

fn webhooks() -> String {
    let sources: Vec<&str> = SourceKind::ALL.iter().map(|kind| kind.name()).collect();
    let changes: Vec<&str> = ChangeSource::ALL.iter().map(|sender| sender.name()).collect();
    format!(
        "there is no such source; nothing was stored. Alerts go to /webhooks/ and one of {}, or custom/NAME with a name of the \
         configuration ({PROMETHEUS_PATH} is for Prometheus itself); changes to /webhooks/changes/ and one of {}\n",
        sources.join(", "),
        changes.join(", ")
    )
}
