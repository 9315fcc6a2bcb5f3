//! Gives parameters their values and puts them into command lines. A value comes from a person, from a label of the
//! alert or from the default, in this order, and is checked against its declaration wherever it comes from.
//! Invariants: a value is one whole argv element; it never begins with `-` unless it is a negative integer; it holds no
//! control character. A value that was given and is wrong is a problem, never replaced by the next source.

use std::collections::BTreeMap;

use regex::RegexBuilder;

use super::types::{CommandLine, ParamKind, ParamSpec, ParamValue, Word};
use super::words::one_of;

/// Compiled size of a parameter's pattern; what is larger is refused.
pub(super) const PATTERN_BYTES: usize = 1 << 20;

/// Why a parameter has no value that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, strum::VariantNames)]
pub enum ParamProblem {
    #[error("`{name}` has no value: give one with `{name}=…`")]
    Missing { name: String },
    #[error("`{name}` can't be `{given}`: {why}")]
    Wrong {
        name: String,
        given: String,
        why: String,
    },
    #[error("the runbook has no parameter `{name}`{suggestion}")]
    Unknown { name: String, suggestion: String },
}

impl ParamProblem {
    /// The parameter that it is about.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Missing { name } | Self::Wrong { name, .. } | Self::Unknown { name, .. } => name,
        }
    }
}

/// Why a command line could not be completed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubstituteError {
    #[error("the parameter `{0}` has no value")]
    NoValue(String),
}

/// Gives every parameter its value: what a person gave, else the alert's label, else the default.
///
/// # Errors
/// Every parameter without a usable value, and every given name that the runbook doesn't know.
pub fn resolve_parameters(
    specs: &[ParamSpec],
    given: &BTreeMap<String, String>,
    labels: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, ParamValue>, Vec<ParamProblem>> {
    let mut values = BTreeMap::new();
    let mut problems = Vec::new();
    for spec in specs {
        let label = spec
            .from_label
            .as_ref()
            .and_then(|label| labels.get(label))
            .filter(|text| !text.is_empty());
        let text = match (given.get(&spec.name).or(label), &spec.default) {
            (Some(text), _) => text,
            (None, Some(default)) => &default.0,
            (None, None) => {
                problems.push(ParamProblem::Missing {
                    name: spec.name.clone(),
                });
                continue;
            }
        };
        match check(spec, text) {
            Ok(value) => {
                values.insert(spec.name.clone(), value);
            }
            Err(why) => problems.push(ParamProblem::Wrong {
                name: spec.name.clone(),
                given: shown(text),
                why,
            }),
        }
    }
    for name in given
        .keys()
        .filter(|name| !specs.iter().any(|spec| spec.name == **name))
    {
        let known = specs.iter().map(|spec| spec.name.as_str());
        let suggestion = match super::words::did_you_mean(name, known.clone()) {
            Some(near) => format!("; did you mean `{near}`?"),
            None if specs.is_empty() => "; it takes none".to_owned(),
            None => format!("; it has {}", one_of(known).replace(" or ", " and ")),
        };
        problems.push(ParamProblem::Unknown {
            name: shown(name),
            suggestion,
        });
    }
    if problems.is_empty() {
        Ok(values)
    } else {
        Err(problems)
    }
}

/// What a person reads back of a value that is wrong: short and without control characters.
fn shown(text: &str) -> String {
    text.chars()
        .take(80)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// Checks one value against its declaration.
///
/// # Errors
/// Why it can't be, for people.
pub fn check(spec: &ParamSpec, text: &str) -> Result<ParamValue, String> {
    if text.chars().any(char::is_control) {
        return Err("it holds a control character".to_owned());
    }
    let text = text.trim();
    let flag = text.starts_with('-') && !matches!(spec.kind, ParamKind::Integer { .. });
    if flag {
        return Err("it begins with `-` and could be taken for a flag".to_owned());
    }
    match &spec.kind {
        ParamKind::Integer { min, max } => integer(text, *min, *max),
        ParamKind::Name if is_object_name(text) => Ok(text.to_owned()),
        ParamKind::Name => Err(
            "a name has lower-case letters, digits, `-` and `.`, begins and ends with a letter or digit, and has at most \
             253 characters"
                .to_owned(),
        ),
        ParamKind::Text { pattern, max_length } => free_text(text, pattern.as_deref(), *max_length),
        ParamKind::Choice { of } if of.iter().any(|choice| choice == text) => Ok(text.to_owned()),
        ParamKind::Choice { of } => Err(format!("it must be {}", one_of(of.iter().map(String::as_str)))),
        ParamKind::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Ok("true".to_owned()),
            "false" | "no" | "off" => Ok("false".to_owned()),
            _ => Err("it must be `true` or `false`".to_owned()),
        },
    }
    .map(ParamValue)
}

fn integer(text: &str, min: Option<i64>, max: Option<i64>) -> Result<String, String> {
    let Ok(number) = text.parse::<i64>() else {
        return Err("it must be a whole number".to_owned());
    };
    let fits = min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max);
    match (fits, min, max) {
        // Written anew, so that `+06` and `6` are the same value.
        (true, ..) => Ok(number.to_string()),
        (false, Some(min), Some(max)) => Err(format!("it must be from {min} to {max}")),
        (false, Some(min), None) => Err(format!("it must be at least {min}")),
        (false, None, Some(max)) => Err(format!("it must be at most {max}")),
        // Without bounds every number fits.
        (false, None, None) => Ok(number.to_string()),
    }
}

fn free_text(text: &str, pattern: Option<&str>, max_length: u32) -> Result<String, String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if u32::try_from(text.chars().count()).is_ok_and(|count| count <= max_length) {
        let Some(pattern) = pattern else {
            return Ok(text.to_owned());
        };
        let whole = format!("^(?:{pattern})$");
        return match RegexBuilder::new(&whole).size_limit(PATTERN_BYTES).build() {
            Ok(regex) if regex.is_match(text) => Ok(text.to_owned()),
            Ok(_) => Err(format!("it must match `{pattern}`")),
            Err(_) => Err(format!("the runbook's pattern `{pattern}` can't be read")),
        };
    }
    Err(format!("it has more than {max_length} characters"))
}

/// DNS-1123 subdomain, as the API server asks of most object names.
fn is_object_name(text: &str) -> bool {
    let edge =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    text.len() <= 253
        && text.split('.').all(|part| {
            let bytes = part.as_bytes();
            edge(bytes.first())
                && edge(bytes.last())
                && bytes
                    .iter()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
        })
}

/// The argv of each stage. Each placeholder becomes one element, whatever its value holds.
///
/// # Errors
/// A placeholder without a value.
pub fn substitute(
    line: &CommandLine,
    values: &BTreeMap<String, ParamValue>,
) -> Result<Vec<Vec<String>>, SubstituteError> {
    let word = |word: &Word| match word {
        Word::Literal(text) => Ok(text.clone()),
        Word::Placeholder(name) => values
            .get(name)
            .map(|value| value.0.clone())
            .ok_or_else(|| SubstituteError::NoValue(name.clone())),
    };
    line.stages
        .iter()
        .map(|stage| stage.iter().map(word).collect())
        .collect()
}
