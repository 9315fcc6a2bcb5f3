//! What people do in the workspace, as methods of [`SlackDouble`](super::SlackDouble), and what the app's answers do to them.

mod answers;
mod click;
mod find;
mod input;
mod mentions;
mod modal;
pub mod place;
mod speak;
mod types;
pub(super) mod world;

pub use input::Input;
pub use speak::Said;
pub use types::{Cannot, ClickOutcome, ConfirmDialog};
