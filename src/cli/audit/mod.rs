//! `interlock audit`: the journal as people read it, its proof, and its copy.

mod anchors;
mod command;
mod erase;
mod export;
mod key;
mod keygen;
mod show;
mod touched;
mod verify;
mod worded;

pub(super) use command::Audit;
