//! Guesses from a command line which budget it will need, only to advise authors while they write. What an action costs
//! and may do is decided by `crate::domain::action` on the live cluster, never here.

use super::types::{CommandLine, Word};
use crate::domain::action::BudgetKey;

/// What a command line probably takes from the budget.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cost {
    Nothing,
    /// All of these.
    All(&'static [BudgetKey]),
    /// One of these, depending on what the policy says about the target.
    Either(&'static [BudgetKey]),
}

/// Programs that only look, as far as advice goes.
const LOOKING: [&str; 14] = [
    "cat", "ls", "df", "du", "ps", "env", "date", "uptime", "free", "head", "tail", "grep", "stat", "id",
];

/// What `line` probably takes.
pub(super) fn cost(line: &CommandLine) -> Cost {
    let words = literals(line);
    match words.split_first() {
        Some((&"curl", rest)) if changes_by_http(rest) => Cost::All(&[BudgetKey::MaxHttpCalls]),
        Some((&"kubectl", rest)) => cost_of_kubectl(rest),
        _ => Cost::Nothing,
    }
}

fn cost_of_kubectl(words: &[&str]) -> Cost {
    let verbs = verbs(words);
    match (verbs.first().copied(), verbs.get(1).copied()) {
        (Some("rollout"), Some("restart")) => Cost::All(&[BudgetKey::MaxPodRestarts]),
        (Some("rollout"), Some("undo")) => Cost::All(&[BudgetKey::MaxPodRestarts, BudgetKey::MaxRollbacks]),
        (Some("delete"), _) => Cost::All(&[BudgetKey::MaxPodRestarts]),
        (Some("scale"), _) => Cost::All(&[BudgetKey::MaxReplicaChanges]),
        (Some("create"), _) => Cost::All(&[BudgetKey::MaxJobs]),
        (Some("exec"), _) => {
            let argv = words
                .iter()
                .position(|word| *word == "--")
                .and_then(|at| words.get(at.saturating_add(1)..));
            let argv = argv.unwrap_or_default();
            let looks = match argv.split_first() {
                Some((&"curl", rest)) => !changes_by_http(rest),
                Some((&"redis-cli", rest)) => rest.iter().any(|word| {
                    ["ping", "info", "dbsize", "get", "ttl"].contains(&word.to_ascii_lowercase().as_str())
                }),
                Some((program, _)) => LOOKING.contains(program),
                None => true,
            };
            if looks {
                Cost::Nothing
            } else {
                Cost::Either(&[BudgetKey::MaxCommands, BudgetKey::MaxCacheOperations])
            }
        }
        _ => Cost::Nothing,
    }
}

fn changes_by_http(words: &[&str]) -> bool {
    let method = words.iter().enumerate().find_map(|(at, word)| match *word {
        "-X" | "--request" => words.get(at.saturating_add(1)).copied(),
        other => other
            .strip_prefix("-X")
            .or_else(|| other.strip_prefix("--request=")),
    });
    match method {
        Some(method) => !matches!(method, "GET" | "HEAD"),
        None => words
            .iter()
            .any(|word| word.starts_with("-d") || word.starts_with("--data") || *word == "--json"),
    }
}

/// The words of the first stage; a placeholder is an empty word.
pub(super) fn literals(line: &CommandLine) -> Vec<&str> {
    let stage = line.stages.first().map(Vec::as_slice).unwrap_or_default();
    let texts = stage.iter().map(|word| match word {
        Word::Literal(text) => text.as_str(),
        Word::Placeholder(_) => "",
    });
    texts.collect()
}

/// Words of kubectl that are neither flags nor values of the flags that may stand before the verb.
pub(super) fn verbs<'w>(words: &[&'w str]) -> Vec<&'w str> {
    let mut verbs = Vec::new();
    let mut skip = false;
    for word in words {
        if std::mem::take(&mut skip) {
            continue;
        }
        if *word == "--" {
            break;
        }
        skip = matches!(
            *word,
            "-n" | "--namespace" | "--context" | "--cluster" | "-c" | "-l" | "-o"
        );
        if !word.starts_with('-') {
            verbs.push(*word);
        }
    }
    verbs
}
