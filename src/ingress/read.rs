//! What a parser is given, and what it makes of it.

use http::HeaderMap;
use jiff::Timestamp;

use super::error::ParseError;
use super::mapping::Mapping;
use crate::config::AlertMap;
use crate::domain::alert::Alert;
use crate::domain::ids::{DeliveryKey, Source};

/// One authentic request.
pub(super) struct Incoming<'r> {
    pub source: &'r Source,
    pub headers: &'r HeaderMap,
    pub body: &'r [u8],
    pub mapping: &'r Mapping,
    /// Where things stand in bodies that have no shape of their own.
    pub map: &'r AlertMap,
    pub now: Timestamp,
}

impl Incoming<'_> {
    /// The one value of a header, when it is plain text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A key under which the same delivery is known again.
    pub fn delivery(&self, id: &str) -> DeliveryKey {
        let id = super::text::cut(id.to_owned(), super::text::MAX_NAME);
        DeliveryKey::of(self.source, &id)
    }
}

/// What was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Empty when the request tells of nothing that opens, changes or ends an incident.
    pub alerts: Vec<Alert>,
    /// The same when the sender sends it again.
    pub delivery_key: Option<DeliveryKey>,
    /// What was left aside, and why: a sentence each, without a final stop.
    pub aside: Vec<&'static str>,
    /// When it happened, of senders whose signature covers that and no time of its own. Older than
    /// [`REDELIVERED_FOR`](crate::domain::state::REDELIVERED_FOR) it is no delivery that was late, but one that was taken before and
    /// sent again.
    pub happened_at: Option<Timestamp>,
}

impl Read {
    pub(super) fn alerts(alerts: Vec<Alert>) -> Self {
        Self {
            alerts,
            ..Self::default()
        }
    }

    pub(super) fn one(alert: Alert) -> Self {
        Self::alerts(vec![alert])
    }

    pub(super) fn aside(why: &'static str) -> Self {
        Self {
            aside: vec![why],
            ..Self::default()
        }
    }

    pub(super) fn happened(mut self, at: Option<Timestamp>) -> Self {
        self.happened_at = at;
        self
    }

    pub(super) fn with_key(mut self, key: Option<DeliveryKey>) -> Self {
        self.delivery_key = key;
        self
    }
}

pub(super) type Parser = fn(&Incoming<'_>) -> Result<Read, ParseError>;
