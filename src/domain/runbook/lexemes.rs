//! Small questions about the text of a command line, each without context.

/// Length of `\`, optional blanks that can't be seen, and the end of line, when the text starts so.
pub(super) fn newline_after_backslash(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('\\')?;
    let trimmed = rest.trim_start_matches([' ', '\t', '\r']);
    trimmed.starts_with('\n').then(|| text.len() - trimmed.len() + 1)
}

/// `{a,b}` and `{1..3}`; `{.name}` is left alone by a shell.
pub(super) fn expands_braces(text: &str) -> bool {
    let inner = text.get(1..).unwrap_or_default();
    let end = inner
        .find(|c: char| c == '}' || c.is_whitespace())
        .unwrap_or(inner.len());
    let inner = inner.get(..end).unwrap_or_default();
    text.get(end + 1..).is_some_and(|rest| rest.starts_with('}'))
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

/// Control characters, blanks that aren't a space, zero-width and direction marks (Unicode: Cf, Zs, Zl, Zp).
pub(super) fn is_invisible(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t' | '\r'))
        || (c.is_whitespace() && !matches!(c, ' ' | '\n' | '\t' | '\r'))
        || matches!(u32::from(c),
            0xAD | 0x34F | 0x61C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
            | 0x202A..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB
            | 0xE0000..=0xE0FFF)
}
