//! The rules, pure and synchronous: no I/O, no clock, no randomness. Time is an argument; what happened comes in,
//! journal entries and effects go out. Nothing here may import an adapter.

pub mod action;
pub mod alert;
pub mod approval;
pub mod command;
pub mod event;
pub mod freeze;
pub mod ids;
pub mod incident;
pub mod plan;
pub mod policy;
pub mod run;
pub mod runbook;
