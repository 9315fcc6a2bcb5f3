//! Reads the Parameters section: one list item for each, `- replicas: integer, 2 to 10, default 6, "for the form"`, or
//! the same clauses as `key: value` lines below a name. Not here: values given by people and alerts (`resolve`).

use regex::RegexBuilder;

use super::command::is_parameter_name;
use super::diagnostics::Code;
use super::markdown::{Block, Piece};
use super::parse::Reader;
use super::resolve;
use super::sections::Section;
use super::types::{ParamKind, ParamSpec};
use super::words::{did_you_mean, normalise, one_of, split_key, unquote};

/// Characters of a text parameter when the file doesn't say.
const MAX_LENGTH: u32 = 200;
/// Parameters of one runbook: a Slack modal has to hold them.
const MAX_PARAMETERS: usize = 20;

const TYPES: [&str; 5] = ["integer", "name", "text", "one of", "boolean"];

/// What the clauses of one parameter said so far.
#[derive(Default)]
struct Draft<'a> {
    kind: Option<&'static str>,
    min: Option<i64>,
    max: Option<i64>,
    pattern: Option<String>,
    max_length: Option<u32>,
    choices: Vec<String>,
    default: Option<Piece<'a>>,
    from_label: Option<String>,
    description: Option<String>,
    /// The clause before was `one of`, so that a bare word is another choice.
    choosing: bool,
}

/// Reads all parameters into the reader.
pub(super) fn read_parameters<'a>(section: &Section<'a, '_>, reader: &mut Reader<'a, '_>) {
    let mut open: Option<(Piece<'a>, Draft<'a>)> = None;
    let mut outer = 0;
    for block in section.blocks {
        let (indent, text, names) = match block {
            Block::Blank | Block::Fence { .. } => continue,
            Block::Heading { text, .. } => (0, *text, true),
            Block::Item { indent, text, .. } => (*indent, *text, open.is_none() || *indent <= outer),
            Block::Text { indent, text } => (*indent, *text, open.is_none() && split_key(*text).is_some()),
        };
        let pair = split_key(text);
        let words = pair.map(|(key, _)| normalise(key.text));
        // `- name: replicas` opens a parameter; `type: integer` below it goes on.
        if names
            && !words
                .as_deref()
                .is_some_and(|words| open.is_some() && is_clause(words))
        {
            close(open.take(), reader);
            outer = indent;
            let name_key = words.as_deref() == Some("name")
                && pair.is_some_and(|(_, value)| is_parameter_name(value.text));
            open = match pair {
                Some((_, value)) if name_key => Some((value, Draft::default())),
                Some((key, value)) => {
                    let mut draft = Draft::default();
                    clauses(value, &mut draft, reader);
                    Some((key, draft))
                }
                None => Some((text.trim_matches(|c| matches!(c, '`' | '*')), Draft::default())),
            };
        } else if let Some((_, draft)) = &mut open {
            match pair {
                Some((key, value)) => keyed(key, value, draft, reader),
                None => draft.description = Some(text.text.to_owned()),
            }
        }
    }
    close(open, reader);
}

fn is_clause(words: &str) -> bool {
    const CLAUSES: [&str; 15] = [
        "type",
        "min",
        "minimum",
        "max",
        "maximum",
        "default",
        "label",
        "from label",
        "pattern",
        "matches",
        "max length",
        "choices",
        "values",
        "description",
        "bounds",
    ];
    CLAUSES.contains(&words)
}

fn keyed<'a>(key: Piece<'a>, value: Piece<'a>, draft: &mut Draft<'a>, reader: &mut Reader<'_, '_>) {
    let words = normalise(key.text);
    if !is_clause(&words) {
        let options = [
            "type",
            "min",
            "max",
            "default",
            "label",
            "pattern",
            "max length",
            "choices",
            "description",
        ];
        let help = match did_you_mean(&words, options) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "the keys of a parameter are {}",
                one_of(options).replace(" or ", " and ")
            ),
        };
        reader.findings.error(
            Code::UnknownKey,
            key.span(),
            format!("unknown key `{}`", key.text),
            help,
        );
        return;
    }
    match words.as_str() {
        "type" | "bounds" => clauses(value, draft, reader),
        "choices" | "values" => {
            draft.kind = Some("one of");
            draft.choices.extend(choices(value));
        }
        "description" => draft.description = Some(unquote(value).unwrap_or(value).text.to_owned()),
        word => {
            let word = match word {
                "minimum" => "min",
                "maximum" => "max",
                other => other,
            };
            keyword(word, value, draft, reader);
        }
    }
}

