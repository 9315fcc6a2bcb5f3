//! Reaching a human, and telling a pager or the source of an alert that it is over or to be quiet. One file a service.
//!
//! `pagerduty` speaks to it; `event` makes what is sent, inside its limits; `reply` reads what came back; `retry` says when a
//! failed call is made again.

pub mod alertmanager;
pub mod better_stack;
mod client;
mod event;
pub mod grafana;
pub mod incident_io;
pub mod jsm;
mod on_duty;
pub mod opsgenie;
mod pagerduty;
mod reply;
mod requests;
pub mod retry;
pub mod sources;

pub use event::{About, DEDUP_PREFIX, Page};
pub use on_duty::OnDutyPeople;
pub use pagerduty::{OnCall, PagerDuty, Receipt};
pub use reply::PageError;
