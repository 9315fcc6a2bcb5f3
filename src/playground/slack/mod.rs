//! The slack of the playground.

pub mod view;
