//! From a path to what it names.

use crate::playground::cluster::kinds::Kind;

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::playground::cluster) enum Target {
    Health,
    Version,
    /// `/api`.
    CoreVersions,
    /// `/apis`.
    Groups,
    /// `/apis/GROUP`.
    Group(String),
    /// `/api/v1` or `/apis/GROUP/VERSION`.
    Resources(String, String),
    OpenApiV2,
    OpenApiIndex,
    /// `/openapi/v3/…` of a group and version.
    OpenApi(String, String),
    /// `selfsubjectaccessreviews`, `selfsubjectrulesreviews`, `selfsubjectreviews`.
    Review(&'static str),
    Object(ObjectTarget),
}

/// An object, a collection, or a subresource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::playground::cluster) struct ObjectTarget {
    pub kind: Kind,
    /// Empty for the whole cluster, and for all namespaces.
    pub namespace: String,
    pub name: Option<String>,
    pub subresource: Option<String>,
}

impl ObjectTarget {
    /// `pods` or `pods/exec`.
    pub fn resource(&self) -> String {
        let plural = self.kind.info().plural;
        self.subresource
            .as_ref()
            .map_or_else(|| plural.to_owned(), |sub| format!("{plural}/{sub}"))
    }

    /// The object's name, empty for collections.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("")
    }
}

impl Target {
    /// Reads a path; `None` names nothing that is served.
    pub fn parse(path: &str) -> Option<Self> {
        let parts: Vec<String> = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(|part| {
                percent_encoding::percent_decode_str(part)
                    .decode_utf8_lossy()
                    .into_owned()
            })
            .collect();
        let words: Vec<&str> = parts.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["healthz" | "livez" | "readyz", ..] => Some(Self::Health),
            ["version"] => Some(Self::Version),
            ["api"] => Some(Self::CoreVersions),
            ["apis"] => Some(Self::Groups),
            ["openapi", "v2"] => Some(Self::OpenApiV2),
            ["openapi", "v3"] => Some(Self::OpenApiIndex),
            ["openapi", "v3", "api", version] => Some(Self::OpenApi(String::new(), (*version).to_owned())),
            ["openapi", "v3", "apis", group, version] => {
                Some(Self::OpenApi((*group).to_owned(), (*version).to_owned()))
            }
            ["apis", group] => Some(Self::Group((*group).to_owned())),
            ["api", version] => Some(Self::Resources(String::new(), (*version).to_owned())),
            ["apis", group, version] => Some(Self::Resources((*group).to_owned(), (*version).to_owned())),
            ["apis", "authorization.k8s.io", "v1", "selfsubjectaccessreviews"] => {
                Some(Self::Review("selfsubjectaccessreviews"))
            }
            ["apis", "authorization.k8s.io", "v1", "selfsubjectrulesreviews"] => {
                Some(Self::Review("selfsubjectrulesreviews"))
            }
            ["apis", "authentication.k8s.io", "v1", "selfsubjectreviews"] => {
                Some(Self::Review("selfsubjectreviews"))
            }
            ["api", version, rest @ ..] => object("", version, rest),
            ["apis", group, version, rest @ ..] => object(group, version, rest),
            _ => None,
        }
    }
}

fn object(group: &str, version: &str, rest: &[&str]) -> Option<Target> {
    let (namespace, rest) = match rest {
        ["namespaces", namespace, plural, ..] if Kind::find(group, version, plural).is_some() => {
            (*namespace, rest.get(2..)?)
        }
        _ => ("", rest),
    };
    let (plural, rest) = rest.split_first()?;
    let kind = Kind::find(group, version, plural)?;
    if rest.len() > 2 {
        return None;
    }
    let owned = |at: usize| rest.get(at).map(|part| (*part).to_owned());
    let target = ObjectTarget {
        kind,
        namespace: namespace.to_owned(),
        name: owned(0),
        subresource: owned(1),
    };
    Some(Target::Object(target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_objects_collections_and_subresources() {
        let parse = |path| match Target::parse(path) {
            Some(Target::Object(target)) => (
                target.resource(),
                target.namespace.clone(),
                target.name().to_owned(),
            ),
            other => panic!("{path}: {other:?}"),
        };
        assert_eq!(
            parse("/api/v1/namespaces"),
            ("namespaces".into(), String::new(), String::new())
        );
        assert_eq!(
            parse("/api/v1/namespaces/a"),
            ("namespaces".into(), String::new(), "a".into())
        );
        assert_eq!(
            parse("/api/v1/namespaces/a/pods/b/exec"),
            ("pods/exec".into(), "a".into(), "b".into())
        );
        assert_eq!(
            parse("/apis/apps/v1/deployments"),
            ("deployments".into(), String::new(), String::new())
        );
        assert_eq!(Target::parse("/apis/apps/v1/nonsense"), None);
    }
}
