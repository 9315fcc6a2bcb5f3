//! Reads Trigger Conditions, a list of `key: value`, and what is common to such lists. What isn't a known key is an error.

use super::diagnostics::{Code, Findings};
use super::markdown::{Block, Piece};
use super::sections::Section;
use super::types::{Term, Trigger};
use super::words::{did_you_mean, is_mark, normalise, one_of, split_key, unquote};
use crate::domain::alert::Severity;
use crate::domain::ids::{Environment, Service};

/// The lines of a section that holds keys only, each split; other lines are reported.
pub(super) fn key_lines<'a>(
    section: &Section<'a, '_>,
    example: &str,
    findings: &mut Findings<'_>,
) -> Vec<(Piece<'a>, Piece<'a>)> {
    let mut lines = Vec::new();
    for block in section.blocks {
        let line = match block {
            Block::Item { text, .. } | Block::Text { text, .. } => *text,
            Block::Fence { body, .. } => {
                findings.error(
                    Code::NotAKey,
                    body.trim().span(),
                    format!("code says nothing in `{}`", section.name.text),
                    format!("write list items such as `{example}`"),
                );
                continue;
            }
            Block::Blank | Block::Heading { .. } => continue,
        };
        match split_key(line) {
            Some(pair) => lines.push(pair),
            None if matches!(block, Block::Text { .. }) => findings.warn(
                Code::NotAKey,
                line.span(),
                "this line is not read",
                format!("write it as a list item such as `{example}`, or move the remark to another section"),
            ),
            None => findings.error(
                Code::NotAKey,
                line.span(),
                "this line has no key",
                format!("write it as `key: value`, such as `{example}`"),
            ),
        }
    }
    lines
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum TriggerKey {
    Contains,
    Severity,
    Service,
    Environment,
}

const TRIGGER_KEYS: &[(&str, TriggerKey)] = &[
    ("alert contains", TriggerKey::Contains),
    ("severity", TriggerKey::Severity),
    ("service", TriggerKey::Service),
    ("environment", TriggerKey::Environment),
    ("alert contain", TriggerKey::Contains),
    ("contains", TriggerKey::Contains),
    ("severities", TriggerKey::Severity),
    ("services", TriggerKey::Service),
    ("environments", TriggerKey::Environment),
];

pub(super) fn read_trigger(section: &Section<'_, '_>, findings: &mut Findings<'_>) -> Trigger {
    let mut trigger = Trigger::default();
    let mut seen = Vec::new();
    for (key, value) in key_lines(section, "- Severity: high or critical", findings) {
        let words = normalise(key.text);
        let Some((_, known)) = TRIGGER_KEYS.iter().find(|(name, _)| *name == words) else {
            let options = TRIGGER_KEYS.iter().take(4).map(|(name, _)| *name);
            unknown_key(key, did_you_mean(&words, options.clone()), options, findings);
            continue;
        };
        if *known != TriggerKey::Contains && seen.contains(known) {
            let help = "every line must hold, so write all values in one line: any of them is enough there";
            duplicate_key(key, help, findings);
        }
        seen.push(*known);
        if value.is_empty() {
            missing_value(key, findings);
            continue;
        }
        match known {
            TriggerKey::Contains => trigger.contains.extend(read_terms(value, findings)),
            TriggerKey::Severity => trigger.severities = read_severities(value, findings),
            TriggerKey::Service => {
                trigger.services = any_of(value)
                    .into_iter()
                    .map(|word| Service::new(word.text))
                    .collect();
            }
            TriggerKey::Environment => {
                trigger.environments = any_of(value)
                    .into_iter()
                    .map(|word| Environment::new(word.text))
                    .collect();
            }
        }
    }
    trigger
}

pub(super) fn unknown_key<'o>(
    key: Piece<'_>,
    near: Option<&str>,
    options: impl Iterator<Item = &'o str>,
    findings: &mut Findings<'_>,
) {
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the keys here are {}", one_of(options).replace(" or ", " and ")),
    };
    findings.error(
        Code::UnknownKey,
        key.span(),
        format!("unknown key `{}`", key.text),
        help,
    );
}

