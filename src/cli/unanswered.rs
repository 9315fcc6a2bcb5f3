//! Why a running bot did not answer: there is none, or one holds the database and is silent.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::outcome::Failure;
use crate::store::{Holder, holder};

/// A process holds the database's lock and did not answer.
#[derive(Debug, Serialize)]
pub(super) struct Silent {
    pub database: PathBuf,
    /// Its process id, where it is known.
    pub pid: Option<u32>,
    /// What came instead of an answer.
    pub why: String,
    /// The socket is there and not for this user: nothing is wrong with the bot.
    pub not_for_you: bool,
    /// What was asked may have reached it, and may still be done.
    pub was_asked: bool,
}

/// Who is silent after `error` came for an answer; `None` when no bot is running.
///
/// # Errors
/// When the lock file can't be looked at: then nobody knows.
pub(super) fn silent(database: &Path, error: &io::Error) -> Result<Option<Silent>, Failure> {
    let held = holder(database).map_err(|source| Failure::Read {
        path: database.with_extension("lock"),
        source,
    })?;
    Ok(held.map(|Holder { pid }| Silent {
        database: database.to_owned(),
        pid,
        why: match error.kind() {
            ErrorKind::TimedOut => "not in time".to_owned(),
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                "it closed the connection without a word".to_owned()
            }
            ErrorKind::NotFound => "its control socket is not there".to_owned(),
            _ => error.to_string(),
        },
        not_for_you: error.kind() == ErrorKind::PermissionDenied,
        was_asked: !matches!(
            error.kind(),
            ErrorKind::NotFound | ErrorKind::ConnectionRefused | ErrorKind::PermissionDenied
        ),
    }))
}

/// What a command that asked the bot ends with when no answer came.
pub(super) fn failure(database: &Path, error: io::Error, undone: &'static str) -> Failure {
    match silent(database, &error) {
        Ok(Some(silent)) => Failure::Silent { silent, undone },
        Ok(None) => Failure::NoBot {
            path: database.to_owned(),
            undone,
            error,
        },
        Err(failure) => failure,
    }
}

impl Silent {
    /// What became of what was asked; `undone` says that nothing did.
    pub fn what_became_of_it(&self, undone: &'static str) -> String {
        if self.was_asked {
            "so nobody knows whether it did what was asked, or will".to_owned()
        } else {
            format!("so {undone}")
        }
    }

    /// A sentence or two.
    pub fn what_to_do(&self) -> String {
        if self.not_for_you {
            return "Run this as the user that the bot runs as.".to_owned();
        }
        let end = match self.pid {
            // The first process of a container is that of its own count, and ends with it.
            Some(1) | None => "restart it, with its container where it runs in one".to_owned(),
            Some(pid) => format!("end it where it runs (process {pid} there) and start it again"),
        };
        format!(
            "If it was started just now, or a restore is going on, ask again in a minute; else look at its log and {end}: what it recorded stays. `interlock freeze --file REASON` stops steps without it"
        )
    }
}

impl fmt::Display for Silent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let process = match self.pid {
            Some(pid) => format!("process {pid}"),
            None => "a process whose id is not known".to_owned(),
        };
        write!(
            f,
            "{process} holds the database `{}` and does not answer ({})",
            self.database.display(),
            self.why
        )
    }
}
