//! A strict Slack workspace in one process: Web API, Socket Mode, signed HTTP delivery, and the people in it.
//!
//! Real clients (slack-morphism, the official SDKs, Bolt) use it unmodified over plain http and ws on loopback. It refuses
//! what Slack refuses, with Slack's error codes, and it can be told to fail as Slack fails. It stands alone: it names no
//! other part of Interlock.
//!
//! The way through: [`SlackDouble`] is the handle (`double`). A client's call enters at `server`, is decoded by `decode`,
//! judged and run by `api`, and changes the one `model::Workspace`. A person's action enters at `people`, is worded by
//! `payloads`, travels by `deliver` (over `socket` or signed HTTP), and its answer is applied by `people::answers`.

mod api;
mod changes;
mod clock;
mod core;
mod decode;
mod deliver;
mod double;
mod ear;
mod eyes;
mod faults;
mod ids;
mod journal;
mod limits;
mod model;
mod options;
mod payloads;
mod people;
mod ratelimit;
mod response_url;
mod seed;
mod server;
mod sign;
mod socket;
mod violations;

pub mod view;

pub use api::scopes_of;
pub use changes::{ChangeRefused, ChannelFacts, GroupFacts, PersonFacts, WorkspaceChange, WorkspaceFacts};
pub use clock::Moment;
pub use deliver::{AckBody, Delivery, DeliveryKind, Failure};
pub use double::{Addresses, SlackDouble, StartError, Uploaded};
pub use faults::{ApiFault, DeliveryFault, Faults, Nonsense, ShareFault, SlackFault, SocketFault, Times};
pub use journal::{ApiCall, Caller};
pub use model::app::{AppSettings, RequestUrls, TokenState, Transport};
pub use model::user::{Standing, User};
pub use options::{Checks, Seed, SeedChannel, SeedGroup, SlackOptions, Tokens};
pub use people::place::{MessageAt, Place};
pub use people::{Cannot, ClickOutcome, ConfirmDialog, Input, Said};
pub use ratelimit::{Bucket, RateLimits};
pub use sign::{request_signature, request_signature_headers};
pub use violations::{Violation, ViolationKind};
