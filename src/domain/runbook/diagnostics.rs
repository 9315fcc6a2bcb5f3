//! What is wrong with a runbook file, where, and how to mend it. Rendering is miette's; the JSON form is the type itself.
//! Not here: any rule about what is wrong. Invariants: a span lies within the file's text, on character boundaries;
//! `line` and `column` count from 1, columns in characters.

use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode, SourceSpan};
use serde::Serialize;

use super::lexemes::is_invisible;
use crate::domain::text::head;

/// Diagnostics kept for one file; what comes after is counted by nobody, since mending these comes first.
const KEPT: usize = 100;

/// An error refuses the file; a warning doesn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Error,
    Warning,
}

/// A part of the file's text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span {
    pub offset: usize,
    pub len: usize,
}

macro_rules! codes {
    ($($name:ident => $text:literal),+ $(,)?) => {
        /// What kind of mistake it is. The words are stable: people filter by them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($name),+ }

        impl Code {
            /// All codes, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

codes! {
    // the file
    NotUtf8 => "not-utf8",
    TooLarge => "too-large",
    Unreadable => "unreadable",
    BadName => "bad-name",
    DuplicateName => "duplicate-name",
    Empty => "empty",
    NoTitle => "no-title",
    FrontMatter => "front-matter",
    UnclosedFence => "unclosed-fence",
    UnclosedComment => "unclosed-comment",
    // sections and keys
    UnknownSection => "unknown-section",
    DuplicateSection => "duplicate-section",
    UnknownKey => "unknown-key",
    DuplicateKey => "duplicate-key",
    NotAKey => "not-a-key",
    BadValue => "bad-value",
    MissingValue => "missing-value",
    NoOwner => "no-owner",
    NoTrigger => "no-trigger",
    MixedAndOr => "mixed-and-or",
    // steps
    NoSteps => "no-steps",
    TooManySteps => "too-many-steps",
    StepNumbering => "step-numbering",
    StepWithoutCommand => "step-without-command",
    SeveralCommands => "several-commands",
    DuplicateStep => "duplicate-step",
    FenceOutsideStep => "fence-outside-step",
    FirstStepWhen => "first-step-when",
    NotReadOnly => "not-read-only",
    NoVerification => "no-verification",
    NoNamespace => "no-namespace",
    UnboundedNamespace => "unbounded-namespace",
    UnusedBudget => "unused-budget",
    NoBudget => "no-budget",
    // parameters
    BadParameter => "bad-parameter",
    DuplicateParameter => "duplicate-parameter",
    UnknownParameter => "unknown-parameter",
    UnusedParameter => "unused-parameter",
    PlaceholderInsideWord => "placeholder-inside-word",
    BadPlaceholder => "bad-placeholder",
    PlaceholderOutsideCommand => "placeholder-outside-command",
    // command lines
    BadCommand => "bad-command",
    SeveralLines => "several-lines",
    EmptyCommand => "empty-command",
    CommandSeparator => "command-separator",
    CommandSubstitution => "command-substitution",
    ShellVariable => "shell-variable",
    ShellSyntax => "shell-syntax",
    Redirect => "redirect",
    Glob => "glob",
    Background => "background",
    Comment => "comment",
    UnclosedQuote => "unclosed-quote",
    InvisibleCharacter => "invisible-character",
    TypographicCharacter => "typographic-character",
    // with a configuration
    UnknownCluster => "unknown-cluster",
    UnknownEnvironment => "unknown-environment",
    NoEnvironment => "no-environment",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One finding about one file. Serialises as the JSON that `interlock check --format json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    pub severity: Level,
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
    #[serde(flatten)]
    pub span: Span,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
}

impl Diagnostic {
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Level::Error
    }

    /// A finding about the first place in `text` where `part` stands; its beginning when it stands nowhere.
    #[must_use]
    pub fn about(text: &str, part: &str, kind: (Level, Code), message: &str, help: &str) -> Self {
        let (severity, code) = kind;
        let span = text.find(part).map(|offset| Span {
            offset,
            len: part.len(),
        });
        let mut findings = Findings::new(text);
        let (message, help) = (message.to_owned(), help.to_owned());
        findings.push(
            severity,
            code,
            span.unwrap_or_default(),
            message.clone(),
            help.clone(),
        );
        let mut alone = Self::of_file(code, message, help);
        alone.severity = severity;
        findings.into_list().pop().unwrap_or(alone)
    }

    /// A finding about a file whose text can't be used: it points at its beginning.
    #[must_use]
    pub fn of_file(code: Code, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            severity: Level::Error,
            code,
            message: message.into(),
            help: help.into(),
            span: Span::default(),
            line: 1,
            column: 1,
        }
    }

    /// `file:line:column: error[code]: message`, for editors and logs.
    #[must_use]
    pub fn one_line(&self, file_name: &str) -> String {
        let severity = match self.severity {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        format!(
            "{file_name}:{}:{}: {severity}[{}]: {}",
            self.line, self.column, self.code, self.message
        )
    }

    /// The finding with the lines it is about, for a terminal.
    #[must_use]
    pub fn render(&self, file_name: &str, text: &str, style: Style) -> String {
        let theme = match style {
            Style::Plain => GraphicalTheme::unicode_nocolor(),
            Style::Colour => GraphicalTheme::unicode(),
        };
        let shown = Shown {
            diagnostic: self,
            // A file with an error may hold anything; a tab or an escape sequence must not reach the terminal.
            source: NamedSource::new(file_name, harmless(text)),
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(100)
            .with_context_lines(1);
        let mut out = String::new();
        if handler.render_report(&mut out, &shown).is_err() {
            // The handler only fails when writing fails or a span is off; the finding itself must still be told.
            out = format!("{}\n  help: {}\n", self.one_line(file_name), self.help);
        }
        out
    }
}

/// How to render.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    Colour,
}

/// Same byte length as `text`, without control and direction characters other than the newline.
fn harmless(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let control = (c.is_control() || is_invisible(c)) && c != '\n';
            let width = if control { c.len_utf8() } else { 1 };
            std::iter::repeat_n(if control { ' ' } else { c }, width)
        })
        .collect()
}

#[derive(Debug)]
struct Shown<'a> {
    diagnostic: &'a Diagnostic,
    source: NamedSource<String>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.diagnostic.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Level::Error => miette::Severity::Error,
            Level::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.diagnostic.help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = SourceSpan::from((self.diagnostic.span.offset, self.diagnostic.span.len));
        Some(Box::new(std::iter::once(LabeledSpan::underline(span))))
    }
}

/// Collects the findings about one text.
pub(super) struct Findings<'a> {
    text: &'a str,
    list: Vec<Diagnostic>,
}

impl<'a> Findings<'a> {
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            list: Vec::new(),
        }
    }

    pub fn error(&mut self, code: Code, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.push(Level::Error, code, span, message.into(), help.into());
    }

    pub fn warn(&mut self, code: Code, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.push(Level::Warning, code, span, message.into(), help.into());
    }

    /// Makes warnings of the errors that leave a page of prose readable.
    pub fn forgive(&mut self) {
        for found in &mut self.list {
            if !matches!(found.code, Code::Empty | Code::UnknownSection) {
                found.severity = Level::Warning;
            }
        }
    }

    pub fn has_errors(&self) -> bool {
        self.list.iter().any(Diagnostic::is_error)
    }

    /// In the order of the file.
    pub fn into_list(mut self) -> Vec<Diagnostic> {
        self.list
            .sort_by_key(|found| (found.span.offset, found.severity, found.code));
        self.list
    }

    fn push(&mut self, severity: Level, code: Code, span: Span, message: String, help: String) {
        // An error is never crowded out by warnings: without it a bad file would load.
        if self.list.len() >= KEPT && (severity == Level::Warning || self.has_errors()) {
            return;
        }
        let offset = head(self.text, span.offset).len();
        let end = head(self.text, span.offset.saturating_add(span.len))
            .len()
            .max(offset);
        let before = self.text.get(..offset).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
        let line = before
            .bytes()
            .filter(|byte| *byte == b'\n')
            .count()
            .saturating_add(1);
        let column = before
            .get(line_start..)
            .unwrap_or_default()
            .chars()
            .count()
            .saturating_add(1);
        self.list.push(Diagnostic {
            severity,
            code,
            message: shown(&message),
            help: shown(&help),
            span: Span {
                offset,
                len: end.saturating_sub(offset),
            },
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
        });
    }
}

/// Texts quote the file: control characters don't reach a terminal, and a long quotation is cut.
fn shown(text: &str) -> String {
    const LONGEST: usize = 400;
    let clean = |c: char| {
        if c.is_control() || is_invisible(c) {
            '\u{fffd}'
        } else {
            c
        }
    };
    let mut out: String = text.chars().take(LONGEST).map(clean).collect();
    if text.chars().nth(LONGEST).is_some() {
        out.push('…');
    }
    out
}
