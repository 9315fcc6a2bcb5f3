//! Takes what the engine wants done, looks at the world, asks for a permit and drives one attempt, in plain awaits.
//! Without a permit nothing runs; with one it runs once. What becomes of it is reported until the engine has stored it.

mod drain;
mod freeze_file;
mod gather;
mod worker;

pub use drain::Drain;
pub use freeze_file::read_freeze_file;
pub use worker::{Executor, ExecutorParts};
