//! What comes in over HTTP: the server with its limits, and one parser for each alert source.
//!
//! A delivery goes: size and time (`server`, `body`, `room`), authenticity (`auth`, `signature`, `sns`), shape (the parser that
//! `sources` names), then to the engine through `Intake`, which takes secrets out. A 2xx leaves only after the engine says
//! that the alerts are durably stored.

#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

mod alertmanager;
mod auth;
mod azure;
mod better_stack;
mod body;
mod changes;
mod cloudevents;
mod cloudwatch;
#[cfg_attr(
    not(test),
    expect(
        clippy::arithmetic_side_effects,
        reason = "limits of seconds, added to the clock"
    )
)]
mod connection;
mod datadog;
mod draft;
mod endpoint;
mod error;
mod gcp;
mod generic;
mod grafana;
mod incident_io;
mod intake;
mod json;
mod mapping;
mod moment;
mod nowhere;
mod opsgenie;
mod pagerduty;
mod preview;
mod probes;
mod prometheus;
mod read;
mod room;
mod routes;
mod seats;
mod sentry;
mod server;
mod signature;
mod sns;
mod sns_web;
mod sources;
mod text;
mod turned;
mod uptime_kuma;
mod zabbix;

pub use alertmanager::parse as parse_alertmanager;
pub use body::BodyError;
pub use changes::{ChangeIntake, ChangeSettings, ChangesRead, changes, read_changes};
pub use error::ParseError;
pub use intake::{Accepted, Delivery, Intake, Refused};
pub use json::without_bom;
pub use mapping::Mapping;
pub use nowhere::{nothing_here, other_method};
pub use pagerduty::parse as parse_pagerduty;
pub use preview::{Authenticity, NotUnderstood, Sample, understand, understand_changes};
pub use probes::{Probes, Readiness, Ready};
pub use read::Read;
pub use room::{From as RoomFrom, MOST as BODIES_MOST, Room};
pub use routes::{ANSWER_WITHIN, WebhookSettings, webhooks};
pub use seats::{Proved, clicks, proved};
pub use server::{BindError, Limits, bind, serve};
pub use sns::SnsError;
pub use sns_web::{SnsOverHttps, SnsUrl, SnsWeb};
pub use turned::Turned;
