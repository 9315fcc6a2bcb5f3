//! Reads Blast Radius: how much a runbook may change in all. A key that it doesn't have is 0.

use std::collections::BTreeMap;

use super::diagnostics::{Code, Findings, Span};
use super::markdown::Piece;
use super::sections::Section;
use super::trigger::{bare, duplicate_key, key_lines, unknown_key};
use super::words::{did_you_mean, normalise};
use crate::domain::action::{Budget, BudgetKey};

const BUDGET_KEYS: &[(&str, &str, BudgetKey)] = &[
    ("max pod restarts", "max_pod_restarts", BudgetKey::MaxPodRestarts),
    (
        "max cache operations",
        "max_cache_operations",
        BudgetKey::MaxCacheOperations,
    ),
    ("max commands", "max_commands", BudgetKey::MaxCommands),
    (
        "max replica changes",
        "max_replica_changes",
        BudgetKey::MaxReplicaChanges,
    ),
    ("max rollbacks", "max_rollbacks", BudgetKey::MaxRollbacks),
    ("max jobs", "max_jobs", BudgetKey::MaxJobs),
    ("max http calls", "max_http_calls", BudgetKey::MaxHttpCalls),
];

/// The word of a budget key, as runbooks write it.
pub(super) fn budget_word(key: BudgetKey) -> &'static str {
    BUDGET_KEYS
        .iter()
        .find(|(_, _, known)| *known == key)
        .map_or("", |(_, word, _)| word)
}

/// What the Blast Radius section says.
#[derive(Default)]
pub(super) struct BlastRadius {
    pub budget: Budget,
    /// Where each key stands.
    pub spans: BTreeMap<BudgetKey, Span>,
    pub requires_human_approval: Option<bool>,
}

pub(super) fn read_blast_radius(section: &Section<'_, '_>, findings: &mut Findings<'_>) -> BlastRadius {
    let mut radius = BlastRadius::default();
    for (key, value) in key_lines(section, "- max_pod_restarts: 1", findings) {
        let words = normalise(key.text);
        if words == "requires human approval" {
            if radius.requires_human_approval.is_some() {
                duplicate_key(key, "leave one of them", findings);
            }
            radius.requires_human_approval = read_bool(value, findings);
            continue;
        }
        let Some((_, _, known)) = BUDGET_KEYS.iter().find(|(name, ..)| *name == words) else {
            let options = || BUDGET_KEYS.iter().map(|(name, word, _)| (*name, *word));
            let near = did_you_mean(
                &words,
                options().map(|(name, _)| name).chain(["requires human approval"]),
            );
            let near = near.map(|near| near.replace(' ', "_"));
            let all = options().map(|(_, word)| word).chain(["requires_human_approval"]);
            unknown_key(key, near.as_deref(), all, findings);
            continue;
        };
        match bare(value).text.replace('_', "").parse::<u32>() {
            Ok(number) => {
                if radius.budget.insert(*known, number).is_some() {
                    duplicate_key(key, "leave one of them", findings);
                }
                radius.spans.insert(*known, key.span());
            }
            Err(_) => {
                let message = format!("`{}` is not a number from 0 to {}", value.text, u32::MAX);
                let at = if value.is_empty() {
                    key.span()
                } else {
                    value.span()
                };
                findings.error(Code::BadValue, at, message, format!("write `{}: 1`", key.text));
            }
        }
    }
    radius
}

/// `true`, `false`, `yes`, `no`.
pub(super) fn read_bool(value: Piece<'_>, findings: &mut Findings<'_>) -> Option<bool> {
    match bare(value).text.to_ascii_lowercase().as_str() {
        "true" | "yes" => Some(true),
        "false" | "no" => Some(false),
        _ => {
            let message = format!("`{}` is neither true nor false", value.text);
            findings.error(Code::BadValue, value.span(), message, "write `true` or `false`");
            None
        }
    }
}
