//! Takes secrets out of text before it is stored, posted or logged.

mod held;
mod redactor;
mod rules;

pub use redactor::{Redactor, RedactorError};
