//! The pager of the playground.

pub mod view;

pub use view::{IncidentView, OnCallView, PageView, PagerView};
