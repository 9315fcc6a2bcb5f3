//! What the engine is asked by the HTTP side, and what it may answer.

use jiff::Timestamp;

use crate::domain::alert::Alert;
use crate::domain::ids::{DeliveryKey, Source};
use crate::ports::Pending;

/// One authenticated, parsed and redacted request of an alert source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub source: Source,
    /// Given by senders that number their deliveries; the same on a retry.
    pub delivery_key: Option<DeliveryKey>,
    /// Never empty.
    pub alerts: Vec<Alert>,
    pub received_at: Timestamp,
}

/// The alerts are committed; a crash after this loses nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted;

/// The alerts are not stored, and the sender is to try again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, strum::VariantNames)]
pub enum Refused {
    #[error("too many deliveries are waiting: try again in {retry_after_seconds} s")]
    Overloaded { retry_after_seconds: u32 },
    /// The reason is for people and holds no secrets.
    #[error("the delivery could not be stored ({reason}): try again")]
    NotStored { reason: String },
}

/// Takes alerts in. Implemented by the engine.
pub trait Intake: Send + Sync {
    /// Comes back when the delivery is committed or refused, whichever it is.
    fn submit(&self, delivery: Delivery) -> Pending<'_, Result<Accepted, Refused>>;
}
