//! The parameters of a request, and who sent it.

use http::HeaderMap;

use super::ObjectTarget;
use crate::playground::cluster::authorizer::Grants;
use crate::playground::cluster::managed::Writer;
use crate::playground::cluster::users::{Attributes, Identity};

/// Decoded query parameters, in order.
#[derive(Clone, Debug, Default)]
pub(in crate::playground::cluster) struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(text: Option<&str>) -> Self {
        Self(
            url::form_urlencoded::parse(text.unwrap_or("").as_bytes())
                .into_owned()
                .collect(),
        )
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn all(&self, name: &str) -> Vec<String> {
        self.0
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
            .collect()
    }

    /// Whether a boolean parameter is set, as Go's `strconv.ParseBool` reads it.
    pub fn truth(&self, name: &str) -> bool {
        matches!(self.get(name), Some("true" | "1" | "t" | "T" | "TRUE" | "True"))
    }

    /// `dryRun=All`.
    pub fn is_dry_run(&self) -> bool {
        self.0
            .iter()
            .any(|(key, value)| key == "dryRun" && value == "All")
    }
}

/// What is known of a request besides its target and body.
#[derive(Clone, Debug)]
pub(in crate::playground::cluster) struct Caller {
    pub identity: Identity,
    pub grants: Grants,
    pub audit_id: String,
    pub query: Query,
    pub headers: HeaderMap,
}

impl Caller {
    /// Whether the rules let the caller do it.
    pub fn may(&self, asked: &Attributes<'_>) -> bool {
        self.grants.allow(asked)
    }

    /// Whose fields a write of it becomes: `fieldManager`, or else what the client calls itself before its version.
    pub fn writer<'a>(&'a self, operation: &'static str, target: &'a ObjectTarget) -> Writer<'a> {
        let named = self.query.get("fieldManager").filter(|name| !name.is_empty());
        Writer {
            manager: named.unwrap_or_else(|| self.header("user-agent").split('/').next().unwrap_or("")),
            operation,
            subresource: target.subresource.as_deref().unwrap_or(""),
        }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
    }
}
