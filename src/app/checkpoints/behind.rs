//! Whether the journal is what was anchored of it: asked once, before anything is started on it. A database that was put
//! back to an older copy has forgotten what was approved, refused and run since, and nothing in it can tell.

use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;

use crate::app::StartError;
use crate::config::Settings;
use crate::store::{Checkpoint, PublicKey, Signer, Store, Tree};

#[derive(Deserialize)]
struct Line {
    note: String,
}

/// What does not fit, or why nobody can tell, in words for people; `None` when all that was anchored stands, and where
/// nothing was. Alerts are taken and people paged either way; nothing starts on a doubt.
///
/// # Errors
/// When the key is none, or the journal can't be read.
pub fn behind(settings: &Settings, store: &Store) -> Result<Option<String>, StartError> {
    let wanted = &settings.checkpoints;
    let (Some(key), Some(file)) = (&wanted.key, &wanted.file) else {
        return Ok(None);
    };
    let signer = Signer::parse(key.expose())
        .map_err(|error| StartError::Setup(format!("checkpoints.key can't be used: {error}")))?;
    let anchor = match last(file, &signer.public()) {
        Ok(Some(anchor)) => anchor,
        Ok(None) => return Ok(None),
        Err(why) => return Ok(Some(why)),
    };
    let (entries, place) = (store.seq(), file.display());
    if entries < anchor.size {
        return Ok(Some(format!(
            "the database has {entries} entries, and {place} holds a checkpoint over {}: an older copy was put in place, and what was approved or run since then is not in it",
            anchor.size
        )));
    }
    let mut tree = Tree::default();
    store.marks_after(0, |mark| {
        if mark.seq <= anchor.size {
            tree.push(&mark.hash);
        }
    })?;
    Ok((tree.root() != anchor.root).then(|| {
        format!(
            "the first {} entries of the database are not those that the checkpoint in {place} was signed for: it is another journal, or it was rewritten",
            anchor.size
        )
    }))
}

/// The largest checkpoint of this key that the file holds. Lines of an earlier key, and one that was cut off, prove nothing.
fn last(file: &Path, key: &PublicKey) -> Result<Option<Checkpoint>, String> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(format!(
                "checkpoints.file `{}` can't be read ({error}), so nobody can tell whether the database is the newest: check the path and its permissions, and start again",
                file.display()
            ));
        }
    };
    let notes = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Line>(line).ok());
    let checkpoints = notes.filter_map(|line| Checkpoint::open(&line.note, key).ok());
    let largest = checkpoints.max_by_key(|checkpoint| checkpoint.size);
    if largest.is_none() && !text.trim().is_empty() {
        return Err(format!(
            "checkpoints.file `{}` holds no checkpoint of checkpoints.key, so nobody can tell whether the database is the newest: put the right key or file there, or, after a new key was made, move the file away; then start again",
            file.display()
        ));
    }
    Ok(largest)
}
