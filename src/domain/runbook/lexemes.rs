//! Small questions about the text of a command line, each without context.

use crate::domain::action::is_deceptive;

/// Length of `\`, optional blanks that can't be seen, and the end of line, when the text starts so.
pub(super) fn newline_after_backslash(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('\\')?;
    let trimmed = rest.trim_start_matches([' ', '\t', '\r']);
    trimmed
        .starts_with('\n')
        .then(|| text.len().saturating_sub(trimmed.len()).saturating_add(1))
}

/// `{a,b}` and `{1..3}`; `{.name}` is left alone by a shell.
pub(super) fn expands_braces(text: &str) -> bool {
    let inner = text.get(1..).unwrap_or_default();
    let end = inner
        .find(|c: char| c == '}' || c.is_whitespace())
        .unwrap_or(inner.len());
    let inner = inner.get(..end).unwrap_or_default();
    text.get(end.saturating_add(1)..)
        .is_some_and(|rest| rest.starts_with('}'))
        && !inner.starts_with('{')
        && (inner.contains(',') || inner.contains(".."))
}

/// Whether `{{ name }}` stands somewhere in the text.
pub(super) fn has_placeholder(text: &str) -> bool {
    text.split("{{").skip(1).any(|rest| {
        rest.split_once("}}")
            .is_some_and(|(name, _)| is_parameter_name(name.trim()))
    })
}

/// Lower-case letters, digits and `_`, starting with a letter; at most 40.
pub(super) fn is_parameter_name(name: &str) -> bool {
    name.len() <= 40
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// What can't be seen in a runbook's text, line ends and tabs aside.
pub(super) fn is_invisible(c: char) -> bool {
    is_deceptive(c) && !matches!(c, '\n' | '\t' | '\r')
}
