//! What goes out: cards, their edits, the thread. One worker on one lane of the outbox.

mod attach;
mod bucket;
mod card;
mod channels;
mod complaints;
mod desk;
mod drawn;
mod hints;
mod limits;
mod lines;
mod notices;
mod post;
mod queue;
mod worker;

pub use channels::{Closed, closed_channels};
pub use hints::{Hints, ThreadOf};
pub use limits::{Limits, POST_METHOD};
pub use queue::Asking;
pub use worker::Outbound;
