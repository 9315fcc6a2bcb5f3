//! Recorded incidents against other runbooks and another policy: what would have been proposed, and who could have approved
//! it, with what people did then beside it. Nothing runs, and nothing outside of the journal is asked.
//!
//! `course` is what Interlock did by itself, read from entries, those of then and those of now alike; `again` plays one
//! incident; `places` says where things are when no configuration does; `compare` holds the two against each other.
//!
//! Invariant: what the journal does not know is said to be assumed, never passed off as known.

mod again;
mod compare;
mod course;
mod places;
#[cfg(test)]
mod tests;

pub use compare::{Compared, VoteNow, compare};
pub use course::{Course, Ruling};
