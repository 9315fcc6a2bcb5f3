//! Opening and filling views. A trigger id works once and for three seconds, so a call that hangs on one is short.

use serde::Deserialize;
use serde_json::{Value, json};
use tracing::warn;

use crate::slack::api::{Api, ApiError, VIEW_TIMEOUT};

/// How a view gets in front of the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opener {
    /// Not opened yet.
    Trigger(String),
    /// This view is open and waits to be filled.
    View(String),
    /// Can't be opened any more.
    Gone,
}

#[derive(Deserialize)]
struct Opened {
    view: ViewId,
}

#[derive(Deserialize)]
struct ViewId {
    id: String,
}

/// Opens a view and says which one it is.
///
/// # Errors
/// When Slack refuses it (an expired trigger id, mostly) or gives no reply in 2 s.
pub async fn open(api: &Api, trigger: &str, view: Value) -> Result<String, ApiError> {
    let body = json!({"trigger_id": trigger, "view": view});
    let opened: Opened = api.post("views.open", &body, VIEW_TIMEOUT).await?;
    Ok(opened.view.id)
}

/// Replaces what an open view shows; tried twice.
pub async fn fill(api: &Api, id: &str, view: Value) {
    let body = json!({"view_id": id, "view": view});
    for attempt in 1..=2 {
        match api.post::<Value>("views.update", &body, VIEW_TIMEOUT).await {
            Ok(_) => return,
            Err(error) => warn!(%error, attempt, "a modal could not be filled"),
        }
    }
}
