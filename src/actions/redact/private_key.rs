//! Private keys between their lines `BEGIN` and `END`, also where one of the two was cut away: by `--tail`, by a limit, by
//! whoever wrote the log. Without its end a key goes to the end of the text; without its beginning, as far back as there are lines
//! of base64.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

const MARK: &str = "[redacted: private key]";
/// Lines of a key have 64 characters or more, but for the last; words of people don't.
const LINE: usize = 40;
/// A line of a log has a time and names before what was logged: so many other words may stand between two lines of a key.
const BETWEEN: usize = 16;

/// RFC 7468, OpenSSH's, OpenPGP's (RFC 9580, 6.2) and SSH2's (RFC 4716) lines.
static LINES: LazyLock<Result<Regex, regex::Error>> =
    LazyLock::new(|| Regex::new(r"-{4,5} ?(?<edge>BEGIN|END) [A-Z0-9 ]{0,60}PRIVATE KEY(?: BLOCK)? ?-{4,5}"));

/// # Errors
/// The pattern is none: a mistake here.
pub fn without(text: &str) -> Result<Cow<'_, str>, regex::Error> {
    let lines = LINES.as_ref().map_err(Clone::clone)?;
    let mut clean = String::new();
    let (mut kept_from, mut open) = (0, None);
    for found in lines.captures_iter(text) {
        let (Some(line), Some(edge)) = (found.get(0), found.name("edge")) else {
            continue;
        };
        if edge.as_str() == "BEGIN" {
            open = open.or(Some(line.start()));
            continue;
        }
        let before = text.get(kept_from..line.start()).unwrap_or_default();
        let start = open
            .take()
            .unwrap_or_else(|| kept_from.saturating_add(material_before_the_end(before)));
        clean.push_str(text.get(kept_from..start).unwrap_or_default());
        clean.push_str(MARK);
        kept_from = line.end();
    }
    if let Some(start) = open {
        clean.push_str(text.get(kept_from..start).unwrap_or_default());
        clean.push_str(MARK);
        kept_from = text.len();
    }
    if clean.is_empty() {
        return Ok(Cow::Borrowed(text));
    }
    clean.push_str(text.get(kept_from..).unwrap_or_default());
    Ok(Cow::Owned(clean))
}

/// Where the base64 of a key begins whose last line `text` ends with.
fn material_before_the_end(text: &str) -> usize {
    let is_base64 = |char: char| char.is_ascii_alphanumeric() || matches!(char, '+' | '/' | '=');
    let mut start = text.len();
    let (mut others, mut is_first) = (0, true);
    let mut rest = text;
    loop {
        let trimmed = rest.trim_end_matches(|char| !is_base64(char));
        let word = trimmed.trim_end_matches(is_base64);
        let length = trimmed.len().saturating_sub(word.len());
        if length == 0 {
            return start;
        }
        // What the text begins with may be what is left of a line.
        if length >= LINE || is_first || (word.is_empty() && others == 0) {
            start = word.len();
            others = 0;
        } else {
            others += 1;
        }
        if others > BETWEEN {
            return start;
        }
        is_first = false;
        rest = word;
    }
}
