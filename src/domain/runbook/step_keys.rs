//! The keys of a step and what their values mean. What can't be read is an error that lists the forms.
//! Longer than other files, since each key of a step is read here, in one match.

use regex::RegexBuilder;

use super::blast_radius::read_bool;
use super::diagnostics::Code;
use super::lexemes::has_placeholder;
use super::markdown::Piece;
use super::on_evidence;
use super::parse::Reader;
use super::types::{Expectation, FailureAction, NumberOp, Step, When};
use super::words::{did_you_mean, normalise, one_of, unquote};
use crate::domain::action::Tier;

/// Compiled size of a pattern; what is larger is refused.
const PATTERN_BYTES: usize = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepKey {
    Command,
    Expected,
    OnFailure,
    Tier,
    Rollback,
    Timeout,
    Attempts,
    Repeatable,
    When,
    Wait,
}

/// Normalised words; the first of each key is its proper name, which `TITLES` shows.
const KEYS: &[(&str, StepKey)] = &[
    ("expected output", StepKey::Expected),
    ("failure action", StepKey::OnFailure),
    ("tier", StepKey::Tier),
    ("rollback", StepKey::Rollback),
    ("timeout", StepKey::Timeout),
    ("attempts", StepKey::Attempts),
    ("repeatable", StepKey::Repeatable),
    ("when", StepKey::When),
    ("wait", StepKey::Wait),
    ("command", StepKey::Command),
    ("expected", StepKey::Expected),
    ("expect", StepKey::Expected),
    ("expected result", StepKey::Expected),
    ("on failure", StepKey::OnFailure),
    ("if it fails", StepKey::OnFailure),
    ("roll back", StepKey::Rollback),
    ("time out", StepKey::Timeout),
];

const TITLES: [&str; 9] = [
    "Expected output",
    "Failure action",
    "Tier",
    "Rollback",
    "Timeout",
    "Attempts",
    "Repeatable",
    "When",
    "Wait",
];

impl StepKey {
    pub fn of(words: &str) -> Option<Self> {
        KEYS.iter().find(|(name, _)| *name == words).map(|(_, key)| *key)
    }

    /// The title of the key that was probably meant.
    pub fn near(words: &str) -> Option<&'static str> {
        if matches!(words, "retries" | "retry" | "max attempts" | "tries") {
            return Some("Attempts");
        }
        let near = did_you_mean(words, KEYS.iter().map(|(name, _)| *name))?;
        let key = Self::of(near)?;
        let name = KEYS
            .iter()
            .find(|(_, other)| *other == key)
            .map(|(name, _)| *name)?;
        Some(
            TITLES
                .into_iter()
                .find(|title| normalise(title) == name)
                .unwrap_or("Command"),
        )
    }

    pub fn titles() -> impl Iterator<Item = &'static str> {
        TITLES.into_iter()
    }
}

/// Words that begin a remark.
pub(super) fn is_note(words: &str) -> bool {
    const NOTES: [&str; 16] = [
        "note",
        "notes",
        "warning",
        "caution",
        "danger",
        "important",
        "tip",
        "info",
        "why",
        "reason",
        "background",
        "see",
        "see also",
        "example",
        "todo",
        "description",
    ];
    NOTES.contains(&words)
}

/// Reads one value into the step.
pub(super) fn read(
    key: StepKey,
    name: Piece<'_>,
    value: Piece<'_>,
    step: &mut Step,
    reader: &mut Reader<'_, '_>,
) {
    match key {
        // Read with the step itself.
        StepKey::Command => {}
        StepKey::Expected => step.expected = expectation(value, reader),
        StepKey::OnFailure => {
            if let Some(action) = failure_action(value, reader) {
                step.on_failure = action;
            }
        }
        StepKey::Tier => step.tier_at_least = tier(value, reader),
        StepKey::Rollback => {
            let line = unquote(value.trim())
                .filter(|_| value.trim().text.starts_with('`'))
                .unwrap_or(value);
            step.rollback = reader.command(line);
        }
        StepKey::Timeout => {
            step.timeout_seconds = duration(name, value, 1..=600, reader).unwrap_or(step.timeout_seconds);
        }
        StepKey::Wait => step.wait_seconds = duration(name, value, 0..=600, reader).unwrap_or_default(),
        StepKey::Attempts => match bare(value).trim_end_matches(" times").parse() {
            Ok(number @ 1..=5) => step.attempts = number,
            _ => bad(
                value,
                reader,
                "is not a number of attempts",
                "write a number from 1 to 5",
            ),
        },
        StepKey::Repeatable => step.repeatable = read_bool(value, &mut reader.findings).unwrap_or(false),
        StepKey::When => {
            let words = normalise(bare(value));
            let words = condition(&words);
            step.on_evidence = on_evidence::when(words);
            if step.on_evidence.is_none()
                && let Some(when) = when(words, value, reader)
            {
                step.when = when;
            }
        }
    }
}

