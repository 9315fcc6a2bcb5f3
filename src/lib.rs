//! Interlock.

pub mod actions;
pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod engine;
pub mod evidence;
pub mod executor;
pub mod ingress;
pub mod paging;
#[cfg(feature = "playground")]
pub mod playground;
pub mod ports;
pub mod render;
pub mod slack;
pub mod store;
pub mod telemetry;
