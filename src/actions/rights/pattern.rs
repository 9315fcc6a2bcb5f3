//! A parameter's pattern as the API server reads it. A runbook's pattern is one of Rust's, `matches()` of CEL is RE2: what both can
//! say is printed with other signs where they read the same ones differently (`\d` is any script's digit here and ASCII there), and
//! what RE2 can't say is refused. So the server never lets more through than the runbook, nor less.
//!
//! Leans on: values hold no control character (`domain::runbook::resolve`, and the condition beside the pattern), so that a line
//! never ends within one. RE2's limits are those of Go's `regexp/syntax`, which the API server uses; the cost that a server counts
//! for `matches()` is that of `k8s.io/apiserver/pkg/cel/library` (1.30 to 1.36).

use regex_syntax::hir::{Class, Hir, HirKind, Literal, Look, Repetition};

/// RE2 takes no greater count in braces, nor a greater product of nested ones.
const REPEATS: u32 = 1000;
/// As long as a pattern may be when it is printed. Any letter of any script (`\w`) takes 13,000.
const LONGEST: usize = 20_000;
/// A server gives one expression 1,000,000; the rest of it is for what stands beside the pattern.
const COST: u64 = 500_000;
const WRITE_ASCII: &str = "write the characters that you mean, such as [0-9], [A-Za-z0-9_] or [ ]";

/// A pattern as RE2 reads it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern {
    /// Whole: from `^` to `$`.
    pub text: String,
    /// Nothing fits it that is empty, or holds white space or a control character.
    pub is_plain: bool,
}

/// What matches exactly the whole texts of at most `max_length` characters that `pattern` does, for people to be told why not.
///
/// # Errors
/// RE2 can't say it, or it would cost the server too much: what to write instead.
pub(super) fn translated(pattern: &str, max_length: u32) -> Result<Pattern, String> {
    // As `resolve` reads it.
    let whole = regex_syntax::parse(&format!("^(?:{pattern})$"))
        .map_err(|_| format!("`{pattern}` is no pattern: see https://docs.rs/regex"))?;
    let refused = |why: String| format!("the API server can't check `{pattern}`: {why}");
    let mut text = String::new();
    put(&whole, REPEATS, &mut text).map_err(|why| refused(why.to_owned()))?;
    if text.len() > LONGEST {
        return Err(refused(format!(
            "written out it has {} characters, and {LONGEST} is the most; {WRITE_ASCII}",
            text.len()
        )));
    }
    let cost = (u64::from(max_length) / 10 + 1) * (text.len() as u64 / 4 + 1);
    if cost > COST {
        return Err(refused(format!(
            "a text of {max_length} characters takes it too long; give the parameter a smaller max length, or {WRITE_ASCII}"
        )));
    }
    Ok(Pattern {
        text,
        is_plain: whole.properties().minimum_len().is_some_and(|least| least > 0) && is_plain(&whole),
    })
}

