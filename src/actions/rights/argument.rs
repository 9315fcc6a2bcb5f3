//! One element of an argv that an admission policy lets through: the text of the runbook, or whatever its parameter allows.
//! Written as CEL, the language of admission policies.

use super::pattern::{Pattern, translated};
use crate::domain::runbook::{ParamKind, ParamSpec, Word};

/// A text that Interlock takes as a value: no control character anywhere, no white space at its ends, and not empty.
const PLAIN: &str = "^[^\\x{0}-\\x{20}\\x{7f}-\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}]\
    (?:[^\\x{0}-\\x{1f}\\x{7f}-\\x{9f}]*\
    [^\\x{0}-\\x{20}\\x{7f}-\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}])?$";

/// What stands at one place of an argv.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Argument {
    Text(String),
    OneOf(Vec<String>),
    Integer {
        min: Option<i64>,
        max: Option<i64>,
    },
    /// A DNS-1123 subdomain.
    Name,
    Matching {
        pattern: Option<Pattern>,
        max_length: u32,
    },
}

/// A parameter whose values the API server can't check, and why, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unchecked {
    pub parameter: String,
    pub why: String,
}

impl Argument {
    /// A placeholder without a declaration allows nothing.
    ///
    /// # Errors
    /// Its pattern can't be checked by an API server.
    pub(super) fn of(word: &Word, parameters: &[ParamSpec]) -> Result<Self, Unchecked> {
        let name = match word {
            Word::Literal(text) => return Ok(Self::Text(text.clone())),
            Word::Placeholder(name) => name,
        };
        let spec = parameters.iter().find(|spec| spec.name == *name);
        Ok(match spec.map(|spec| &spec.kind) {
            None => Self::OneOf(Vec::new()),
            Some(ParamKind::Integer { min, max }) => Self::Integer { min: *min, max: *max },
            Some(ParamKind::Name) => Self::Name,
            Some(ParamKind::Text { pattern, max_length }) => {
                let pattern = pattern.as_ref().map(|pattern| translated(pattern, *max_length));
                let unchecked = |why| Unchecked {
                    parameter: name.clone(),
                    why,
                };
                Self::Matching {
                    pattern: pattern.transpose().map_err(unchecked)?,
                    max_length: *max_length,
                }
            }
            Some(ParamKind::Choice { of }) => Self::OneOf(of.clone()),
            Some(ParamKind::Boolean) => Self::OneOf(vec!["true".to_owned(), "false".to_owned()]),
        })
    }

    /// A CEL condition on `place`.
    pub(super) fn condition(&self, place: &str) -> String {
        match self {
            Self::Text(text) => format!("{place} == {}", quoted(text)),
            Self::OneOf(texts) => {
                let all: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
                format!("{place} in [{}]", all.join(", "))
            }
            Self::Integer { min, max } => {
                // As Interlock writes numbers: no sign but minus, no leading zero, and never too long for CEL's int.
                let mut parts = vec![format!("{place}.matches('^(0|-?[1-9][0-9]{{0,17}})$')")];
                parts.extend(min.map(|min| format!("int({place}) >= {min}")));
                parts.extend(max.map(|max| format!("int({place}) <= {max}")));
                parts.join(" && ")
            }
            Self::Name => format!(
                "size({place}) <= 253 && {place}.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')"
            ),
            Self::Matching { pattern, max_length } => {
                let mut parts = vec![
                    format!("size({place}) <= {max_length}"),
                    format!("!{place}.startsWith('-')"),
                ];
                let mut matches = |text: &str| parts.push(format!("{place}.matches({})", quoted(text)));
                if !pattern.as_ref().is_some_and(|pattern| pattern.is_plain) {
                    matches(PLAIN);
                }
                if let Some(pattern) = pattern {
                    matches(&pattern.text);
                }
                parts.join(" && ")
            }
        }
    }
}

/// A text as a CEL literal.
pub(super) fn quoted(text: &str) -> String {
    let mut literal = String::from("'");
    for c in text.chars() {
        match c {
            '\\' => literal.push_str("\\\\"),
            '\'' => literal.push_str("\\'"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            c if c.is_control() || !c.is_ascii() => literal.push_str(&format!("\\U{:08x}", u32::from(c))),
            c => literal.push(c),
        }
    }
    literal.push('\'');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_literal() {
        assert_eq!(quoted("it's \\ \u{202e}\n"), r"'it\'s \\ \U0000202e\n'");
    }

    #[test]
    fn a_parameter_allows_what_its_declaration_allows() {
        let condition = |argument: Argument| argument.condition("object.command[2]");
        let between = Argument::Integer {
            min: Some(3),
            max: Some(10),
        };
        assert_eq!(
            condition(between),
            "object.command[2].matches('^(0|-?[1-9][0-9]{0,17})$') && int(object.command[2]) >= 3 && int(object.command[2]) <= 10"
        );
        let text = |is_plain| Argument::Matching {
            pattern: Some(Pattern {
                text: "^[a-z]+'$".to_owned(),
                is_plain,
            }),
            max_length: 20,
        };
        assert_eq!(
            condition(text(true)),
            "size(object.command[2]) <= 20 && !object.command[2].startsWith('-') && object.command[2].matches('^[a-z]+\\'$')"
        );
        let written = condition(text(false));
        assert!(
            written.contains("matches('^[^\\\\x{0}-\\\\x{20}") && written.ends_with("matches('^[a-z]+\\'$')"),
            "{written}"
        );
    }
}