pub(super) fn duplicate_key(key: Piece<'_>, help: &str, findings: &mut Findings<'_>) {
    findings.error(
        Code::DuplicateKey,
        key.span(),
        format!("`{}` stands twice", key.text),
        help,
    );
}

pub(super) fn missing_value(key: Piece<'_>, findings: &mut Findings<'_>) {
    let message = format!("`{}` has no value", key.text);
    findings.error(
        Code::MissingValue,
        key.span(),
        message,
        "write the value behind the colon, or leave out the line",
    );
}

/// The words of a list joined by commas, `or` and `and`, without quotes and emphasis.
fn any_of(value: Piece<'_>) -> Vec<Piece<'_>> {
    split_list(value)
        .into_iter()
        .map(|(_, item)| bare(item))
        .filter(|item| !item.is_empty())
        .collect()
}

/// Without quotes and emphasis.
pub(super) fn bare(item: Piece<'_>) -> Piece<'_> {
    let item = item.trim().trim_matches(|c| c == '*').trim();
    unquote(item).unwrap_or(item).trim()
}

fn read_severities(value: Piece<'_>, findings: &mut Findings<'_>) -> Vec<Severity> {
    let mut severities: Vec<Severity> = Vec::new();
    for word in any_of(value) {
        let text = word.text.trim_end_matches('+').to_ascii_lowercase();
        let upwards = word.text.ends_with('+')
            || matches!(
                text.as_str(),
                "above" | "higher" | "worse" | "or above" | "or higher"
            );
        if matches!(text.as_str(), "any" | "all" | "*") {
            return Vec::new();
        }
        let severity = match Severity::from_word(&text) {
            Severity::Unknown if upwards => severities.last().copied().unwrap_or(Severity::Unknown),
            known @ (Severity::Unknown
            | Severity::Low
            | Severity::Medium
            | Severity::High
            | Severity::Critical) => known,
        };
        if severity == Severity::Unknown {
            let options = ["critical", "high", "medium", "low"];
            let near = did_you_mean(&text, options).map(|near| format!("did you mean `{near}`?"));
            findings.error(
                Code::BadValue,
                word.span(),
                format!("`{}` is not a severity", word.text),
                near.unwrap_or_else(|| format!("write {}", one_of(options))),
            );
            continue;
        }
        let all = [
            Severity::Low,
            Severity::Medium,
            Severity::High,
            Severity::Critical,
        ];
        severities.extend(
            all.into_iter()
                .filter(|other| *other == severity || (upwards && *other > severity)),
        );
    }
    severities.sort_unstable();
    severities.dedup();
    severities
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joint {
    /// The first item.
    Start,
    Comma,
    And,
    Or,
}

/// Cuts at commas, `or` and `and` (also `&&`, `||`) outside quotes.
pub(super) fn split_list(value: Piece<'_>) -> Vec<(Joint, Piece<'_>)> {
    let mut items = Vec::new();
    let (mut joint, mut start, mut at) = (Joint::Start, 0_usize, 0_usize);
    let mut quote = None;
    while let Some(c) = value.text.get(at..).and_then(|rest| rest.chars().next()) {
        let width = c.len_utf8();
        let rest = value.text.get(at..).unwrap_or_default();
        match quote {
            Some(close) if c == close => quote = None,
            Some(_) => {}
            None => {
                let begins_word = at == 0
                    || value
                        .text
                        .get(..at)
                        .is_some_and(|text| text.ends_with([' ', '"', '\'', '`', ',']));
                if let Some(close) = opening_quote(c, begins_word) {
                    quote = Some(close);
                } else if let Some((next, width)) = joint_at(rest, begins_word) {
                    items.push((joint, value.slice(start, at)));
                    (joint, start, at) = (next, at.saturating_add(width), at.saturating_add(width));
                    continue;
                }
            }
        }
        at = at.saturating_add(width);
    }
    items.push((joint, value.from(start)));
    // `a, or b` has nothing between the comma and the word: the word counts.
    let mut out: Vec<(Joint, Piece<'_>)> = Vec::new();
    let mut skipped = None;
    for (joint, item) in items {
        if item.trim().is_empty() {
            skipped = skipped.or(Some(joint)).filter(|joint| *joint == Joint::Start);
        } else {
            out.push((skipped.take().unwrap_or(joint), item.trim()));
        }
    }
    out
}

fn opening_quote(c: char, begins_word: bool) -> Option<char> {
    match c {
        '"' | '`' => Some(c),
        '“' | '„' => Some('”'),
        // An apostrophe within a word is no quote.
        '\'' if begins_word => Some('\''),
        '‘' if begins_word => Some('’'),
        _ => None,
    }
}

fn joint_at(rest: &str, begins_word: bool) -> Option<(Joint, usize)> {
    if rest.starts_with([',', ';']) {
        return Some((Joint::Comma, 1));
    }
    for (word, joint) in [("&&", Joint::And), ("||", Joint::Or)] {
        if rest.starts_with(word) {
            return Some((joint, 2));
        }
    }
    for (word, joint) in [("or", Joint::Or), ("and", Joint::And)] {
        let here = rest
            .get(..word.len())
            .is_some_and(|text| text.eq_ignore_ascii_case(word));
        let ends = rest
            .as_bytes()
            .get(word.len())
            .is_some_and(|byte| matches!(byte, b' ' | b'"' | b'\'' | b'`'));
        if begins_word && here && ends {
            return Some((joint, word.len()));
        }
    }
    None
}

/// One line of "Alert contains": a comma or `and` means all, `or` any; a line that mixes them can be read two ways.
fn read_terms(value: Piece<'_>, findings: &mut Findings<'_>) -> Vec<Term> {
    let items = split_list(value);
    let any = items.iter().any(|(joint, _)| *joint == Joint::Or);
    let all = items
        .iter()
        .any(|(joint, _)| matches!(joint, Joint::Comma | Joint::And));
    if any && all {
        findings.error(
            Code::MixedAndOr,
            value.span(),
            "a comma or `and` asks for all words and `or` for any, and this line has both",
            "write one `Alert contains` line for each group: every line must hold",
        );
        return Vec::new();
    }
    let terms: Vec<Term> = items
        .into_iter()
        .filter_map(|(_, item)| read_term(item, findings))
        .collect();
    match (any, terms.len()) {
        (true, 2..) => vec![Term::Any(terms)],
        _ => terms,
    }
}

fn read_term(item: Piece<'_>, findings: &mut Findings<'_>) -> Option<Term> {
    let item = item.trim_matches(|c| c == '*').trim();
    if let Some((label, value)) = label_term(item) {
        return Some(Term::Label(label.to_owned(), value.to_owned()));
    }
    let word = unquote(item).unwrap_or(item).trim();
    let unclosed = unquote(item).is_none() && item.text.starts_with(['"', '“', '`']);
    if word.text.trim_matches(is_mark).is_empty() || unclosed {
        findings.error(
            Code::BadValue,
            item.span(),
            if unclosed {
                "this quote is never closed"
            } else {
                "an empty word is in every alert"
            },
            "write the words in quotes with commas between them: `\"redis\", \"timeout\"`",
        );
        return None;
    }
    Some(Term::Contains(word.text.to_owned()))
}

/// `service:checkout` or `service="checkout"`, unquoted as a whole.
fn label_term(item: Piece<'_>) -> Option<(&str, &str)> {
    let at = item.text.find([':', '='])?;
    let label = item.text.get(..at)?;
    let value = item.from(at.saturating_add(1));
    let value = unquote(value).unwrap_or(value).text;
    let wordy = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    let good = label.starts_with(|c: char| c.is_ascii_alphabetic()) && label.chars().all(wordy);
    (good && !value.is_empty() && !value.starts_with([' ', '/'])).then_some((label, value))
}
