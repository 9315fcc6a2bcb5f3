//! SQLite: the journal, the outbox, snapshots, migrations. The only SQL. One writer, WAL, `synchronous=FULL`.
//!
//! Invariants: entries are only ever appended (triggers refuse the rest, but for payloads that retention erases, see
//! `erasure`), each is chained by hash to the one before;
//! entries and the effects that follow from them are committed in one transaction.

#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

mod backup;
#[cfg(test)]
mod backup_tests;
mod beside;
mod chain;
mod checkpoint;
mod erasure;
#[cfg(test)]
mod erasure_tests;
mod error;
mod excused;
mod export;
mod journal;
mod lock;
mod marks;
mod merkle;
mod migrate;
mod note;
mod outbox;
mod private;
mod probe;
mod schema;
mod seal;
#[cfg(test)]
mod seal_tests;
mod snapshot;
mod sum;
#[cfg(test)]
mod tests;
mod verify;

pub use backup::{prepare, put_back};
pub use chain::{ChainHash, Content, GENESIS, StoredEntry, link};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use erasure::{Erasable, Erasing};
pub use error::StoreError;
pub use export::{Chain, ExportLine};
pub use journal::{Store, Verified, parse};
pub use lock::{Holder, StoreLock, holder};
pub use marks::Mark;
pub use merkle::{NodeHash, Tree};
pub use note::{NoteError, PublicKey, Signer};
pub use outbox::Waiting;
pub use seal::Sealer;
pub use verify::{Follower, Verdict, Wanted};
