//! The rules, pure and synchronous: no I/O, no clock, no randomness. Time is an argument; what happened comes in,
//! journal entries and effects go out. Nothing here may import an adapter.

pub mod action;
pub mod alert;
pub mod ids;
pub mod matching;
pub mod runbook;
