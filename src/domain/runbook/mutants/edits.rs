//! Changes of a text, and those of them that fit anywhere.

use std::collections::BTreeSet;

use super::super::markdown::Piece;
use super::super::sections::Section;
use super::Mutant;

/// Changes of one text, gathered.
pub(super) struct Edits<'a> {
    text: &'a str,
    made: Vec<Mutant>,
    seen: BTreeSet<String>,
}

impl<'a> Edits<'a> {
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            made: Vec::new(),
            seen: BTreeSet::new(),
        }
    }

    pub fn into_mutants(mut self) -> Vec<Mutant> {
        self.made.sort_by_key(|mutant| mutant.line);
        self.made
    }

    /// Puts other text in the place of a piece.
    pub fn replace(&mut self, piece: Piece<'_>, with: &str) {
        let change = format!("`{}` changed to `{with}`", piece.text);
        self.change(piece, with, change);
    }

    /// Puts other text in the place of a piece, which may be empty, and says so in these words.
    pub fn change(&mut self, piece: Piece<'_>, with: &str, change: String) {
        let end = piece.at.saturating_add(piece.text.len());
        let (Some(before), Some(after)) = (self.text.get(..piece.at), self.text.get(end..)) else {
            return;
        };
        self.push(piece.at, change, format!("{before}{with}{after}"));
    }

    /// A whole text that differs from `at` on.
    pub fn push(&mut self, at: usize, change: String, text: String) {
        if text == self.text || !self.seen.insert(text.clone()) {
            return;
        }
        let line = self.line_of(at);
        let before = self.text.get(..line.at).unwrap_or_default();
        self.made.push(Mutant {
            line: before.matches('\n').count().saturating_add(1),
            change,
            was: line.text.trim().to_owned(),
            text,
        });
    }

    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The line around a place, with its line end.
    pub fn line_of(&self, at: usize) -> Piece<'a> {
        let before = self.text.get(..at).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
        let rest = self.text.get(start..).unwrap_or_default();
        let end = rest
            .find('\n')
            .map_or(self.text.len(), |len| start.saturating_add(len).saturating_add(1));
        self.piece(start, end)
    }

    pub fn piece(&self, from: usize, to: usize) -> Piece<'a> {
        Piece {
            text: self.text.get(from..to).unwrap_or_default(),
            at: from,
        }
    }

    pub fn drop_line(&mut self, within: Piece<'_>) {
        let line = self.line_of(within.at);
        self.change(line, "", "left out".to_owned());
    }

    /// The heading and everything below it.
    pub fn drop_section(&mut self, section: &Section<'_, '_>) {
        let from = self.line_of(section.name.at).at;
        let to = section.body.at.saturating_add(section.body.text.len());
        let whole = self.piece(from, to);
        self.change(whole, "", "the whole section left out".to_owned());
    }

    /// Each number one less, one more and ten times as much.
    pub fn numbers(&mut self, piece: Piece<'_>) {
        for number in runs(piece, |c| c.is_ascii_digit()) {
            let Ok(value) = number.text.parse::<u64>() else {
                continue;
            };
            let others = [value.checked_sub(1), value.checked_add(1), value.checked_mul(10)];
            for other in others.into_iter().flatten() {
                self.replace(number, &other.to_string());
            }
        }
    }

    /// Each word of a command line or a query left out, and each a little different; each comparison turned round.
    pub fn code(&mut self, piece: Piece<'_>) {
        for word in runs(piece, |c| !c.is_whitespace()) {
            self.another_word(word);
            let gap = piece
                .from(word.at.saturating_add(word.text.len()).saturating_sub(piece.at))
                .text
                .chars()
                .next()
                .map_or(0, char::len_utf8);
            let end = word.at.saturating_add(word.text.len()).saturating_add(gap);
            let with_gap = self.piece(word.at, end);
            self.change(with_gap, "", format!("`{}` left out", word.text));
        }
        self.numbers(piece);
        self.swap(piece, &[("==", "!="), ("!=", "=="), ("or", "and"), ("and", "or")]);
        // Everything behind the first bar, which filters what the program said.
        if let Some(at) = piece.text.find(" | ") {
            let filters = piece.from(at);
            self.change(filters, "", format!("`{}` left out", filters.text.trim()));
        }
    }

    /// Another word in the place of the last one.
    pub fn another_word(&mut self, piece: Piece<'_>) {
        let Some((at, last)) = piece.text.char_indices().rfind(|(_, c)| c.is_alphanumeric()) else {
            return;
        };
        let end = at.saturating_add(last.len_utf8());
        let from = piece.text.get(..end).unwrap_or_default();
        let start = from
            .char_indices()
            .rfind(|(_, c)| !c.is_alphanumeric())
            .map_or(0, |(at, c)| at.saturating_add(c.len_utf8()));
        let word = piece.slice(start, end);
        self.replace(word, &format!("{}x", word.text));
    }

    /// Each of these words, where it stands alone, changed to its partner.
    pub fn swap(&mut self, piece: Piece<'_>, pairs: &[(&str, &str)]) {
        for (from, to) in pairs {
            for (at, found) in piece.text.match_indices(from) {
                let end = at.saturating_add(found.len());
                let before = piece.text.get(..at).unwrap_or_default();
                let after = piece.text.get(end..).unwrap_or_default();
                let wordy = |c: char| c.is_alphanumeric() || matches!(c, '_' | '=');
                if before.ends_with(wordy) || after.starts_with(wordy) {
                    continue;
                }
                self.replace(piece.slice(at, end), to);
            }
        }
    }
}

/// The longest pieces of characters of one kind.
fn runs(piece: Piece<'_>, of: impl Fn(char) -> bool) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in piece.text.char_indices() {
        match (of(c), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                found.push(piece.slice(from, at));
                start = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
    if let Some(from) = start {
        found.push(piece.from(from));
    }
    found
}
