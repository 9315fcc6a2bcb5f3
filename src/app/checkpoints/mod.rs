//! Signed checkpoints of the journal, and the places outside of this machine that keep them.
//!
//! `ledger` says when one is due; `worker` signs it, has it stored, and only then lets it leave; `anchor` is one place, `bucket` one kind of them; `open` reads
//! the configuration; `behind` asks at the start whether the database is the one that was anchored.

mod anchor;
mod behind;
mod bucket;
mod ledger;
mod open;
mod worker;

pub(super) use anchor::AnchorError;
pub use behind::behind;
pub(super) use open::anchors;
pub use open::worker;
