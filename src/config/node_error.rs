//! What can go wrong while a value is given its type, in words for people: wanted types as they are called outside Rust,
//! the likely meaning of a mistyped word, and nothing that looks like a secret.

use std::fmt;

use serde::de::{self, Unexpected};

use super::place::Segment;

/// Where the value whose reading failed came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    File,
    Environment,
}

#[derive(Clone, Debug)]
pub(super) enum Problem {
    /// A key that the section doesn't have, and those that it has.
    Unknown { expected: Vec<&'static str> },
    /// The end of the sentence "`key` …".
    Wrong(String),
}

/// What went wrong, and the way to it (innermost last once it has reached the top).
#[derive(Clone, Debug)]
pub(super) struct NodeError {
    pub path: Vec<Segment>,
    pub origin: Option<Origin>,
    pub problem: Problem,
}

impl NodeError {
    pub(super) fn wrong(problem: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            origin: None,
            problem: Problem::Wrong(problem.into()),
        }
    }

    pub(super) fn at_origin(mut self, origin: Origin) -> Self {
        self.origin.get_or_insert(origin);
        self
    }

    pub(super) fn under(mut self, segment: Segment) -> Self {
        self.path.insert(0, segment);
        self
    }
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.problem)
    }
}

impl std::error::Error for NodeError {}

impl de::Error for NodeError {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self::wrong(text.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, wanted: &dyn de::Expected) -> Self {
        Self::wrong(format!("must be {}, but is {}", plain(wanted), worded(found)))
    }

    fn invalid_value(found: Unexpected<'_>, wanted: &dyn de::Expected) -> Self {
        Self::wrong(format!("must be {}, but is {}", plain(wanted), worded(found)))
    }

    fn unknown_variant(found: &str, expected: &'static [&'static str]) -> Self {
        let words = listed(expected);
        Self::wrong(match nearest(found, expected) {
            Some(near) => format!("is {}: did you mean `{near}`? It takes {words}", quoted(found)),
            None => format!("is {}: it takes {words}", quoted(found)),
        })
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Self {
            path: Vec::new(),
            origin: None,
            problem: Problem::Unknown {
                expected: expected.to_vec(),
            },
        }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::wrong(format!("has no `{field}`: add it"))
    }
}

/// What Rust calls the wanted type, as people call it.
fn plain(wanted: &dyn de::Expected) -> String {
    let word = wanted.to_string();
    match word.as_str() {
        "u8" => "a whole number from 0 to 255".to_owned(),
        "u16" | "u32" | "u64" => "a whole number, not negative".to_owned(),
        "i8" | "i16" | "i32" | "i64" => "a whole number".to_owned(),
        "a boolean" => "true or false, without quotes".to_owned(),
        "a string" | "path string" => "text in quotes".to_owned(),
        "a sequence" => "a list in [ ]".to_owned(),
        "a map" => "a table".to_owned(),
        other if other.starts_with("struct ") => "a table".to_owned(),
        _ => word,
    }
}

/// User input in backticks; a token that was pasted under the wrong key is not repeated.
fn quoted(text: &str) -> String {
    if text.starts_with("xox") || text.starts_with("xapp-") || text.chars().count() > 80 {
        "something that looks like a secret".to_owned()
    } else {
        format!("`{text}`")
    }
}

fn worded(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Str(text) => format!("the text {}", quoted(text)),
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Signed(value) => format!("the number {value}"),
        Unexpected::Unsigned(value) => format!("the number {value}"),
        Unexpected::Float(value) => format!("the number {value}"),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a table".to_owned(),
        Unexpected::Unit | Unexpected::Option => "empty".to_owned(),
        other => other.to_string(),
    }
}

/// `` `a`, `b` or `c` ``
pub(super) fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// The word that was probably meant.
pub(super) fn nearest<'w>(typed: &str, known: &[&'w str]) -> Option<&'w str> {
    let typed = typed.to_ascii_lowercase().replace('-', "_");
    known
        .iter()
        .map(|word| (strsim::jaro_winkler(&typed, &word.replace('-', "_")), *word))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, word)| word)
}
