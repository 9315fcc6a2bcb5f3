//! POSIX regular expressions as grep writes them, translated to the `regex` crate, whose time is linear in the text.
//! Pure. What can't be translated (back-references) is an error, never a different meaning.

use regex::{Regex, RegexBuilder};

/// Compiled patterns may take this many bytes; a longer one is refused.
const MAX_COMPILED: usize = 1 << 20;
/// The longest pattern, in bytes.
const MAX_PATTERN: usize = 2 * 1024;

/// How a pattern is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// `-F`
    Fixed,
    /// grep's own: `\(`, `\|` and `\+` are the operators.
    Basic,
    /// `-E`
    Extended,
}

impl Syntax {
    /// From grep's two flags; `-F` wins.
    #[must_use]
    pub fn of(fixed: bool, extended: bool) -> Self {
        match (fixed, extended) {
            (true, _) => Self::Fixed,
            (false, true) => Self::Extended,
            (false, false) => Self::Basic,
        }
    }
}

/// Compiles a pattern for one line of text.
///
/// # Errors
/// Why the pattern can't be used, for people.
pub fn compile(pattern: &str, syntax: Syntax, ignore_case: bool) -> Result<Regex, String> {
    if pattern.len() > MAX_PATTERN {
        return Err(format!("a pattern has at most {MAX_PATTERN} bytes"));
    }
    if pattern.contains(['\n', '\0']) {
        return Err("a pattern is one line".to_owned());
    }
    let translated = match syntax {
        Syntax::Fixed => regex::escape(pattern),
        Syntax::Basic | Syntax::Extended => translate(pattern, syntax)?,
    };
    build(&translated, ignore_case).map_err(|why| format!("the pattern `{pattern}` can't be used: {why}"))
}

/// Compiles a regular expression of the `regex` crate within the same bounds; the error is one line.
///
/// # Errors
/// Why not.
pub fn build(pattern: &str, ignore_case: bool) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .size_limit(MAX_COMPILED)
        .nest_limit(50)
        .case_insensitive(ignore_case)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
            other => other
                .to_string()
                .lines()
                .last()
                .unwrap_or("it can't be read")
                .trim()
                .replace("error: ", ""),
        })
}

fn translate(pattern: &str, syntax: Syntax) -> Result<String, String> {
    let characters: Vec<char> = pattern.chars().collect();
    let mut out = String::new();
    let mut at = 0_usize;
    // Where a `*` has nothing to repeat and a `^` is an anchor: at the start, after `(` and after `|`.
    let mut at_start = true;
    while let Some(&character) = characters.get(at) {
        let next = characters.get(at.saturating_add(1)).copied();
        let mut starts = false;
        let mut used = 1;
        match (character, next) {
            ('[', _) => {
                let (class, length) = bracket(characters.get(at..).unwrap_or_default())?;
                out.push_str(&class);
                used = length;
            }
            ('\\', None) => return Err("the pattern ends in a backslash".to_owned()),
            ('\\', Some(escaped)) => {
                starts = escape(escaped, syntax, &mut out)?;
                used = 2;
            }
            ('*', _) if at_start => out.push_str("\\*"),
            ('^', _) if syntax == Syntax::Basic && !at_start => out.push_str("\\^"),
            ('^', _) => {
                out.push('^');
                starts = true;
            }
            ('$', _)
                if syntax == Syntax::Basic
                    && !ends(characters.get(at.saturating_add(1)..).unwrap_or_default()) =>
            {
                out.push_str("\\$")
            }
            ('(' | ')' | '{' | '}' | '|' | '+' | '?', _) if syntax == Syntax::Basic => {
                out.push('\\');
                out.push(character);
            }
            ('(', Some('?')) => return Err("`(?` has no meaning in a pattern of grep".to_owned()),
            (plain, _) => {
                out.push(plain);
                starts = matches!(plain, '(' | '|');
            }
        }
        at_start = starts;
        at = at.saturating_add(used);
    }
    Ok(out)
}

