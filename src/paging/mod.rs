//! Reaching a human, and telling a pager or the source of an alert that it is over or to be quiet. One file a service.
//!
//! `pagerduty` speaks to it; `event` makes what is sent, inside its limits; `reply` reads what came back; `retry` says when a
//! failed call is made again.

pub mod alertmanager;
mod event;
mod on_duty;
mod pagerduty;
mod reply;
pub mod retry;

pub use event::{About, DEDUP_PREFIX, Page};
pub use on_duty::OnDutyPeople;
pub use pagerduty::{OnCall, PagerDuty, Receipt};
pub use reply::PageError;
