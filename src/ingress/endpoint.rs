//! One source as it is served: its gate, its parser, and what the operator set for it. The way of a delivery is in `routes`.

use http::HeaderMap;
use jiff::Timestamp;

use super::auth::Gate;
use super::error::ParseError;
use super::json::without_bom;
use super::mapping::Mapping;
use super::read::{Incoming, Parser, Read};
use super::sns::Message;
use super::sources::{self, Reader};
use crate::config::{AlertMap, SourceKind, WebhookSource, Webhooks};
use crate::domain::alert::Severity;
use crate::domain::ids::Source;

pub(super) struct Endpoint {
    pub kind: SourceKind,
    /// The kind's own, or `custom/NAME`: settings, path and journal agree in it.
    pub name: Source,
    pub gate: Gate,
    pub reader: Reader,
    /// Topics of SNS.
    pub topics: Vec<String>,
    map: AlertMap,
    default_severity: Option<Severity>,
}

impl Endpoint {
    /// Every source, served or not.
    pub fn all(webhooks: &Webhooks, open: bool) -> Vec<Self> {
        let built_in = SourceKind::ALL
            .iter()
            .map(|kind| Self::new(*kind, kind.name().to_owned(), webhooks.source(*kind), open));
        let custom = webhooks
            .custom
            .iter()
            .map(|(name, source)| Self::new(SourceKind::Generic, format!("custom/{name}"), source, open));
        built_in.chain(custom).collect()
    }

    fn new(kind: SourceKind, name: String, source: &WebhookSource, open: bool) -> Self {
        Self {
            kind,
            name: Source::new(name),
            gate: Gate::new(source, sources::scheme(kind, source), open),
            reader: sources::reader(kind),
            topics: source.topics.clone(),
            map: source.map.clone().unwrap_or_else(AlertMap::own),
            default_severity: source.default_severity,
        }
    }

    /// Whether reading a body may take a while: a jq program has fuel for seconds.
    pub fn is_slow(&self) -> bool {
        self.map.jq.is_some()
    }

    /// What a request lacks that was refused.
    pub fn advice(&self) -> String {
        let section = self.name.as_str().replace('/', ".");
        self.gate
            .advice(&format!("webhooks.{section}"), self.kind.token_place())
    }

    /// What an authentic body says.
    pub fn read(&self, parser: Parser, request: &Request<'_>) -> Result<Read, ParseError> {
        parser(&self.incoming(request)).map(|read| self.weighed(read))
    }

    /// What an authentic message of SNS says.
    pub fn read_message(&self, message: Message, request: &Request<'_>) -> Read {
        self.weighed(message.read(&self.incoming(request)))
    }

    fn incoming<'r>(&'r self, request: &Request<'r>) -> Incoming<'r> {
        Incoming {
            source: &self.name,
            headers: request.headers,
            body: without_bom(request.body),
            mapping: request.mapping,
            map: &self.map,
            now: request.now,
        }
    }

    /// Where the sender says nothing of how bad it is, the operator may have.
    fn weighed(&self, mut read: Read) -> Read {
        if let Some(severity) = self.default_severity {
            for alert in &mut read.alerts {
                if alert.severity == Severity::Unknown && alert.severity_word.is_empty() {
                    alert.severity = severity;
                }
            }
        }
        read
    }
}

/// What is read, and when.
#[derive(Clone, Copy)]
pub(super) struct Request<'r> {
    pub headers: &'r HeaderMap,
    pub body: &'r [u8],
    pub mapping: &'r Mapping,
    pub now: Timestamp,
}
