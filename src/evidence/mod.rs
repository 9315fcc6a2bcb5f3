//! Read-only looks at the world, for the card and the hand-over: what Prometheus says, shaped into findings. Every look is bounded in time and size, and one that fails is shown as failed, never as "nothing".
//! What comes back is text of others: it is redacted and escaped by whoever stores or shows it.

pub mod prometheus;
pub mod shape;
