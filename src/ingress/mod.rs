//! What comes in over HTTP: the server with its limits, and one parser for each alert source.
//!
//! A delivery goes: size and time (`server`, `body`), authenticity (`auth`, `signature`), shape (`alertmanager`,
//! `pagerduty`), own secrets out (`redact`), then to the engine through `Intake`. A 2xx leaves only after the engine
//! says that the alerts are durably stored.

mod alertmanager;
mod auth;
mod body;
mod connection;
mod error;
mod intake;
mod mapping;
mod pagerduty;
mod probes;
mod routes;
mod server;
mod signature;
mod text;

pub use alertmanager::{TRUNCATED, parse as parse_alertmanager};
pub use body::{BodyError, read_body};
pub use error::ParseError;
pub use intake::{Accepted, Delivery, Intake, Refused};
pub use mapping::Mapping;
pub use pagerduty::parse as parse_pagerduty;
pub use probes::{Probes, Ready};
pub use routes::{ANSWER_WITHIN, WebhookSettings, webhooks};
pub use server::{BindError, Limits, bind, serve};
