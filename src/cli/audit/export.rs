//! `interlock audit export`: the whole journal as JSON lines, with what it takes to check it elsewhere.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::cli::journal;
use crate::cli::outcome::{Ended, Failure};
use crate::cli::screen::Screen;
use crate::cli::setup::Setup;
use crate::render::words;
use crate::store::{Chain, Store};

/// Copy the whole journal out as JSON lines, with hashes and salts
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock audit export --out journal.jsonl\n\n\
    Each line has prev, hash and salt: `interlock audit verify --file journal.jsonl` checks it without the database.")]
pub(super) struct Export {
    /// The file to write; it must not be there yet. Without it: standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Export {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let store = journal::open(&setup.settings()?.store.path)?;
        match &self.out {
            None => {
                copy(&store, |line| screen.put(line))?;
            }
            Some(path) => {
                let entries = to_file(&store, path)?;
                let count = words::counted(usize::try_from(entries).unwrap_or(usize::MAX), "line");
                screen.say(&format!("wrote {count} to {}", path.display()))?;
            }
        }
        Ok(Ended::Fine)
    }
}

fn to_file(store: &Store, path: &Path) -> Result<u64, Failure> {
    let failed = |source| Failure::Write {
        path: path.to_owned(),
        source,
    };
    // An older export is evidence: it is never overwritten.
    let mut file = BufWriter::new(File::create_new(path).map_err(|source| Failure::unmade(path, source))?);
    let entries = copy(store, |line| file.write_all(line.as_bytes()).map_err(failed))?;
    let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)?;
    Ok(entries)
}

/// Gives the number of lines.
fn copy(store: &Store, mut each: impl FnMut(&str) -> Result<(), Failure>) -> Result<u64, Failure> {
    let mut chain = Chain::default();
    let mut failure = None;
    let read = store.export(|entry| {
        let line = chain.export(entry).write().map_err(std::io::Error::other)?;
        each(&line).map_err(|why| {
            failure = Some(why);
            std::io::Error::other("stopped")
        })
    });
    match (failure, read) {
        (Some(failure), _) => Err(failure),
        (None, read) => {
            read?;
            Ok(chain.entries)
        }
    }
}