fn is_plain(hir: &Hir) -> bool {
    let strange = |c: char| c.is_control() || c.is_whitespace();
    match hir.kind() {
        HirKind::Literal(Literal(bytes)) => {
            std::str::from_utf8(bytes).is_ok_and(|text| !text.chars().any(strange))
        }
        HirKind::Class(class) => ranges(class)
            .iter()
            .all(|(start, end)| STRANGE.iter().all(|(first, last)| end < first || start > last)),
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Repetition(repetition) => is_plain(&repetition.sub),
        HirKind::Capture(capture) => is_plain(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().all(is_plain),
    }
}

/// Control characters and white space.
const STRANGE: [(char, char); 8] = [
    ('\0', ' '),
    ('\u{7f}', '\u{a0}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{2000}', '\u{200a}'),
    ('\u{2028}', '\u{2029}'),
    ('\u{202f}', '\u{202f}'),
    ('\u{205f}', '\u{205f}'),
    ('\u{3000}', '\u{3000}'),
];

/// `repeats`: how often something may be repeated here yet.
fn put(hir: &Hir, repeats: u32, text: &mut String) -> Result<(), &'static str> {
    match hir.kind() {
        HirKind::Empty => text.push_str("(?:)"),
        HirKind::Literal(Literal(bytes)) => {
            let literal = std::str::from_utf8(bytes).map_err(|_| "it is about bytes; leave out (?-u)")?;
            literal.chars().for_each(|c| put_char(c, text));
        }
        HirKind::Class(class) => put_class(class, text)?,
        HirKind::Look(look) => text.push_str(assertion(*look)?),
        HirKind::Repetition(repetition) => put_repetition(repetition, repeats, text)?,
        HirKind::Capture(capture) => put_group(&capture.sub, repeats, text)?,
        HirKind::Concat(parts) => {
            for part in parts {
                match part.kind() {
                    HirKind::Alternation(_) => put_group(part, repeats, text)?,
                    _ => put(part, repeats, text)?,
                }
            }
        }
        HirKind::Alternation(parts) => {
            for (at, part) in parts.iter().enumerate() {
                if at > 0 {
                    text.push('|');
                }
                put(part, repeats, text)?;
            }
        }
    }
    Ok(())
}

fn put_group(hir: &Hir, repeats: u32, text: &mut String) -> Result<(), &'static str> {
    text.push_str("(?:");
    put(hir, repeats, text)?;
    text.push(')');
    Ok(())
}

/// Whether it takes as little as it can makes no difference where a whole text matches or does not.
fn put_repetition(repetition: &Repetition, repeats: u32, text: &mut String) -> Result<(), &'static str> {
    let count = match (repetition.min, repetition.max) {
        (0, Some(1)) => "?".to_owned(),
        (0, None) => "*".to_owned(),
        (1, None) => "+".to_owned(),
        (min, None) => format!("{{{min},}}"),
        (min, Some(max)) if min == max => format!("{{{min}}}"),
        (min, Some(max)) => format!("{{{min},{max}}}"),
    };
    let mut inner = repeats;
    if count.starts_with('{') {
        let most = repetition.max.unwrap_or(repetition.min).max(1);
        inner = repeats / most;
        if most > repeats {
            return Err(
                "it repeats something more than 1000 times; write * or +, and bound the parameter with max length",
            );
        }
    }
    match repetition.sub.kind() {
        HirKind::Class(_) => put(&repetition.sub, inner, text)?,
        HirKind::Literal(Literal(bytes)) if matches!(bytes[..], [_]) => put(&repetition.sub, inner, text)?,
        _ => put_group(&repetition.sub, inner, text)?,
    }
    text.push_str(&count);
    Ok(())
}

/// Where no line ends, each line is the whole text.
fn assertion(look: Look) -> Result<&'static str, &'static str> {
    match look {
        Look::Start | Look::StartLF | Look::StartCRLF => Ok("^"),
        Look::End | Look::EndLF | Look::EndCRLF => Ok("$"),
        Look::WordAscii => Ok("\\b"),
        Look::WordAsciiNegate => Ok("\\B"),
        Look::WordUnicode
        | Look::WordUnicodeNegate
        | Look::WordStartAscii
        | Look::WordEndAscii
        | Look::WordStartUnicode
        | Look::WordEndUnicode
        | Look::WordStartHalfAscii
        | Look::WordEndHalfAscii
        | Look::WordStartHalfUnicode
        | Look::WordEndHalfUnicode => Err(
            "it has no \\b of every script; leave it out, the whole text is compared anyway, or write (?-u:\\b)",
        ),
    }
}

fn put_class(class: &Class, text: &mut String) -> Result<(), &'static str> {
    let ranges = ranges(class);
    if matches!(class, Class::Bytes(_)) && ranges.iter().any(|(_, end)| !end.is_ascii()) {
        return Err("it is about bytes; leave out (?-u)");
    }
    if ranges.is_empty() {
        // Nothing is in it.
        text.push_str("[^\\x{0}-\\x{10ffff}]");
        return Ok(());
    }
    text.push('[');
    for (start, end) in ranges {
        put_char(start, text);
        if end > start {
            text.push('-');
            put_char(end, text);
        }
    }
    text.push(']');
    Ok(())
}

