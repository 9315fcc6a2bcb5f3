//! Changes of the lines that hold a key and its value: triggers, limits, parameters, evidence.

use super::super::markdown::{Block, Piece};
use super::super::on_evidence;
use super::super::sections::Section;
use super::super::trigger::{bare, split_list};
use super::super::words::{normalise, split_key};
use super::edits::Edits;

pub(super) const AUTONOMIES: &[(&str, &str)] = &[
    ("auto", "suggest"),
    ("auto", "shadow"),
    ("suggest", "auto"),
    ("suggest", "shadow"),
    ("shadow", "suggest"),
    ("shadow", "auto"),
];
pub(super) const YES_NO: &[(&str, &str)] =
    &[("true", "false"), ("false", "true"), ("yes", "no"), ("no", "yes")];
const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];

/// The lines of a section, each with its key and value.
fn pairs<'a>(section: &Section<'a, '_>) -> Vec<(Piece<'a>, Piece<'a>)> {
    let lines = section.blocks.iter().filter_map(|block| match block {
        Block::Item { text, .. } | Block::Text { text, .. } => split_key(*text),
        Block::Heading { .. } | Block::Fence { .. } | Block::Blank => None,
    });
    lines.collect()
}

/// Each line, each of its values, and how they are joined.
pub(super) fn trigger(section: &Section<'_, '_>, edits: &mut Edits<'_>) {
    for (key, value) in pairs(section) {
        edits.drop_line(key);
        let items: Vec<Piece<'_>> = split_list(value).into_iter().map(|(_, item)| item).collect();
        let severity = normalise(key.text).starts_with("severit");
        for (at, item) in items.iter().enumerate() {
            if severity {
                another_severity(*item, edits);
            } else {
                edits.another_word(bare(*item));
            }
            let next = items.get(at.saturating_add(1));
            let before = at.checked_sub(1).and_then(|before| items.get(before));
            let end = |piece: &Piece<'_>| piece.at.saturating_add(piece.text.len());
            let whole = match (before, next) {
                (_, Some(next)) => edits.piece(item.at, next.at),
                (Some(before), None) => edits.piece(end(before), end(item)),
                (None, None) => continue,
            };
            edits.change(whole, "", format!("`{}` left out", item.text));
            if let Some(next) = next {
                let joint = edits.piece(end(item), next.at);
                let other = if joint.text.contains("or") { ", " } else { " or " };
                edits.replace(joint, other);
            }
        }
        if let Some(last) = items.last().filter(|_| severity) {
            for word in SEVERITIES.into_iter().filter(|word| !value.text.contains(word)) {
                let behind = last.from(last.text.len());
                edits.change(behind, &format!(" or {word}"), format!("`{word}` as well"));
            }
        }
    }
}

fn another_severity(item: Piece<'_>, edits: &mut Edits<'_>) {
    for word in SEVERITIES.into_iter().filter(|word| *word != item.text) {
        edits.replace(item, word);
    }
}

/// Each limit left out, and each number of it another.
pub(super) fn bounds(section: &Section<'_, '_>, edits: &mut Edits<'_>) {
    for (key, value) in pairs(section) {
        edits.drop_line(key);
        edits.numbers(value);
        edits.swap(value, YES_NO);
    }
}

/// Each parameter and each clause of it left out, and its numbers and words others.
pub(super) fn parameters(section: &Section<'_, '_>, edits: &mut Edits<'_>) {
    for (key, value) in pairs(section) {
        edits.drop_line(key);
        edits.numbers(value);
        let mut at = 0_usize;
        for clause in value.text.split(',') {
            let end = at.saturating_add(clause.len());
            edits.another_word(value.slice(at, end));
            if at > 0 {
                let with_comma = value.slice(at.saturating_sub(1), end);
                edits.change(with_comma, "", format!("`{}` left out", clause.trim()));
            }
            at = end.saturating_add(1);
        }
    }
}

/// Each query left out or another, its limit another or on the other side, and whether it has to be there.
pub(super) fn evidence(section: &Section<'_, '_>, edits: &mut Edits<'_>) {
    for block in section.blocks {
        if let Block::Fence { body, .. } = block {
            edits.code(*body);
        }
    }
    for (key, value) in pairs(section).into_iter().filter(|(_, value)| !value.is_empty()) {
        edits.drop_line(key);
        edits.another_word(key);
        let (query, behind) = on_evidence::split(value);
        edits.code(query.trim_matches(|c| c == '`'));
        let end = value.from(value.text.len());
        let Some(behind) = behind else {
            edits.change(end, ", required", "required as well".to_owned());
            continue;
        };
        edits.numbers(behind);
        let sides = [
            ("limit", "at least"),
            ("at most", "at least"),
            ("at least", "limit"),
        ];
        edits.swap(behind, &sides);
        let clause = edits.piece(query.at.saturating_add(query.text.len()), end.at);
        edits.change(clause, "", format!("`{}` left out", behind.text));
        match behind.text.find("required") {
            Some(at) => {
                let word = behind.slice(at, at.saturating_add("required".len()));
                let start = behind.text.get(..at).and_then(|before| before.rfind(','));
                let from = start.map_or(query.at.saturating_add(query.text.len()), |comma| {
                    behind.at.saturating_add(comma)
                });
                let whole = edits.piece(from, word.at.saturating_add(word.text.len()));
                edits.change(whole, "", "`required` left out".to_owned());
            }
            None => edits.change(end, ", required", "required as well".to_owned()),
        }
    }
}
