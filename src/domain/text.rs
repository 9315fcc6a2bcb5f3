//! Text kept to a length. Slack's mrkdwn has its own, which leaves no half link (`slack::cards::text`).

/// Bytes of an attempt's output that a line of the thread shows; what is longer comes as a file besides.
pub const OUTPUT_SHOWN: usize = 1_500;

/// At most `most` characters; what is cut ends with `…`.
#[must_use]
pub fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// The beginning of a text: at most `most` bytes, whole characters.
#[must_use]
pub fn head(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// Cuts the middle out of a text that is longer than `limit` bytes, keeping head and tail in equal parts and whole
/// characters. Says how many bytes were left out; the line that says so in the text comes on top and is under 60
/// bytes, taken from the limit.
#[must_use]
pub fn without_middle(text: &str, limit: usize) -> (String, u64) {
    /// Room for the line in the middle.
    const MARK: usize = 60;
    if text.len() <= limit {
        return (text.to_owned(), 0);
    }
    let half = limit.saturating_sub(MARK).checked_div(2).unwrap_or(0);
    let (head, tail) = (head(text, half), tail(text, half));
    let left_out = text.len().saturating_sub(head.len().saturating_add(tail.len()));
    (
        format!("{head}\n[… {left_out} bytes left out …]\n{tail}"),
        u64::try_from(left_out).unwrap_or(u64::MAX),
    )
}

/// The end of a text: at most `most` bytes, whole characters.
#[must_use]
pub fn tail(text: &str, most: usize) -> &str {
    let start = (text.len().saturating_sub(most)..=text.len()).find(|start| text.is_char_boundary(*start));
    text.get(start.unwrap_or(text.len())..).unwrap_or_default()
}

/// The cause of a broken connection, without what only the author of a TLS library can read.
#[must_use]
pub fn hung_up(cause: String) -> String {
    const RUSTLS: &str = "peer closed connection without sending TLS close_notify";
    match cause.split_once(RUSTLS) {
        // What follows is the address of a page in a manual.
        Some((before, _)) => {
            format!("{before}the other side hung up: is it up, and is it TLS that it speaks?")
        }
        None => cause,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        assert_eq!(shortened("as it is", 8), "as it is");
        assert_eq!(shortened("one word too many", 9), "one word…");
        assert_eq!((head("für alle", 2), tail("für alle", 7)), ("f", "r alle"));
        assert_eq!((head("für", 99), tail("für", 99)), ("für", "für"));
        assert_eq!((head("ü", 1), tail("ü", 1)), ("", ""));
    }
}
