//! The command line: one file for each command, and what they share. `args` is what can be typed and where it goes;
//! `setup` finds the configuration; `screen` is where text goes; `outcome` is how a command ends. Commands only read,
//! word and print; what decides is elsewhere.

mod args;
mod audit;
mod backup;
mod check;
mod close;
#[cfg(feature = "playground")]
mod demo;
mod doctor;
mod eval;
mod freeze;
mod incidents;
mod ingest;
mod journal;
mod matches;
mod outcome;
#[cfg(feature = "playground")]
mod playground;
mod policy;
mod rbac;
mod replay;
mod report;
mod screen;
mod serve;
mod setup;
#[cfg(feature = "playground")]
mod show;
mod status;
mod totp;
mod unanswered;
mod undumped;
mod unfreeze;

#[cfg(test)]
mod every_no_tests;

pub use args::main;
