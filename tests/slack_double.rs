//! The Slack double, driven from outside: a raw HTTP client, slack-morphism over Socket Mode, and a signed HTTP app.
#![cfg(feature = "playground")]

#[path = "slack_double/apps.rs"]
mod apps;
#[path = "slack_double/delivery.rs"]
mod delivery;
#[path = "slack_double/faults.rs"]
mod faults;
#[path = "slack_double/http.rs"]
mod http;
#[path = "slack_double/modals.rs"]
mod modals;
#[path = "slack_double/morphism.rs"]
mod morphism;
#[path = "slack_double/reading.rs"]
mod reading;
#[path = "slack_double/web_api.rs"]
mod web_api;
