//! A text as whoever wrote it meant it: escapes stand for what they are, and what only lays a text out is gone. A known secret is
//! looked for there too, and cut out of the text as it came: every writer chooses for each character anew whether to escape it,
//! and how, so that the forms of a secret can't be listed.
//!
//! Decoded are the escapes of JSON and its like (`\u0026`, `\x26`, `\u{26}`, `\/`), of addresses (`%26`) and of HTML (`&amp;`,
//! `&#x26;`, `&#38;`), also when the same writer wrote twice (`\\u0026`, `%2526`, `&amp;amp;`). Gone are ends of lines with the
//! indentation behind them, the sequences that colour a terminal, control and invisible characters, and backslashes.
//!
//! Invariants: one pass, whatever the text; every byte leads back to the part of the text that it is from. What is looked for goes
//! through the same, so nothing has to be unambiguous: that a secret holds `%41` itself does no harm.

use std::ops::Range;

/// The text, decoded.
#[derive(Debug)]
pub struct Decoded {
    pub text: Vec<u8>,
    /// In order.
    edits: Vec<Edit>,
    /// So many of the bytes come before an escape that the end of the text cuts in two.
    pub whole: usize,
}

/// A part of the text that stands for something else, or for nothing.
#[derive(Debug)]
struct Edit {
    /// Where it is in what was decoded, and how many bytes it is there.
    at: usize,
    length: usize,
    from: Range<usize>,
}

/// What the beginning of a text is.
#[derive(Debug, PartialEq, Eq)]
enum Unit {
    /// Itself.
    Plain,
    /// An escape that goes on behind the end of the text.
    CutInTwo,
    /// So many bytes that stand for nothing.
    Nothing(usize),
    /// So many bytes that stand for one.
    Byte(usize, u8),
    /// So many bytes that stand for a character.
    Char(usize, char),
}

impl Decoded {
    /// `None` when the text is just what it says.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let first = text.bytes().position(may_begin)?;
        let mut decoded = Self {
            text: Vec::with_capacity(text.len()),
            edits: Vec::new(),
            whole: 0,
        };
        let bytes = text.as_bytes();
        let (mut copied, mut at, mut cut) = (0, first, None);
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            match unit(rest) {
                Unit::Plain => at = at.saturating_add(1),
                Unit::CutInTwo => {
                    cut = Some(at.saturating_sub(copied));
                    break;
                }
                stands => {
                    decoded.copy(bytes, copied..at);
                    at = at.saturating_add(decoded.put(&stands, at, rest));
                    copied = at;
                }
            }
            let rest = bytes.get(at..).unwrap_or_default();
            let next = rest.iter().position(|byte| may_begin(*byte));
            at = at.saturating_add(next.unwrap_or(rest.len()));
        }
        let before = decoded.text.len();
        decoded.copy(bytes, copied..bytes.len());
        decoded.whole = cut.map_or(decoded.text.len(), |cut| before.saturating_add(cut));
        (!decoded.edits.is_empty()).then_some(decoded)
    }

    /// Where in the text this part of what was decoded is from.
    #[must_use]
    pub fn origin(&self, part: &Range<usize>) -> Range<usize> {
        let last = part.end.saturating_sub(1);
        let start = match self.edit_at(part.start) {
            Ok(edit) => edit.from.start,
            Err(behind) => part.start.saturating_add(behind),
        };
        let end = match self.edit_at(last) {
            Ok(edit) => edit.from.end,
            Err(behind) => last.saturating_add(behind).saturating_add(1),
        };
        start..end
    }

    /// The edit that made this byte, or how far behind it the byte is in the text: no edit makes more than it takes.
    fn edit_at(&self, at: usize) -> Result<&Edit, usize> {
        let before = self.edits.partition_point(|edit| edit.at <= at);
        match before.checked_sub(1).and_then(|last| self.edits.get(last)) {
            None => Err(0),
            Some(edit) if at < edit.at.saturating_add(edit.length) => Ok(edit),
            Some(edit) => {
                let ends = edit.at.saturating_add(edit.length);
                Err(edit.from.end.saturating_sub(ends))
            }
        }
    }

    fn copy(&mut self, bytes: &[u8], part: Range<usize>) {
        self.text.extend_from_slice(bytes.get(part).unwrap_or_default());
    }

    /// Puts down what the beginning of `rest` stands for, and says how much of it that was.
    fn put(&mut self, stands: &Unit, at: usize, rest: &[u8]) -> usize {
        let start = self.text.len();
        let takes = match *stands {
            Unit::Plain | Unit::CutInTwo => 1,
            Unit::Nothing(takes) => takes,
            Unit::Byte(takes, byte) if byte.is_ascii() => self.put_char(char::from(byte), takes, rest),
            Unit::Byte(takes, byte) => {
                self.text.push(byte);
                takes
            }
            Unit::Char(takes, char) => self.put_char(char, takes, rest),
        };
        self.edits.push(Edit {
            at: start,
            length: self.text.len().saturating_sub(start),
            from: at..at.saturating_add(takes),
        });
        takes
    }

    fn put_char(&mut self, char: char, takes: usize, rest: &[u8]) -> usize {
        let behind = rest.get(takes..).unwrap_or_default();
        let goes_with_it = match char {
            '\n' | '\r' => behind
                .iter()
                .take_while(|byte| matches!(byte, b' ' | b'\t'))
                .count(),
            '\u{1b}' => control_sequence(behind),
            _ if is_layout(char) => 0,
            _ => {
                let mut utf8 = [0; 4];
                self.text
                    .extend_from_slice(char.encode_utf8(&mut utf8).as_bytes());
                0
            }
        };
        takes.saturating_add(goes_with_it)
    }
}

