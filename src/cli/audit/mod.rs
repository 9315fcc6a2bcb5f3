//! `interlock audit`: the journal as people read it, its proof, and its copy. `line` is an entry of an export.

mod command;
mod export;
mod line;
mod show;
mod verify;
mod worded;

pub(super) use command::Audit;
