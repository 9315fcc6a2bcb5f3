//! Cuts Steps, Prechecks and Verification into steps and reads each: its command and the keys below it.
//! Not here: what the values of the keys look like (`step_keys`), and what a command may do (`crate::domain::action`).

use super::diagnostics::{Code, Findings};
use super::markdown::{Block, Piece};
use super::parse::Reader;
use super::sections::Section;
use super::step_keys::{self, StepKey};
use super::types::{CommandLine, Expectation, FailureAction, Step, When};
use super::words::{normalise, one_of, split_key, unquote};
use crate::domain::ids::StepNo;

/// More steps than this are no runbook that a person can approve.
pub(super) const MAX_STEPS: usize = 50;

/// Attempts when the file doesn't say.
const ATTEMPTS: u8 = 2;
/// Seconds for one attempt when the file doesn't say.
const TIMEOUT_SECONDS: u32 = 30;

/// Which section the steps stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Steps,
    Prechecks,
    Verification,
}

/// One step before its keys are read.
struct Draft<'a> {
    title: Piece<'a>,
    /// The number that the author wrote.
    number: Option<u32>,
    commands: Vec<Piece<'a>>,
    keys: Vec<(StepKey, Piece<'a>, Piece<'a>)>,
    /// The last line of text, which names a command without a heading.
    remark: Option<Piece<'a>>,
}

impl<'a> Draft<'a> {
    fn new(heading: Piece<'a>) -> Self {
        let (number, title) = numbered(heading);
        Self {
            title,
            number,
            commands: Vec::new(),
            keys: Vec::new(),
            remark: None,
        }
    }
}

/// `Step 2: Title`, `2. Title`, `Step 2 - Title` and a plain title.
fn numbered(heading: Piece<'_>) -> (Option<u32>, Piece<'_>) {
    let heading = heading.trim_matches(|c| c == '*').trim();
    let word = heading
        .text
        .get(..4)
        .is_some_and(|word| word.eq_ignore_ascii_case("step"));
    let rest = if word { heading.from(4).trim() } else { heading };
    let digits = rest.text.bytes().take_while(u8::is_ascii_digit).count();
    let after = rest.from(digits);
    let separated = after.is_empty() || after.text.starts_with([':', '.', ')', ' ', '-', '–', '—']);
    // "3 replicas are enough" is a title, "Step 3 replicas" and "3. Replicas" are numbered.
    let marked = word || after.text.starts_with([':', '.', ')']);
    match rest.slice(0, digits).text.parse() {
        Ok(number) if separated && marked => (
            Some(number),
            after.trim_matches(|c: char| c.is_whitespace() || ":.)-–—".contains(c)),
        ),
        _ => (None, heading),
    }
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
        let no = StepNo(u16::try_from(at + 1).unwrap_or(u16::MAX));
        read_step(draft, no, role, reader)
    });
    steps.collect()
}

fn cut<'a>(section: &Section<'a, '_>, role: Role, findings: &mut Findings<'_>) -> Vec<Draft<'a>> {
    let level = section.blocks.iter().find_map(|block| match block {
        Block::Heading { level, .. } => Some(*level),
        Block::Item { .. } | Block::Text { .. } | Block::Fence { .. } | Block::Blank => None,
    });
    let mut cutter = Cutter {
        role,
        level,
        drafts: Vec::new(),
        open_key: None,
    };
    for block in section.blocks {
        cutter.take(*block, findings);
    }
    cutter.drafts
}

struct Cutter<'a> {
    role: Role,
    /// Level of the headings that start steps; without headings, numbered items do.
    level: Option<u8>,
    drafts: Vec<Draft<'a>>,
    /// A key without a value: the code block below is its value.
    open_key: Option<(StepKey, Piece<'a>)>,
}

impl<'a> Cutter<'a> {
    fn take(&mut self, block: Block<'a>, findings: &mut Findings<'_>) {
        match block {
            Block::Blank => {}
            Block::Heading { level, text } => {
                self.close_key(findings);
                // Deeper headings are part of the step.
                if Some(level) <= self.level {
                    self.drafts.push(Draft::new(text));
                }
            }
            Block::Item {
                indent,
                ordered,
                text,
            } => {
                self.close_key(findings);
                let starts = self.level.is_none() && indent == 0 && self.split(text).is_none();
                if starts && (ordered || self.role != Role::Steps) {
                    self.start(text, findings);
                } else {
                    self.line(text, findings);
                }
            }
            Block::Text { text, .. } => {
                self.close_key(findings);
                self.line(text, findings);
            }
            Block::Fence { info, body } => self.fence(info, body, findings),
        }
    }

