//! Scenarios: alert in, the world's answers, the people's clicks, and what must come out, played against the real engine,
//! rules and matching in memory, with a clock of its own and no network. What `interlock eval` measures a team's runbooks
//! with, before anybody trusts them.
//!
//! `scenario`, `variants` and `expect` are the file's format; `folder` finds the files; `prepared` is what does not depend on
//! the runbooks; `world` answers for the cluster, for Prometheus and for traces, `advice` for the advisor; `stage` runs the core
//! and the clock; `clicks` are what people do; `seen` is what came of it, read from the journal, and `sheet` what is shown of a
//! plan; `judge` holds what came against what was expected. `mutate` asks what of the runbooks could be otherwise and nobody
//! would notice, but for what `equivalent` says makes no difference.
//!
//! Invariants: a step that the scenario gives no answer to fails the scenario; nothing is read from the outside once a
//! scenario has begun; the same files give the same result.

mod advice;
mod clicks;
mod equivalent;
mod expect;
mod folder;
mod judge;
mod mutate;
mod play;
mod prepared;
mod scenario;
mod seen;
mod sheet;
mod stage;
mod variants;
mod world;

pub use folder::{EvalError, Library, open};
pub use mutate::{Fate, Mutation, Unnoticed};
pub use play::Played;
pub use scenario::Category;
