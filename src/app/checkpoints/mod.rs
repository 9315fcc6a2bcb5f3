//! Signed checkpoints of the journal, and the places outside of this machine that keep them.
//!
//! `ledger` says when one is due; `worker` signs it, has it stored, and only then lets it leave; `anchor` is one place, `bucket` one kind of them; `open` reads
//! the configuration; `places` asks them what they hold, and `behind` whether the database is the one that was anchored;
//! `daily` verifies all of it in the background; `late` is what does not leave in time; `troubles` what the probes say of all that.

mod anchor;
mod behind;
mod bucket;
mod daily;
mod examine;
mod late;
mod ledger;
mod open;
mod places;
mod troubles;
mod worker;

pub(super) use anchor::AnchorError;
pub(super) use daily::Daily;
pub use examine::examine;
pub(super) use open::anchors;
pub use open::{Begun, sealer, worker};
pub use places::{Known, Lack, Places, in_file_of};
pub use troubles::Troubles;
pub use worker::Refusing;
