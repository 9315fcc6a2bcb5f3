//! Kubernetes through its API: exec over WebSocket and kubectl's verbs. No kubectl, no shell.

pub mod attempt;
pub mod clusters;
pub mod exec;
pub mod failure;
pub mod kinds;
pub mod look;
pub mod perform;
pub mod resolve;
pub mod restart;
pub mod survey;
