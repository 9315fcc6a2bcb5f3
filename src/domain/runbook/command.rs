//! Reads one command line into words, the way a POSIX shell splits it, and nothing else of a shell: what a shell would
//! expand, chain, redirect or hide is refused with a word on what to write instead. Nothing here knows any program.
//! Longer than other files, since all states of the lexer share its cursor.
//! Invariants: at least one stage, every stage has at least one word and starts with a literal; what is read is what runs.

use std::fmt;

use super::diagnostics::{Code, Span};
use super::lexemes::{
    expands_braces, has_placeholder, is_invisible, is_parameter_name, newline_after_backslash,
};
use super::markdown::Piece;
use super::types::{CommandLine, Word};

const QUOTE_IT: &str = "put the word in single quotes when it is meant as it stands";

/// A command line that was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {help}")]
pub struct CommandError {
    pub code: Code,
    pub message: String,
    pub help: String,
    /// Place in the text that was given.
    pub span: Span,
}

/// A command line with the place of each word in the file.
pub(super) struct Lexed {
    pub line: CommandLine,
    pub spans: Vec<Vec<Span>>,
}

impl CommandLine {
    /// Reads one command line.
    ///
    /// # Errors
    /// The first thing that Interlock doesn't take from a shell, with its place and what to do instead.
    pub fn parse(source: &str) -> Result<Self, CommandError> {
        lex(Piece { text: source, at: 0 }).map(|lexed| lexed.line)
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

/// Reads the text of a fenced block or of a value. Spans are offsets in the file.
pub(super) fn lex(piece: Piece<'_>) -> Result<Lexed, CommandError> {
    let piece = piece.trim();
    let mut lexer = Lexer {
        base: piece.at,
        text: piece.text,
        at: 0,
        stages: Vec::new(),
        stage: Vec::new(),
        spans: vec![Vec::new()],
    };
    lexer.visible()?;
    lexer.run()?;
    Ok(Lexed {
        line: CommandLine {
            source: piece.text.to_owned(),
            stages: lexer.stages,
        },
        spans: lexer.spans,
    })
}

struct Lexer<'a> {
    base: usize,
    text: &'a str,
    at: usize,
    stages: Vec<Vec<Word>>,
    stage: Vec<Word>,
    spans: Vec<Vec<Span>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quoting {
    None,
    Double,
}

type Read<T> = Result<T, CommandError>;

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn advance(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    fn error<T>(&self, code: Code, from: usize, len: usize, message: &str, help: &str) -> Read<T> {
        let span = Span {
            offset: self.base.saturating_add(from),
            len,
        };
        Err(CommandError {
            code,
            message: message.to_owned(),
            help: help.to_owned(),
            span,
        })
    }

    /// What a reader can't see, or sees as something else, can't be approved.
    fn visible(&self) -> Read<()> {
        for (at, c) in self.text.char_indices() {
            if is_invisible(c) {
                let message = format!(
                    "this command line holds an invisible character (U+{:04X})",
                    u32::from(c)
                );
                let help = "delete it and type the line again by hand";
                return self.error(Code::InvisibleCharacter, at, c.len_utf8(), &message, help);
            }
            if matches!(c, '“' | '”' | '„' | '‘' | '’' | '–' | '—') {
                let message = format!("`{c}` is a typographic character, as word processors put it in");
                let help = "type plain quotes and hyphens: \" ' -";
                return self.error(Code::TypographicCharacter, at, c.len_utf8(), &message, help);
            }
        }
        Ok(())
    }

    fn run(&mut self) -> Read<()> {
        if let Some(rest) = self.text.strip_prefix("$ ") {
            let help = format!(
                "leave out the prompt: `{}`",
                rest.lines().next().unwrap_or_default().trim()
            );
            return self.error(
                Code::ShellSyntax,
                0,
                2,
                "this line starts with a shell prompt",
                &help,
            );
        }
        while let Some(c) = self.rest().chars().next() {
            match c {
                ' ' | '\t' | '\r' => self.advance(1),
                '\\' if newline_after_backslash(self.rest()).is_some() => {
                    self.advance(newline_after_backslash(self.rest()).unwrap_or(1));
                }
                '\n' => return self.several_lines(),
                '|' => self.pipe()?,
                '#' => {
                    let help = "write the remark as a line of text outside the code block";
                    let len = self.rest().lines().next().unwrap_or_default().len();
                    return self.error(
                        Code::Comment,
                        self.at,
                        len,
                        "a comment is not part of a command",
                        help,
                    );
                }
                _ => self.word()?,
            }
        }
        self.end_stage(self.text.len())
    }

    /// The text is trimmed, so something stands on a later line.
    fn several_lines(&self) -> Read<()> {
        let next = self.text.len().saturating_sub(self.rest().trim_start().len());
        let len = self
            .text
            .get(next..)
            .and_then(|rest| rest.lines().next())
            .unwrap_or_default()
            .len();
        let help = "make each command a step of its own, or end the line with `\\` when it goes on";
        self.error(
            Code::SeveralLines,
            next,
            len,
            "a step runs one command, and here is a second line",
            help,
        )
    }

    fn pipe(&mut self) -> Read<()> {
        let rest = self.rest();
        if rest.starts_with("||") {
            let help = "make it a step of its own with `When: previous failed`";
            return self.error(
                Code::CommandSeparator,
                self.at,
                2,
                "`||` chains commands, which needs a shell",
                help,
            );
        }
        if rest.starts_with("|&") {
            let help = "write `|`; errors are shown beside the output";
            return self.error(
                Code::Redirect,
                self.at,
                2,
                "`|&` redirects errors, which needs a shell",
                help,
            );
        }
        self.end_stage(self.at)?;
        self.advance(1);
        self.spans.push(Vec::new());
        Ok(())
    }

    fn end_stage(&mut self, at: usize) -> Read<()> {
        let stage = std::mem::take(&mut self.stage);
        match stage.first() {
            Some(Word::Literal(_)) => {}
            Some(Word::Placeholder(name)) => {
                let span = self
                    .spans
                    .last()
                    .and_then(|spans| spans.first())
                    .copied()
                    .unwrap_or_default();
                let message = format!("the program itself can't be the parameter `{name}`");
                let help = "write the program out: `kubectl`, `curl`, `jq`, `grep`, `head`, `tail` or `wc`";
                return self.error(
                    Code::BadPlaceholder,
                    span.offset.saturating_sub(self.base),
                    span.len,
                    &message,
                    help,
                );
            }
            None if self.stages.is_empty() && at == self.text.len() => {
                let help = "write the command, such as `kubectl get pods -n production`";
                return self.error(
                    Code::EmptyCommand,
                    0,
                    self.text.len(),
                    "there is no command here",
                    help,
                );
            }
            None => {
                let from = at.saturating_sub(usize::from(at == self.text.len()));
                let help = "write a command on both sides of `|`, or leave it out";
                return self.error(Code::EmptyCommand, from, 1, "one side of `|` is empty", help);
            }
        }
        self.stages.push(stage);
        Ok(())
    }

    fn push(&mut self, word: Word, start: usize) {
        self.stage.push(word);
        let span = Span {
            offset: self.base.saturating_add(start),
            len: self.at.saturating_sub(start),
        };
        if let Some(spans) = self.spans.last_mut() {
            spans.push(span);
        }
    }

    fn word(&mut self) -> Read<()> {
        let start = self.at;
        if let Some(word) = self.placeholder()? {
            self.push(word, start);
            return Ok(());
        }
        let mut word = String::new();
        while let Some(c) = self.rest().chars().next() {
            match c {
                ' ' | '\t' | '\r' | '\n' | '|' => break,
                '\'' => self.single_quoted(&mut word)?,
                '"' => self.double_quoted(&mut word)?,
                '\\' => {
                    if newline_after_backslash(self.rest()).is_some() {
                        break;
                    }
                    self.advance(1);
                    let Some(next) = self.rest().chars().next() else {
                        let help = "leave it out, or put the text in single quotes";
                        return self.error(Code::ShellSyntax, start, 1, "a `\\` stands at the end", help);
                    };
                    word.push(next);
                    self.advance(next.len_utf8());
                }
                _ => {
                    self.plain(c, start, &word)?;
                    word.push(c);
                    self.advance(c.len_utf8());
                }
            }
        }
        if self.stage.is_empty() && self.is_assignment(start, &word) {
            let help = "leave it out; a program in a pod gets its environment from the pod";
            let message = "a variable in front of the command needs a shell";
            return self.error(
                Code::ShellVariable,
                start,
                self.at.saturating_sub(start),
                message,
                help,
            );
        }
        if has_placeholder(&word) {
            let help =
                "make it a word of its own: `--replicas {{ replicas }}`, not `--replicas={{ replicas }}`";
            let message = "a placeholder stands for one whole word";
            return self.error(
                Code::PlaceholderInsideWord,
                start,
                self.at.saturating_sub(start),
                message,
                help,
            );
        }
        self.push(Word::Literal(word), start);
        Ok(())
    }

    fn is_assignment(&self, start: usize, word: &str) -> bool {
        let unquoted = self.text.get(start..self.at) == Some(word);
        unquoted
            && word.split_once('=').is_some_and(|(name, _)| {
                !name.is_empty()
                    && name
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            })
    }

    /// `{{ name }}`, bare or in quotes, as a whole word.
    fn placeholder(&mut self) -> Read<Option<Word>> {
        let rest = self.rest();
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let inner = rest.get(usize::from(quote.is_some())..).unwrap_or_default();
        if !inner.starts_with("{{") {
            return Ok(None);
        }
        let Some(end) = inner.find("}}") else {
            if quote.is_some() {
                return Ok(None);
            }
            let help = "write `{{ name }}`, or put the text in single quotes";
            return self.error(
                Code::BadPlaceholder,
                self.at,
                2,
                "this placeholder is never closed",
                help,
            );
        };
        let name = inner.get(2..end).unwrap_or_default().trim();
        if !is_parameter_name(name) {
            if quote.is_some() {
                return Ok(None);
            }
            let message = format!("`{name}` can't be the name of a parameter");
            let help = "use lower-case letters, digits and `_`, starting with a letter";
            return self.error(
                Code::BadPlaceholder,
                self.at,
                end.saturating_add(2),
                &message,
                help,
            );
        }
        let after = inner.get(end.saturating_add(2)..).unwrap_or_default();
        let after = match quote {
            Some(quote) => match after.strip_prefix(quote) {
                Some(after) => after,
                None => return Ok(None),
            },
            None => after,
        };
        let width = rest.len().saturating_sub(after.len());
        if after
            .chars()
            .next()
            .is_some_and(|c| !c.is_whitespace() && c != '|')
        {
            let help = "make it a word of its own, with a space before and after";
            let message = "a placeholder stands for one whole word";
            return self.error(Code::PlaceholderInsideWord, self.at, width, message, help);
        }
        let word = Word::Placeholder(name.to_owned());
        self.advance(width);
        Ok(Some(word))
    }

    fn single_quoted(&mut self, word: &mut String) -> Read<()> {
        let inner = self.rest().get(1..).unwrap_or_default();
        let Some(end) = inner.find('\'') else {
            return self.error(
                Code::UnclosedQuote,
                self.at,
                1,
                "this quote is never closed",
                "close it with `'`",
            );
        };
        word.push_str(inner.get(..end).unwrap_or_default());
        self.advance(end.saturating_add(2));
        Ok(())
    }

    fn double_quoted(&mut self, word: &mut String) -> Read<()> {
        let opening = self.at;
        self.advance(1);
        while let Some(c) = self.rest().chars().next() {
            let next = self.rest().chars().nth(1);
            match (c, next) {
                ('"', _) => {
                    self.advance(1);
                    return Ok(());
                }
                ('\\', Some(escaped @ ('$' | '`' | '"' | '\\'))) => {
                    word.push(escaped);
                    self.advance(2);
                }
                ('\\', Some('\n')) => self.advance(2),
                ('$' | '`', _) => {
                    self.expansion(c, Quoting::Double)?;
                    word.push(c);
                    self.advance(1);
                }
                _ => {
                    word.push(c);
                    self.advance(c.len_utf8());
                }
            }
        }
        self.error(
            Code::UnclosedQuote,
            opening,
            1,
            "this quote is never closed",
            "close it with `\"`",
        )
    }

    /// Refuses `$(…)`, `` `…` `` and `$NAME`; a lone `$` is itself.
    fn expansion(&self, c: char, quoting: Quoting) -> Read<()> {
        let next = self.rest().chars().nth(1);
        let quotes = next.is_some_and(|next| matches!(next, '\'' | '"'));
        match (c, next) {
            ('`', _) | ('$', Some('(')) => {
                let message = "a command inside a command needs a shell";
                let help = "make it a step or an evidence query of its own, and its result a parameter";
                self.error(
                    Code::CommandSubstitution,
                    self.at,
                    usize::from(c == '$').saturating_add(1),
                    message,
                    help,
                )
            }
            // Inside double quotes the quote ends the text: `"costs $"`.
            ('$', Some(_)) if quotes && quoting == Quoting::Double => Ok(()),
            ('$', Some(next)) if quotes || next.is_alphanumeric() || "_{*@#?!-$".contains(next) => {
                let message = "a shell variable is not filled in here";
                let help = "declare a parameter and write `{{ name }}`, or use single quotes";
                self.error(
                    Code::ShellVariable,
                    self.at,
                    next.len_utf8().saturating_add(1),
                    message,
                    help,
                )
            }
            _ => Ok(()),
        }
    }

    /// Refuses an unquoted character that a shell would act on.
    fn plain(&self, c: char, start: usize, word: &str) -> Read<()> {
        match c {
            ';' | '&' => self.separator(c),
            '<' | '>' => {
                let help = "leave it out: output and errors are kept and shown; nothing is written to files";
                self.error(Code::Redirect, self.at, 1, "a redirect needs a shell", help)
            }
            '$' | '`' => self.expansion(c, Quoting::None),
            '*' | '?' | '[' | '~' => self.glob(c, start),
            '{' => self.brace(start, word),
            '(' | ')' => {
                let message = "parentheses start a sub-shell";
                self.error(Code::ShellSyntax, self.at, 1, message, QUOTE_IT)
            }
            '!' if self.at == start && self.stage.is_empty() => {
                let message = "`!` turns a result round, which needs a shell";
                let help = "say what must come out with `Expected output:`";
                self.error(Code::ShellSyntax, self.at, 1, message, help)
            }
            _ => Ok(()),
        }
    }

    /// `;`, `&&` and `&`: one command after or beside another.
    fn separator(&self, c: char) -> Read<()> {
        let at = self.at;
        if c == ';' {
            let message = "`;` chains commands, which needs a shell";
            let help = "make each command a step of its own";
            self.error(Code::CommandSeparator, at, 1, message, help)
        } else if self.rest().starts_with("&&") {
            let message = "`&&` chains commands, which needs a shell";
            let help = "make each command a step of its own; a step that fails stops the ones after it";
            self.error(Code::CommandSeparator, at, 2, message, help)
        } else {
            let message = "`&` starts a command in the background";
            let help = "leave it out (a step runs to its end or its `Timeout`), or quote the word";
            self.error(Code::Background, at, 1, message, help)
        }
    }

    /// What stands for names of files. A `~` does so only at the beginning of a word.
    fn glob(&self, c: char, start: usize) -> Read<()> {
        if c != '~' {
            let message = format!("a shell would expand `{c}` to file names");
            self.error(Code::Glob, self.at, 1, &message, QUOTE_IT)
        } else if self.at == start {
            let message = "a shell would expand `~` to a home folder";
            self.error(Code::Glob, self.at, 1, message, QUOTE_IT)
        } else {
            Ok(())
        }
    }

    /// A brace that a shell would expand, or a placeholder that is only a part of its word.
    fn brace(&self, start: usize, word: &str) -> Read<()> {
        if expands_braces(self.rest()) {
            let message = "a shell would expand these braces to several words";
            self.error(Code::Glob, self.at, 1, message, QUOTE_IT)
        } else if self.rest().starts_with("{{") && !word.is_empty() {
            let message = "a placeholder stands for one whole word";
            let help =
                "make it a word of its own: `--replicas {{ replicas }}`, not `--replicas={{ replicas }}`";
            let length = self.at.saturating_add(2).saturating_sub(start);
            self.error(Code::PlaceholderInsideWord, start, length, message, help)
        } else {
            Ok(())
        }
    }
}
