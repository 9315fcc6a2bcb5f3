//! Takes secrets out of text before it is stored, posted or logged.
//!
//! `redactor` is what others use. `known` finds the secrets that we hold, in the forms of `held` and in what a text is when
//! it is `decoded`; `cues` says which families of
//! `rules` a text needs; `private_key` and `secret_object` find what has more than one line.

mod cues;
mod decoded;
mod held;
mod known;
mod private_key;
mod redactor;
mod rules;
mod secret_object;
#[cfg(test)]
mod tests;

pub use known::SHORTEST_SECRET;
pub use redactor::{Redactor, RedactorError};