/// The value without emphasis, quotes and a full stop.
fn bare(value: Piece<'_>) -> &str {
    let value = value.trim().trim_matches(|c| c == '*').trim();
    unquote(value).unwrap_or(value).text.trim().trim_end_matches('.')
}

fn bad(value: Piece<'_>, reader: &mut Reader<'_, '_>, what: &str, help: &str) {
    let message = format!("`{}` {what}", value.trim().text);
    reader
        .findings
        .error(Code::BadValue, value.trim().span(), message, help);
}

const EXPECTATIONS: &str =
    "write `\"text\"`, `contains \"text\"`, `matches /pattern/`, `jq .program` or `< 10`";

/// All forms of "Expected output".
fn expectation(value: Piece<'_>, reader: &mut Reader<'_, '_>) -> Option<Expectation> {
    let value = value.trim();
    if has_placeholder(value.text) {
        let help = "write the text out, or compare with jq inside the command";
        let message = "a placeholder is filled in only in commands";
        reader
            .findings
            .error(Code::PlaceholderOutsideCommand, value.span(), message, help);
        return None;
    }
    let (word, rest) = match value.text.find(char::is_whitespace) {
        Some(at) => (value.slice(0, at).text, value.from(at).trim()),
        None => (value.text, value.from(value.text.len())),
    };
    if let Some(found) = number(value) {
        return match found {
            Ok(expectation) => Some(expectation),
            Err(than) => {
                let message = format!("`{than}` is not a number");
                let help = "write a decimal behind the operator, such as `< 10` or `>= 0.5`";
                reader.findings.error(Code::BadValue, value.span(), message, help);
                None
            }
        };
    }
    match word.trim_end_matches(':').to_ascii_lowercase().as_str() {
        "contains" | "contain" | "includes" => text(rest, value, reader).map(Expectation::Contains),
        "equals" | "exactly" | "is" => text(rest, value, reader).map(Expectation::Exact),
        "matches" | "match" => pattern(rest, value, reader),
        "jq" => match unquote(rest).unwrap_or(rest).text.trim() {
            "" => {
                bad(value, reader, "has no jq program", EXPECTATIONS);
                None
            }
            program => Some(Expectation::Jq(program.to_owned())),
        },
        _ => exact(value, reader),
    }
}

fn exact(value: Piece<'_>, reader: &mut Reader<'_, '_>) -> Option<Expectation> {
    let inner = unquote(value);
    let text = inner.unwrap_or(value).text;
    // A code block below the key keeps its lines; a loose sentence is probably no exact output.
    let block = text.contains('\n') || value.text.is_empty();
    if inner.is_none() && !block && text.contains(char::is_whitespace) {
        bad(
            value,
            reader,
            "could be the output itself or a description of it",
            EXPECTATIONS,
        );
        return None;
    }
    Some(Expectation::Exact(
        text.strip_suffix('\n').unwrap_or(text).to_owned(),
    ))
}

fn text(rest: Piece<'_>, value: Piece<'_>, reader: &mut Reader<'_, '_>) -> Option<String> {
    let text = unquote(rest).unwrap_or(rest).text;
    if text.is_empty() {
        bad(value, reader, "says nothing about the output", EXPECTATIONS);
        return None;
    }
    Some(text.to_owned())
}

/// `/pattern/`, `"pattern"` or the bare pattern; `/pattern/i` ignores case.
fn pattern(rest: Piece<'_>, value: Piece<'_>, reader: &mut Reader<'_, '_>) -> Option<Expectation> {
    let slashes = rest
        .text
        .strip_prefix('/')
        .and_then(|inner| inner.rsplit_once('/'));
    let pattern = match slashes {
        Some((inner, "")) => inner.to_owned(),
        Some((inner, "i")) => format!("(?i){inner}"),
        _ => unquote(rest).unwrap_or(rest).text.to_owned(),
    };
    if pattern.is_empty() {
        bad(value, reader, "has no pattern", EXPECTATIONS);
        return None;
    }
    if let Err(error) = RegexBuilder::new(&pattern).size_limit(PATTERN_BYTES).build() {
        let why = error.to_string();
        let why = why
            .lines()
            .last()
            .unwrap_or_default()
            .trim()
            .trim_start_matches("error: ")
            .to_owned();
        bad(
            value,
            reader,
            &format!("is not a pattern: {why}"),
            "see https://docs.rs/regex for what a pattern may hold",
        );
        return None;
    }
    Some(Expectation::Matches(pattern))
}

