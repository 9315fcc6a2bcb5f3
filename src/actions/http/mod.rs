//! HTTP to hosts on an allow-list: `curl` as Interlock runs it.

mod address;
mod allowed;
mod client;

pub use allowed::{AllowList, HttpRefusal, HttpSettings};
pub use client::{HttpActions, HttpSetupError};
