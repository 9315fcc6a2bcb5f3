//! The wiring: the one place that names implementations together. `bot` starts everything that `serve` and the demo
//! run; `rules` turns settings into what the core needs; the workers of the outbox that belong to no adapter live here.

mod bot;
mod clock;
mod intake;
mod knowledge;
mod outbox;
#[cfg(feature = "playground")]
mod playground;
mod rules;
mod socket;

pub use bot::{Bot, StartError, start};
pub use clock::SystemClock;
pub use knowledge::{load_catalog, watch_runbooks};
#[cfg(feature = "playground")]
pub use playground::{Demo, DemoOptions, Scene, start_demo};
pub use rules::rules;
pub use socket::{ControlRequest, ControlReply, ask as ask_bot, socket_path};