/// `< 10`; `Err` is the text behind an operator that isn't a number.
fn number(value: Piece<'_>) -> Option<Result<Expectation, String>> {
    const OPERATORS: [(&str, NumberOp); 9] = [
        ("<=", NumberOp::LessOrEqual),
        ("≤", NumberOp::LessOrEqual),
        (">=", NumberOp::GreaterOrEqual),
        ("≥", NumberOp::GreaterOrEqual),
        ("!=", NumberOp::NotEqual),
        ("==", NumberOp::Equal),
        ("<", NumberOp::Less),
        (">", NumberOp::Greater),
        ("=", NumberOp::Equal),
    ];
    let (op, rest) = OPERATORS
        .iter()
        .find_map(|(sign, op)| Some((*op, value.text.strip_prefix(sign)?)))?;
    let than = rest.trim();
    let plain = than
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b".-+eE".contains(&byte));
    match than.parse::<f64>() {
        Ok(number) if plain && number.is_finite() => Some(Ok(Expectation::Number {
            op,
            than: than.to_owned(),
        })),
        _ => Some(Err(than.to_owned())),
    }
}

fn failure_action(value: Piece<'_>, reader: &mut Reader<'_, '_>) -> Option<FailureAction> {
    let words = normalise(bare(value));
    match words.as_str() {
        "continue" => return Some(FailureAction::Continue),
        "escalate" => return Some(FailureAction::Escalate),
        "stop" => return Some(FailureAction::Stop),
        _ => {}
    }
    let options = ["continue", "escalate", "stop"];
    let help = match words.as_str() {
        "retry" => "write `Attempts: 3`, and here what happens when all have failed".to_owned(),
        "page" | "pager" | "alert" => "did you mean `escalate`?".to_owned(),
        "abort" | "halt" | "exit" | "fail" => "did you mean `stop`?".to_owned(),
        "ignore" | "skip" | "proceed" => "did you mean `continue`?".to_owned(),
        other => match did_you_mean(other, options) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write {}", one_of(options)),
        },
    };
    bad(value, reader, "is not a failure action", &help);
    None
}

fn tier(value: Piece<'_>, reader: &mut Reader<'_, '_>) -> Option<Tier> {
    let words = normalise(bare(value));
    let tier = words
        .trim_start_matches("tier ")
        .parse::<u8>()
        .ok()
        .and_then(|number| Tier::try_from(number).ok());
    if tier.is_none() {
        bad(
            value,
            reader,
            "is not a tier",
            "write 0, 1, 2 or 3; it can raise the tier of the command, never lower it",
        );
    }
    tier
}

fn condition(words: &str) -> &str {
    words.trim_start_matches("if ").trim_start_matches("the ")
}

fn when(words: &str, value: Piece<'_>, reader: &mut Reader<'_, '_>) -> Option<When> {
    match words {
        "always" => Some(When::Always),
        "previous succeeded" | "previous step succeeded" | "previous succeeds" => {
            Some(When::PreviousSucceeded)
        }
        "previous failed" | "previous step failed" | "previous fails" => Some(When::PreviousFailed),
        _ => {
            let help = "write `always`, `previous succeeded`, `previous failed`, or the name of evidence and `beyond limit` or `within limit`";
            bad(value, reader, "is not a condition", help);
            None
        }
    }
}

/// `30`, `30s`, `2m`, `90 seconds`, `2 minutes`.
fn duration(
    name: Piece<'_>,
    value: Piece<'_>,
    allowed: std::ops::RangeInclusive<u32>,
    reader: &mut Reader<'_, '_>,
) -> Option<u32> {
    let text = bare(value).to_ascii_lowercase();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let factor = match text.get(digits..).unwrap_or_default().trim() {
        "" | "s" | "sec" | "secs" | "second" | "seconds" => Some(1),
        "m" | "min" | "mins" | "minute" | "minutes" => Some(60),
        _ => None,
    };
    let number = text.get(..digits).and_then(|digits| digits.parse::<u32>().ok());
    let seconds = number
        .zip(factor)
        .and_then(|(number, factor): (u32, u32)| number.checked_mul(factor));
    match seconds.filter(|seconds| allowed.contains(seconds)) {
        Some(seconds) => Some(seconds),
        None => {
            let help = format!(
                "write `{}: 30s` or `2m`; from {} to {} seconds",
                name.text,
                allowed.start(),
                allowed.end()
            );
            bad(value, reader, "is not a time that fits here", &help);
            None
        }
    }
}
