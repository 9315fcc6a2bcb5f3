//! The values of a Kubernetes Secret, wherever one is printed: as YAML, as JSON, and as JSON within a string (the annotation of
//! `kubectl apply` has it so). Also of one that was cut: what is there of its values is taken out.
//!
//! A Secret is told by its `kind`. The maps `data` and `stringData` beside it hold its values, whatever they are.

use std::ops::Range;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;

use super::known::SEEN;

/// How far around its `data` an object's `kind` is looked for.
const AROUND: usize = 64 * 1024;
/// So many maps are looked at so closely; in a text with more, every one is taken for a Secret's.
const CLOSELY: usize = 64;
/// Values under so many bytes would be found in every other word.
const SHORTEST: usize = 8;

static KIND: LazyLock<Result<Regex, regex::Error>> =
    LazyLock::new(|| Regex::new(r#"kind\\{0,8}["']?[ \t]{0,4}:\s{0,4}\\{0,8}["']?Secret(?:List)?(?-u:\b)"#));
static MAP: LazyLock<Result<Regex, regex::Error>> = LazyLock::new(|| {
    Regex::new(
        r#"(?m)(?<escapes>\\{0,8})"(?:data|stringData)\\{0,8}"\s{0,8}:\s{0,8}\{|^(?<indent>[ \t-]*)["']?(?:data|stringData)["']?:[ \t]*\r?$"#,
    )
});

/// Where the values stand, in order and apart from each other.
///
/// # Errors
/// A pattern is none: a mistake here.
pub fn values(text: &str) -> Result<Vec<Range<usize>>, regex::Error> {
    let kind = KIND.as_ref().map_err(Clone::clone)?;
    let map = MAP.as_ref().map_err(Clone::clone)?;
    if !kind.is_match(text) {
        return Ok(Vec::new());
    }
    let is_list = text.contains("SecretList");
    let mut values: Vec<Range<usize>> = Vec::new();
    for (count, found) in map.captures_iter(text).enumerate() {
        let Some(whole) = found.get(0) else { continue };
        if values.last().is_some_and(|last| last.end > whole.start()) {
            continue;
        }
        let surely = is_list || count >= CLOSELY;
        match found.name("indent") {
            Some(indent) => {
                let column = indent.as_str().len();
                let siblings = siblings(text, whole.range(), column);
                if surely || siblings.is_none_or(|lines| kind.is_match(lines)) {
                    yaml(text, whole.end(), column, &mut values);
                }
            }
            None => {
                let escapes = found.name("escapes").map_or(0, |escapes| escapes.len());
                if surely || object(text, whole.end()).is_none_or(|object| kind.is_match(object)) {
                    json(text, whole.end(), escapes, &mut values);
                }
            }
        }
    }
    Ok(values)
}

/// The text with each of them taken out.
#[must_use]
pub fn without(text: &str, values: &[Range<usize>]) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut from = 0;
    for value in values {
        clean.push_str(text.get(from..value.start).unwrap_or_default());
        let is_clean = text
            .get(value.clone())
            .is_some_and(|value| value.trim_start().starts_with("[redacted"));
        clean.push_str(if is_clean {
            text.get(value.clone()).unwrap_or_default()
        } else {
            SEEN
        });
        from = value.end;
    }
    clean.push_str(text.get(from..).unwrap_or_default());
    clean
}

/// What is worth to be remembered of a value: as it stands there, and what it decodes to. Not what everybody knows: words,
/// numbers, names of hosts, certificates.
#[must_use]
pub fn worth_remembering(value: &str) -> Vec<String> {
    let value = value.trim();
    let bytes: String = value.split_whitespace().collect();
    let decoded = STANDARD.decode(&bytes).ok();
    let text = decoded.and_then(|decoded| String::from_utf8(decoded).ok());
    let is_known =
        |text: &str| text.trim_start().starts_with("-----BEGIN CERTIFICATE") || text.starts_with("[redacted");
    let mut worth = Vec::new();
    match text {
        Some(text) => {
            let text = text.trim();
            if text.len() >= SHORTEST && !is_ordinary(text) && !is_known(text) {
                worth.push(text.to_owned());
                worth.push(bytes);
            }
        }
        // Either bytes in base64, or no base64 at all, as in `stringData`.
        None if value.len() >= SHORTEST && !is_ordinary(value) && !is_known(value) => {
            worth.push(value.to_owned())
        }
        None => {}
    }
    worth
}

/// So many letters and digits together are no part of a name of a host or a version.
const MIXED: usize = 5;

/// Made of words and small numbers, as names of hosts, users and versions are: nothing that could be told from other text.
fn is_ordinary(text: &str) -> bool {
    text.split(|char: char| !char.is_alphanumeric()).all(|part| {
        // `PostgreSQL` and `userName` turn to large letters once.
        let turns = part.chars().zip(part.chars().skip(1));
        let turns = turns
            .filter(|(one, next)| one.is_lowercase() && next.is_uppercase())
            .count();
        let is_word = part.chars().all(char::is_alphabetic) && turns <= 1;
        // As in `db-01a` and `postgres-v2`.
        let is_small = part.len() <= 5 && part.bytes().all(|byte| byte.is_ascii_digit());
        let is_name = part.len() < MIXED && !part.chars().any(char::is_uppercase);
        is_word || is_small || is_name
    })
}

/// The object around a map whose brace stands right before `inside`; `None` when it is longer than what is looked at, or cut.
fn object(text: &str, inside: usize) -> Option<&str> {
    let bytes = text.as_bytes();
    let first = inside.saturating_sub(AROUND);
    // The brace of the map itself is the last byte before `inside`.
    let (mut start, mut depth) = (None, 0_usize);
    for at in (first..inside.saturating_sub(1)).rev() {
        match bytes.get(at) {
            Some(b'}') => depth = depth.saturating_add(1),
            Some(b'{') if depth == 0 => {
                start = Some(at);
                break;
            }
            Some(b'{') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    let last = inside.saturating_add(AROUND).min(text.len());
    let (mut end, mut depth) = (None, 2_usize);
    for at in inside..last {
        match bytes.get(at) {
            Some(b'{') => depth = depth.saturating_add(1),
            Some(b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            end = Some(at);
            break;
        }
    }
    text.get(start?..end?)
}

/// The lines around a line of YAML that are not indented less, as far as its document goes; `None` when they are more than what
/// is looked at.
fn siblings(text: &str, line: Range<usize>, column: usize) -> Option<&str> {
    let ends = |other: &str| {
        let indent = other
            .len()
            .saturating_sub(other.trim_start_matches([' ', '-']).len());
        other.starts_with("---") || (!other.trim().is_empty() && indent < column)
    };
    let first = floor(text, line.start.saturating_sub(AROUND));
    let before = text.get(first..line.start)?;
    let mut start = line.start;
    for other in before.split_inclusive('\n').rev() {
        if ends(other) {
            break;
        }
        start = start.saturating_sub(other.len());
        // The item that this object is begins here.
        if column > 0 && other.get(..column).is_some_and(|lead| lead.contains('-')) {
            break;
        }
    }
    let last = floor(text, line.end.saturating_add(AROUND).min(text.len()));
    let after = text.get(line.end..last)?;
    let mut end = line.end;
    for (count, other) in after.split_inclusive('\n').enumerate() {
        let is_next = column > 0 && other.get(..column).is_some_and(|lead| lead.contains('-'));
        if count > 0 && (ends(other) || is_next) {
            break;
        }
        end = end.saturating_add(other.len());
    }
    let goes_on = (start == first && first > 0) || (end == last && last < text.len());
    if goes_on { None } else { text.get(start..end) }
}

/// The character that a place is in begins here.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// The values of a map whose brace stands right before `from`, and whose quotes have so many backslashes.
fn json(text: &str, from: usize, escapes: usize, values: &mut Vec<Range<usize>>) {
    let mut at = from;
    loop {
        let Some(key) = string(text, at, escapes) else {
            return;
        };
        let after = text.get(key.end..).unwrap_or_default();
        let colon = after.trim_start_matches(['\\', '"', ' ', '\t', '\n', '\r']);
        let Some(rest) = colon.strip_prefix(':') else {
            return;
        };
        let Some(value) = string(text, text.len().saturating_sub(rest.len()), escapes) else {
            return;
        };
        values.push(value.clone());
        let after = text.get(value.end..).unwrap_or_default();
        let comma = after.trim_start_matches(['\\', '"', ' ', '\t', '\n', '\r']);
        let Some(rest) = comma.strip_prefix(',') else {
            return;
        };
        at = text.len().saturating_sub(rest.len());
    }
}

/// What stands between the next quotes, or to the end of a text that was cut. `None` where no quote comes next.
fn string(text: &str, from: usize, escapes: usize) -> Option<Range<usize>> {
    let rest = text.get(from..)?;
    let opening = rest.trim_start_matches([' ', '\t', '\n', '\r', '\\', 'n', 't']);
    let start = text.len().saturating_sub(opening.strip_prefix('"')?.len());
    let bytes = text.as_bytes();
    let mut backslashes = 0_usize;
    for at in start..text.len() {
        match bytes.get(at) {
            Some(b'\\') => backslashes = backslashes.saturating_add(1),
            Some(b'"') => {
                let closes = match escapes {
                    0 => backslashes.is_multiple_of(2),
                    _ => backslashes <= escapes,
                };
                if closes {
                    return Some(start..at.saturating_sub(if escapes == 0 { 0 } else { backslashes }));
                }
                backslashes = 0;
            }
            _ => backslashes = 0,
        }
    }
    Some(start..text.len())
}

/// The values of a block map below a line of YAML: whatever stands behind a key, over all lines that are indented more.
fn yaml(text: &str, from: usize, column: usize, values: &mut Vec<Range<usize>>) {
    let mut at = from;
    let mut keys = None;
    for line in text.get(from..).unwrap_or_default().split_inclusive('\n') {
        let start = at;
        at = at.saturating_add(line.len());
        if line.trim().is_empty() {
            continue;
        }
        let indent = line.len().saturating_sub(line.trim_start_matches(' ').len());
        if indent <= column {
            return;
        }
        let content = line.trim_end_matches(['\n', '\r']).len();
        let keys = *keys.get_or_insert(indent);
        let value = match line.find(": ").filter(|_| indent == keys) {
            Some(colon) => colon.saturating_add(2),
            // A key alone: its value comes in the lines below.
            None if indent == keys && line.trim_end().ends_with(':') => continue,
            None => indent,
        };
        let is_block = line.get(value..content).is_some_and(|value| {
            matches!(
                value.trim(),
                "|" | "|-" | "|+" | ">" | ">-" | ">+" | "" | "\"\"" | "''"
            )
        });
        if !is_block && value < content {
            values.push(start.saturating_add(value)..start.saturating_add(content));
        }
    }
}
