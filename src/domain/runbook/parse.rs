//! Reads one file into a runbook, and says everything that is wrong with it. One error refuses the file: half a runbook
//! would act on half of what its author meant. Not here: what a command may do; the caller brings that check.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::blast_radius::{BlastRadius, read_blast_radius};
use super::command::lex;
use super::diagnostics::{Code, Diagnostic, Findings, Span};
use super::evidence::read_evidence;
use super::head::read_head;
use super::lints;
use super::markdown::{self, Piece};
use super::on_evidence;
use super::params::read_parameters;
use super::prose;
use super::sections::{Known, Outline, Section, check_names, outline};
use super::steps::{Role, has_commands, read_steps};
use super::trigger::read_trigger;
use super::types::{CommandLine, ParamSpec, Runbook, Trigger, Word};
use super::words::{did_you_mean, normalise, split_key};
use crate::domain::ids::{Revision, RunbookName};

/// A larger file is refused: 256 KiB.
pub const MAX_FILE_BYTES: usize = 256 * 1024;

/// What the check of a command line found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandIssue {
    /// From 0.
    pub stage: usize,
    /// From 0, within its stage.
    pub word: usize,
    pub message: String,
    pub help: String,
}

/// Says what is wrong with a command line as an action: unknown programs, verbs and flags, values that can't be.
pub type CommandCheck<'c> = dyn Fn(&CommandLine, &[ParamSpec]) -> Vec<CommandIssue> + 'c;

/// What came out of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// `None` when a diagnostic is an error.
    pub runbook: Option<Runbook>,
    /// When it is meant, of a refused file as far as that could be read.
    pub trigger: Trigger,
    /// In the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    fn refused(code: Code, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            runbook: None,
            trigger: Trigger::default(),
            diagnostics: vec![Diagnostic::of_file(code, message, help)],
        }
    }
}

impl Runbook {
    /// Reads the bytes of a file. `file_name` may have folders; the name of the runbook is the stem of the last part.
    #[must_use]
    pub fn parse_bytes(file_name: &str, bytes: &[u8], check: &CommandCheck<'_>) -> Parsed {
        if bytes.len() > MAX_FILE_BYTES {
            return Parsed::refused(
                Code::TooLarge,
                format!(
                    "the file has {} bytes, and at most {MAX_FILE_BYTES} are read",
                    bytes.len()
                ),
                "split it into several runbooks",
            );
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::parse(file_name, text, check),
            Err(error) => Parsed::refused(
                Code::NotUtf8,
                format!(
                    "the file is not UTF-8 text: byte {} is none",
                    error.valid_up_to().saturating_add(1)
                ),
                "save it as UTF-8 in your editor",
            ),
        }
    }

    /// Reads the text of a file; see `parse_bytes`.
    #[must_use]
    pub fn parse(file_name: &str, text: &str, check: &CommandCheck<'_>) -> Parsed {
        if text.len() > MAX_FILE_BYTES {
            return Self::parse_bytes(file_name, text.as_bytes(), check);
        }
        let Some(name) = name_of(file_name) else {
            return Parsed::refused(
                Code::BadName,
                format!("`{file_name}` can't be the name of a runbook"),
                "rename the file to letters, digits, `-`, `_` and `.`, such as `redis-connection-timeout.md`",
            );
        };
        let mut reader = Reader {
            findings: Findings::new(text),
            check,
            parameters: Vec::new(),
            parameter_spans: Vec::new(),
            used: Vec::new(),
        };
        let blocks = markdown::read(text, &mut reader.findings);
        let outline = outline(text, &blocks);
        let mut runbook = reader.assemble(name, text, &outline);
        prose::finish(&mut runbook, &outline, &mut reader.findings);
        let refused = reader.findings.has_errors();
        Parsed {
            trigger: runbook.trigger.clone(),
            runbook: (!refused).then_some(runbook),
            diagnostics: reader.findings.into_list(),
        }
    }
}

/// The name of the runbook in this file: what stands before `.md`. At most 200 bytes of letters, digits, `-`, `_`, `.`, and inside
/// of it the other characters that page names have and that no chat or terminal reads anything into.
pub(super) fn name_of(file_name: &str) -> Option<RunbookName> {
    let last = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = last.strip_suffix(".md").unwrap_or(last);
    let good = |c: char| {
        c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '#' | ':' | ',' | '=' | '%' | '(' | ')')
    };
    let starts = stem.chars().next().is_some_and(char::is_alphanumeric);
    (starts && stem.len() <= 200 && stem.chars().all(good)).then(|| RunbookName::new(stem))
}

/// The revision of a text: its content hash.
pub(super) fn revision_of(text: &[u8]) -> Revision {
    Revision::new(format!("sha256:{}", hex::encode(Sha256::digest(text))))
}

/// What the readers of the sections share.
pub(super) struct Reader<'a, 'c> {
    pub findings: Findings<'a>,
    pub check: &'c CommandCheck<'c>,
    pub parameters: Vec<ParamSpec>,
    /// Where each parameter is declared.
    pub parameter_spans: Vec<Span>,
    /// Names of the placeholders met.
    pub used: Vec<String>,
}

