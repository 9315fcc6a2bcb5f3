//! What a sender is told whose delivery got no further, where no other error says it: for alerts and for changes alike. The text
//! goes back to the sender, who logs it, so it quotes nothing of the delivery.

/// Each says why, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, strum::VariantNames)]
pub enum Turned {
    /// Which key opens it is in our own log: whoever knocks there without a secret need not know it.
    #[error(
        "no secret is configured for {source_name}, so it is not served here: who runs Interlock sets one"
    )]
    NotServed { source_name: String },
    #[error(
        "no secret is configured for changes/{sender}, so it is not served here: set `webhooks.changes.{sender}.{key}`"
    )]
    ChangesNotServed { sender: String, key: &'static str },
    #[error("not authentic: {advice}")]
    Unauthentic { advice: String },
    /// Signed by the right one, at another time.
    #[error("not authentic: the signed time is more than 5 minutes from the time here; set the clocks")]
    Stale,
    /// The parser did not come back.
    #[error("reading it failed here, which is a defect of Interlock: nothing was stored; tell who runs it")]
    Broken,
    #[error("storing took too long: try again")]
    Late,
    #[error("too many deliveries are waiting: try again")]
    Busy,
}