fn ranges(class: &Class) -> Vec<(char, char)> {
    match class {
        Class::Unicode(class) => class.iter().map(|range| (range.start(), range.end())).collect(),
        Class::Bytes(class) => class
            .iter()
            .map(|range| (char::from(range.start()), char::from(range.end())))
            .collect(),
    }
}

/// The character itself, within brackets and without, for RE2 and for Rust alike.
fn put_char(c: char, text: &mut String) {
    if !(' '..='~').contains(&c) {
        text.push_str(&format!("\\x{{{:x}}}", u32::from(c)));
    } else {
        if regex_syntax::is_meta_character(c) {
            text.push('\\');
        }
        text.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pattern: &str) -> String {
        translated(pattern, 200).unwrap().text
    }

    #[test]
    fn what_both_read_alike_stays_as_it_is() {
        for pattern in ["[a-z]+", "[0-9]{1,3}", "[\\-A-Z_a-z]*", "[A-F]x?"] {
            assert_eq!(of(pattern), format!("^{pattern}$"));
        }
        assert_eq!(of("orders|mails"), "^(?:orders|mails)$");
    }

    #[test]
    fn what_they_read_differently_is_written_otherwise() {
        for (pattern, printed) in [
            ("[a-z&&[^x]]+", "^[a-wy-z]+$"),
            ("[a-f--c]", "^[a-bd-f]$"),
            ("(?x) [a-c] + # letters\n", "^[a-c]+$"),
            ("(?i)ab", "^[Aa][Bb]$"),
            ("(?<name>a)b", "^(?:a)b$"),
            ("(?-u:\\d)+?", "^[0-9]+$"),
            ("(?m)^a$\\z", "^^a$$$"),
            ("a|b", "^[a-b]$"),
            ("[a&&b]", "^[^\\x{0}-\\x{10ffff}]$"),
            ("a.c*", "^a[\\x{0}-\\x{9}\\x{b}-\\x{10ffff}]c*$"),
            ("'\\.é", "^'\\.\\x{e9}$"),
            ("(?-u:\\bx)", "^\\bx$"),
        ] {
            assert_eq!(of(pattern), printed, "{pattern}");
        }
        assert!(of("\\d").starts_with("^[0-9\\x{660}-\\x{669}"), "{}", of("\\d"));
    }

    #[test]
    fn what_holds_white_space_or_nothing_is_told_from_the_rest() {
        for (pattern, is_plain) in [
            ("[a-z]+", true),
            ("[a-z.]{1,9}|Ordérs", true),
            ("[a-z]*", false),
            ("[a-z ]+", false),
            ("a\\tb", false),
            ("[\t-\n]x", false),
            (".+", false),
            ("[^ ]+", false),
        ] {
            assert_eq!(translated(pattern, 200).unwrap().is_plain, is_plain, "{pattern}");
        }
        let all = (0..=0x0010_ffff).filter_map(char::from_u32);
        for c in all {
            let listed = STRANGE.iter().any(|(first, last)| (first..=last).contains(&&c));
            assert_eq!(listed, c.is_control() || c.is_whitespace(), "{c:?}");
        }
    }

    #[test]
    fn what_can_t_be_said_is_refused_with_what_to_write() {
        for (pattern, why) in [
            ("[a-z]{1,2000}", "max length"),
            ("([a-z]{40}){40}", "max length"),
            ("\\bx", "(?-u:\\b)"),
            ("\\b{start}x", "leave it out"),
            ("\\w\\w", "[A-Za-z0-9_]"),
            ("(", "is no pattern"),
        ] {
            let refused = translated(pattern, 200).unwrap_err();
            assert!(
                refused.contains(why) && refused.contains(pattern),
                "{pattern}: {refused}"
            );
        }
        assert!(
            translated("\\w", 2_000)
                .unwrap_err()
                .contains("smaller max length")
        );
    }
}
