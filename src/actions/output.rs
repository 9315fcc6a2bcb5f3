//! From the bytes of an action to the text that is stored and shown: what is too long loses its middle, and what
//! would not be visible is made so.
//!
//! The text that comes in is already redacted: a secret cut in half would no longer be found.

use crate::domain::action::reveal_lines;
use crate::domain::text;
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
    let (text, cut_bytes) = cut(&reveal_lines(&whole), TEXT_BYTES);
    let (errors, _) = cut(&reveal_lines(errors), ERROR_BYTES);
    Output {
        text,
        errors,
        cut_bytes,
        left: None,
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
    let (head, tail) = (text::head(text, half), text::tail(text, half));
    let left_out = text.len().saturating_sub(head.len() + tail.len());
    (
        format!("{head}\n[… {left_out} bytes left out …]\n{tail}"),
        left_out as u64,
    )
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
    }

    #[test]
    fn what_plays_tricks_on_a_screen_is_shown() {
        assert_eq!(
            output("\u{1b}[31mred\n\0".to_owned(), "").text,
            "\\u{1b}[31mred\n\\u{0}"
        );
        assert_eq!(
            output("a\u{202e}b\u{200b}".to_owned(), "").text,
            "a\\u{202e}b\\u{200b}"
        );
    }

    #[test]
    fn the_whole_stays_for_filters() {
        let made = output("x\r\n".repeat(10_000), "");
        assert_eq!(made.whole.len(), 30_000);
        assert!(made.cut_bytes > 0 && made.text.len() <= TEXT_BYTES);
    }
}
