//! Reads what is said about one parameter: `integer, 2 to 10, default 6, "for the form"`. Not here: whether it fits together.

use super::diagnostics::Code;
use super::markdown::Piece;
use super::parse::Reader;
use super::words::{did_you_mean, unquote};

const TYPES: [&str; 5] = ["integer", "name", "text", "one of", "boolean"];

/// What the clauses of one parameter said so far.
#[derive(Default)]
pub(super) struct Draft<'a> {
    pub kind: Option<&'static str>,
    pub min: Option<i64>,
    pub max: Option<i64>,
    pub pattern: Option<String>,
    pub max_length: Option<u32>,
    pub choices: Vec<String>,
    pub default: Option<Piece<'a>>,
    pub from_label: Option<String>,
    pub description: Option<String>,
    pub people_only: bool,
    /// The clause before was `one of`, so that a bare word is another choice.
    pub choosing: bool,
    /// Something of it could not be read; what follows from that is not told as well.
    pub failed: bool,
}

pub(super) fn choices(value: Piece<'_>) -> impl Iterator<Item = String> {
    value
        .text
        .split([',', '|', '/'])
        .flat_map(|part| part.split(" or "))
        .filter_map(|part| {
            let part = part.trim().trim_matches(|c| matches!(c, '"' | '\'' | '`')).trim();
            (!part.is_empty()).then(|| part.to_owned())
        })
}

/// Reads `integer, 2 to 10, default 6`. Commas and semicolons outside quotes and slashes part the clauses.
pub(super) fn clauses<'a>(value: Piece<'a>, draft: &mut Draft<'a>, reader: &mut Reader<'_, '_>) {
    let mut start = 0;
    let mut quote = None;
    for (at, c) in value.text.char_indices() {
        match quote {
            Some(close) if c == close => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '`') => quote = Some(c),
            None if c == '/'
                && value
                    .text
                    .get(..at)
                    .is_some_and(|text| text.trim_end().ends_with("matches")) =>
            {
                quote = Some('/');
            }
            None if matches!(c, ',' | ';') => {
                clause(value.slice(start, at).trim(), draft, reader);
                start = at.saturating_add(1);
            }
            None => {}
        }
    }
    clause(value.from(start).trim(), draft, reader);
}

/// What a runbook may call each type.
const TYPE_WORDS: [(&[&str], &str); 5] = [
    (&["one of", "choice of", "enum of", "enum", "choice"], "one of"),
    (&["integer", "int", "whole number", "number"], "integer"),
    (&["object name", "kubernetes name", "pod name", "name"], "name"),
    (&["text", "string"], "text"),
    (&["boolean", "bool", "yes or no", "true or false"], "boolean"),
];

/// The words that a value follows.
const KEYWORDS: [&str; 11] = [
    "default",
    "from label",
    "label",
    "matches",
    "pattern",
    "min",
    "max length",
    "max",
    "at least",
    "at most",
    "up to",
];

fn clause<'a>(clause: Piece<'a>, draft: &mut Draft<'a>, reader: &mut Reader<'_, '_>) {
    if clause.is_empty() {
        return;
    }
    if let Some(text) = unquote(clause) {
        if draft.choosing && draft.default.is_none() && !text.text.contains(' ') {
            draft.choices.push(text.text.to_owned());
        } else {
            draft.description = Some(text.text.to_owned());
        }
        return;
    }
    let lower = clause.text.to_ascii_lowercase();
    if lower == "people only" || lower == "for people only" {
        draft.people_only = true;
        return;
    }
    let named = TYPE_WORDS.iter().find_map(|(words, kind)| {
        let word = words.iter().find(|word| begins(&lower, word))?;
        Some((word.len(), *kind))
    });
    if let Some((length, kind)) = named {
        let rest = clause
            .from(length)
            .trim_matches(|c: char| c.is_whitespace() || c == ':');
        return typed(kind, rest, draft, reader);
    }
    if let Some(word) = KEYWORDS.iter().find(|word| begins(&lower, word)) {
        let value = clause
            .from(word.len())
            .trim_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '='));
        return keyword(word, value, draft, reader);
    }
    if let Some((min, max)) = range(&lower) {
        (draft.min, draft.max) = (Some(min), Some(max));
    } else if draft.choosing && !lower.contains(' ') {
        draft.choices.extend(choices(clause));
    } else if draft.choosing && lower.starts_with("or ") {
        draft.choices.extend(choices(clause.from(3)));
    } else {
        says_nothing(clause, &lower, reader);
    }
}

