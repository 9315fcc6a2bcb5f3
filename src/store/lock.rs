//! One writer: a lock file beside the database, held while the process lives. The operating system lets go of it when
//! the process ends, however it ends.
//!
//! A process that was just killed may hold it for a moment longer, so a start waits a little.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::time::Duration;

use super::StoreError;

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
        let path = store.with_extension("lock");
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
                Ok(()) => return Ok(Self { _file: file }),
                Err(std::fs::TryLockError::WouldBlock) => std::thread::sleep(BETWEEN),
                Err(std::fs::TryLockError::Error(error)) => return Err(open(error.to_string())),
            }
        }
        Err(StoreError::InUse(store.to_owned()))
    }
}
