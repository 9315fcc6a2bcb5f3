//! Where a person acts.

use serde::{Deserialize, Serialize};

/// A message by channel and `ts`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MessageAt {
    pub channel: String,
    pub ts: String,
}

impl MessageAt {
    /// The message with this `ts` in this channel.
    #[must_use]
    pub fn new(channel: &str, ts: &str) -> Self {
        Self {
            channel: channel.to_owned(),
            ts: ts.to_owned(),
        }
    }
}

/// A surface with blocks on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Message(MessageAt),
    /// The modal on top of the person's stack.
    Modal,
    /// The app's home tab as the person sees it.
    Home,
}

impl From<MessageAt> for Place {
    fn from(at: MessageAt) -> Self {
        Self::Message(at)
    }
}
