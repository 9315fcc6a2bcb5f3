//! One document, as far as it says whose a service is and what it needs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use super::reference::{DEFAULT_NAMESPACE, Reference};
use super::{At, Problem};

/// Documents of other makers may stand in the same file.
const OWN: &str = "backstage.io/";
/// The name that the workloads of an entity carry as a label (Backstage, Kubernetes plugin, "Surfacing your Kubernetes components").
const KUBERNETES_ID: &str = "backstage.io/kubernetes-id";
/// Longest name, as Backstage allows by default.
const NAME: usize = 63;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Component,
    Resource,
    Api,
    Group,
    User,
}

impl Kind {
    /// Those that say something here; others are passed over.
    fn of(kind: &str) -> Option<Self> {
        match kind.to_lowercase().as_str() {
            "component" => Some(Self::Component),
            "resource" => Some(Self::Resource),
            "api" => Some(Self::Api),
            "group" => Some(Self::Group),
            "user" => Some(Self::User),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Resource => "resource",
            Self::Api => "api",
            Self::Group => "group",
            Self::User => "user",
        }
    }
}

/// What is kept of a document. Annotations are not, beside one: some of them hold keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entity {
    pub file: PathBuf,
    pub document: usize,
    pub kind: Kind,
    /// With kind and namespace.
    pub this: Reference,
    /// As it is written.
    pub name: String,
    /// What people call it.
    pub title: Option<String>,
    pub email: Option<String>,
    pub kubernetes_id: Option<String>,
    pub owner: Option<Reference>,
    pub depends_on: Vec<Reference>,
    pub dependency_of: Vec<Reference>,
    pub provides: Vec<Reference>,
    pub consumes: Vec<Reference>,
}

#[derive(Deserialize)]
struct Envelope {
    /// Looked at before; here it has to be a text.
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    metadata: Metadata,
    #[serde(default)]
    spec: Option<Spec>,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    namespace: Option<String>,
    title: Option<String>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    owner: Option<Value>,
    depends_on: Option<Vec<Value>>,
    dependency_of: Option<Vec<Value>>,
    provides_apis: Option<Vec<Value>>,
    consumes_apis: Option<Vec<Value>>,
    profile: Option<Profile>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    display_name: Option<String>,
    email: Option<String>,
}

impl Entity {
    /// `None` for a document that says nothing here.
    ///
    /// # Errors
    /// What is wrong with it, and at which key.
    pub fn read(at: At<'_>, value: Value) -> Result<Option<Self>, Problem> {
        let Some(kind) = kind(&value) else {
            return Ok(None);
        };
        let envelope: Envelope = serde_path_to_error::deserialize(value).map_err(|error| {
            let key = error.path().to_string();
            at.problem(
                if key == "." { String::new() } else { key },
                error.inner().to_string(),
            )
        })?;
        let metadata = envelope.metadata;
        if !is_name(&metadata.name) {
            let what = format!(
                "`{}` is no name: letters and digits, parted by `-`, `_` or `.`, {NAME} at most",
                metadata.name.escape_default()
            );
            return Err(at.problem("metadata.name", what));
        }
        let namespace = metadata.namespace.filter(|name| !name.is_empty());
        let namespace = namespace
            .unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned())
            .to_lowercase();
        let spec = envelope.spec.unwrap_or_default();
        let one = |key: &str, value: &Value, kind| {
            Reference::read(value, kind, &namespace).map_err(|what| at.problem(key, what))
        };
        let all = |key: &str, values: Option<Vec<Value>>, kind| {
            let values = values.into_iter().flatten().enumerate();
            let read = |(index, value): (usize, Value)| one(&format!("spec.{key}[{index}]"), &value, kind);
            values.map(read).collect::<Result<Vec<_>, _>>()
        };
        let profile = spec.profile.unwrap_or_default();
        let mut annotations = metadata.annotations.unwrap_or_default();
        Ok(Some(Self {
            file: at.file.to_owned(),
            document: at.document,
            kind,
            this: Reference {
                kind: Some(kind.word().to_owned()),
                namespace: namespace.clone(),
                name: metadata.name.to_lowercase(),
            },
            title: profile.display_name.or(metadata.title),
            email: profile.email,
            kubernetes_id: annotations
                .remove(KUBERNETES_ID)
                .filter(|id| !id.trim().is_empty()),
            owner: spec
                .owner
                .map(|value| one("spec.owner", &value, Some("group")))
                .transpose()?,
            depends_on: all("dependsOn", spec.depends_on, None)?,
            dependency_of: all("dependencyOf", spec.dependency_of, None)?,
            provides: all("providesApis", spec.provides_apis, Some("api"))?,
            consumes: all("consumesApis", spec.consumes_apis, Some("api"))?,
            name: metadata.name,
        }))
    }

    pub fn at(&self) -> At<'_> {
        At {
            file: &self.file,
            document: self.document,
        }
    }
}

/// `None` for a document that is another maker's, or of a kind that says nothing here. One that leaves out what it is is looked at
/// further, so that its mistake is named.
fn kind(value: &Value) -> Option<Kind> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    if text("apiVersion").is_some_and(|version| !version.starts_with(OWN)) {
        return None;
    }
    text("kind").map_or(Some(Kind::Component), Kind::of)
}

fn is_name(name: &str) -> bool {
    let parts = name.split(['-', '_', '.']);
    let sound = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    name.len() <= NAME && parts.into_iter().all(sound)
}
