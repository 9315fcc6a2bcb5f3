//! Checkpoints that were kept outside of the database, as files hold them: a signed note alone; JSON lines with one in
//! `note`, which is how the file and webhook anchors write them; or text that was copied out of an incident's thread.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::app::{self, Lack};
use crate::cli::outcome::Failure;
use crate::config::Settings;
use crate::store::{Checkpoint, PublicKey, Signer};

#[derive(Deserialize)]
struct Line {
    note: String,
}

/// All checkpoints of the files, smallest first.
///
/// # Errors
/// When a file can't be read, or holds something that none of the keys signed: then nobody knows what it proves.
pub(super) fn read(paths: &[PathBuf], keys: &[PublicKey]) -> Result<Vec<Checkpoint>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(path).map_err(|source| Failure::Read {
            path: path.clone(),
            source,
        })?;
        if text.trim().is_empty() {
            return Err(Failure::NoAnchor(path.clone()));
        }
        match text.trim_start().starts_with('{') {
            false => {
                let copied = Checkpoint::lines_in(&text);
                for note in &copied {
                    found.push(open(path, 1, note, keys)?);
                }
                if copied.is_empty() {
                    found.push(open(path, 1, &text, keys)?);
                }
            }
            true => {
                for (number, line) in (1..)
                    .zip(text.lines())
                    .filter(|(_, line)| !line.trim().is_empty())
                {
                    let line: Line = serde_json::from_str(line).map_err(|error| Failure::NotAnAnchor {
                        path: path.clone(),
                        line: number,
                        problem: error.to_string(),
                    })?;
                    found.push(open(path, number, &line.note, keys)?);
                }
            }
        }
    }
    found.sort_by_key(|checkpoint| checkpoint.size);
    Ok(found)
}

/// The file that the bot appends to, and what the configured key signed there.
pub(super) struct OfFile {
    pub path: PathBuf,
    pub key: PublicKey,
    /// Smallest first, or why there is none.
    pub found: Result<Vec<Checkpoint>, Lack>,
}

impl OfFile {
    /// By the configuration; `None` where it names no key or no file.
    ///
    /// # Errors
    /// When the key is none.
    pub fn configured(settings: &Settings) -> Result<Option<Self>, Failure> {
        let (Some(key), Some(path)) = (&settings.checkpoints.key, &settings.checkpoints.file) else {
            return Ok(None);
        };
        let key = Signer::parse(key.expose())?.public();
        let found = app::in_file_of(path, &key);
        Ok(Some(Self {
            found: found.map(|found| found.into_iter().map(|written| written.checkpoint).collect()),
            path: path.clone(),
            key,
        }))
    }

    /// Why a journal is not proved by it, with what to do. `signed` says whether the journal holds checkpoints by this key: before
    /// the first of them there is no file.
    pub fn lacking(&self, signed: bool) -> Option<String> {
        let lack = self.found.as_ref().err()?;
        let to_do = match lack {
            Lack::Missing if !signed => return None,
            Lack::Missing | Lack::Empty => "find out who took away what it held, and put it back",
            Lack::Foreign => "put the right file or key there",
            Lack::Unreadable(_) => "check the path and its permissions",
        };
        Some(format!(
            "checkpoints.file `{}` {lack}, so that nothing outside of the journal proves it: {to_do}, or give checkpoints that another place kept with --key and --anchors",
            self.path.display()
        ))
    }
}

fn open(path: &Path, line: u64, note: &str, keys: &[PublicKey]) -> Result<Checkpoint, Failure> {
    Checkpoint::open_by_any(note, keys).map_err(|error| Failure::NotAnAnchor {
        path: path.to_owned(),
        line,
        problem: error.to_string(),
    })
}
