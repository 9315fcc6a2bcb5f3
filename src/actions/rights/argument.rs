//! One element of an argv that an admission policy lets through: the text of the runbook, or whatever its parameter allows.
//! Written as CEL, the language of admission policies.

use crate::domain::runbook::{ParamKind, ParamSpec, Word};

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
        pattern: Option<String>,
        max_length: u32,
    },
}

impl Argument {
    /// A placeholder without a declaration allows nothing.
    pub(super) fn of(word: &Word, parameters: &[ParamSpec]) -> Self {
        let name = match word {
            Word::Literal(text) => return Self::Text(text.clone()),
            Word::Placeholder(name) => name,
        };
        match parameters
            .iter()
            .find(|spec| spec.name == *name)
            .map(|spec| &spec.kind)
        {
            None => Self::OneOf(Vec::new()),
            Some(ParamKind::Integer { min, max }) => Self::Integer { min: *min, max: *max },
            Some(ParamKind::Name) => Self::Name,
            Some(ParamKind::Text { pattern, max_length }) => Self::Matching {
                pattern: pattern.clone(),
                max_length: *max_length,
            },
            Some(ParamKind::Choice { of }) => Self::OneOf(of.clone()),
            Some(ParamKind::Boolean) => Self::OneOf(vec!["true".to_owned(), "false".to_owned()]),
        }
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
                let whole =
                    |pattern: &String| format!("{place}.matches({})", quoted(&format!("^(?:{pattern})$")));
                parts.extend(pattern.as_ref().map(whole));
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
        let text = Argument::Matching {
            pattern: Some("[a-z]+'".to_owned()),
            max_length: 20,
        };
        assert_eq!(
            condition(text),
            "size(object.command[2]) <= 20 && !object.command[2].startsWith('-') && object.command[2].matches('^(?:[a-z]+\\')$')"
        );
    }
}
