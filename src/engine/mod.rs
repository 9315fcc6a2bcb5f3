//! The one writer: command in, domain asked, entries committed, effects out. One thread owns the state and the
//! journal; everybody else holds a `Handle`.

mod batch;
mod core;
mod eraser;
mod handle;
mod lane;
mod left;
mod reader;

pub use batch::{Engine, EngineParts, Health, Lanes, start};
pub use core::{Committed, Core, Going, Knowledge};
pub use handle::{EngineError, Handle};
pub use lane::{Lane, OutboxItem};
