//! `interlock policy`: who may approve what, as a table and for one step.

mod asked;
mod command;
mod diff;
mod explain;
mod show;

pub(super) use command::Policy;
