//! What an exec'd program does inside a container: the contract, the registry, and the programs of the default world.

mod busybox;
mod contract;
mod registry;
mod services;

pub use contract::{ExecCall, Output, Program, ProgramRun};
pub(super) use registry::Registry;
pub use registry::{Place, UnknownPlace};
pub(super) use services::install;
