//! The pager of the playground: PagerDuty on loopback.
//!
//! It speaks the Events API v2 ([`events`]), the part of the REST API that a responder uses ([`rest`]), and
//! sends signed v3 webhooks ([`webhooks`]); it refuses what the real one refuses and fails on request
//! ([`faults`]). [`PagerDouble`] starts it and lets a test look inside. What is behind the protocols is a
//! small model ([`model`]) without any I/O.
//!
//! Absent: escalation by time, schedules with layers, teams, priorities, and every other part of the product.

pub mod calls;
pub mod double;
pub mod events;
pub mod faults;
pub mod limits;
pub mod model;
pub mod rest;
mod serve;
pub mod shapes;
pub mod view;
pub mod webhooks;

pub use calls::Call;
pub use double::{Clock, PagerDouble, PagerOptions, Trigger};
pub use faults::{PagerFault, PagerFaults};
pub use model::{Agent, Incident, Person, Service, Status, Urgency};
pub use view::{IncidentView, OnCallView, PageView, PagerView};
