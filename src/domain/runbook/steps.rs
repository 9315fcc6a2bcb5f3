//! Reads Steps, Prechecks and Verification: of each step its command and the keys below it.
//! Not here: what the values of the keys look like (`step_keys`), and what a command may do (`crate::domain::action`).

use super::diagnostics::{Code, Findings};
use super::lints;
use super::markdown::{Block, Piece};
use super::parse::Reader;
use super::sections::Section;
use super::step_cut::{Draft, cut};
use super::step_keys::{self, StepKey};
use super::types::{CommandLine, Expectation, FailureAction, Step, When};
use super::words::{normalise, split_key, unquote};
use crate::domain::ids::StepNo;

/// More steps than this are no runbook that a person can approve.
pub(super) const MAX_STEPS: usize = 50;

/// Attempts when the file doesn't say.
pub const ATTEMPTS: u8 = 2;
/// Seconds for one attempt when the file doesn't say.
pub const TIMEOUT_SECONDS: u32 = 30;

/// Which section the steps stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Steps,
    Prechecks,
    Verification,
}

/// Whether a fence is meant to be run: shell of some kind, or of no kind.
pub(super) fn is_shell(info: Piece<'_>) -> bool {
    let word = info.text.split([' ', ',', '{']).next().unwrap_or_default();
    matches!(
        word.to_ascii_lowercase().as_str(),
        "" | "bash" | "sh" | "shell" | "zsh" | "console" | "shell-session"
    )
}

/// Whether the section holds anything that could run.
pub(super) fn has_commands(section: &Section<'_, '_>) -> bool {
    section.blocks.iter().any(|block| match block {
        Block::Fence { info, .. } => is_shell(*info),
        Block::Item { text, .. } | Block::Text { text, .. } => {
            split_key(*text).is_some_and(|(key, _)| StepKey::of(&normalise(key.text)).is_some())
        }
        Block::Heading { .. } | Block::Blank => false,
    })
}

/// Reads all steps of the section. What is wrong is reported; a step that can't be read is left out.
pub(super) fn read_steps(section: &Section<'_, '_>, role: Role, reader: &mut Reader<'_, '_>) -> Vec<Step> {
    let drafts = cut(section, role, &mut reader.findings);
    if role == Role::Steps {
        check_numbers(&drafts, &mut reader.findings);
    }
    if let Some(draft) = drafts.get(MAX_STEPS) {
        reader.findings.error(
            Code::TooManySteps,
            draft.title.span(),
            format!(
                "`{}` has {} steps, and at most {MAX_STEPS} are read",
                section.name.text,
                drafts.len()
            ),
            "split the runbook: nobody can approve so many at a glance",
        );
        return Vec::new();
    }
    let steps = drafts.into_iter().enumerate().filter_map(|(at, draft)| {
        let no = StepNo(u16::try_from(at.saturating_add(1)).unwrap_or(u16::MAX));
        read_step(draft, no, role, reader)
    });
    steps.collect()
}

