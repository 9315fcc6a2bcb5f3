//! Checkpoints that were kept outside of the database, as files hold them: a signed note alone; JSON lines with one in
//! `note`, which is how the file and webhook anchors write them; or text that was copied out of an incident's thread.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::cli::outcome::Failure;
use crate::store::{Checkpoint, PublicKey};

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

fn open(path: &Path, line: u64, note: &str, keys: &[PublicKey]) -> Result<Checkpoint, Failure> {
    Checkpoint::open_by_any(note, keys).map_err(|error| Failure::NotAnAnchor {
        path: path.to_owned(),
        line,
        problem: error.to_string(),
    })
}
