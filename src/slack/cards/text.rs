//! Text that fits and can't be forged: cutting on grapheme boundaries, splitting, and times.

use jiff::Timestamp;
use unicode_segmentation::UnicodeSegmentation;

use crate::render::escape::Mrkdwn;

/// At most `most` characters, with `…` where something was cut. Never cuts an entity (`&amp;`) or a link in two.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    if text.len() <= most || text.chars().count() <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut left = most.saturating_sub(1);
    for grapheme in text.graphemes(true) {
        let size = grapheme.chars().count();
        if size > left {
            break;
        }
        left -= size;
        kept.push_str(grapheme);
    }
    for (open, close) in [('&', ';'), ('<', '>')] {
        if let Some(at) = kept.rfind(open)
            && !kept[at..].contains(close)
            && text[at..].chars().take(12).any(|c| c == close || open == '<')
        {
            kept.truncate(at);
        }
    }
    kept.push('…');
    kept
}

/// Foreign text, escaped and cut to `most` characters after escaping.
#[must_use]
pub fn safe(text: &str, most: usize) -> String {
    cut(Mrkdwn::escape(text.trim()).as_str(), most)
}

/// An address that somebody else gave, under the name of its host and no other, so that nobody is led elsewhere than it
/// says. `None` for what is no web address, or could end its link.
#[must_use]
pub fn link(address: &str) -> Option<String> {
    Mrkdwn::link(address, 300).map(|link| link.to_string())
}

/// Parts of at most `most` characters, cut at line ends where there are any. Nothing is lost; an empty text has no part.
#[must_use]
pub fn chunks(text: &str, most: usize) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut part = String::new();
    let mut size = 0;
    for line in text.split_inclusive('\n') {
        let length = line.chars().count();
        if size + length > most && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
            size = 0;
        }
        if length <= most {
            part.push_str(line);
            size += length;
            continue;
        }
        for grapheme in line.graphemes(true) {
            let length = grapheme.chars().count();
            if size + length > most && !part.is_empty() {
                parts.push(std::mem::take(&mut part));
                size = 0;
            }
            // One that is longer than a part by itself is cut, never lost.
            for c in grapheme.chars() {
                if size == most {
                    parts.push(std::mem::take(&mut part));
                    size = 0;
                }
                part.push(c);
                size += 1;
            }
        }
    }
    if !part.trim().is_empty() {
        parts.push(part);
    }
    parts
}

/// A time in the reader's own zone, with UTC for those who see only text.
#[must_use]
pub fn clock(at: Timestamp) -> String {
    format!("<!date^{}^{{time}}|{} UTC>", at.as_second(), at.strftime("%H:%M"))
}

/// A day and a time in the reader's own zone, with UTC for those who see only text.
#[must_use]
pub fn day(at: Timestamp) -> String {
    let plain = at.strftime("%-d %b %H:%M");
    format!("<!date^{}^{{date_short}} {{time}}|{plain} UTC>", at.as_second())
}

/// `3 min`, `1 h 20 min`, `2 d 3 h`.
#[must_use]
pub fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    match (
        seconds / 86_400,
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60,
    ) {
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, _) => format!("{minutes} min"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, hours, _, _) => format!("{days} d {hours} h"),
    }
}

/// `1 step`, `2 steps`.
#[must_use]
pub fn count(number: usize, one: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {one}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_cut_never_leaves_half_an_entity() {
        assert_eq!(cut("ab&amp;cd", 5), "ab…");
        assert_eq!(cut("ab&amp;cd", 8), "ab&amp;…");
        assert_eq!(cut("see <https://x.example|x> now", 12), "see …");
        assert_eq!(cut("short", 5), "short");
    }

    proptest! {
        #[test]
        fn chunks_lose_nothing_and_fit(text in "[a-z \n\u{1f600}e\u{301}]{0,300}", most in 5_usize..40) {
            let parts = chunks(&text, most);
            prop_assert!(parts.iter().all(|part| part.chars().count() <= most && !part.is_empty()));
            let joined = parts.concat();
            prop_assert!(joined == text || text.strip_prefix(joined.as_str()).is_some_and(|rest| rest.trim().is_empty()));
        }

        #[test]
        fn a_cut_text_fits(text in "\\PC{0,80}", most in 1_usize..40) {
            prop_assert!(safe(&text, most).chars().count() <= most);
        }
    }
}
