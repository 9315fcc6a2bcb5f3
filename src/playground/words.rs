//! The words of PromQL and LogQL: names, numbers, durations, quoted texts and signs.

/// One word with the place of its first character, from 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    pub at: usize,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Name(String),
    Number(f64),
    Text(String),
    /// Seconds.
    Span(f64),
    Sign(&'static str),
}

/// Words of a language with these signs, the longer ones first.
///
/// # Errors
/// Where something is no word, and why.
pub fn words(text: &str, signs: &[&'static str]) -> Result<Vec<Token>, (usize, String)> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let at = text.len() - rest.len() + 1;
        if first.is_whitespace() {
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (kind, length) = if let Some(sign) = signs.iter().find(|sign| rest.starts_with(**sign)) {
            (Kind::Sign(sign), sign.len())
        } else if first.is_ascii_digit() || first == '.' {
            number(rest).ok_or_else(|| (at, "bad number or duration syntax".to_owned()))?
        } else if matches!(first, '"' | '\'' | '`') {
            text_of(rest, first).ok_or_else(|| (at, "unterminated quoted string".to_owned()))?
        } else if first.is_ascii_alphabetic() || first == '_' || first == ':' {
            let end = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))
                .unwrap_or(rest.len());
            (Kind::Name(rest[..end].to_owned()), end)
        } else {
            return Err((at, format!("unexpected character: '{first}'")));
        };
        tokens.push(Token { at, kind });
        rest = &rest[length..];
    }
    Ok(tokens)
}

fn number(rest: &str) -> Option<(Kind, usize)> {
    let end = rest
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '.'))
        .unwrap_or(rest.len());
    let word = &rest[..end];
    if let Ok(number) = word.parse::<f64>() {
        return Some((Kind::Number(number), end));
    }
    span(word).map(|seconds| (Kind::Span(seconds), end))
}

/// `5m`, `1h30m`, `90s`, `500ms` in seconds.
pub fn span(word: &str) -> Option<f64> {
    let mut seconds = 0.0;
    let mut rest = word;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).filter(|at| *at > 0)?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit = &rest[digits..];
        let (factor, length) = [
            ("ms", 0.001),
            ("s", 1.0),
            ("m", 60.0),
            ("h", 3600.0),
            ("d", 86_400.0),
            ("w", 604_800.0),
        ]
        .into_iter()
        .find_map(|(name, factor)| unit.starts_with(name).then_some((factor, name.len())))?;
        seconds += number * factor;
        rest = &unit[length..];
    }
    Some(seconds)
}

fn text_of(rest: &str, quote: char) -> Option<(Kind, usize)> {
    let mut out = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return Some((Kind::Text(out), at + 1));
        }
        if c == '\\' && quote != '`' {
            out.push(match chars.next()?.1 {
                'n' => '\n',
                't' => '\t',
                other => other,
            });
        } else {
            out.push(c);
        }
    }
    None
}
