//! How words of people are compared: keys and section names are the same whatever their case, emphasis and punctuation,
//! and a word that is nearly right is answered with the right one.

use super::markdown::Piece;

/// Lower-case words joined by one space: `**Max_Pod-Restarts**` is `max pod restarts`. Apostrophes vanish.
pub(super) fn normalise(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !matches!(c, '\'' | '’') && !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Emphasis and code marks around a word.
pub(super) fn is_mark(c: char) -> bool {
    matches!(c, '*' | '_' | '`')
}

/// Splits `Key: value`, `**Key**: value`, `**Key:** value`, `` `key` - value ``. `None` when the line doesn't look like that.
/// The key is at most 40 bytes of words; the value may be empty.
pub(super) fn split_key<'a>(line: Piece<'a>) -> Option<(Piece<'a>, Piece<'a>)> {
    let line = line.trim();
    let (at, width) = separator(line.text)?;
    let key = line.slice(0, at).trim().trim_matches(is_mark).trim();
    let wordy = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '\'' | '’' | '/');
    let starts_well = key.text.starts_with(char::is_alphabetic);
    if key.text.len() > 40 || !starts_well || !key.text.chars().all(wordy) {
        return None;
    }
    let mut value = line.from(at.saturating_add(width)).trim();
    // `**Key:** value` leaves the closing marks in front of the value.
    let opening = line.text.chars().take_while(|c| is_mark(*c)).count();
    if opening > 0 && !line.slice(0, at).trim().text.ends_with(is_mark) {
        let marks = value
            .text
            .chars()
            .take_while(|c| is_mark(*c))
            .take(opening)
            .count();
        value = value.from(marks).trim();
    }
    // `https://…` is no key.
    (!value.text.starts_with("//")).then_some((key, value))
}

/// Place and width of what separates key and value: the first of `:`, ` - `, ` – `, ` — `, ` = `.
fn separator(text: &str) -> Option<(usize, usize)> {
    [":", " - ", " – ", " — ", " = "]
        .iter()
        .filter_map(|mark| text.find(mark).map(|at| (at, mark.len())))
        .min()
}

/// The option that was probably meant. Both sides are normalised words.
pub(in crate::domain) fn did_you_mean<'a>(
    word: &str,
    options: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Long text is no misspelling, and comparing costs its length squared.
    if word.len() > 60 {
        return None;
    }
    let allowed = match word.chars().count() {
        0..=2 => 0,
        3..=5 => 1,
        6..=10 => 2,
        _ => 3,
    };
    options
        .into_iter()
        .map(|option| (strsim::damerau_levenshtein(word, option), option))
        .filter(|(distance, option)| {
            *distance <= allowed && (*distance).saturating_mul(2) < option.chars().count()
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, option)| option)
}

/// Drops one pair of quotes or backticks around the whole text, typographic ones too.
pub(super) fn unquote(piece: Piece<'_>) -> Option<Piece<'_>> {
    let text = piece.text;
    let open = text.chars().next()?;
    let close = match open {
        '"' | '\'' | '`' => open,
        '“' | '„' => '”',
        '‘' => '’',
        _ => return None,
    };
    let inner = text.strip_prefix(open)?.strip_suffix(close)?;
    Some(piece.slice(open.len_utf8(), open.len_utf8().saturating_add(inner.len())))
}

/// A list for a sentence: `a, b or c`.
pub(super) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Option<(&str, &str)> {
        split_key(Piece { text, at: 0 }).map(|(key, value)| (key.text, value.text))
    }

    #[test]
    fn a_key_is_read_however_people_mark_it() {
        for line in [
            "Failure action: continue",
            "**Failure action**: continue",
            "**Failure action:** continue",
            "`Failure action`: continue",
            "Failure action - continue",
            "Failure action — continue",
            "__Failure action:__  continue ",
        ] {
            assert_eq!(split(line), Some(("Failure action", "continue")), "{line}");
        }
        assert_eq!(split("https://example.org/x"), None);
        assert_eq!(split("If it, (or not), fails: stop"), None);
        assert_eq!(split("no separator here"), None);
    }

    #[test]
    fn a_misspelt_word_is_recognised_and_another_word_is_not() {
        let options = ["trigger conditions", "blast radius", "steps"];
        assert_eq!(
            did_you_mean("triger condition", options),
            Some("trigger conditions")
        );
        assert_eq!(did_you_mean("stpes", options), Some("steps"));
        assert_eq!(did_you_mean("stop", options), None);
        assert_eq!(did_you_mean("background", options), None);
    }

    #[test]
    fn a_list_reads_as_a_sentence() {
        assert_eq!(one_of(["a"]), "`a`");
        assert_eq!(one_of(["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