/// A `$` of a basic pattern is an anchor only here.
fn ends(rest: &[char]) -> bool {
    matches!(rest, [] | ['\\', ')' | '|', ..])
}

/// Writes what `\x` means; true when a new alternative or group starts behind it.
fn escape(escaped: char, syntax: Syntax, out: &mut String) -> Result<bool, String> {
    match escaped {
        '(' | ')' | '{' | '}' | '|' | '+' | '?' if syntax == Syntax::Basic => {
            out.push(escaped);
            return Ok(matches!(escaped, '(' | '|'));
        }
        '<' => out.push_str("\\b{start}"),
        '>' => out.push_str("\\b{end}"),
        'w' | 'W' | 's' | 'S' | 'b' | 'B' => {
            out.push('\\');
            out.push(escaped);
        }
        '1'..='9' => return Err("back-references are not understood".to_owned()),
        letter if letter.is_ascii_alphanumeric() => return Err(format!("`\\{letter}` is not understood")),
        other => out.push_str(&regex::escape(&other.to_string())),
    }
    Ok(false)
}

/// One bracket expression: a backslash is literal in it, and `]` may stand first.
fn bracket(characters: &[char]) -> Result<(String, usize), String> {
    let mut out = String::from("[");
    let mut at = 1_usize;
    if characters.get(at) == Some(&'^') {
        out.push('^');
        at = at.saturating_add(1);
    }
    let first = at;
    while let Some(&character) = characters.get(at) {
        match character {
            ']' if at > first => {
                out.push(']');
                return Ok((out, at.saturating_add(1)));
            }
            '[' if characters.get(at.saturating_add(1)) == Some(&':') => {
                let rest: String = characters.iter().skip(at).collect();
                let (name, _) = rest.split_once(":]").ok_or("a `[:` is not closed")?;
                out.push_str(name);
                out.push_str(":]");
                at = at.saturating_add(name.chars().count()).saturating_add(2);
                continue;
            }
            '[' if matches!(characters.get(at.saturating_add(1)), Some('.' | '=')) => {
                return Err("`[.` and `[=` are not understood".to_owned());
            }
            '[' | ']' | '\\' | '&' | '~' | '^' => {
                out.push('\\');
                out.push(character);
            }
            plain => out.push(plain),
        }
        at = at.saturating_add(1);
    }
    Err("a `[` is not closed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_grep_means() {
        let cases = [
            (Syntax::Basic, "a|b", "a|b", "a"),
            (Syntax::Basic, "a\\|b", "b", "c"),
            (Syntax::Extended, "a|b", "b", "c"),
            (Syntax::Basic, "^ok$", "ok", "ok "),
            (Syntax::Basic, "a^b$c", "a^b$c", "abc"),
            (Syntax::Basic, "*x", "*x", "x"),
            (Syntax::Basic, "ab\\{2\\}", "abb", "ab"),
            (Syntax::Basic, "\\(ab\\)\\+c", "ababc", "c"),
            (Syntax::Extended, "[[:digit:]]+", "x7", "x"),
            (Syntax::Basic, "[]x]", "]", "y"),
            (Syntax::Basic, "[\\n]", "n", "z"),
            (Syntax::Basic, "\\<err\\>", "an err.", "error"),
            (Syntax::Fixed, "a.c", "a.c", "abc"),
        ];
        for (syntax, pattern, yes, no) in cases {
            let compiled = compile(pattern, syntax, false).unwrap();
            assert!(compiled.is_match(yes), "{pattern} on {yes}");
            assert!(!compiled.is_match(no), "{pattern} on {no}");
        }
        for pattern in [
            "\\(a\\)\\1",
            "[a",
            "a\\",
            "\\d",
            &"(".repeat(9),
            &"x".repeat(3000),
        ] {
            assert!(compile(pattern, Syntax::Extended, false).is_err(), "{pattern}");
        }
    }
}
