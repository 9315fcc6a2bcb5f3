//! Interlock.

pub mod actions;
pub mod domain;
pub mod evidence;
#[cfg(feature = "playground")]
pub mod playground;
pub mod ports;