/// Whether something else than itself may begin with it. The first bytes of invisible characters are among them.
fn may_begin(byte: u8) -> bool {
    matches!(byte, 0..=8 | 10..=31 | 127 | b'\\' | b'%' | b'&' | 0xC2 | 0xE2 | 0xEF)
}

fn is_layout(char: char) -> bool {
    match char {
        '\t' => false,
        '\\' | '\u{ad}' | '\u{feff}' => true,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' => true,
        other => other.is_control(),
    }
}

fn unit(rest: &[u8]) -> Unit {
    match rest {
        [b'\\', ..] => backslashes(rest),
        [b'%', ..] => percent(rest),
        [b'&', ..] => entity(rest),
        [byte, ..] if byte.is_ascii_control() && *byte != b'\t' => Unit::Byte(1, *byte),
        [0xC2, second, ..] => invisible(&[0xC2, *second]),
        [first @ (0xE2 | 0xEF), second, third, ..] => invisible(&[*first, *second, *third]),
        _ => Unit::Plain,
    }
}

fn invisible(utf8: &[u8]) -> Unit {
    let char = std::str::from_utf8(utf8)
        .ok()
        .and_then(|text| text.chars().next());
    match char.filter(|char| is_layout(*char)) {
        Some(_) => Unit::Nothing(utf8.len()),
        None => Unit::Plain,
    }
}

/// Backslashes, as many as there are, and what they escape. A text that was escaped twice has two for one.
fn backslashes(rest: &[u8]) -> Unit {
    let run = rest.iter().take_while(|byte| **byte == b'\\').count();
    let after = rest.get(run..).unwrap_or_default();
    let takes = |more: usize| run.saturating_add(more);
    match after {
        [b'n', ..] => Unit::Char(takes(1), '\n'),
        [b'r', ..] => Unit::Char(takes(1), '\r'),
        [b't', ..] => Unit::Char(takes(1), '\t'),
        [b'x', digits @ ..] => match number(digits, 2) {
            Digits::All(code) => Unit::Byte(takes(3), u8::try_from(code).unwrap_or_default()),
            Digits::CutInTwo => Unit::CutInTwo,
            Digits::None => Unit::Nothing(run),
        },
        [b'u', b'{', digits @ ..] => in_braces(digits, takes(2)).unwrap_or(Unit::Nothing(run)),
        [b'u', digits @ ..] => match number(digits, 4) {
            Digits::All(high @ 0xD800..=0xDBFF) => {
                low_surrogate(high, digits.get(4..).unwrap_or_default(), takes(5))
            }
            Digits::All(code) => {
                char::from_u32(code).map_or(Unit::Nothing(takes(5)), |char| Unit::Char(takes(5), char))
            }
            Digits::CutInTwo => Unit::CutInTwo,
            Digits::None => Unit::Nothing(run),
        },
        _ => Unit::Nothing(run),
    }
}

/// `\u{26}`: what stands in the braces.
fn in_braces(digits: &[u8], takes: usize) -> Option<Unit> {
    const MOST: usize = 6;
    let length = digits
        .iter()
        .take(MOST)
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    match digits.get(length) {
        None => Some(Unit::CutInTwo),
        Some(b'}') => {
            let char = coded(digits.get(..length)?, 16)?;
            Some(Unit::Char(takes.saturating_add(length).saturating_add(1), char))
        }
        Some(_) => None,
    }
}

