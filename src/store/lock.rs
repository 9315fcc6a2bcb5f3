//! One writer: a lock file beside the database, held while the process lives. The operating system lets go of it when
//! the process ends, however it ends.
//!
//! A process that was just killed may hold it for a moment longer, so a start waits a little. Who holds it writes its process id
//! into the file: it counts only while the lock is held, for a dead process leaves it there.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use super::StoreError;
use crate::files;

/// Looks at the lock, and how long to wait between two of them.
const LOOKS: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(100);

/// Held for as long as this value lives.
#[derive(Debug)]
pub struct StoreLock {
    _file: File,
}

impl StoreLock {
    /// Waits up to 2 s for it, on this thread.
    ///
    /// # Errors
    /// `InUse` when another process holds it, `Open` when the file can't be made.
    pub fn take(store: &Path) -> Result<Self, StoreError> {
        let path = files::lock_of(store);
        let open = |reason: String| StoreError::Open {
            path: path.clone(),
            reason,
        };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| open(error.to_string()))?;
        for _ in 0..LOOKS {
            match file.try_lock() {
                Ok(()) => {
                    if let Err(error) = sign(&file) {
                        tracing::warn!(%error, "the process id can't be written into the lock file, so `interlock status` can't name it");
                    }
                    return Ok(Self { _file: file });
                }
                Err(std::fs::TryLockError::WouldBlock) => std::thread::sleep(BETWEEN),
                Err(std::fs::TryLockError::Error(error)) => return Err(open(error.to_string())),
            }
        }
        Err(StoreError::InUse(store.to_owned()))
    }
}

/// Who holds the lock of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process id as it sees it, which is another one outside of its container.
    pub pid: Option<u32>,
}

/// Who holds the lock of this database at this moment; `None` when nobody does. It is looked at for an instant, and shared, so
/// that a start at the same time only waits for its next look.
///
/// # Errors
/// When the file is there and can't be read or tried.
pub fn holder(store: &Path) -> io::Result<Option<Holder>> {
    let file = match File::open(files::lock_of(store)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(std::fs::TryLockError::WouldBlock) => {
            let mut written = String::new();
            (&file).take(16).read_to_string(&mut written)?;
            let pid = written.trim().parse().ok();
            Ok(Some(Holder { pid }))
        }
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}

fn sign(mut file: &File) -> io::Result<()> {
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())
}
