//! One pipeline for everything that comes from Slack, whichever way it came: store, then ack, within three seconds.

mod deliver;
mod envelope;
mod form;
mod http;
mod intents;
mod membership;
pub mod origin;
mod pipeline;
mod respond;
mod slash;
mod socket;
mod submission;
pub mod values;
mod wire;

pub use deliver::{Ask, Delivery, decode};
pub use envelope::{Ack, Inbound, Kind, Payload, Retry, Transport};
pub use http::{LARGEST_BODY, NotSigned, Turned, Verifier, router};
pub use pipeline::{Parts, Pipeline};
pub use slash::COMMANDS;
pub use socket::{SocketHealth, SocketMode};
pub(super) use submission::{
    CODE, Change, INPUT, LABELS, MINUTES, PARAMETER, PART, REASON, SKIP, Spot, TARGET, metadata,
    metadata_of_incident, metadata_of_part,
};
