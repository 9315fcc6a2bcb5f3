//! From the bytes of an action to the text that is stored and shown: what is too long loses its middle, and what
//! would not be visible is made so.
//!
//! The text that comes in is already redacted: a secret cut in half would no longer be found.

use crate::domain::action::reveal_lines;
use crate::domain::text::without_middle;
use crate::ports::Output;

/// Bytes of text that the journal and Slack get.
pub const TEXT_BYTES: usize = 16 * 1024;
/// Bytes of standard error or of the server's message.
pub const ERROR_BYTES: usize = 4 * 1024;
/// Bytes of the reason why something failed.
pub const REASON_BYTES: usize = 2 * 1024;

/// Builds the output of an attempt from redacted text. All of it stays in `whole`, for the file that is attached when
/// something was cut.
#[must_use]
pub fn output(text: &str, errors: &str) -> Output {
    let (all, all_errors) = (reveal_lines(text), reveal_lines(errors));
    let (text, cut_text) = without_middle(&all, TEXT_BYTES);
    let (errors, cut_errors) = without_middle(&all_errors, ERROR_BYTES);
    let whole = match all_errors.is_empty() {
        true => all.into_owned(),
        false => format!("{}\n\n--- standard error ---\n{all_errors}", all.trim_end()),
    };
    Output {
        text,
        errors,
        cut_bytes: cut_text.saturating_add(cut_errors),
        left: None,
        whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_keeps_its_head_and_its_tail_and_stays_under_the_limit() {
        let text = format!("first\n{}\nlast", "ü".repeat(20_000));
        let (shown, left_out) = without_middle(&text, TEXT_BYTES);
        assert!(shown.len() <= TEXT_BYTES, "{}", shown.len());
        assert!(shown.starts_with("first\n") && shown.ends_with("\nlast"));
        assert!(shown.contains(&format!("[… {left_out} bytes left out …]")));
        let kept: usize = shown.len() - format!("\n[… {left_out} bytes left out …]\n").len();
        assert_eq!(kept + usize::try_from(left_out).expect("small"), text.len());
    }

    #[test]
    fn a_short_text_stays_as_it_is() {
        assert_eq!(without_middle("OK\n", TEXT_BYTES), ("OK\n".to_owned(), 0));
    }

    #[test]
    fn what_plays_tricks_on_a_screen_is_shown() {
        assert_eq!(output("\u{1b}[31mred\n\0", "").text, "\\u{1b}[31mred\n\\u{0}");
        assert_eq!(output("a\u{202e}b\u{200b}", "").text, "a\\u{202e}b\\u{200b}");
    }

    #[test]
    fn the_whole_has_what_was_cut_and_what_went_to_standard_error() {
        let made = output(&"x\n".repeat(10_000), &"e\n".repeat(5_000));
        assert!(made.text.len() <= TEXT_BYTES && made.errors.len() <= ERROR_BYTES);
        let (said, errors) = made
            .whole
            .split_once("\n\n--- standard error ---\n")
            .expect("both");
        assert_eq!((said.len(), errors.len()), (19_999, 10_000));
        let left_out = 30_000 - made.text.matches('x').count() * 2 - made.errors.matches('e').count() * 2;
        assert!(made.cut_bytes > 0 && left_out > 0);
    }
}
