//! Interlock.

pub mod actions;
pub mod domain;
pub mod engine;
pub mod evidence;
#[cfg(feature = "playground")]
pub mod playground;
pub mod ports;
pub mod render;
