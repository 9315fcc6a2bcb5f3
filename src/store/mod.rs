//! SQLite: the journal, the outbox, snapshots, migrations. The only SQL. One writer, WAL, `synchronous=FULL`.
//!
//! Invariants: entries are only ever appended (triggers refuse the rest), each is chained by hash to the one before;
//! entries and the effects that follow from them are committed in one transaction.

mod chain;
mod error;
mod journal;
mod lock;
mod migrate;
mod outbox;
mod snapshot;
#[cfg(test)]
mod tests;

pub use chain::{ChainHash, GENESIS, StoredEntry, link};
pub use error::StoreError;
pub use journal::{Store, Verified};
pub use lock::StoreLock;
