//! The wiring: the one place that names implementations together. `bot` starts everything that `serve` and the demo
//! run; `rules` turns settings into what the core needs; the workers of the outbox that belong to no adapter live here.

mod bot;
mod checkpoints;
mod clock;
mod courier;
#[cfg(feature = "playground")]
pub mod demo;
mod intake;
mod knowledge;
mod looks;
mod outage;
mod outbox;
mod outlook;
mod outputs;
mod rules;
mod socket;

pub use bot::{Bot, StartError, start};
pub use clock::SystemClock;
pub use intake::without_secrets;
pub use knowledge::{check, open_runbooks};
pub use rules::rules;
pub use socket::{ControlReply, ControlRequest, ask as ask_bot, socket_path};
