//! The record of every call a client made.

use serde::Serialize;
use serde_json::Value;

use super::clock::Moment;

/// Who called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Caller {
    /// The bot token.
    Bot,
    /// The app-level token.
    App,
    /// A one-time address (`response_url`, upload) that needs no token.
    Address,
    /// No known token.
    Nobody,
}

/// One call and what it got.
#[derive(Clone, Debug, Serialize)]
pub struct ApiCall {
    /// Method name such as `chat.postMessage`; `response_url` and `upload` for the one-time addresses.
    pub method: String,
    /// Decoded arguments without the token.
    pub args: Value,
    pub caller: Caller,
    pub status: u16,
    /// The reply as the model gave it; a fault may have kept it from the client.
    pub reply: Value,
    /// What kept the reply from the client, when a fault did.
    pub fault: Option<String>,
    pub at: Moment,
}
