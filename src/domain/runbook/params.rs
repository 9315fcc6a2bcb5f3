//! Reads the Parameters section: one list item for each, `- replicas: integer, 2 to 10, default 6, "for the form"`, or
//! the same clauses as `key: value` lines below a name. Not here: values given by people and alerts (`resolve`).

use regex::RegexBuilder;

use super::diagnostics::Code;
use super::lexemes::is_parameter_name;
use super::markdown::{Block, Piece};
use super::param_clauses::{Draft, choices, clauses, keyword};
use super::parse::Reader;
use super::resolve;
use super::sections::Section;
use super::types::{ParamKind, ParamSpec, ParamValue};
use super::words::{did_you_mean, normalise, one_of, split_key, unquote};

/// Characters of a text parameter when the file doesn't say.
const MAX_LENGTH: u32 = 200;
/// Parameters of one runbook: a Slack modal has to hold them.
const MAX_PARAMETERS: usize = 20;

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
        Err((message, help)) => {
            if !draft.failed {
                fail(Code::BadParameter, message, help);
            }
            // The file is refused already; the commands that use it have nothing to add.
            ParamKind::Text {
                pattern: None,
                max_length: MAX_LENGTH,
            }
        }
    };
    let mut spec = ParamSpec {
        name: name.text.to_owned(),
        kind,
        default: None,
        from_label: draft.from_label,
        description: draft.description,
        people_only: draft.people_only,
    };
    if let Some(default) = draft.default {
        spec.default = default_of(&spec, default, reader);
    }
    reader.parameters.push(spec);
    reader.parameter_spans.push(name.span());
}

fn default_of(spec: &ParamSpec, default: Piece<'_>, reader: &mut Reader<'_, '_>) -> Option<ParamValue> {
    match resolve::check(spec, default.text) {
        Ok(value) => Some(value),
        Err(why) => {
            let message = format!("the default of `{}` can't be: {why}", spec.name);
            let help = "give a default that fits its type and bounds, or none";
            reader
                .findings
                .error(Code::BadParameter, default.span(), message, help);
            None
        }
    }
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
