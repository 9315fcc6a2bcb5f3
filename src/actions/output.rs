//! From the bytes of an action to the text that is stored and shown: what is too long loses its middle, and what
//! would not be visible is made so.
//!
//! The text that comes in is already redacted: a secret cut in half would no longer be found.

use std::borrow::Cow;

use crate::ports::Output;

/// Bytes of text that the journal and Slack get.
pub const TEXT_BYTES: usize = 16 * 1024;
/// Bytes of standard error or of the server's message.
pub const ERROR_BYTES: usize = 4 * 1024;
/// Bytes of the reason why something failed.
pub const REASON_BYTES: usize = 2 * 1024;

/// Builds the output of an attempt from redacted text. The whole of it stays in `whole`, for filters and for the
/// file that is attached when something was cut.
#[must_use]
pub fn output(whole: String, errors: &str) -> Output {
    let (text, cut_bytes) = cut(&visible(&whole), TEXT_BYTES);
    let (errors, _) = cut(&visible(errors), ERROR_BYTES);
    Output {
        text,
        errors,
        cut_bytes,
        whole,
    }
}

/// Cuts the middle out of a text that is longer than `limit` bytes, keeping head and tail in equal parts and whole
/// characters. Says how many bytes were left out; the line that says so in the text comes on top and is under 60
/// bytes, taken from the limit.
#[must_use]
pub fn cut(text: &str, limit: usize) -> (String, u64) {
    /// Room for the line in the middle.
    const MARK: usize = 60;
    if text.len() <= limit {
        return (text.to_owned(), 0);
    }
    let half = limit.saturating_sub(MARK) / 2;
    let head_end = (0..=half)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    let tail_start = (text.len() - half..text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len());
    let (head, tail) = (&text[..head_end], &text[tail_start..]);
    let left_out = text.len() - head.len() - tail.len();
    (
        format!("{head}\n[… {left_out} bytes left out …]\n{tail}"),
        left_out as u64,
    )
}

/// Replaces what a reader would not see, or what would play tricks on a screen, by something visible: control
/// characters except newline and tab by their Unicode pictures, direction and zero-width marks by their code.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        match (is_hidden(char), u32::from(char)) {
            (false, _) => shown.push(char),
            (true, code @ 0..=0x1f) => shown.extend(char::from_u32(0x2400 + code)),
            (true, 0x7f) => shown.push('\u{2421}'),
            (true, code) => shown.push_str(&format!("<U+{code:04X}>")),
        }
    }
    Cow::Owned(shown)
}

fn is_hidden(char: char) -> bool {
    match char {
        '\n' | '\t' => false,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => true,
        other => other.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_keeps_its_head_and_its_tail_and_stays_under_the_limit() {
        let text = format!("first\n{}\nlast", "ü".repeat(20_000));
        let (shown, left_out) = cut(&text, TEXT_BYTES);
        assert!(shown.len() <= TEXT_BYTES, "{}", shown.len());
        assert!(shown.starts_with("first\n") && shown.ends_with("\nlast"));
        assert!(shown.contains(&format!("[… {left_out} bytes left out …]")));
        let kept: usize = shown.len() - format!("\n[… {left_out} bytes left out …]\n").len();
        assert_eq!(kept + usize::try_from(left_out).expect("small"), text.len());
    }

    #[test]
    fn a_short_text_stays_as_it_is() {
        assert_eq!(cut("OK\n", TEXT_BYTES), ("OK\n".to_owned(), 0));
        assert!(matches!(visible("a\tb\n"), Cow::Borrowed("a\tb\n")));
    }

    #[test]
    fn what_plays_tricks_on_a_screen_is_shown() {
        assert_eq!(visible("\u{1b}[31mred\r\n\u{7f}\0"), "␛[31mred␍\n␡␀");
        assert_eq!(visible("a\u{202e}b\u{200b}"), "a<U+202E>b<U+200B>");
    }

    #[test]
    fn the_whole_stays_for_filters() {
        let made = output("x\r\n".repeat(10_000), "");
        assert_eq!(made.whole.len(), 30_000);
        assert!(made.cut_bytes > 0 && made.text.len() <= TEXT_BYTES);
    }
}
