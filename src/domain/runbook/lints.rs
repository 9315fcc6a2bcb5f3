//! What is wrong with a runbook as a whole, though each line can be read.

use super::blast_radius::{BlastRadius, budget_word};
use super::costs::{Cost, cost, literals, verbs};
use super::diagnostics::{Code, Findings, Span};
use super::markdown::{Block, Piece};
use super::parse::Reader;
use super::reach;
use super::sections::{Known, Outline};
use super::steps::is_shell;

use super::types::{Autonomy, CommandLine, ParamKind, Runbook, Step, When, Word};
use super::words::{did_you_mean, normalise, one_of};
use crate::domain::action::BudgetKey;

/// All lints that need the whole file.
pub(super) fn whole(
    runbook: &Runbook,
    executable: bool,
    title: Span,
    outline: &Outline<'_, '_>,
    radius: &BlastRadius,
    reader: &mut Reader<'_, '_>,
) {
    if runbook.source.trim_start_matches('\u{feff}').trim().is_empty() {
        let help =
            "write a runbook, or delete the file; `runbooks/redis-connection-timeout.md` is an example";
        reader
            .findings
            .error(Code::Empty, title, "the file is empty", help);
        return;
    }
    if runbook.owner.is_none() {
        let help = "add `## Owner` with a team or a channel: they are asked when it fails";
        reader
            .findings
            .warn(Code::NoOwner, title, "nobody owns this runbook", help);
    }
    let trigger = &runbook.trigger;
    let silent = trigger.contains.is_empty()
        && trigger.severities.is_empty()
        && trigger.services.is_empty()
        && trigger.environments.is_empty();
    // A page of prose is found by what it says.
    if silent && executable {
        let help = "add `## Trigger Conditions` with `- Alert contains: \"…\"`; `/runbook run` works without";
        reader.findings.warn(
            Code::NoTrigger,
            title,
            "no alert asks for this runbook by itself",
            help,
        );
    }
    if runbook.autonomy == Some(Autonomy::Auto) && runbook.requires_human_approval {
        let help = "write `requires_human_approval: false` in Blast Radius, or `suggest` here";
        let message = "`auto` has no effect while human approval is required";
        reader.findings.warn(Code::BadValue, title, message, help);
    }
    parameters(reader);
    stray_fences(executable, outline, reader);
    if executable {
        order(runbook, outline, reader);
        budget(runbook, outline, radius, reader);
        reach::budget(runbook, outline, radius, reader);
    } else if runbook.checklist.is_empty() {
        let help = "add `## Steps` with commands, or a list of what people do below `## Diagnosis` and `## Mitigation`";
        reader.findings.error(
            Code::NoSteps,
            title,
            "this runbook asks for nothing to be done",
            help,
        );
    }
}

fn parameters(reader: &mut Reader<'_, '_>) {
    for (spec, span) in reader.parameters.iter().zip(&reader.parameter_spans) {
        if !reader.used.contains(&spec.name) {
            let help = format!(
                "write `{{{{ {} }}}}` where its value belongs, or leave it out",
                spec.name
            );
            let message = format!("no command uses the parameter `{}`", spec.name);
            reader.findings.warn(Code::UnusedParameter, *span, message, help);
        }
    }
}

/// Commands in sections that run nothing are for people; say so, since a step could be meant.
fn stray_fences(executable: bool, outline: &Outline<'_, '_>, reader: &mut Reader<'_, '_>) {
    if !executable {
        return;
    }
    for section in &outline.sections {
        let runs = matches!(
            section.known,
            Some(
                Known::Steps
                    | Known::Evidence
                    | Known::Prechecks
                    | Known::Verification
                    | Known::Trigger
                    | Known::BlastRadius
            )
        );
        let fence = section.blocks.iter().find_map(|block| match block {
            Block::Fence { info, body } if is_shell(*info) && !info.is_empty() => Some(*body),
            Block::Fence { .. }
            | Block::Heading { .. }
            | Block::Item { .. }
            | Block::Text { .. }
            | Block::Blank => None,
        });
        if let Some(body) = fence.filter(|_| !runs) {
            let message = format!(
                "commands in `{}` are shown to people and never run",
                section.name.text
            );
            let help = "to have it run, make it a step, or the `Rollback:` of one";
            reader
                .findings
                .warn(Code::FenceOutsideStep, body.trim().span(), message, help);
        }
    }
}

