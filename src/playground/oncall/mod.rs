//! Opsgenie, Jira Service Management and Better Stack in one: the part of their APIs by which somebody says that they have
//! an alert, or that it is over.

mod double;

pub use double::{OnCallDouble, OnCallFaults, Service, State};
