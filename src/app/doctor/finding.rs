//! One line of the doctor's answer.

use serde::Serialize;

use crate::actions::redact::Redactor;

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    Fine,
    /// Something is to be mended.
    Wrong,
    /// It could not be looked at; that is no good news.
    Unclear,
}

/// What was looked at, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `slack`, `cluster main`.
    pub about: String,
    pub stands: Stands,
    /// A sentence without a full stop.
    pub text: String,
}

impl Finding {
    pub(super) fn fine(about: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(about, Stands::Fine, text)
    }

    pub(super) fn wrong(about: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(about, Stands::Wrong, text)
    }

    pub(super) fn unclear(about: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(about, Stands::Unclear, text)
    }

    pub(super) fn cleaned(mut self, redactor: &Redactor) -> Self {
        self.text = redactor.clean(&self.text).into_owned();
        self
    }

    fn new(about: impl Into<String>, stands: Stands, text: impl Into<String>) -> Self {
        Self {
            about: about.into(),
            stands,
            text: text.into(),
        }
    }
}
