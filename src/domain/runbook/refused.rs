//! A file that may not be used, and what can be said of it all the same: its name, when it was meant, and what is wrong. It
//! never matches and never runs; an alert that it was meant for says so, since a runbook that vanishes without a word is
//! missed only when it is needed.

use serde::{Deserialize, Serialize};

use super::diagnostics::Diagnostic;
use super::types::{Term, Trigger};
use crate::domain::ids::RunbookName;

/// One file that may not be used, and why.
#[derive(Clone, Debug)]
pub struct Refused {
    pub file: String,
    /// Of the runbook that it would be; of a file that can't be one, what stands before `.md`.
    pub name: RunbookName,
    /// Empty when the bytes could not be read as text.
    pub text: String,
    /// At least one error.
    pub diagnostics: Vec<Diagnostic>,
    /// As far as it could be read; empty where nothing of it could.
    pub trigger: Trigger,
    /// As [`Loaded::lowered`](super::Loaded).
    pub(in crate::domain) lowered: Vec<Term>,
}

/// A refused runbook in a line for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedLine {
    pub runbook: RunbookName,
    /// ``redis.md:12:3: unknown key `Severty` ``: where its first error is, and what.
    pub said: String,
}

impl Refused {
    /// Its first error.
    #[must_use]
    pub fn first(&self) -> Option<&Diagnostic> {
        self.diagnostics.iter().find(|found| found.is_error())
    }

    #[must_use]
    pub fn line(&self) -> RefusedLine {
        let said = match self.first() {
            Some(found) => format!("{}:{}:{}: {}", self.file, found.line, found.column, found.message),
            None => self.file.clone(),
        };
        RefusedLine {
            runbook: self.name.clone(),
            said,
        }
    }
}
