//! Markdown as runbooks use it, read line by line: headings, list items, fenced code, other lines. Everything keeps its
//! place in the file. Not a Markdown renderer: emphasis, links and tables stay text. HTML comments are left out, so that
//! what a reader of the rendered page can't see does nothing. Invariant: every piece is a slice of the file's text.

use super::diagnostics::{Code, Findings, Span};
use super::words::split_key;

/// A slice of the file with its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub text: &'a str,
    pub at: usize,
}

impl<'a> Piece<'a> {
    pub fn span(self) -> Span {
        Span {
            offset: self.at,
            len: self.text.len(),
        }
    }

    /// The part between two byte offsets within this piece; empty when they aren't boundaries.
    pub fn slice(self, from: usize, to: usize) -> Self {
        let text = self.text.get(from..to).unwrap_or_default();
        Self {
            text,
            at: self.at.saturating_add(from.min(self.text.len())),
        }
    }

    pub fn from(self, from: usize) -> Self {
        self.slice(from, self.text.len())
    }

    pub fn trim(self) -> Self {
        self.trim_matches(char::is_whitespace)
    }

    pub fn trim_matches(self, drop: impl Fn(char) -> bool + Copy) -> Self {
        let left = self
            .text
            .len()
            .saturating_sub(self.text.trim_start_matches(drop).len());
        let text = self.text.trim_start_matches(drop).trim_end_matches(drop);
        Self {
            text,
            at: self.at.saturating_add(left),
        }
    }

    pub fn is_empty(self) -> bool {
        self.text.is_empty()
    }

    /// Lines of the piece without their line ends.
    pub fn lines(self) -> impl Iterator<Item = Piece<'a>> {
        let mut at = self.at;
        self.text.split_inclusive('\n').map(move |line| {
            let piece = Piece {
                text: line.trim_end_matches(['\n', '\r']),
                at,
            };
            at = at.saturating_add(line.len());
            piece
        })
    }
}

/// One thing in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block<'a> {
    /// `## Steps`; level 1 to 6.
    Heading {
        level: u8,
        text: Piece<'a>,
    },
    /// `- text` or `1. text`; the first line only. Following lines are `Text` with an indent.
    Item {
        indent: usize,
        ordered: bool,
        text: Piece<'a>,
    },
    /// Any other line that isn't blank.
    Text {
        indent: usize,
        text: Piece<'a>,
    },
    /// Fenced code. `body` is without the fences.
    Fence {
        info: Piece<'a>,
        body: Piece<'a>,
    },
    Blank,
}

/// Reads the whole text. Front matter is skipped with a warning; an unclosed fence or comment is an error.
pub(super) fn read<'a>(text: &'a str, findings: &mut Findings<'_>) -> Vec<Block<'a>> {
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let whole = Piece { text, at: 0 }.from(start);
    let mut lines = whole.lines().peekable();
    let mut blocks = Vec::new();
    if lines.peek().is_some_and(|line| line.text.trim_end() == "---") {
        let rest = skip_front_matter(whole, findings);
        lines = rest.lines().peekable();
    }
    while let Some(line) = lines.next() {
        if let Some(fence) = FenceStart::of(line) {
            blocks.push(read_fence(text, line, &fence, &mut lines, findings));
        } else if line.text.trim_start().starts_with("<!--") {
            skip_comment(line, &mut lines, findings);
        } else {
            push_line(text, line, &mut blocks);
        }
    }
    blocks
}

fn skip_front_matter<'a>(whole: Piece<'a>, findings: &mut Findings<'_>) -> Piece<'a> {
    let end = whole
        .lines()
        .skip(1)
        .find(|line| matches!(line.text.trim_end(), "---" | "..."));
    let Some(end) = end else { return whole };
    let rest = whole.from(end.at.saturating_add(end.text.len()).saturating_sub(whole.at));
    findings.warn(
        Code::FrontMatter,
        whole.slice(0, 3).span(),
        "the front matter is not read",
        "say the same with the title and sections such as `## Owner` and `## Trigger Conditions`",
    );
    rest
}

struct FenceStart<'a> {
    mark: char,
    width: usize,
    info: Piece<'a>,
}

impl<'a> FenceStart<'a> {
    fn of(line: Piece<'a>) -> Option<Self> {
        let body = line.trim();
        let mark = body.text.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let width = body
            .text
            .bytes()
            .take_while(|byte| char::from(*byte) == mark)
            .count();
        let info = body.from(width).trim();
        // "```kubectl get pods```" on one line is inline code.
        (width >= 3 && !(mark == '`' && info.text.contains('`'))).then_some(Self { mark, width, info })
    }
}

