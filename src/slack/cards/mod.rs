//! The incident card: at a glance on a phone what is broken, what Interlock proposes, why, how big the blast is, who may
//! approve, and what happens next. Drawn from the incident's state alone, so that it can't say anything else.

mod blocks;
mod buttons;
mod card;
mod changes;
mod closed;
mod context;
mod evidence;
#[cfg(test)]
pub(crate) mod limits;
#[cfg(test)]
pub(crate) mod samples;
mod silence;
mod status;
mod steps;
pub mod text;
mod unknown;

pub(crate) use blocks::{context, home_button, plain, section};
pub(crate) use buttons::claim;
pub use card::{Rendered, minimal, render};
pub use context::{CardContext, Frozen, named_for, who_may};
pub(crate) use steps::review;

#[cfg(test)]
mod tests;