impl<'a> Reader<'a, '_> {
    /// Reads and checks one command line; `None` when it can't be read as one at all.
    pub fn command(&mut self, piece: Piece<'_>) -> Option<CommandLine> {
        let lexed = match lex(piece) {
            Ok(lexed) => lexed,
            Err(error) => {
                self.findings
                    .error(error.code, error.span, error.message, error.help);
                return None;
            }
        };
        let span_of = |stage: usize, word: usize| {
            let spans = lexed.spans.get(stage);
            spans
                .and_then(|spans| spans.get(word).or(spans.last()))
                .copied()
                .unwrap_or(piece.trim().span())
        };
        for (stage, words) in lexed.line.stages.iter().enumerate() {
            for (at, word) in words.iter().enumerate() {
                if let Word::Placeholder(name) = word {
                    self.placeholder(name, span_of(stage, at));
                }
            }
        }
        let issues = (self.check)(&lexed.line, &self.parameters);
        let told = issues.iter().any(|issue| issue.message.contains("namespace"));
        for issue in issues {
            let span = span_of(issue.stage, issue.word);
            self.findings
                .error(Code::BadCommand, span, issue.message, issue.help);
        }
        if !told {
            lints::namespace(&lexed.line, &lexed.spans, self);
        }
        Some(lexed.line)
    }

    fn placeholder(&mut self, name: &str, span: Span) {
        if !self.parameters.iter().any(|spec| spec.name == name) {
            let names = || self.parameters.iter().map(|spec| spec.name.as_str());
            let help = match did_you_mean(name, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("declare it: `## Parameters` with `- {name}: name`"),
            };
            let message = format!("the parameter `{name}` is not declared");
            self.findings.error(Code::UnknownParameter, span, message, help);
        }
        if !self.used.iter().any(|used| used == name) {
            self.used.push(name.to_owned());
        }
    }

    fn assemble(&mut self, name: RunbookName, text: &str, outline: &Outline<'a, '_>) -> Runbook {
        let find = |known: Known| {
            outline
                .sections
                .iter()
                .find(|section| section.known == Some(known))
        };
        let executable = find(Known::Steps).is_some_and(has_commands);
        check_names(&outline.sections, executable, &mut self.findings);
        if let Some(section) = find(Known::Parameters) {
            read_parameters(section, self);
        }
        let trigger = find(Known::Trigger)
            .map(|section| read_trigger(section, &mut self.findings))
            .unwrap_or_default();
        let radius = find(Known::BlastRadius)
            .map(|section| read_blast_radius(section, &mut self.findings))
            .unwrap_or_default();
        let mut steps_of = |known, role| {
            let section = find(known).filter(|_| executable || known == Known::Prechecks);
            section
                .map(|section| read_steps(section, role, self))
                .unwrap_or_default()
        };
        let prechecks = steps_of(Known::Prechecks, Role::Prechecks);
        let steps = steps_of(Known::Steps, Role::Steps);
        let verification = steps_of(Known::Verification, Role::Verification);
        let evidence = find(Known::Evidence)
            .map(|section| read_evidence(section, self))
            .unwrap_or_default();
        let head = read_head(outline, &mut self.findings);
        let checklist = match executable {
            true => Vec::new(),
            false => prose::checklist(outline),
        };
        let runbook = Runbook {
            name,
            title: outline
                .title
                .map_or_else(String::new, |title| title_text(title).to_owned()),
            revision: revision_of(text.as_bytes()),
            owner: head.owner,
            trigger,
            budget: radius.budget.clone(),
            requires_human_approval: radius.requires_human_approval.unwrap_or(true),
            autonomy: head.autonomy,
            parameters: self.parameters.clone(),
            evidence,
            prechecks,
            steps,
            verification,
            do_not_touch: find(Known::DoNotTouch).map(prose::list).unwrap_or_default(),
            incident_class: head.incident_class,
            escalation: find(Known::Escalation).map(|section| section.body.text.trim().to_owned()),
            checklist,
            sections: section_texts(&outline.sections),
            source: text.to_owned(),
        };
        self.lint(runbook, executable, outline, &radius)
    }

    fn lint(
        &mut self,
        mut runbook: Runbook,
        executable: bool,
        outline: &Outline<'a, '_>,
        radius: &BlastRadius,
    ) -> Runbook {
        if runbook.title.is_empty() {
            let span = Span { offset: 0, len: 0 };
            let help = format!(
                "begin with `# Runbook: {}`",
                runbook.name.as_str().replace(['-', '_'], " ")
            );
            self.findings
                .warn(Code::NoTitle, span, "the runbook has no title", help);
            runbook.title = runbook.name.as_str().to_owned();
        }
        let place = outline.title.map_or_else(Span::default, Piece::span);
        on_evidence::resolve(&mut runbook, |title| lints::heading_of(outline, title), self);
        lints::whole(&runbook, executable, place, outline, radius, self);
        runbook
    }
}

/// `Runbook: Redis Connection Timeout` without the first word.
fn title_text(title: Piece<'_>) -> &str {
    match split_key(title) {
        Some((key, value)) if normalise(key.text) == "runbook" && !value.is_empty() => value.text,
        _ => title.text,
    }
}

/// All sections as written. The same name twice is joined.
fn section_texts(sections: &[Section<'_, '_>]) -> BTreeMap<String, String> {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for section in sections {
        let title: &str = match section.known {
            Some(known) => known.title(),
            None => section.name.text,
        };
        let inline = section.inline.text;
        let body = section.body.text.trim();
        let text = texts.entry(title.to_owned()).or_default();
        for part in [inline, body].into_iter().filter(|part| !part.is_empty()) {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(part);
        }
    }
    texts
}
