//! The wiring: the one place that names implementations together. `bot` starts everything that `serve` and the demo
//! run; `rules` turns settings into what the core needs; the workers of the outbox that belong to no adapter live here.

mod advice;
mod asked;
mod backup;
mod bot;
mod bounds;
mod channels;
mod charts;
mod checkpoints;
mod clock;
mod courier;
#[cfg(feature = "playground")]
pub mod demo;
mod doctor;
pub mod eval;
mod failed_start;
mod greet;
mod intake;
mod knowledge;
mod lifeline;
mod looks;
mod outage;
mod outbox;
mod outlook;
mod outputs;
mod overpower;
mod power;
mod pulse;
mod purpose;
pub mod replay;
mod retention;
mod review;
mod rollouts;
mod rules;
mod silences;
mod socket;
mod space;
mod standby;
pub mod totp;
mod wiring;

pub use crate::actions::redact::Redactor;
pub use crate::actions::rights::misplaced;
pub use backup::{Restored, backup, restore};
pub use bot::{Bot, StartError, start, start_with};
pub use clock::SystemClock;
pub use doctor::{Finding, Stands, examine};
pub use failed_start::page_for_failed_start;
pub use intake::{changes_without_secrets, cleaner, redactor, without_secrets};
pub use knowledge::{check, open_runbooks};
pub use overpower::refuse_excess;
pub use power::{Need, Power, Right, RightOf, power};
pub use purpose::{Purpose, Purposes};
pub use retention::Wanted;
pub use review::{Breadth, Listed, Missing, Review, ReviewError, TooMuch};
pub use rules::rules;
pub use socket::{ControlReply, ControlRequest, ask as ask_bot, socket_path, user_name};