/// Where step `at` of the Steps section is headed.
pub(super) fn heading_of(outline: &Outline<'_, '_>, title: &str) -> Span {
    let steps = outline
        .sections
        .iter()
        .find(|section| section.known == Some(Known::Steps));
    let Some(steps) = steps else {
        return Span::default();
    };
    let found = steps.blocks.iter().find_map(|block| match block {
        Block::Heading { text, .. } | Block::Item { text, .. } if text.text.contains(title) => {
            Some(text.span())
        }
        Block::Heading { .. }
        | Block::Item { .. }
        | Block::Text { .. }
        | Block::Fence { .. }
        | Block::Blank => None,
    });
    found.unwrap_or(steps.name.span())
}

fn order(runbook: &Runbook, outline: &Outline<'_, '_>, reader: &mut Reader<'_, '_>) {
    if let Some(first) = runbook.steps.first().filter(|step| step.when != When::Always) {
        let message = "nothing stands before the first step, so its `When` never holds";
        let help = "leave out `When`, or put the step it depends on first";
        reader.findings.error(
            Code::FirstStepWhen,
            heading_of(outline, &first.title),
            message,
            help,
        );
    }
    let checked = runbook.steps.iter().any(|step| step.expected.is_some());
    if runbook.verification.is_empty() && !checked {
        let place = heading_of(outline, "\n");
        let help = "add `## Verification` with a command, or `Expected output:` to the last step";
        let message = "nothing says whether the fix has worked, so the incident always goes to a human";
        reader.findings.warn(Code::NoVerification, place, message, help);
    }
}

fn budget(runbook: &Runbook, outline: &Outline<'_, '_>, radius: &BlastRadius, reader: &mut Reader<'_, '_>) {
    let costs: Vec<(&Step, Cost)> = runbook
        .steps
        .iter()
        .map(|step| (step, cost(&step.command)))
        .collect();
    for (step, cost) in &costs {
        let given = |key: &BudgetKey| runbook.budget.get(key).is_some_and(|number| *number > 0);
        let lacking: Vec<&str> = match cost {
            Cost::Nothing => Vec::new(),
            Cost::All(keys) => keys
                .iter()
                .filter(|key| !given(key))
                .map(|key| budget_word(*key))
                .collect(),
            Cost::Either(keys) if keys.iter().any(given) => Vec::new(),
            Cost::Either(keys) => keys.iter().map(|key| budget_word(*key)).collect(),
        };
        if lacking.is_empty() {
            continue;
        }
        let message = format!(
            "step {} will be refused: the blast radius has no {}",
            step.no,
            one_of(lacking.iter().copied())
        );
        let help = format!(
            "add `- {}: 1` to `## Blast Radius`; a missing key is 0",
            lacking.first().unwrap_or(&"")
        );
        reader
            .findings
            .warn(Code::NoBudget, heading_of(outline, &step.title), message, help);
    }
    for (key, number) in &runbook.budget {
        let needed = costs.iter().any(|(_, cost)| match cost {
            Cost::Nothing => false,
            Cost::All(keys) => keys.contains(key),
            Cost::Either(keys) => keys.contains(key),
        });
        let rolls_back = runbook
            .steps
            .iter()
            .filter_map(|step| step.rollback.as_ref())
            .any(|line| match cost(line) {
                Cost::Nothing => false,
                Cost::All(keys) => keys.contains(key),
                Cost::Either(keys) => keys.contains(key),
            });
        if *number > 0 && !needed && !rolls_back {
            let span = radius.spans.get(key).copied().unwrap_or_default();
            let message = format!("no step needs `{}`", budget_word(*key));
            reader.findings.warn(
                Code::UnusedBudget,
                span,
                message,
                "leave it out, so that a later edit can't use it unseen",
            );
        }
    }
}

