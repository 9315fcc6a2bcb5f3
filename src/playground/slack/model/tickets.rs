//! One-time rights handed to the app: trigger ids, response addresses, socket tickets.

use std::time::Duration;

use super::super::clock::Moment;

/// How long a `trigger_id` lives (docs.slack.dev /reference/methods/views.open).
pub(in super::super) const TRIGGER_LIFE: Duration = Duration::from_secs(3);
/// How long a `response_url` lives, and how often it may be used (/interactivity/handling-user-interaction).
pub(in super::super) const RESPONSE_LIFE: Duration = Duration::from_secs(30 * 60);
pub(in super::super) const RESPONSE_USES: u8 = 5;
/// How long the address from `apps.connections.open` waits for its connection.
pub(in super::super) const TICKET_LIFE: Duration = Duration::from_secs(30);

#[derive(Clone, Debug)]
pub(in super::super) struct Trigger {
    pub user: String,
    pub sent: Moment,
    pub used: bool,
    /// The view the person acted in, when it was one.
    pub from_view: Option<String>,
}

/// What the interaction that issued a response address was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Origin {
    /// A slash command: there is no message yet.
    Command,
    /// A message in the channel.
    Message { ts: String },
    /// A message only this person sees.
    Ephemeral { ts: String },
}

#[derive(Clone, Debug)]
pub(in super::super) struct ResponseUrl {
    pub user: String,
    pub channel: String,
    pub origin: Origin,
    /// Thread that the original message is a reply in, where answers to it appear.
    pub thread_ts: Option<String>,
    pub issued: Moment,
    pub uses: u8,
}

/// A right to open one Socket Mode connection.
#[derive(Clone, Debug)]
pub(in super::super) struct SocketTicket {
    pub issued: Moment,
}
