//! Looks into a JSON body whose sender may add keys, leave some out, and write numbers as texts. Only what a parser can't do
//! without is asked for with `need`; its absence is told by name.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::ParseError;
use crate::domain::text::shortened;

/// The whole body. `expected` names the payload for the sender.
///
/// # Errors
/// It is empty, not JSON, or not an object.
pub(super) fn object(body: &[u8], expected: &'static str) -> Result<Value, ParseError> {
    let value = any(body)?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(ParseError::Lacks {
            at: "body".to_owned(),
            wanted: "an object in { }",
            expected,
        })
    }
}

/// As `object`, of any kind.
pub(super) fn any(body: &[u8]) -> Result<Value, ParseError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(ParseError::Empty);
    }
    serde_json::from_slice(body).map_err(|error| ParseError::not_json(body, &error))
}

/// A body without the byte order mark that some programs put before UTF-8. RFC 8259, section 8.1, lets parsers ignore it.
#[must_use]
pub fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// What a pointer leads to, as text; nothing when that is absent, null, empty, or made of parts.
pub(super) fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(plain)
}

/// The first of several that is there.
pub(super) fn first(value: &Value, pointers: &[&str]) -> Option<String> {
    pointers.iter().find_map(|pointer| text(value, pointer))
}

/// As `text`, for what nothing can be understood without.
pub(super) fn need(value: &Value, pointer: &str, expected: &'static str) -> Result<String, ParseError> {
    text(value, pointer).ok_or_else(|| lacks(pointer, "a text with something in it", expected))
}

/// An object that nothing can be understood without.
pub(super) fn part<'v>(
    value: &'v Value,
    pointer: &str,
    expected: &'static str,
) -> Result<&'v Value, ParseError> {
    value
        .pointer(pointer)
        .filter(|part| part.is_object())
        .ok_or_else(|| lacks(pointer, "an object in { }", expected))
}

pub(super) fn lacks(pointer: &str, wanted: &'static str, expected: &'static str) -> ParseError {
    ParseError::Lacks {
        at: pointer.trim_start_matches('/').replace('/', "."),
        wanted,
        expected,
    }
}

/// A value for an answer: JSON on one line, cut.
pub(super) fn quoted(value: &Value) -> String {
    shortened(&value.to_string(), 40)
}

/// The items of a list; none when there is no list.
pub(super) fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The plain members of an object.
pub(super) fn pairs(value: &Value, pointer: &str) -> BTreeMap<String, String> {
    value
        .pointer(pointer)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), plain(value)?)))
        .collect()
}

/// A value without parts, as text.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => {
            let text = text.trim();
            (!text.is_empty()).then(|| text.to_owned())
        }
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
