//! Label selectors (text and object form) and field selectors.
//! Field selectors compare the dotted path with the text of the value, which is what the supported fields of the real server come to.

use serde_json::Value;

use super::json;

/// One parsed requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

/// A parsed label selector; the empty one selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LabelSelector(Vec<Requirement>);

/// A parsed field selector; the empty one selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FieldSelector(Vec<(String, Comparison, String)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Same,
    Other,
}

impl LabelSelector {
    /// Parses `a=b,c in (d,e),!f`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut requirements = Vec::new();
        for part in split_outside_parentheses(text) {
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            requirements
                .push(requirement(part).ok_or_else(|| format!("unable to parse requirement: {part}"))?);
        }
        Ok(Self(requirements))
    }

    /// Reads `matchLabels` and `matchExpressions`.
    pub fn from_object(selector: &Value) -> Self {
        let mut requirements = Vec::new();
        if let Some(labels) = selector.get("matchLabels").and_then(Value::as_object) {
            for (key, value) in labels {
                requirements.push(Requirement::In(
                    key.clone(),
                    vec![value.as_str().unwrap_or("").to_owned()],
                ));
            }
        }
        for expression in json::list(selector, "/matchExpressions") {
            let key = json::text(expression, "/key").to_owned();
            let values = || {
                json::list(expression, "/values")
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect()
            };
            requirements.push(match json::text(expression, "/operator") {
                "NotIn" => Requirement::NotIn(key, values()),
                "Exists" => Requirement::Exists(key),
                "DoesNotExist" => Requirement::Absent(key),
                _ => Requirement::In(key, values()),
            });
        }
        Self(requirements)
    }

    /// The text form, as the Scale object carries it.
    pub fn to_text(&self) -> String {
        let parts: Vec<String> = self
            .0
            .iter()
            .map(|requirement| match requirement {
                Requirement::In(key, values) if values.len() == 1 => format!("{key}={}", values.join("")),
                Requirement::In(key, values) => format!("{key} in ({})", values.join(",")),
                Requirement::NotIn(key, values) => format!("{key} notin ({})", values.join(",")),
                Requirement::Exists(key) => key.clone(),
                Requirement::Absent(key) => format!("!{key}"),
            })
            .collect();
        parts.join(",")
    }

    /// Whether an object's labels satisfy every requirement.
    pub fn matches(&self, object: &Value) -> bool {
        let labels = json::labels(object);
        let value = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Value::as_str);
        self.0.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => value(key).is_some_and(|have| values.iter().any(|v| v == have)),
            Requirement::NotIn(key, values) => {
                value(key).is_none_or(|have| !values.iter().any(|v| v == have))
            }
            Requirement::Exists(key) => value(key).is_some(),
            Requirement::Absent(key) => value(key).is_none(),
        })
    }
}

fn requirement(part: &str) -> Option<Requirement> {
    if let Some(key) = part.strip_prefix('!') {
        return Some(Requirement::Absent(key.trim().to_owned()));
    }
    if let Some((key, value)) = part.split_once("!=") {
        return Some(Requirement::NotIn(
            key.trim().to_owned(),
            vec![value.trim().to_owned()],
        ));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Some(Requirement::In(
            key.trim().to_owned(),
            vec![value.trim().to_owned()],
        ));
    }
    if let Some(inner) = part.strip_suffix(')') {
        let (head, values) = inner.split_once('(')?;
        let values = values.split(',').map(|value| value.trim().to_owned()).collect();
        let mut words = head.split_whitespace();
        let key = words.next()?.to_owned();
        return match words.next()? {
            "in" => Some(Requirement::In(key, values)),
            "notin" => Some(Requirement::NotIn(key, values)),
            _ => None,
        };
    }
    (!part.contains(char::is_whitespace)).then(|| Requirement::Exists(part.to_owned()))
}

fn split_outside_parentheses(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

impl FieldSelector {
    /// Parses `a.b=c,d!=e`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut terms = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (field, comparison, value) = if let Some((field, value)) = part.split_once("!=") {
                (field, Comparison::Other, value)
            } else if let Some((field, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
                (field, Comparison::Same, value)
            } else {
                return Err(format!("invalid selector: '{part}'; can't understand '{part}'"));
            };
            terms.push((
                format!("/{}", field.replace('.', "/")),
                comparison,
                value.to_owned(),
            ));
        }
        Ok(Self(terms))
    }

    /// Whether every named field has the wanted text; an absent field is the empty text.
    pub fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|(pointer, comparison, wanted)| {
            let same = match object.pointer(pointer) {
                None | Some(Value::Null) => wanted.is_empty(),
                Some(Value::String(text)) => text == wanted,
                Some(Value::Bool(truth)) => wanted.parse() == Ok(*truth),
                Some(Value::Number(number)) => {
                    serde_json::from_str::<serde_json::Number>(wanted).is_ok_and(|n| n == *number)
                }
                Some(Value::Array(_) | Value::Object(_)) => false,
            };
            match comparison {
                Comparison::Same => same,
                Comparison::Other => !same,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn label_selectors_select_as_kubectl_writes_them() {
        let pod = json!({"metadata": {"labels": {"app": "api", "tier": "web"}}});
        for (text, expected) in [
            ("", true),
            ("app=api", true),
            ("app==api,tier!=db", true),
            ("app in (api, web),!canary", true),
            ("app notin (api)", false),
            ("canary", false),
        ] {
            assert_eq!(
                LabelSelector::parse(text).unwrap().matches(&pod),
                expected,
                "{text}"
            );
        }
        assert!(LabelSelector::parse("a b").is_err());
    }

    #[test]
    fn field_selectors_read_nested_fields() {
        let event = json!({"involvedObject": {"name": "x"}, "metadata": {"name": "y"}});
        assert!(
            FieldSelector::parse("involvedObject.name=x,metadata.name!=z")
                .unwrap()
                .matches(&event)
        );
        assert!(
            !FieldSelector::parse("involvedObject.name=y")
                .unwrap()
                .matches(&event)
        );
    }
}
