//! Traces as both servers keep them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// One trace. The first span is its root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// 32 hexadecimal digits.
    pub id: String,
    pub spans: Vec<Span>,
}

/// One span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// 16 hexadecimal digits.
    pub id: String,
    /// `None` for the root.
    pub parent: Option<String>,
    pub service: String,
    pub name: String,
    pub starts_at: Timestamp,
    pub took: SignedDuration,
    pub error: bool,
    /// Texts, numbers and truths.
    pub attributes: BTreeMap<String, Value>,
}

impl Trace {
    /// From the first start to the last end.
    #[must_use]
    pub fn lasts(&self) -> (Timestamp, SignedDuration) {
        let starts = self.spans.iter().map(|span| span.starts_at).min();
        let starts = starts.unwrap_or(Timestamp::UNIX_EPOCH);
        let ends = self.spans.iter().map(|span| span.starts_at + span.took).max();
        (starts, ends.unwrap_or(starts).duration_since(starts))
    }

    /// Whether it has to do with this time.
    #[must_use]
    pub fn is_within(&self, from: Timestamp, to: Timestamp) -> bool {
        let (starts, took) = self.lasts();
        starts <= to && starts + took >= from
    }
}
