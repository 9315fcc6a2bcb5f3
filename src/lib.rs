//! Interlock.

pub mod domain;
#[cfg(feature = "playground")]
pub mod playground;
