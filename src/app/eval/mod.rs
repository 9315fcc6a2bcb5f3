//! Scenarios: alert in, the world's answers, the people's clicks, and what must come out, played against the real engine,
//! rules and matching in memory, with a clock of its own and no network. What `interlock eval` measures a team's runbooks
//! with, before anybody trusts them.
//!
//! `scenario` and `expect` are the file's format; `folder` finds the files; `world` answers for the cluster and for
//! Prometheus; `stage` runs the core and the clock; `clicks` are what people do; `seen` is what came of it, read from the
//! journal; `judge` holds the two against each other.
//!
//! Invariants: a step that the scenario gives no answer to fails the scenario; nothing is read from the outside once a
//! scenario has begun; the same files give the same result.

mod clicks;
mod expect;
mod folder;
mod judge;
mod play;
mod scenario;
mod seen;
mod stage;
mod world;

pub use folder::{EvalError, Library, open};
pub use play::Played;
pub use scenario::Category;
