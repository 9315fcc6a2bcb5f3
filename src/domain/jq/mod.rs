//! jq programs, run by jaq within bounds. A program comes from a runbook and its input from the world, so both are
//! limited: `program` reads it and refuses what a step has no use for, `rewrite` puts a meter into every loop of it and
//! of jaq's own library, `meter` holds the fuel. Pure: no clock, no environment, no files; a program that loops ends
//! because its fuel does, the same on every machine. (`stack` borrows a thread for its stack.)

#[cfg_attr(
    not(test),
    expect(
        clippy::arithmetic_side_effects,
        reason = "it counts parts of a value that is in memory"
    )
)]
mod meter;
#[cfg_attr(
    not(test),
    expect(
        clippy::arithmetic_side_effects,
        reason = "the arithmetic of jq values, which gives an error and never overflows"
    )
)]
mod natives;
mod program;
mod rewrite;
mod run;
mod stack;

pub use meter::FUEL;
pub use program::check;
pub use run::{JqError, JqOptions, MAX_INPUT, MAX_OUTPUT, filter, values};
