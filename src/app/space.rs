//! How much room the database's disk has left. Results must still be written when nothing new may start: with too little
//! room everything is frozen, and a person who has made room lifts that.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::domain::command::Command;
use crate::domain::freeze::Scope;
use crate::engine::Handle;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(10);

/// Less than this is too little, however large the disk is.
pub const LEAST: Bytes = Bytes(256 << 20);

/// A number of bytes; shown in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} MiB", self.0 >> 20)
    }
}

/// What is left of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    pub left: Bytes,
    pub of: Bytes,
}

impl Room {
    /// Too little to start anything.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.left < LEAST
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} are left for the database", self.left, self.of)
    }
}

/// Asks the file system on which the file is, or will be.
///
/// # Errors
/// It does not say.
pub fn left(file: &Path) -> io::Result<Room> {
    let folder = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    let found = rustix::fs::statvfs(folder)?;
    let bytes = |blocks: u64| Bytes(blocks.saturating_mul(found.f_frsize));
    Ok(Room {
        // What only root may use is not ours.
        left: bytes(found.f_bavail),
        of: bytes(found.f_blocks),
    })
}

/// As [`left`], off the threads that everything else runs on: a file system over a network may hang.
///
/// # Errors
/// As [`left`].
pub(super) async fn asked(file: &Path) -> io::Result<Room> {
    let file = file.to_owned();
    spawn_blocking(move || left(&file))
        .await
        .map_err(io::Error::other)?
}

/// Looks until the engine ends.
pub(super) async fn watch(file: PathBuf, engine: Handle) {
    let mut told = false;
    loop {
        match asked(&file).await {
            Ok(room) if room.is_short() && !told => {
                tracing::error!(%room, "the disk is nearly full; everything is frozen");
                let reason = format!("the disk is nearly full: {room}");
                let scope = Scope::Everything;
                told = engine.submit(Command::Stop { scope, reason }).await.is_ok();
            }
            Ok(room) => told &= room.is_short(),
            Err(error) => tracing::warn!(%error, "nobody knows how much room the disk has left"),
        }
        sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_rest_is_too_little_and_a_small_share_of_a_large_disk_is_not() {
        let room = |left: u64, of: u64| Room {
            left: Bytes(left << 20),
            of: Bytes(of << 20),
        };
        assert!(room(255, 1_000).is_short());
        assert!(!room(256, 1_000).is_short());
        assert!(!room(500, 100_000).is_short());
        assert_eq!(
            room(500, 10_000).to_string(),
            "500 MiB of 10000 MiB are left for the database"
        );
    }

    #[test]
    fn the_disk_of_a_folder_says_what_is_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let room = left(&folder.path().join("interlock.db")).expect("an answer");
        assert!(room.left.0 > 0 && room.left <= room.of);
    }
}
