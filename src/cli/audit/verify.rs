//! `interlock audit verify`: whether the journal, or an export of it, is as it was written.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::line::{Chain, ExportLine};
use crate::cli::args::{Format, FormatArg};
use crate::cli::journal;
use crate::cli::outcome::{Ended, Failure};
use crate::cli::screen::{Paint, Screen};
use crate::cli::setup::Setup;
use crate::store::{Store, StoreError};

/// Check that nothing in the journal was changed, removed or put in: exit code 1 when something was
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: interlock audit verify --file journal.jsonl --head 9c1f…\n\n\
    A chain can't tell that its end was cut off. Keep the head that an earlier check printed, and give it with --head:\n\
    an entry with that hash must still be there."
)]
pub(super) struct Verify {
    /// Check this export instead of the database.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// A hash that an earlier check printed as head.
    #[arg(long, value_name = "HASH")]
    head: Option<String>,
    #[command(flatten)]
    format: FormatArg,
}

/// The answer.
#[derive(Serialize)]
struct Verified {
    whole: bool,
    /// Entries that fit.
    entries: u64,
    /// Hash of the last entry that fits.
    head: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    broken_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

impl Verify {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let wanted = self.head.as_deref().map(str::to_ascii_lowercase);
        let verified = match &self.file {
            Some(path) => of_file(path, wanted.as_deref())?,
            None => of_store(&journal::open(&setup.settings()?.store.path)?, wanted.as_deref())?,
        };
        match self.format.format {
            Format::Json => screen.json(&verified)?,
            Format::Human => match &verified.problem {
                Some(problem) => screen.say_painted(Paint::Bad, "broken: ", problem)?,
                None => {
                    let rest = format!("{} entries, head {}", verified.entries, verified.head);
                    screen.say_painted(Paint::Good, "whole: ", &rest)?;
                }
            },
        }
        Ok(if verified.whole { Ended::Fine } else { Ended::Found })
    }
}

/// Follows lines until one does not fit.
struct Follower<'a> {
    chain: Chain,
    wanted: Option<&'a str>,
    seen: bool,
    broken: Option<u64>,
}

impl<'a> Follower<'a> {
    fn new(wanted: Option<&'a str>) -> Self {
        Self {
            chain: Chain::default(),
            wanted,
            seen: wanted.is_none(),
            broken: None,
        }
    }

    fn take(&mut self, line: &ExportLine) {
        if self.broken.is_some() {
            return;
        }
        if self.chain.follow(line) {
            self.seen |= self
                .wanted
                .is_some_and(|wanted| hex::encode(self.chain.head) == wanted);
        } else {
            self.broken = Some(line.entry.seq);
        }
    }

    fn end(self) -> Verified {
        let problem = match (self.broken, self.wanted, self.seen) {
            (Some(seq), _, _) => Some(StoreError::Broken { seq }.to_string()),
            (None, Some(wanted), false) => Some(format!(
                "no entry has the hash {wanted}: entries were cut off at the end, or the hash is of another journal"
            )),
            (None, _, _) => None,
        };
        Verified {
            whole: problem.is_none(),
            entries: self.chain.entries,
            head: hex::encode(self.chain.head),
            broken_at: self.broken,
            problem,
        }
    }
}

fn of_store(store: &Store, wanted: Option<&str>) -> Result<Verified, Failure> {
    let mut follower = Follower::new(wanted);
    let mut read = Chain::default();
    store.export(|entry| {
        follower.take(&read.export(entry));
        Ok(())
    })?;
    Ok(follower.end())
}

fn of_file(path: &Path, wanted: Option<&str>) -> Result<Verified, Failure> {
    let unreadable = |source| Failure::Read {
        path: path.to_owned(),
        source,
    };
    let mut follower = Follower::new(wanted);
    let lines = BufReader::new(File::open(path).map_err(unreadable)?).lines();
    for (number, line) in (1..).zip(lines) {
        let line = line.map_err(unreadable)?;
        let parsed: ExportLine = serde_json::from_str(&line).map_err(|error| Failure::NotAnExport {
            path: path.to_owned(),
            line: number,
            problem: error.to_string(),
        })?;
        follower.take(&parsed);
    }
    Ok(follower.end())
}
