//! The words of TraceQL: signs, names with their scopes, texts, numbers and durations.

use super::go_duration;

/// One word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    Sign(&'static str),
    /// A name, with a scope or a dot before it where it has one.
    Name(String),
    Text(String),
    Number(f64),
    Duration(i128),
}

/// Longer ones first.
const SIGNS: [&str; 15] = [
    "&&", "||", "=~", "!~", "!=", ">=", "<=", ">>", "=", ">", "<", "{", "}", "(", ")",
];

/// Where, and why.
pub(super) type Wrong = (usize, String);

/// # Errors
/// What is no word of TraceQL.
pub(super) fn words(text: &str) -> Result<Vec<(usize, Word)>, Wrong> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        // Tempo counts from 1.
        let at = text.len() - rest.len() + 1;
        let (word, length) = if first.is_whitespace() {
            rest = &rest[first.len_utf8()..];
            continue;
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            (Word::Sign(sign), sign.len())
        } else if matches!(first, '"' | '`') {
            text_of(rest, first).ok_or_else(|| (at, "literal not terminated".to_owned()))?
        } else if first.is_ascii_digit() {
            let end = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '.'))
                .unwrap_or(rest.len());
            let number = &rest[..end];
            let read = number.parse().map(Word::Number).ok();
            let read = read.or_else(|| go_duration(number).map(Word::Duration));
            (
                read.ok_or_else(|| (at, "syntax error: unexpected IDENTIFIER".to_owned()))?,
                end,
            )
        } else if first.is_ascii_alphabetic() || first == '.' || first == '_' {
            let is_name = |c: char| c.is_ascii_alphanumeric() || "._-/:".contains(c);
            let end = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
            (Word::Name(rest[..end].to_owned()), end)
        } else {
            return Err((at, format!("syntax error: unexpected {first}")));
        };
        found.push((at, word));
        rest = &rest[length..];
    }
    Ok(found)
}

fn text_of(rest: &str, quote: char) -> Option<(Word, usize)> {
    let mut out = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return Some((Word::Text(out), at + 1));
        }
        match c {
            // As Go reads them; another letter behind it is none.
            '\\' if quote == '"' => match chars.next()?.1 {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                same @ ('"' | '\\') => out.push(same),
                _ => return None,
            },
            _ => out.push(c),
        }
    }
    None
}
