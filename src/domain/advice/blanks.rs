//! Which parameters a model may be asked to fill, and what of its answer counts. Only what the alert's labels leave open, and
//! only inside what the team wrote: one of its choices, a whole number between its bounds, yes or no, or a word that stands in
//! the alert and matches its pattern.
//!
//! Invariants: a value that a label gives is never asked for; a parameter that could name what is acted on, that sounds like a
//! secret or that is for people only is filled only where it is one of the team's choices, and the last two never; one value
//! that does not fit makes the whole answer none, and then everything stands as it would have stood.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::alert::Alert;
use crate::domain::ids::RunbookName;
use crate::domain::runbook::{
    CommandLine, EvidenceQuery, ParamKind, ParamSpec, ParamValue, Runbook, Word, check_parameter,
};
use crate::domain::text::shortened;

/// Words in a name that keep a parameter from ever being filled.
const SECRETS: [&str; 9] = [
    "secret",
    "secrets",
    "password",
    "passwd",
    "token",
    "key",
    "credential",
    "credentials",
    "pin",
];

/// Words in a name that say what is acted on: filled only as one of the team's choices.
const TARGETS: [&str; 24] = [
    "target",
    "namespace",
    "ns",
    "cluster",
    "context",
    "host",
    "hostname",
    "url",
    "address",
    "ip",
    "node",
    "pod",
    "container",
    "deployment",
    "workload",
    "service",
    "app",
    "database",
    "db",
    "table",
    "schema",
    "region",
    "zone",
    "bucket",
];

/// Flags of kubectl whose value says how much or how long, and not on what.
const AMOUNTS: [&str; 6] = [
    "--replicas",
    "--to-revision",
    "--timeout",
    "--tail",
    "--since",
    "--grace-period",
];

/// A parameter without a value of the alert's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blank {
    pub name: String,
    pub description: String,
    pub kind: ParamKind,
    /// What stands in it without an answer.
    pub default: Option<ParamValue>,
}

/// One alert, the runbook that is to be planned for it, and what is open in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blanks {
    pub runbook: RunbookName,
    pub title: String,
    /// The alert's name, title and description, cut.
    pub alert: [String; 3],
    /// At least one.
    pub open: Vec<Blank>,
}

impl Blanks {
    /// `None` when there is nothing that a model may fill.
    #[must_use]
    pub fn of(alert: &Alert, runbook: &Runbook) -> Option<Self> {
        let open = open(alert, runbook).map(|spec| Blank {
            name: spec.name.clone(),
            description: shortened(spec.description.as_deref().unwrap_or_default(), 200),
            kind: spec.kind.clone(),
            default: spec.default.clone(),
        });
        let open: Vec<Blank> = open.collect();
        (!open.is_empty()).then(|| Self {
            runbook: runbook.name.clone(),
            title: shortened(&runbook.title, 200),
            alert: [
                shortened(&alert.name, 200),
                shortened(&alert.title, 300),
                shortened(&alert.description, super::LONGEST),
            ],
            open,
        })
    }
}

/// What counts of these values: all of them, or none when one does not fit. What says the same as the default says nothing.
#[must_use]
pub fn fitting(
    alert: &Alert,
    runbook: &Runbook,
    values: &BTreeMap<String, String>,
) -> BTreeMap<String, ParamValue> {
    let open: Vec<&ParamSpec> = open(alert, runbook).collect();
    let mut fit = BTreeMap::new();
    for (name, text) in values {
        let spec = open.iter().find(|spec| spec.name == *name);
        let value = spec.and_then(|spec| Some((spec, check_parameter(spec, text).ok()?)));
        match value {
            Some((spec, value)) if stands(alert, spec, &value) => {
                if spec.default.as_ref() != Some(&value) {
                    fit.insert(name.clone(), value);
                }
            }
            Some(_) | None => return BTreeMap::new(),
        }
    }
    fit
}

/// Words are the alert's own: nothing is made up.
fn stands(alert: &Alert, spec: &ParamSpec, value: &ParamValue) -> bool {
    match &spec.kind {
        ParamKind::Text { .. } => {
            let texts = [&alert.name, &alert.title, &alert.description];
            texts.iter().any(|text| text.contains(&value.0))
        }
        ParamKind::Integer { .. } | ParamKind::Name | ParamKind::Choice { .. } | ParamKind::Boolean => true,
    }
}

fn open<'r>(alert: &'r Alert, runbook: &'r Runbook) -> impl Iterator<Item = &'r ParamSpec> {
    let unlabelled = |spec: &&ParamSpec| {
        let label = spec.from_label.as_ref().and_then(|label| alert.labels.get(label));
        label.is_none_or(String::is_empty)
    };
    let specs = runbook.parameters.iter().filter(unlabelled);
    specs.filter(|spec| may_be_filled(spec, runbook))
}

fn may_be_filled(spec: &ParamSpec, runbook: &Runbook) -> bool {
    let named = |words: &[&str]| spec.name.split('_').any(|word| words.contains(&word));
    if spec.people_only || named(&SECRETS) {
        return false;
    }
    let bounded = match &spec.kind {
        ParamKind::Choice { .. } => return true,
        ParamKind::Integer { min, max } => min.is_some() && max.is_some(),
        ParamKind::Text { pattern, .. } => pattern.is_some(),
        ParamKind::Boolean => true,
        ParamKind::Name => false,
    };
    bounded && !named(&TARGETS) && lines(runbook).all(|line| only_says_how(line, &spec.name))
}

/// Every command that a value of the runbook's could get into.
fn lines(runbook: &Runbook) -> impl Iterator<Item = &CommandLine> {
    let steps = runbook.prechecks.iter().chain(&runbook.steps);
    let steps = steps.chain(&runbook.verification);
    let steps = steps.flat_map(|step| std::iter::once(&step.command).chain(&step.rollback));
    let evidence = runbook.evidence.iter().filter_map(|one| match &one.query {
        EvidenceQuery::Command(line) => Some(line),
        EvidenceQuery::Promql(_)
        | EvidenceQuery::Logql(_)
        | EvidenceQuery::Traceql(_)
        | EvidenceQuery::Jaeger(_) => None,
    });
    steps.chain(evidence)
}

/// Whether each place of this parameter in the line is an argument of the program inside a pod, or an amount. In a filter it
/// could turn what a step says into a success.
fn only_says_how(line: &CommandLine, name: &str) -> bool {
    let is = |word: &Word| matches!(word, Word::Placeholder(placed) if placed == name);
    let mut stages = line.stages.iter();
    let Some(first) = stages.next() else { return true };
    if stages.flatten().any(is) {
        return false;
    }
    let literal = |word: &Word, text: &str| matches!(word, Word::Literal(written) if written == text);
    let mut inside = false;
    let mut before: Option<&Word> = None;
    for word in first {
        let amount = before.is_some_and(|before| AMOUNTS.iter().any(|flag| literal(before, flag)));
        if is(word) && !inside && !amount {
            return false;
        }
        inside |= literal(word, "--");
        before = Some(word);
    }
    true
}

#[cfg(test)]
mod tests;