fn read_fence<'a>(
    text: &'a str,
    opening: Piece<'a>,
    fence: &FenceStart<'a>,
    lines: &mut impl Iterator<Item = Piece<'a>>,
    findings: &mut Findings<'_>,
) -> Block<'a> {
    let mut first = None;
    let mut end = opening.at.saturating_add(opening.text.len());
    for line in lines {
        let trimmed = line.text.trim();
        let closes = trimmed.len() >= fence.width && trimmed.chars().all(|c| c == fence.mark);
        if closes {
            return fence_block(text, fence.info, first, end);
        }
        first.get_or_insert(line.at);
        end = line.at.saturating_add(line.text.len());
    }
    findings.error(
        Code::UnclosedFence,
        opening.trim().span(),
        "this code block is never closed",
        format!(
            "end it with a line of {}",
            fence.mark.to_string().repeat(fence.width)
        ),
    );
    fence_block(text, fence.info, first, end)
}

fn fence_block<'a>(text: &'a str, info: Piece<'a>, first: Option<usize>, end: usize) -> Block<'a> {
    let at = first.unwrap_or(end);
    let body = Piece {
        text: text.get(at..end).unwrap_or_default(),
        at,
    };
    Block::Fence { info, body }
}

fn skip_comment<'a>(
    opening: Piece<'a>,
    lines: &mut impl Iterator<Item = Piece<'a>>,
    findings: &mut Findings<'_>,
) {
    if opening.text.contains("-->") || lines.any(|line| line.text.contains("-->")) {
        return;
    }
    findings.error(
        Code::UnclosedComment,
        opening.trim().span(),
        "this comment is never closed, so the rest of the file says nothing",
        "end it with `-->`",
    );
}

fn push_line<'a>(text: &'a str, line: Piece<'a>, blocks: &mut Vec<Block<'a>>) {
    let body = line.trim();
    if body.is_empty() {
        blocks.push(Block::Blank);
        return;
    }
    let indent = body.at.saturating_sub(line.at);
    if let Some(level) = underline(body.text)
        && let Some(Block::Text { text, .. }) = blocks.last().copied()
        // Below `Failure action: stop` a rule is meant; the key must not vanish into a heading.
        && (level == 1 || !text.text.contains(':'))
    {
        blocks.pop();
        blocks.push(Block::Heading { level, text });
    } else if body.text.len() >= 3 && is_rule(body.text) {
        blocks.push(Block::Blank);
    } else if let Some((level, text)) = heading(body, indent) {
        blocks.push(Block::Heading { level, text });
    } else if let Some((ordered, text)) = item(body) {
        blocks.push(Block::Item {
            indent,
            ordered,
            text,
        });
    } else if let Some(Block::Item {
        text: item,
        indent: outer,
        ..
    }) = blocks.last_mut()
        && indent > *outer
        && split_key(body).is_none()
    {
        // A long item goes on in the next line; a key below an item stays a line of its own.
        item.text = text
            .get(item.at..body.at.saturating_add(body.text.len()))
            .unwrap_or(item.text);
    } else {
        blocks.push(Block::Text { indent, text: body });
    }
}

/// `===` or `---` below a line of text makes it a heading.
fn underline(text: &str) -> Option<u8> {
    if text.len() < 3 {
        None
    } else if text.bytes().all(|byte| byte == b'=') {
        Some(1)
    } else if text.bytes().all(|byte| byte == b'-') {
        Some(2)
    } else {
        None
    }
}

fn is_rule(text: &str) -> bool {
    ['-', '*', '_']
        .iter()
        .any(|mark| text.chars().all(|c| c == *mark || c == ' '))
}

fn heading(body: Piece<'_>, indent: usize) -> Option<(u8, Piece<'_>)> {
    let level = body.text.bytes().take_while(|byte| *byte == b'#').count();
    let spaced = body
        .text
        .as_bytes()
        .get(level)
        .is_none_or(u8::is_ascii_whitespace);
    // `##Steps` is meant as a heading; a single `#` without a space is a channel or an issue.
    if indent > 3 || level == 0 || level > 6 || !(spaced || level >= 2) {
        return None;
    }
    let text = body.from(level).trim().trim_matches(|c| c == '#').trim();
    Some((u8::try_from(level).unwrap_or(6), text))
}

fn item(body: Piece<'_>) -> Option<(bool, Piece<'_>)> {
    let (ordered, width) = match body.text.as_bytes() {
        [b'-' | b'*' | b'+', b' ' | b'\t', ..] => (false, 1),
        bytes => {
            let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let marked = matches!(bytes.get(digits), Some(b'.' | b')'))
                && bytes
                    .get(digits.saturating_add(1))
                    .is_some_and(u8::is_ascii_whitespace);
            if digits == 0 || digits > 4 || !marked {
                return None;
            }
            (true, digits.saturating_add(1))
        }
    };
    let mut text = body.from(width).trim();
    for checkbox in ["[ ] ", "[x] ", "[X] "] {
        if text.text.starts_with(checkbox) {
            text = text.from(checkbox.len()).trim();
        }
    }
    Some((ordered, text))
}
