//! Kubernetes through its API: exec over WebSocket and kubectl's verbs. No kubectl, no shell.

pub mod attempt;
pub mod change;
pub mod clusters;
pub mod create_job;
pub mod describe;
pub mod disruption;
pub mod epoch;
pub mod exec;
pub mod failure;
pub mod get;
pub mod kinds;
pub mod lease;
pub mod logs;
pub mod look;
pub mod perform;
pub mod resolve;
pub mod restart;
pub mod rollout_status;
pub mod survey;
pub mod table;
pub mod tokens;
pub mod undo;
pub mod write;
