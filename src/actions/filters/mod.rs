//! The programs behind `|`, run inside Interlock over the output of a command. Each does what the real tool does with
//! the options that `domain::action::Filter` has; none reads a file or starts a process. Bounds: 1 MiB in, 1 MiB out,
//! and jq on fuel, so that every filter ends.

mod apply;
mod lines;

#[cfg(test)]
mod tests;

pub use apply::{FilterError, MAX_INPUT, MAX_OUTPUT, apply, jq_values};
