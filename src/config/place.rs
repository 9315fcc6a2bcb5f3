//! Where a key stands, so that an error can point at it: a line of a file, or an environment variable.

use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

/// Names of environment variables start with this, and sections are parted by it.
pub(super) const PREFIX: &str = "INTERLOCK";
pub(super) const SEPARATOR: &str = "__";

/// One step on the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Key(String),
    Index(usize),
}

/// `approvers[0].tiers`
pub(super) fn dotted(path: &[Segment]) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            Segment::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

/// `slack.bot_token` to `INTERLOCK__SLACK__BOT_TOKEN`.
pub(super) fn variable(key: &str) -> String {
    format!(
        "{PREFIX}{SEPARATOR}{}",
        key.replace('.', SEPARATOR).to_ascii_uppercase()
    )
}

/// Where a key stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Line from 1, when it is known.
    File {
        path: PathBuf,
        line: Option<usize>,
    },
    Environment {
        variable: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File {
                path,
                line: Some(line),
            } => write!(f, "{}:{line}", path.display()),
            Self::File { path, line: None } => write!(f, "{}", path.display()),
            Self::Environment { variable } => write!(f, "the environment variable {variable}"),
        }
    }
}

/// A file's text, kept to find lines in.
pub(super) struct FileText {
    pub path: PathBuf,
    pub text: String,
}

impl FileText {
    pub(super) fn place(&self, path: &[Segment]) -> Place {
        Place::File {
            path: self.path.clone(),
            line: line_of(&self.text, path),
        }
    }

    pub(super) fn place_at(path: &Path, text: &str, offset: Option<usize>) -> Place {
        Place::File {
            path: path.to_owned(),
            line: offset.map(|offset| line_at(text, offset)),
        }
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    let upto = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    upto.iter().filter(|byte| **byte == b'\n').count() + 1
}

/// The line of the deepest part of `path` that the text has.
fn line_of(text: &str, path: &[Segment]) -> Option<usize> {
    let table = DeTable::parse(text).ok()?.into_inner();
    let mut value = DeValue::Table(table);
    let mut line = None;
    for segment in path {
        let (start, next) = match (segment, value) {
            (Segment::Key(name), DeValue::Table(table)) => {
                let found = table
                    .into_iter()
                    .find(|(key, _)| key.get_ref().as_ref() == name.as_str());
                let Some((key, next)) = found else { break };
                (key.span().start, next.into_inner())
            }
            (Segment::Index(index), DeValue::Array(array)) => {
                let Some(next) = array.into_iter().nth(*index) else {
                    break;
                };
                (next.span().start, next.into_inner())
            }
            _ => break,
        };
        line = Some(line_at(text, start));
        value = next;
    }
    line
}
