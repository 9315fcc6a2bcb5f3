//! Interlock.

pub mod actions;
pub mod domain;
#[cfg(feature = "playground")]
pub mod playground;
pub mod ports;
