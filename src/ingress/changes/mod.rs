//! What somebody changed: `POST /webhooks/changes/NAME`. The same proofs and limits as for alerts; `read` is one body,
//! `senders` are the shapes that it may have, `routes` is the way to the engine.

mod draft;
mod read;
mod routes;
mod senders;
#[cfg(test)]
mod tests;

pub use read::{ChangesRead, read as read_changes};
pub use routes::{ChangeIntake, ChangeSettings, changes};
pub(super) use routes::{advice, as_served};
