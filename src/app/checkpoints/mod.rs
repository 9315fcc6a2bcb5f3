//! Signed checkpoints of the journal, and the places outside of this machine that keep them.
//!
//! `ledger` says when one is due; `worker` signs it, has it stored, and only then lets it leave; `anchor` is one place; `open` reads
//! the configuration.

mod anchor;
mod ledger;
mod open;
mod worker;

pub use open::worker;
