//! What a well-behaved app never does. Recorded, not thrown, so a test can assert that nothing was.

use serde::Serialize;

use super::clock::Moment;

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    pub kind: ViolationKind,
    /// What was wrong, in a sentence that names the method or delivery.
    pub detail: String,
    pub at: Moment,
}

/// The rules the double watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ViolationKind {
    /// A delivery that reached the app was not acknowledged within three seconds.
    NotAcked,
    /// An acknowledgement carried a body that its kind does not allow.
    IllegalAck,
    /// Blocks or a view outside Slack's limits were sent (and refused).
    OutsideLimits,
    /// `<!channel>`, `<!here>` or `<!everyone>` was posted without being allowed.
    Broadcast,
    /// A message with blocks had no `text` for notifications and screen readers.
    MissingText,
    /// A `response_url` was used after its fifth use or its thirty minutes.
    ResponseUrlMisuse,
    /// A `trigger_id` was used twice, after three seconds, or was never issued.
    TriggerMisuse,
    /// More than fifty `chat.update` calls in one minute.
    UpdateStorm,
    /// More than one message a second in a channel, sustained past the burst.
    PostStorm,
    /// Two messages carry the same delivery id in their metadata.
    DuplicateDelivery,
    /// A token stood in a URL.
    TokenInUrl,
    /// The app-level token was used for something else than opening a connection.
    AppTokenMisuse,
    /// An acknowledgement named an envelope that was never sent.
    UnknownEnvelope,
}
