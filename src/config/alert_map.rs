//! `map` of `[webhooks.generic]` and `[webhooks.custom.NAME]`: where in a foreign body the parts of an alert stand. Either
//! pointers (RFC 6901), one a part, or one jq program that makes objects of Interlock's own format.

use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};

use crate::domain::jq;

/// `/a/0/b` into a JSON document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Pointer(String);

impl Pointer {
    /// For serde_json's `Value::pointer`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn own(name: &str) -> Option<Self> {
        Some(Self(format!("/{name}")))
    }
}

impl<'de> Deserialize<'de> for Pointer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.starts_with('/') {
            Ok(Self(text))
        } else {
            Err(de::Error::custom(format!(
                "`{text}` is no JSON pointer: write the way from the top with slashes, like `/alert/title`; for anything more there is `jq`"
            )))
        }
    }
}

/// Where the parts of an alert stand. What is not named is not looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertMap {
    /// Makes of the body one object of Interlock's own format, or several, or none. Then there are no pointers.
    pub jq: Option<String>,
    /// A list of alerts in the body; the other pointers begin at each item.
    pub each: Option<Pointer>,
    /// What stays the same from the first firing to the resolution.
    pub dedup_key: Option<Pointer>,
    pub title: Option<Pointer>,
    /// The rule's name; the title when not written.
    pub name: Option<Pointer>,
    /// Without it every alert fires.
    pub status: Option<Pointer>,
    /// Words of `status`, in any case; the usual ones when empty.
    pub firing: Vec<String>,
    pub resolved: Vec<String>,
    pub acknowledged: Vec<String>,
    pub severity: Option<Pointer>,
    pub service: Option<Pointer>,
    pub description: Option<Pointer>,
    pub runbook_url: Option<Pointer>,
    /// A link to the alert at its source.
    pub url: Option<Pointer>,
    /// `[{"text": …, "href": …}]`.
    pub links: Option<Pointer>,
    pub starts_at: Option<Pointer>,
    pub ends_at: Option<Pointer>,
    /// Who has it, and since when, where `status` says that somebody does.
    pub acknowledged_by: Option<Pointer>,
    pub acknowledged_at: Option<Pointer>,
    /// An object whose texts, numbers and truth values become labels.
    pub labels: Option<Pointer>,
    /// The same for annotations.
    pub annotations: Option<Pointer>,
}

impl AlertMap {
    /// Interlock's own format.
    #[must_use]
    pub fn own() -> Self {
        let own = Pointer::own;
        Self {
            dedup_key: own("dedup_key"),
            title: own("title"),
            name: own("name"),
            status: own("status"),
            severity: own("severity"),
            service: own("service"),
            description: own("description"),
            runbook_url: own("runbook_url"),
            url: own("url"),
            links: own("links"),
            starts_at: own("starts_at"),
            ends_at: own("ends_at"),
            acknowledged_by: own("acknowledged_by"),
            acknowledged_at: own("acknowledged_at"),
            labels: own("labels"),
            annotations: own("annotations"),
            ..Self::default()
        }
    }

    /// What is wrong with it as a whole, as the end of a sentence that begins with its key.
    pub(super) fn problem(&self) -> Option<String> {
        let Some(program) = &self.jq else {
            return (self.title.is_none() && self.name.is_none()).then(|| {
                "says neither where the `title` stands nor the `name`: name at least one, like `title = \"/alert/title\"`"
                    .to_owned()
            });
        };
        let alone = Self {
            jq: self.jq.clone(),
            firing: self.firing.clone(),
            resolved: self.resolved.clone(),
            acknowledged: self.acknowledged.clone(),
            ..Self::default()
        };
        if *self != alone {
            return Some("has pointers beside `jq`: keep one of them".to_owned());
        }
        jq::check(program)
            .err()
            .map(|problem| format!("has a `jq` that can't be used: {problem}"))
    }
}