/// The second half of a character beyond the first plane: UTF-16 in two escapes (RFC 8259, 7).
fn low_surrogate(high: u32, behind: &[u8], takes: usize) -> Unit {
    let run = behind.iter().take_while(|byte| **byte == b'\\').count();
    let low = match behind.get(run..) {
        Some([b'u', digits @ ..]) if run > 0 => number(digits, 4),
        _ => Digits::None,
    };
    let Digits::All(low @ 0xDC00..=0xDFFF) = low else {
        return Unit::Nothing(takes);
    };
    let code = 0x1_0000 + ((high & 0x3FF) << 10) + (low & 0x3FF);
    let takes = takes.saturating_add(run).saturating_add(5);
    char::from_u32(code).map_or(Unit::Nothing(takes), |char| Unit::Char(takes, char))
}

/// `%26`, and what comes of escaping that again: `%2526`.
fn percent(rest: &[u8]) -> Unit {
    let mut at = 1_usize;
    while let Some([b'2', b'5', one, other, ..]) = rest.get(at..)
        && one.is_ascii_hexdigit()
        && other.is_ascii_hexdigit()
    {
        at = at.saturating_add(2);
    }
    match number(rest.get(at..).unwrap_or_default(), 2) {
        Digits::All(code) => Unit::Byte(at.saturating_add(2), u8::try_from(code).unwrap_or_default()),
        Digits::CutInTwo => Unit::CutInTwo,
        Digits::None => Unit::Plain,
    }
}

/// `&amp;`, `&#x26;`, `&#38;`, and what comes of escaping those again: `&amp;#38;`.
fn entity(rest: &[u8]) -> Unit {
    const NAMED: [(&[u8], char); 5] = [
        (b"amp;", '&'),
        (b"lt;", '<'),
        (b"gt;", '>'),
        (b"quot;", '"'),
        (b"apos;", '\''),
    ];
    /// `#x10ffff;`
    const LONGEST: usize = 9;
    let mut at = 1_usize;
    while rest.get(at..).is_some_and(|body| body.starts_with(b"amp;")) {
        at = at.saturating_add(4);
    }
    let body = rest.get(at..).unwrap_or_default();
    let begun = body.get(..LONGEST).unwrap_or(body);
    let end = begun
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'#');
    let Some(end) = end else {
        return match body.len() < LONGEST {
            true => Unit::CutInTwo,
            false => escaped_and(at),
        };
    };
    let body = begun.get(..=end).unwrap_or_default();
    let named = NAMED.iter().find(|(name, _)| *name == body);
    let char = named.map(|(_, char)| *char).or_else(|| match body {
        [b'#', b'x' | b'X', digits @ .., b';'] => coded(digits, 16),
        [b'#', digits @ .., b';'] => coded(digits, 10),
        _ => None,
    });
    match char {
        Some(char) => Unit::Char(at.saturating_add(body.len()), char),
        None => escaped_and(at),
    }
}

/// What was read so far is `&`, escaped if it is longer than that.
fn escaped_and(takes: usize) -> Unit {
    match takes {
        1 => Unit::Plain,
        _ => Unit::Char(takes, '&'),
    }
}

/// The rest of a sequence for a terminal behind its ESC: ECMA-48, 5.4.
fn control_sequence(behind: &[u8]) -> usize {
    let Some(b'[') = behind.first() else { return 0 };
    let parameters = behind
        .iter()
        .skip(1)
        .take_while(|byte| (0x20..=0x3f).contains(*byte))
        .count();
    let length = parameters.saturating_add(1);
    match behind.get(length) {
        Some(0x40..=0x7e) => length.saturating_add(1),
        _ => length,
    }
}

enum Digits {
    All(u32),
    CutInTwo,
    None,
}

/// So many hexadecimal digits.
fn number(text: &[u8], count: usize) -> Digits {
    let digits = text.get(..count).unwrap_or(text);
    match digits.iter().all(u8::is_ascii_hexdigit) {
        false => Digits::None,
        true if digits.len() < count => Digits::CutInTwo,
        true => std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .map_or(Digits::None, Digits::All),
    }
}

fn coded(digits: &[u8], radix: u32) -> Option<char> {
    let digits = std::str::from_utf8(digits).ok()?;
    char::from_u32(u32::from_str_radix(digits, radix).ok()?)
}
