//! How a command ends: fine, with something found, or not at all. The exit codes are made from this in `args` alone.

use std::io;
use std::path::{Path, PathBuf};

use super::unanswered::Silent;
use crate::app::StartError;
use crate::app::eval::EvalError;
use crate::app::totp::FactorFileError;
use crate::config::ConfigError;
use crate::config::runbooks::LoadError;
use crate::domain::runbook::NotFound;
use crate::ingress::{NotUnderstood, ParseError};
use crate::store::{NoteError, StoreError};
use crate::telemetry::TelemetryError;

/// It ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Exit code 0.
    Fine,
    /// What it looked for is there: exit code 1.
    Found,
}

/// It could not run: exit code 2, and this on standard error.
#[derive(Debug, thiserror::Error, strum::VariantNames)]
pub(super) enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[cfg(feature = "playground")]
    #[error(transparent)]
    Demo(#[from] crate::app::demo::DemoError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Runbooks(#[from] LoadError),
    #[error(transparent)]
    Runbook(#[from] NotFound),
    #[error(transparent)]
    Factors(#[from] FactorFileError),
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    #[error("`{}` can't be read ({source}): check the path and its permissions", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("`{}` can't be written ({source}): check the folder, its permissions and the space that is left", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("`{}` is there already, and what is in it is never written over: name another file", .0.display())]
    Exists(PathBuf),
    #[error("the answer can't be written ({0})")]
    Output(io::Error),
    #[error("there is no journal at `{}`: nothing was recorded there yet, or store.path names another file (--config chooses the configuration)", .0.display())]
    NoJournal(PathBuf),
    #[error("`{given}` is no incident: write it like INC-42")]
    NotAnIncident { given: String },
    #[error("the journal has no incident {id}; {known}")]
    NoSuchIncident { id: String, known: String },
    #[error("`{}` is no alert that can be read: {problem}; give a body of Alertmanager's webhook, or one alert as an object with `labels`", path.display())]
    NotAnAlert { path: PathBuf, problem: ParseError },
    #[error("`{}` holds no alert: give one as an object with `labels`", .0.display())]
    EmptyAlert(PathBuf),
    #[error(transparent)]
    Eval(#[from] EvalError),
    #[error("no scenario's name holds `{0}`: without --only all are played")]
    NoScenario(String),
    #[error("{0}")]
    Ingest(NotUnderstood),
    #[error("`{given}` is no header: write it like `Sentry-Hook-Resource: metric_alert`")]
    NotAHeader { given: String },
    #[error("line {line} of `{}` is no entry of an export: {problem}", path.display())]
    NotAnExport {
        path: PathBuf,
        line: u64,
        problem: String,
    },
    #[error("line {line} of `{}` is no checkpoint that the given keys signed: {problem}", path.display())]
    NotAnAnchor {
        path: PathBuf,
        line: u64,
        problem: String,
    },
    #[error("`{}` is empty, so it proves nothing: give a file that checkpoints were kept in", .0.display())]
    NoAnchor(PathBuf),
    // Not repeated: it may be a key.
    #[error("--head is no hash of an entry: give the 64 hex digits that an earlier check printed as head")]
    NotAHash,
    #[error(transparent)]
    Key(#[from] NoteError),
    #[error("`{given}` is no time: write a moment like 2026-11-20T14:00:00Z, or how long ago, like 2h or 7d")]
    NotATime { given: String },
    #[error("no bot is running on `{}`, so {undone}: start it with `interlock serve`, or say with --config which one is meant ({error})", path.display())]
    NoBot {
        path: PathBuf,
        undone: &'static str,
        error: io::Error,
    },
    /// Whose lock is held, and what it means for whoever asked.
    #[error("{silent}, {}. {}", .silent.what_became_of_it(.undone), .silent.what_to_do())]
    Silent { silent: Silent, undone: &'static str },
    /// The running bot said no; its own words.
    #[error("{0}")]
    Refused(String),
    #[error("stopped before everything under way was finished; the next start says what it does not know")]
    StoppedHard,
    #[error("{0}")]
    Superseded(String),
    #[error("the process can't be set up ({0})")]
    Process(io::Error),
    #[error("the answer can't be put together ({0}): this is a defect of Interlock; please report it")]
    Defect(String),
}

impl Failure {
    /// Why a new file could not be made.
    pub(super) fn unmade(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists(path),
            _ => Self::Write { path, source },
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Defect(error.to_string())
    }
}
