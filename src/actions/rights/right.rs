//! One right at a cluster's API, as RBAC counts them.

use std::fmt;

use serde::Serialize;

/// A verb on a resource. Sorted by place, then by what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Right {
    /// `None`: in every namespace, or of a kind that belongs to the whole cluster.
    pub namespace: Option<String>,
    /// API group, empty for the core group.
    pub group: &'static str,
    /// `pods`, `pods/exec`.
    pub resource: String,
    pub verb: &'static str,
    /// `None`: whatever its name. Lists and creations have no name that RBAC could look at.
    pub name: Option<String>,
}

/// As a person says it: `patch deployments.apps checkout`.
impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind())?;
        match &self.name {
            Some(name) => write!(f, " {name}"),
            None => Ok(()),
        }
    }
}

impl Right {
    /// Without place and name: `patch deployments.apps`.
    #[must_use]
    pub fn kind(&self) -> String {
        let dot = if self.group.is_empty() { "" } else { "." };
        format!("{} {}{dot}{}", self.verb, self.resource, self.group)
    }

    /// Whether more than looking can be done with it.
    #[must_use]
    pub fn acts(&self) -> bool {
        !matches!(self.verb, "get" | "list" | "watch") || self.resource == "pods/exec"
    }

    /// `in namespace pay`, or `in the whole cluster`.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("in namespace {namespace}"),
            None => "in the whole cluster".to_owned(),
        }
    }
}
