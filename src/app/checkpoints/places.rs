//! The places that keep checkpoints, asked what they hold: a file, a bucket. An address and a thread can't be asked.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::timeout;

use super::bucket::{Keeper, NotRead};
use crate::app::StartError;
use crate::config::Settings;
use crate::files;
use crate::store::{Checkpoint, PublicKey, Signer, Store};

/// A bucket may take so long over all of its answers.
const BUCKET_WITHIN: Duration = Duration::from_secs(12);

pub(super) const FILE: &str = "checkpoints.file";
pub(super) const BUCKET: &str = "checkpoints.s3";

/// A line of the file, an object of the bucket.
#[derive(Deserialize)]
struct Line {
    /// When it was handed over, as the file says; nothing signs it.
    at: Option<String>,
    note: String,
}

/// A checkpoint of our key in the file.
#[derive(Debug)]
pub struct Written {
    pub at: Option<Timestamp>,
    pub checkpoint: Checkpoint,
}

/// Why a file of checkpoints proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum Lack {
    #[error("is not there")]
    Missing,
    #[error("is empty")]
    Empty,
    #[error("holds no checkpoint of checkpoints.key")]
    Foreign,
    #[error("can't be read ({0})")]
    Unreadable(std::io::Error),
}

/// A checkpoint and where it was found.
#[derive(Debug)]
pub(super) struct Found {
    pub place: String,
    pub checkpoint: Checkpoint,
}

/// A place of which nobody knows what it holds.
#[derive(Debug)]
pub struct Unread {
    /// Its key in the configuration.
    pub place: &'static str,
    /// Why, in words for people, with what to do.
    pub why: String,
    /// It may answer later: until then nothing is signed.
    pub again: bool,
}

/// What the journal says of itself, to look elsewhere by.
#[derive(Debug)]
pub struct Known {
    /// Of the key that signs; `None` without one.
    pub key: Option<PublicKey>,
    /// The newest of its own checkpoints by this key.
    pub own: Option<Checkpoint>,
    /// The places that have kept checkpoints of it, as it says.
    pub kept: Vec<String>,
}

impl Known {
    /// Of this journal.
    ///
    /// # Errors
    /// When the key is none, or the journal can't be read.
    pub fn of(settings: &Settings, store: &Store) -> Result<Self, StartError> {
        let Some(key) = &settings.checkpoints.key else {
            return Ok(Self {
                key: None,
                own: None,
                kept: Vec::new(),
            });
        };
        let signer = Signer::parse(key.expose())
            .map_err(|error| StartError::Setup(format!("checkpoints.key can't be used: {error}")))?;
        let key = signer.public();
        let (own, kept) = store.last_checkpoint(&key)?.unzip();
        Ok(Self {
            key: Some(key),
            own,
            kept: kept.unwrap_or_default(),
        })
    }
}

/// What the places hold.
#[derive(Debug, Default)]
pub struct Places {
    pub(super) found: Vec<Found>,
    /// Why it can't be told whether the journal is the newest, where that is reason enough to start nothing.
    pub(super) doubt: Option<String>,
    pub unread: Vec<Unread>,
}

impl Places {
    /// Asks all of them.
    ///
    /// # Errors
    /// When the configuration of one can't be used.
    pub async fn read(settings: &Settings, known: &Known, now: Timestamp) -> Result<Self, StartError> {
        let mut places = Self::default();
        let Some(key) = &known.key else {
            return Ok(places);
        };
        if let Some(own) = &known.own {
            places.found.push(Found {
                place: "the journal itself".to_owned(),
                checkpoint: own.clone(),
            });
        }
        if let Some(file) = &settings.checkpoints.file {
            places.read_file(file, key, known);
        }
        if let Some(keeper) = Keeper::new(&settings.checkpoints.s3).map_err(StartError::Setup)? {
            places.ask_bucket(&keeper, known, key, now).await;
        }
        Ok(places)
    }

    /// What it was given is gone.
    fn is_missing(&mut self, place: &str) {
        self.doubt = Some(format!(
            "{place} has kept checkpoints, as the journal says, and holds none: nobody can tell whether the database is the newest; find out who took them away, and put them back or set another place for them; then start again"
        ));
    }

    fn read_file(&mut self, file: &Path, key: &PublicKey, known: &Known) {
        let place = in_file(file);
        match largest_of(file, key) {
            Ok(Some(checkpoint)) => self.found.push(Found { place, checkpoint }),
            Ok(None) if known.kept.contains(&place) => self.is_missing(&place),
            Ok(None) if known.own.is_some() => self.unread.push(Unread {
                place: FILE,
                why: format!(
                    "checkpoints.file `{}` is not there or empty, though checkpoints were signed: if it was not set just now, find out who took it away, and compare the journal with another place by `interlock audit verify --anchors`",
                    file.display()
                ),
                again: false,
            }),
            Ok(None) => {}
            Err(why) => self.doubt = Some(why),
        }
    }

