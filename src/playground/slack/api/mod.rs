//! The Web API, one file per family. `table` lists the methods, `dispatch` judges a call and runs it.

mod apps;
mod auth;
mod call;
mod chat;
mod chat_update;
mod content;
mod conversations;
mod dispatch;
mod files;
mod history;
mod reactions;
mod reply;
mod table;
mod usergroups;
mod users;
mod views;

pub(super) use content::{Content, admit};
pub(super) use dispatch::call;
pub(super) use files::{share_when_due, upload};
pub(super) use reply::ApiError;
pub(super) use table::methods;
pub use table::scopes_of;
pub(super) use views::{ViewPlace, checked_view, push_view};