/// A type, and what stands behind it: its choices, or more about the parameter.
fn typed<'a>(kind: &'static str, rest: Piece<'a>, draft: &mut Draft<'a>, reader: &mut Reader<'_, '_>) {
    draft.kind = Some(kind);
    if kind == "one of" {
        draft.choosing = true;
        draft.choices.extend(choices(rest));
    } else if !rest.is_empty() {
        clause(rest, draft, reader);
    }
}

fn says_nothing(clause: Piece<'_>, lower: &str, reader: &mut Reader<'_, '_>) {
    let near = did_you_mean(lower, TYPES).map(|near| format!("did you mean `{near}`?"));
    let help = near.unwrap_or_else(|| {
        "write it like `integer, 2 to 10, default 6`, `name, from label pod` or `one of eu, us`".to_owned()
    });
    let message = format!("`{}` says nothing about a parameter", clause.text);
    reader
        .findings
        .error(Code::BadParameter, clause.span(), message, help);
}

/// Whether the text is the word or begins with it as a word.
fn begins(text: &str, word: &str) -> bool {
    text.strip_prefix(word)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ':', '=', '(']))
}

/// `2 to 10`, `2-10`, `2..10`, `between 2 and 10`, `from 2 to 10`.
fn range(text: &str) -> Option<(i64, i64)> {
    let text = text.trim_start_matches("between ").trim_start_matches("from ");
    let (min, max) = ["..=", "..", " to ", " and ", "–", " - "]
        .iter()
        .find_map(|mark| text.split_once(mark))
        .or_else(|| {
            text.get(1..)?
                .find('-')
                .and_then(|at| Some((text.get(..=at)?, text.get(at.saturating_add(2)..)?)))
        })?;
    Some((min.trim().parse().ok()?, max.trim().parse().ok()?))
}

pub(super) fn keyword<'a>(word: &str, value: Piece<'a>, draft: &mut Draft<'a>, reader: &mut Reader<'_, '_>) {
    let bare = unquote(value).unwrap_or(value);
    let lower = bare.text.to_ascii_lowercase();
    let length = lower
        .trim_end_matches('s')
        .strip_suffix("character")
        .map(str::trim);
    if bare.is_empty() {
        let message = format!("`{word}` has no value");
        reader.findings.error(
            Code::BadParameter,
            value.span(),
            message,
            format!("write `{word} …`, or leave it out"),
        );
        return;
    }
    match word {
        "default" => draft.default = Some(bare),
        "from label" | "label" => draft.from_label = Some(bare.text.to_owned()),
        "matches" | "pattern" => {
            let inner = bare
                .text
                .strip_prefix('/')
                .and_then(|text| text.strip_suffix('/'))
                .unwrap_or(bare.text);
            draft.pattern = Some(inner.to_owned());
        }
        "at most" | "up to" | "max" if length.is_some() => {
            set(length.unwrap_or_default(), bare, &mut draft.max_length, reader)
        }
        "max length" => set(&lower, bare, &mut draft.max_length, reader),
        "min" | "at least" => set(&lower, bare, &mut draft.min, reader),
        _ => set(&lower, bare, &mut draft.max, reader),
    }
}

fn set<T: std::str::FromStr>(
    text: &str,
    place: Piece<'_>,
    slot: &mut Option<T>,
    reader: &mut Reader<'_, '_>,
) {
    match text.trim().parse() {
        Ok(number) => *slot = Some(number),
        Err(_) => {
            let message = format!("`{}` is not a whole number", place.text);
            reader.findings.error(
                Code::BadParameter,
                place.span(),
                message,
                "write digits, such as `10`",
            );
        }
    }
}
