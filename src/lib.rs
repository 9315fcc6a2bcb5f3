//! Interlock.

pub mod config;
pub mod domain;
#[cfg(feature = "playground")]
pub mod playground;
pub mod ports;
