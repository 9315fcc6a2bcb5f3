//! Entity references, `[kind:][namespace/]name`, or the same as an object of three keys. Case does not count.

use std::fmt;

use serde_json::Value;

/// Where an entity that names no namespace belongs.
pub(super) const DEFAULT_NAMESPACE: &str = "default";

/// Which entity is meant. In small letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    /// `None`: the place where it stands does not say, and neither does its author.
    pub kind: Option<String>,
    pub namespace: String,
    pub name: String,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(kind) = &self.kind {
            write!(f, "{kind}:")?;
        }
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl Reference {
    /// `kind` and `namespace` count where the reference itself has none.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(value: &Value, kind: Option<&str>, namespace: &str) -> Result<Self, String> {
        let (own_kind, own_namespace, name) = match value {
            Value::String(text) => parts(text.trim())?,
            Value::Object(fields) => {
                let field = |name: &str| {
                    fields
                        .get(name)
                        .and_then(Value::as_str)
                        .filter(|text| !text.is_empty())
                };
                let name = field("name").ok_or("a reference needs a `name`")?;
                (field("kind"), field("namespace"), name)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                return Err(
                    "it is no reference: write `kind:namespace/name`, or what of that is needed".to_owned(),
                );
            }
        };
        Ok(Self {
            kind: own_kind.or(kind).map(str::to_lowercase),
            namespace: own_namespace.unwrap_or(namespace).to_lowercase(),
            name: name.to_lowercase(),
        })
    }
}

/// A colon behind the first slash belongs to the name.
fn parts(text: &str) -> Result<(Option<&str>, Option<&str>, &str), String> {
    let (kind, rest) = match (text.split_once(':'), text.split_once('/')) {
        (Some((kind, _)), Some((before, _))) if before.len() < kind.len() => (None, text),
        (Some((kind, rest)), _) => (Some(kind), rest),
        (None, _) => (None, text),
    };
    let (namespace, name) = match rest.split_once('/') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, rest),
    };
    if kind == Some("") || namespace == Some("") || name.is_empty() {
        return Err(format!(
            "`{text}` is no reference: write `kind:namespace/name`, or what of that is needed"
        ));
    }
    Ok((kind, namespace, name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> Result<String, String> {
        Reference::read(value, Some("group"), "shop").map(|found| found.to_string())
    }

    #[test]
    fn what_a_reference_leaves_out_its_place_says() {
        for (written, meant) in [
            ("payments", "group:shop/payments"),
            ("User:payments", "user:shop/payments"),
            ("other/Payments", "group:other/payments"),
            ("user:Other/payments", "user:other/payments"),
            ("other/a:b", "group:other/a:b"),
        ] {
            assert_eq!(read(&json!(written)), Ok(meant.to_owned()), "{written}");
        }
        let compound = json!({"kind": "Group", "name": "a/b:c"});
        assert_eq!(read(&compound), Ok("group:shop/a/b:c".to_owned()));
    }

    #[test]
    fn what_has_an_empty_part_is_no_reference() {
        for written in ["", ":", "user:", "/a", "user:/a", ":a", "other/", "user:other/"] {
            assert!(read(&json!(written)).is_err(), "{written}");
        }
        for value in [json!(1), json!(null), json!(["a"]), json!({"kind": "Group"})] {
            assert!(read(&value).is_err(), "{value}");
        }
    }
}
