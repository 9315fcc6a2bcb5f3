//! Text for people: escaping, the one function that words an answer or a refusal, thread lines, summaries.

pub mod changes;
pub mod context;
pub mod escape;
pub mod evidence;
pub mod explain;
pub mod freezing;
pub mod handoff;
pub mod heard;
pub mod memory;
pub mod oversight;
pub mod people;
pub mod policy;
pub mod policy_diff;
pub mod postmortem;
pub mod reasons;
mod reminder;
pub mod runbooks;
pub mod silences;
mod storm;
pub mod summary;
pub mod thread;
pub mod timeline;
pub mod touched;
pub mod who;
pub mod words;