    async fn ask_bucket(&mut self, keeper: &Keeper, known: &Known, key: &PublicKey, now: Timestamp) {
        let from = known.own.as_ref().map_or(0, |own| own.size);
        let asked = match timeout(BUCKET_WITHIN, keeper.newest(from, now)).await {
            Ok(asked) => asked,
            Err(_) => Err(NotRead::Away(format!(
                "it did not answer within {} s",
                BUCKET_WITHIN.as_secs()
            ))),
        };
        let place = in_bucket(keeper);
        let bodies = match asked {
            Ok(bodies) => bodies,
            Err(error) => {
                let again = !matches!(error, NotRead::Refused { .. });
                let why = format!("{place} can't be asked what it holds: {error}");
                return self.unread.push(Unread {
                    place: BUCKET,
                    why,
                    again,
                });
            }
        };
        match largest(bodies.iter().map(String::as_str), key) {
            Some(checkpoint) => self.found.push(Found { place, checkpoint }),
            None if bodies.is_empty() && known.kept.contains(&place) => self.is_missing(&place),
            None if bodies.is_empty() && known.own.is_some() => self.unread.push(Unread {
                place: BUCKET,
                why: format!(
                    "{place} holds no checkpoint, though checkpoints were signed: if it was not set just now, find out who took them away"
                ),
                again: false,
            }),
            None if bodies.is_empty() => {}
            None => {
                self.doubt = Some(format!(
                    "{place} holds no checkpoint of checkpoints.key among its newest, so nobody can tell whether the database is the newest: put the right key there, or, after a new key was made, set another checkpoints.s3.prefix; then start again"
                ));
            }
        }
    }
}

/// What the file is called to people, and in the journal.
pub(super) fn in_file(file: &Path) -> String {
    file.display().to_string()
}

/// And a bucket.
pub(super) fn in_bucket(keeper: &Keeper) -> String {
    format!("the bucket {}", keeper.name())
}

fn largest<'a>(lines: impl Iterator<Item = &'a str>, key: &PublicKey) -> Option<Checkpoint> {
    lines
        .filter_map(|line| serde_json::from_str::<Line>(line).ok())
        .filter_map(|line| Checkpoint::open(&line.note, key).ok())
        .max_by_key(|checkpoint| checkpoint.size)
}

/// What the file says. A line that was torn when the disk was full is no reason not to read the others.
fn text_of(file: &Path) -> std::io::Result<String> {
    files::regular(file)?;
    Ok(String::from_utf8_lossy(&std::fs::read(file)?).into_owned())
}

/// Every checkpoint of this key that the file holds, smallest first, and at least one. Lines of an earlier key, and one that was
/// cut off, prove nothing and are passed over.
///
/// # Errors
/// Why there is none.
pub fn in_file_of(file: &Path, key: &PublicKey) -> Result<Vec<Written>, Lack> {
    let text = text_of(file).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Lack::Missing,
        _ => Lack::Unreadable(error),
    })?;
    let lines = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Line>(line).ok());
    let mut found: Vec<Written> = lines
        .filter_map(|line| {
            let checkpoint = Checkpoint::open(&line.note, key).ok()?;
            let at = line.at.and_then(|at| at.parse().ok());
            Some(Written { at, checkpoint })
        })
        .collect();
    found.sort_by_key(|written| written.checkpoint.size);
    match (found.is_empty(), text.trim().is_empty()) {
        (false, _) => Ok(found),
        (true, true) => Err(Lack::Empty),
        (true, false) => Err(Lack::Foreign),
    }
}

/// Every checkpoint of this key that the file holds, smallest first; none where there is no file, or no such checkpoint in it.
pub(super) fn every_one_of(file: &Path, key: &PublicKey) -> Result<Vec<Checkpoint>, String> {
    match in_file_of(file, key) {
        Ok(found) => Ok(found.into_iter().map(|written| written.checkpoint).collect()),
        Err(Lack::Missing | Lack::Empty | Lack::Foreign) => Ok(Vec::new()),
        Err(Lack::Unreadable(error)) => Err(format!(
            "checkpoints.file `{}` can't be read: {error}",
            file.display()
        )),
    }
}

/// The largest checkpoint of this key that the file holds; `None` when it is not there or empty.
fn largest_of(file: &Path, key: &PublicKey) -> Result<Option<Checkpoint>, String> {
    match in_file_of(file, key) {
        Ok(mut found) => Ok(found.pop().map(|written| written.checkpoint)),
        Err(Lack::Missing | Lack::Empty) => Ok(None),
        Err(Lack::Unreadable(error)) => Err(format!(
            "checkpoints.file `{}` can't be read ({error}), so nobody can tell whether the database is the newest: check the path and its permissions, and start again",
            file.display()
        )),
        Err(Lack::Foreign) => Err(format!(
            "checkpoints.file `{}` holds no checkpoint of checkpoints.key, so nobody can tell whether the database is the newest: put the right key or file there, or, after a new key was made, move the file away; then start again",
            file.display()
        )),
    }
}