fn check_numbers(drafts: &[Draft<'_>], findings: &mut Findings<'_>) {
    for (at, draft) in drafts.iter().enumerate() {
        if let Some(number) = draft.number
            && usize::try_from(number) != Ok(at.saturating_add(1))
        {
            findings.error(
                Code::StepNumbering,
                draft.title.span(),
                format!(
                    "this is step {} in order, but its heading says {number}",
                    at.saturating_add(1)
                ),
                "number the steps 1, 2, 3 in the order in which they run",
            );
            // One gap shifts all that follow: say it once.
            break;
        }
    }
    for (at, draft) in drafts.iter().enumerate() {
        let same = |other: &Draft<'_>| normalise(other.title.text) == normalise(draft.title.text);
        if !draft.title.is_empty() && drafts.iter().take(at.min(MAX_STEPS)).any(same) {
            findings.warn(
                Code::DuplicateStep,
                draft.title.span(),
                format!("two steps are called `{}`", draft.title.text),
                "give each a title of its own, so that the card and the log can be told apart",
            );
        }
    }
}

fn read_step(draft: Draft<'_>, no: StepNo, role: Role, reader: &mut Reader<'_, '_>) -> Option<Step> {
    let inline = draft
        .keys
        .iter()
        .find(|(key, ..)| *key == StepKey::Command)
        .map(|(.., value)| *value);
    let commands: Vec<Piece<'_>> = draft
        .commands
        .iter()
        .copied()
        .chain(inline.map(|value| unquote(value).unwrap_or(value)))
        .collect();
    let command = match commands.as_slice() {
        [one] => only_command(*one, role, reader),
        [] if role == Role::Prechecks && draft.keys.is_empty() => Some(sentence()),
        [] if role == Role::Verification && draft.keys.is_empty() => {
            let message = "Interlock can't check this sentence";
            let help = "put a command below it in a code block; without one the last step with an expected output decides";
            reader
                .findings
                .warn(Code::StepWithoutCommand, draft.title.span(), message, help);
            return None;
        }
        [] => {
            reader.findings.error(
                Code::StepWithoutCommand,
                draft.title.span(),
                format!("step {no} has no command"),
                "put one command below it in a code block (```bash), or make the runbook a checklist without commands",
            );
            None
        }
        [_, second, ..] => {
            reader.findings.error(
                Code::SeveralCommands,
                second.trim().span(),
                format!("step {no} has a second command"),
                "make each command a step of its own, so that each can be approved, checked and stopped",
            );
            None
        }
    };
    let title = match draft.title.trim() {
        title if title.is_empty() => draft
            .remark
            .map_or_else(|| format!("Step {no}"), |text| text.text.to_owned()),
        title => title.text.lines().next().unwrap_or_default().to_owned(),
    };
    let mut step = blank(no, title, command.clone().unwrap_or_else(sentence));
    for (key, name, value) in &draft.keys {
        step_keys::read(*key, *name, *value, &mut step, reader);
    }
    let written = draft.keys.iter().find(|(key, ..)| *key == StepKey::Expected);
    check_expectation(&step, written.map(|(.., value)| *value), reader);
    command.map(|_| step)
}

/// What must only look is read with that in mind.
fn only_command(piece: Piece<'_>, role: Role, reader: &mut Reader<'_, '_>) -> Option<CommandLine> {
    let line = reader.command(piece)?;
    match role {
        Role::Steps => {}
        Role::Prechecks => lints::read_only(&line, piece, "a precheck", reader),
        Role::Verification => lints::read_only(&line, piece, "a verification", reader),
    }
    Some(line)
}

/// A precheck for people: a command line without stages.
fn sentence() -> CommandLine {
    CommandLine {
        source: String::new(),
        stages: Vec::new(),
    }
}

fn blank(no: StepNo, title: String, command: CommandLine) -> Step {
    Step {
        no,
        title,
        command,
        expected: None,
        // What the author didn't think of goes to a human.
        on_failure: FailureAction::Escalate,
        attempts: ATTEMPTS,
        timeout_seconds: TIMEOUT_SECONDS,
        tier_at_least: None,
        repeatable: false,
        rollback: None,
        when: When::Always,
        on_evidence: None,
        wait_seconds: 0,
    }
}

/// A jq expectation is checked as the filter that it is; `written` is where it stands.
fn check_expectation(step: &Step, written: Option<Piece<'_>>, reader: &mut Reader<'_, '_>) {
    let (Some(Expectation::Jq(program)), Some(written)) = (&step.expected, written) else {
        return;
    };
    let mut line = step.command.clone();
    let stage = line.stages.len();
    if stage == 0 {
        return;
    }
    let words = ["jq", program].map(|word| super::types::Word::Literal(word.to_owned()));
    line.stages.push(words.to_vec());
    for issue in (reader.check)(&line, &reader.parameters) {
        if issue.stage == stage {
            reader
                .findings
                .error(Code::BadValue, written.trim().span(), issue.message, issue.help);
        }
    }
}
