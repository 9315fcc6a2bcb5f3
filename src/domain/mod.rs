//! The rules, pure and synchronous: no I/O, no clock, no randomness. Time is an argument; what happened comes in,
//! journal entries and effects go out. Nothing here may import an adapter.

#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

pub mod action;
pub mod advice;
pub mod alert;
pub mod approval;
pub mod back;
pub mod breaker;
pub mod ceremony;
pub mod change;
pub mod cluster;
pub mod command;
pub mod decide;
pub mod disruption;
mod ending;
pub mod erasure;
pub mod escalation;
pub mod event;
pub mod evidence;
pub mod expectation;
pub mod factors;
mod fold;
pub mod freeze;
pub mod glass;
pub mod grep;
pub mod handoff;
pub mod ids;
pub mod incident;
pub mod jq;
pub mod leave;
pub mod matched;
pub mod matching;
pub mod memory;
pub mod notice;
pub mod oversight;
mod part;
pub mod past;
pub mod plan;
pub mod planning;
pub mod policy;
pub mod prechecks;
pub mod recent;
pub mod redaction;
mod reminder;
pub mod rules;
pub mod run;
pub mod runbook;
#[cfg(test)]
pub(crate) mod samples;
#[cfg_attr(
    not(test),
    expect(
        clippy::arithmetic_side_effects,
        reason = "it counts words of pages that are in memory, and weighs them in floats"
    )
)]
pub mod search;
pub mod silence;
pub mod state;
pub mod storm;
pub mod text;
pub mod touched;
