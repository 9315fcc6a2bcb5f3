//! The action runner against the cluster of the playground: what it says about every way in which a command or a
//! change can end, and that nothing happens twice or to something else.
#![cfg(feature = "playground")]

#[path = "runner/accounts.rs"]
mod accounts;
#[path = "common/admin.rs"]
mod admin;
#[path = "runner/changes.rs"]
mod changes;
#[path = "runner/commands.rs"]
mod commands;
mod common;
#[path = "runner/lies.rs"]
mod lies;
#[path = "runner/power.rs"]
mod power;
#[path = "common/rights.rs"]
mod rights;
#[path = "runner/surveys.rs"]
mod surveys;
#[path = "runner/yard.rs"]
mod yard;
