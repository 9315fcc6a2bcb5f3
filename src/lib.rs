//! Interlock.

#[cfg(feature = "playground")]
pub mod playground;