/// A runbook acts in no namespace that its text does not name.
pub(super) fn namespace(line: &CommandLine, spans: &[Vec<Span>], reader: &mut Reader<'_, '_>) {
    let Some(stage) = line.stages.first() else { return };
    let words = literals(line);
    if words.first() != Some(&"kubectl") {
        return;
    }
    let end = words.iter().position(|word| *word == "--").unwrap_or(words.len());
    let flags = words.get(..end).unwrap_or_default();
    let span_of = |at: usize| {
        spans
            .first()
            .and_then(|spans| spans.get(at))
            .copied()
            .unwrap_or_default()
    };
    let at = flags
        .iter()
        .position(|word| matches!(*word, "-n" | "--namespace"));
    if let Some(at) = at {
        if let Some(Word::Placeholder(name)) = stage.get(at.saturating_add(1)) {
            bounded_namespace(name, span_of(at.saturating_add(1)), reader);
        }
        return;
    }
    let joined = flags
        .iter()
        .any(|word| word.starts_with("--namespace=") || (word.starts_with("-n") && word.len() > 2));
    let everywhere = flags
        .iter()
        .any(|word| matches!(*word, "-A" | "--all-namespaces" | "--all-namespaces=true"));
    let verbs = verbs(flags.get(1..).unwrap_or_default());
    let kind = verbs
        .get(1)
        .map_or("", |word| word.split('/').next().unwrap_or_default());
    let clusterwide = matches!(kind, "node" | "nodes" | "no" | "namespace" | "namespaces" | "ns");
    if joined
        || everywhere
        || clusterwide
        || matches!(verbs.first().copied(), Some("version" | "cluster-info"))
    {
        return;
    }
    let message = "this command does not say in which namespace it acts";
    let help = "add `-n NAMESPACE`, such as `-n production`: there is no default to fall into";
    reader
        .findings
        .error(Code::NoNamespace, span_of(0), message, help);
}

/// A parameter may choose among namespaces that the text names, not bring one of its own.
fn bounded_namespace(name: &str, span: Span, reader: &mut Reader<'_, '_>) {
    let spec = reader.parameters.iter().find(|spec| spec.name == name);
    if spec.is_some_and(|spec| !matches!(spec.kind, ParamKind::Choice { .. })) {
        let message = format!("`{name}` could be any namespace");
        let help = format!("name those that are meant: `- {name}: one of production, staging`");
        reader
            .findings
            .error(Code::UnboundedNamespace, span, message, help);
    }
}

/// Evidence, prechecks and verification only look.
pub(super) fn read_only(line: &CommandLine, place: Piece<'_>, what: &str, reader: &mut Reader<'_, '_>) {
    let surely_changes = matches!(cost(line), Cost::All(_));
    if surely_changes {
        let message = format!("{what} only looks, and this command changes something");
        reader.findings.error(
            Code::NotReadOnly,
            place.trim().span(),
            message,
            "make it a step, so that it is approved",
        );
    }
}

/// A key between the title and the first section.
pub(super) fn stray_key(key: Piece<'_>, findings: &mut Findings<'_>) {
    let words = normalise(key.text);
    if matches!(
        words.as_str(),
        "alert contains" | "severity" | "service" | "environment"
    ) {
        let help = "put the line below `## Trigger Conditions`";
        let message = format!("`{}` says nothing before the first section", key.text);
        findings.error(Code::UnknownKey, key.span(), message, help);
    } else if let Some(near) = did_you_mean(&words, ["owner", "incident class", "autonomy"]) {
        let message = format!("unknown key `{}`", key.text);
        findings.error(
            Code::UnknownKey,
            key.span(),
            message,
            format!("did you mean `{near}`?"),
        );
    }
}
