//! Opsgenie, Jira Service Management, Better Stack, incident.io and Grafana in one: the part of their APIs by which somebody says
//! that they have an alert, that it is over, or what was done.

mod double;
mod told;

pub use double::{OnCallDouble, OnCallFaults, Service, State};
