//! What is answered at a path that nothing is served at: which paths there are. They are the same everywhere, so that the
//! answer says nothing of this configuration; which of them are open is in the log at the start.

use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;

use super::sources::PROMETHEUS_PATH;
use crate::config::{ChangeSource, SourceKind};

/// Every path of the port, for who wrote another one.
pub async fn nothing_here(asked: Uri) -> impl IntoResponse {
    let path = asked.path();
    let text = if path.starts_with("/webhooks/changes") {
        changes()
    } else if path.starts_with("/webhooks/") {
        webhooks()
    } else if path.starts_with("/slack/") {
        "nothing is served here; nothing was stored. With slack.transport = \"http\" Slack's requests go to /slack/events, \
         /slack/interactions and /slack/commands; with \"socket\" Slack sends them over Socket Mode and none comes here\n"
            .to_owned()
    } else {
        "there is nothing here. Alerts go to /webhooks/SOURCE, Slack's requests to /slack/events, /slack/interactions and \
         /slack/commands; /healthz, /readyz and /metrics are for probes\n"
            .to_owned()
    };
    plain(StatusCode::NOT_FOUND, text)
}

/// A path that there is, asked for with another method.
pub async fn other_method() -> impl IntoResponse {
    let text = "nothing was stored: webhooks and Slack's requests are taken by POST, probes by GET\n";
    plain(StatusCode::METHOD_NOT_ALLOWED, text.to_owned())
}

fn plain(status: StatusCode, text: String) -> impl IntoResponse {
    (status, [(CONTENT_TYPE, "text/plain; charset=utf-8")], text)
}

fn changes() -> String {
    let senders: Vec<&str> = ChangeSource::ALL.iter().map(|sender| sender.name()).collect();
    format!(
        "there is no such sender of changes; nothing was stored. Changes go to /webhooks/changes/ and one of {}\n",
        senders.join(", ")
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
