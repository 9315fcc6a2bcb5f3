//! Who somebody is: standing and groups, at most a minute old, and no when it can't be read.

mod absent;
mod cache;
mod groups;
mod standing;
mod wire;

pub use absent::{Absence, Absent};
pub use cache::People;
