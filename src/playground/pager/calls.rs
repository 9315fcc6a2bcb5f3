//! What was asked of the pager, for tests and for the panel.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// How many calls are kept; older ones are forgotten.
pub const KEPT: usize = 2_000;

/// One request and the status it was answered with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Call {
    pub at: Timestamp,
    pub method: String,
    /// With the query.
    pub path: String,
    /// The e-mail address of the `From` header.
    pub from: Option<String>,
    /// `null` when there was none or it was not JSON.
    pub body: Value,
    /// Nothing when the answer was dropped.
    pub status: Option<u16>,
}
