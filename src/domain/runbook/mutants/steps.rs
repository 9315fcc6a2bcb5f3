//! Changes of steps: one left out, two in the other order, another command, another key.

use super::super::markdown::{Block, Piece};
use super::super::sections::Section;
use super::super::step_keys::StepKey;
use super::super::steps::is_shell;
use super::super::words::{normalise, split_key};
use super::edits::Edits;
use super::keys::YES_NO;

const FAILURE_ACTIONS: &[(&str, &str)] = &[
    ("continue", "stop"),
    ("continue", "escalate"),
    ("stop", "continue"),
    ("stop", "escalate"),
    ("escalate", "continue"),
    ("escalate", "stop"),
];
const CONDITIONS: &[(&str, &str)] = &[
    ("beyond", "within"),
    ("over", "within"),
    ("above", "within"),
    ("within", "beyond"),
    ("failed", "succeeded"),
    ("succeeded", "failed"),
];
const COMPARISONS: &[(&str, &str)] = &[
    ("<", "<="),
    ("<=", "<"),
    (">", ">="),
    (">=", ">"),
    ("<", ">"),
    (">", "<"),
    ("=", "!="),
    ("!=", "="),
    ("contains ", ""),
];

pub(super) fn steps(section: &Section<'_, '_>, edits: &mut Edits<'_>) {
    whole_steps(section, edits);
    for block in section.blocks {
        match block {
            Block::Fence { info, body } if is_shell(*info) => edits.code(body.trim()),
            Block::Item { text, .. } | Block::Text { text, .. } => {
                if let Some((name, value)) = split_key(*text)
                    && let Some(key) = StepKey::of(&normalise(name.text))
                {
                    edits.drop_line(name);
                    of_key(key, value, edits);
                }
            }
            Block::Fence { .. } | Block::Heading { .. } | Block::Blank => {}
        }
    }
}

fn of_key(key: StepKey, value: Piece<'_>, edits: &mut Edits<'_>) {
    match key {
        StepKey::OnFailure => edits.swap(value, FAILURE_ACTIONS),
        StepKey::When => edits.swap(value, CONDITIONS),
        StepKey::Repeatable => edits.swap(value, YES_NO),
        StepKey::Tier | StepKey::Timeout | StepKey::Attempts | StepKey::Wait => edits.numbers(value),
        StepKey::Expected => {
            edits.numbers(value);
            edits.another_word(value);
            edits.swap(value, COMPARISONS);
        }
        StepKey::Command | StepKey::Rollback => edits.code(value.trim_matches(|c| c == '`')),
    }
}

/// Each step left out, and each two neighbours in the other order; numbers in headings are put right.
fn whole_steps(section: &Section<'_, '_>, edits: &mut Edits<'_>) {
    let headings = section.blocks.iter().filter_map(|block| match block {
        Block::Heading { level, text } => Some((*level, *text)),
        Block::Item { .. } | Block::Text { .. } | Block::Fence { .. } | Block::Blank => None,
    });
    let headings: Vec<(u8, Piece<'_>)> = headings.collect();
    let Some(top) = headings.iter().map(|(level, _)| *level).min() else {
        return;
    };
    let mut starts: Vec<usize> = headings
        .iter()
        .filter(|(level, _)| *level == top)
        .map(|(_, text)| edits.line_of(text.at).at)
        .collect();
    starts.push(section.body.at.saturating_add(section.body.text.len()));
    let parts: Vec<Piece<'_>> = starts
        .windows(2)
        .filter_map(|pair| Some(edits.piece(*pair.first()?, *pair.last()?)))
        .collect();
    for at in 0..parts.len() {
        let others = parts.iter().enumerate().filter(|(other, _)| *other != at);
        let order: Vec<Piece<'_>> = others.map(|(_, part)| *part).collect();
        compose(&parts, at, &order, "the whole step left out", edits);
        let mut order = parts.clone();
        if at.saturating_add(1) < order.len() {
            order.swap(at, at.saturating_add(1));
            let change = "this step and the next one in the other order";
            compose(&parts, at, &order, change, edits);
        }
    }
}

fn compose(parts: &[Piece<'_>], at: usize, order: &[Piece<'_>], change: &str, edits: &mut Edits<'_>) {
    let (Some(first), Some(last), Some(place)) = (parts.first(), parts.last(), parts.get(at)) else {
        return;
    };
    let end = last.at.saturating_add(last.text.len());
    let text = edits.text();
    let before = text.get(..first.at).unwrap_or_default();
    let after = text.get(end..).unwrap_or_default();
    let middle: String = (1_usize..)
        .zip(order)
        .map(|(number, part)| numbered(part.text, number))
        .collect();
    edits.push(place.at, change.to_owned(), format!("{before}{middle}{after}"));
}

/// The step with this number in its heading, if there is one in it.
fn numbered(part: &str, number: usize) -> String {
    let (heading, body) = part.split_at(part.find('\n').unwrap_or(part.len()));
    let Some(at) = heading.find("Step ") else {
        return part.to_owned();
    };
    let (word, rest) = heading.split_at(at.saturating_add("Step ".len()));
    let title = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    if title.len() == rest.len() {
        return part.to_owned();
    }
    format!("{word}{number}{title}{body}")
}
