//! Interlock.

pub mod domain;
pub mod engine;
#[cfg(feature = "playground")]
pub mod playground;
pub mod ports;
pub mod render;
pub mod slack;
