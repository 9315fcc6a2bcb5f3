//! Checkpoints that were kept outside of the database, as files hold them: a signed note alone; JSON lines with one in
//! `note`, which is how the file and webhook anchors write them; or text that was copied out of an incident's thread.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;

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

/// The file that the bot appends to, with what the configured key signed there, smallest first; `None` where none is
/// configured or it holds none. Lines of an earlier key, and one that was cut off, prove nothing and are passed over.
///
/// # Errors
/// When the key is none, or the file is there and can't be read.
pub(super) fn configured(settings: &Settings) -> Result<Option<(PathBuf, Vec<Checkpoint>)>, Failure> {
    let (Some(key), Some(file)) = (&settings.checkpoints.key, &settings.checkpoints.file) else {
        return Ok(None);
    };
    let key = Signer::parse(key.expose())?.public();
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(Failure::Read {
                path: file.clone(),
                source,
            });
        }
    };
    let mut found: Vec<Checkpoint> = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Line>(line).ok())
        .filter_map(|line| Checkpoint::open(&line.note, &key).ok())
        .collect();
    found.sort_by_key(|checkpoint| checkpoint.size);
    Ok((!found.is_empty()).then(|| (file.clone(), found)))
}

fn open(path: &Path, line: u64, note: &str, keys: &[PublicKey]) -> Result<Checkpoint, Failure> {
    Checkpoint::open_by_any(note, keys).map_err(|error| Failure::NotAnAnchor {
        path: path.to_owned(),
        line,
        problem: error.to_string(),
    })
}
