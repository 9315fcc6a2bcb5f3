//! What the pager holds, as plain data that the page draws and tests read.

use jiff::Timestamp;
use serde::Serialize;

/// The pager at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PagerView {
    /// Newest first.
    pub incidents: Vec<IncidentView>,
    /// Who is on call now, first escalation level first.
    pub on_call: Vec<OnCallView>,
    /// What was sent to people's phones, newest first.
    pub pages: Vec<PageView>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IncidentView {
    pub id: String,
    pub number: u64,
    pub title: String,
    /// `triggered`, `acknowledged` or `resolved`.
    pub status: String,
    /// `high` or `low`.
    pub urgency: String,
    pub service: String,
    pub dedup_key: String,
    pub created_at: Timestamp,
    /// Names of those it is assigned to.
    pub assignees: Vec<String>,
    /// How many events were folded into it.
    pub alerts: usize,
    /// Newest last.
    pub notes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OnCallView {
    pub name: String,
    pub email: String,
    pub level: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PageView {
    pub at: Timestamp,
    pub to: String,
    pub text: String,
}
