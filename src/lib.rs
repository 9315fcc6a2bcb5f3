//! Interlock.

pub mod domain;
pub mod engine;
pub mod executor;
#[cfg(feature = "playground")]
pub mod playground;
pub mod ports;
pub mod render;
pub mod store;