fn choices(value: Piece<'_>) -> impl Iterator<Item = String> {
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
fn clauses<'a>(value: Piece<'a>, draft: &mut Draft<'a>, reader: &mut Reader<'_, '_>) {
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
                start = at + 1;
            }
            None => {}
        }
    }
    clause(value.from(start).trim(), draft, reader);
}

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
    for (words, kind) in [
        (
            &["one of", "choice of", "enum of", "enum", "choice"][..],
            "one of",
        ),
        (&["integer", "int", "whole number", "number"][..], "integer"),
        (
            &["object name", "kubernetes name", "pod name", "name"][..],
            "name",
        ),
        (&["text", "string"][..], "text"),
        (&["boolean", "bool", "yes or no", "true or false"][..], "boolean"),
    ] {
        let Some(word) = words.iter().find(|word| begins(&lower, word)) else {
            continue;
        };
        draft.kind = Some(kind);
        let rest = clause
            .from(word.len())
            .trim_matches(|c: char| c.is_whitespace() || c == ':');
        if kind == "one of" {
            draft.choosing = true;
            draft.choices.extend(choices(rest));
        } else if !rest.is_empty() {
            self::clause(rest, draft, reader);
        }
        return;
    }
    for word in [
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
    ] {
        if begins(&lower, word) {
            let value = clause
                .from(word.len())
                .trim_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '='));
            keyword(word, value, draft, reader);
            return;
        }
    }
    if let Some((min, max)) = range(&lower) {
        (draft.min, draft.max) = (Some(min), Some(max));
    } else if draft.choosing && !lower.contains(' ') {
        draft.choices.extend(choices(clause));
    } else if draft.choosing && lower.starts_with("or ") {
        draft.choices.extend(choices(clause.from(3)));
    } else {
        let near = did_you_mean(&lower, TYPES).map(|near| format!("did you mean `{near}`?"));
        let help = near.unwrap_or_else(|| {
            "write it like `integer, 2 to 10, default 6`, `name, from label pod` or `one of eu, us`"
                .to_owned()
        });
        let message = format!("`{}` says nothing about a parameter", clause.text);
        reader
            .findings
            .error(Code::BadParameter, clause.span(), message, help);
    }
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
                .and_then(|at| Some((text.get(..=at)?, text.get(at + 2..)?)))
        })?;
    Some((min.trim().parse().ok()?, max.trim().parse().ok()?))
}

fn keyword<'a>(word: &str, value: Piece<'a>, draft: &mut Draft<'a>, reader: &mut Reader<'_, '_>) {
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

fn close<'a>(open: Option<(Piece<'a>, Draft<'a>)>, reader: &mut Reader<'_, '_>) {
    let Some((name, draft)) = open else { return };
    let mut fail =
        |code: Code, message: String, help: String| reader.findings.error(code, name.span(), message, help);
    if !is_parameter_name(name.text) {
        let help =
            "use lower-case letters, digits and `_`, starting with a letter, such as `- replicas: integer`";
        return fail(
            Code::BadParameter,
            format!("`{}` can't be the name of a parameter", name.text),
            help.to_owned(),
        );
    }
    if reader.parameters.iter().any(|spec| spec.name == name.text) {
        let help = "leave one of them".to_owned();
        return fail(
            Code::DuplicateParameter,
            format!("the parameter `{}` stands twice", name.text),
            help,
        );
    }
    if reader.parameters.len() == MAX_PARAMETERS {
        let help = "split the runbook, or fix some of the values".to_owned();
        return fail(
            Code::BadParameter,
            format!("more than {MAX_PARAMETERS} parameters"),
            help,
        );
    }
    let kind = match kind_of(&draft) {
        Ok(kind) => kind,
        Err((message, help)) => return fail(Code::BadParameter, message, help),
    };
    let mut spec = ParamSpec {
        name: name.text.to_owned(),
        kind,
        default: None,
        from_label: draft.from_label,
        description: draft.description,
    };
    if let Some(default) = draft.default {
        match resolve::check(&spec, default.text) {
            Ok(value) => spec.default = Some(value),
            Err(why) => {
                let message = format!("the default of `{}` can't be: {why}", spec.name);
                let help = "give a default that fits its type and bounds, or none";
                reader
                    .findings
                    .error(Code::BadParameter, default.span(), message, help);
            }
        }
    }
    reader.parameters.push(spec);
    reader.parameter_spans.push(name.span());
}

fn kind_of(draft: &Draft<'_>) -> Result<ParamKind, (String, String)> {
    let bounded = draft.min.is_some() || draft.max.is_some();
    let kind = match draft.kind {
        None if bounded => Some("integer"),
        other => other,
    };
    let fault = |message: &str, help: &str| Err((message.to_owned(), help.to_owned()));
    match kind {
        None => fault(
            "this parameter has no type",
            "write `integer`, `name`, `text`, `boolean` or `one of a, b`",
        ),
        Some("integer") => match (draft.min, draft.max) {
            (Some(min), Some(max)) if min > max => fault("the lower bound is above the upper", "swap them"),
            (min, max) => Ok(ParamKind::Integer { min, max }),
        },
        Some(_) if bounded => fault(
            "only an integer has bounds",
            "leave them out, or write `at most 40 characters`",
        ),
        Some("name") => Ok(ParamKind::Name),
        Some("boolean") => Ok(ParamKind::Boolean),
        Some("one of") => {
            let mut of = draft.choices.clone();
            of.dedup();
            match of
                .iter()
                .find(|choice| choice.starts_with('-') || choice.contains(char::is_control))
            {
                _ if of.is_empty() => fault(
                    "there is nothing to choose from",
                    "write `one of eu-west-1, us-east-1`",
                ),
                Some(choice) => fault(
                    &format!("`{choice}` could be taken for a flag"),
                    "leave out the hyphen in front",
                ),
                None => Ok(ParamKind::Choice { of }),
            }
        }
        Some(_) => {
            let max_length = draft.max_length.unwrap_or(MAX_LENGTH);
            if let Some(pattern) = &draft.pattern
                && RegexBuilder::new(pattern)
                    .size_limit(resolve::PATTERN_BYTES)
                    .build()
                    .is_err()
            {
                return fault(
                    &format!("`{pattern}` is not a pattern"),
                    "see https://docs.rs/regex for what a pattern may hold",
                );
            }
            Ok(ParamKind::Text {
                pattern: draft.pattern.clone(),
                max_length,
            })
        }
    }
}
