//! The workspace as plain data with its own small rules; nothing here does I/O or reads a clock.

pub mod app;
pub(super) mod channel;
pub(super) mod file;
pub(super) mod message;
pub(super) mod tickets;
pub mod user;
pub(super) mod views;
pub(super) mod workspace;