    /// A list item that is a step: its text is the title, or the command itself when it is all code.
    fn start(&mut self, text: Piece<'a>, findings: &mut Findings<'_>) {
        let mut draft = Draft::new(text);
        if let Some(code) = unquote(text).filter(|_| text.text.starts_with('`')) {
            draft.title = code;
            draft.commands.push(code);
        } else if let Some((title, code)) = trailing_code(text) {
            draft.title = title;
            draft.commands.push(code);
        }
        self.drafts.push(draft);
        self.close_key(findings);
    }

    fn split(&self, text: Piece<'a>) -> Option<(StepKey, Piece<'a>, Piece<'a>)> {
        let (key, value) = split_key(text)?;
        Some((StepKey::of(&normalise(key.text))?, key, value))
    }

    fn line(&mut self, text: Piece<'a>, findings: &mut Findings<'_>) {
        let Some((key, value)) = split_key(text) else {
            return self.remark(text);
        };
        let words = normalise(key.text);
        let Some(known) = StepKey::of(&words) else {
            let near = StepKey::near(&words);
            // A sentence with a colon is a sentence, unless it begins like a key.
            if near.is_none() && (words.split(' ').count() > 3 || step_keys::is_note(&words)) {
                return self.remark(text);
            }
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "the keys of a step are {}; a remark starts with `Note:`",
                    one_of(StepKey::titles()).replace(" or ", " and ")
                ),
            };
            findings.error(
                Code::UnknownKey,
                key.span(),
                format!("unknown key `{}`", key.text),
                help,
            );
            return;
        };
        let Some(draft) = self.drafts.last_mut() else {
            let help = "put it below the heading of its step: `### Step 1: …`";
            let message = format!("`{}` stands before the first step", key.text);
            findings.error(Code::FenceOutsideStep, key.span(), message, help);
            return;
        };
        if draft.keys.iter().any(|(other, ..)| *other == known) {
            let message = format!("`{}` stands twice in this step", key.text);
            findings.error(Code::DuplicateKey, key.span(), message, "leave one of them");
            return;
        }
        if value.is_empty() {
            self.open_key = Some((known, key));
        } else {
            draft.keys.push((known, key, value));
        }
    }

    fn remark(&mut self, text: Piece<'a>) {
        if let Some(draft) = self.drafts.last_mut() {
            draft.remark = Some(text);
        }
    }

    fn close_key(&mut self, findings: &mut Findings<'_>) {
        if let Some((_, key)) = self.open_key.take() {
            let message = format!("`{}` has no value", key.text);
            findings.error(
                Code::MissingValue,
                key.span(),
                message,
                "write the value behind the colon",
            );
        }
    }

    fn fence(&mut self, info: Piece<'a>, body: Piece<'a>, findings: &mut Findings<'_>) {
        if let (Some((known, key)), Some(draft)) = (self.open_key.take(), self.drafts.last_mut()) {
            draft.keys.push((known, key, body));
            return;
        }
        if !is_shell(info) {
            return;
        }
        // Without headings, each block of Prechecks and Verification is a step.
        let own = self.role != Role::Steps && self.level.is_none();
        let taken = self.drafts.last().is_none_or(|draft| !draft.commands.is_empty());
        if own && taken {
            let mut draft = Draft::new(body.trim());
            draft.number = None;
            draft.title = body.trim();
            self.drafts.push(draft);
        }
        match self.drafts.last_mut() {
            Some(draft) => draft.commands.push(body),
            None => findings.error(
                Code::FenceOutsideStep,
                body.trim().span(),
                "this command stands before the first step",
                "put a heading above it: `### Step 1: what it does`",
            ),
        }
    }
}

/// `` Redis answers: `kubectl …` ``.
fn trailing_code(text: Piece<'_>) -> Option<(Piece<'_>, Piece<'_>)> {
    let inner = text.text.strip_suffix('`')?;
    let at = inner.rfind('`')?;
    let title = text
        .slice(0, at)
        .trim_matches(|c: char| c.is_whitespace() || ":-–—".contains(c));
    let code = text.slice(at + 1, inner.len());
    (!title.is_empty() && code.text.contains(' ')).then_some((title, code))
}

fn check_numbers(drafts: &[Draft<'_>], findings: &mut Findings<'_>) {
    for (at, draft) in drafts.iter().enumerate() {
        if let Some(number) = draft.number
            && usize::try_from(number) != Ok(at + 1)
        {
            findings.error(
                Code::StepNumbering,
                draft.title.span(),
                format!("this is step {} in order, but its heading says {number}", at + 1),
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
        [one] => reader.command(*one),
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
    check_expectation(&step, commands.first().copied(), reader);
    command.map(|_| step)
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
        wait_seconds: 0,
    }
}

/// A jq expectation is checked as the filter that it is.
fn check_expectation(step: &Step, command: Option<Piece<'_>>, reader: &mut Reader<'_, '_>) {
    let (Some(Expectation::Jq(program)), Some(command)) = (&step.expected, command) else {
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
                .error(Code::BadValue, command.trim().span(), issue.message, issue.help);
        }
    }
}
