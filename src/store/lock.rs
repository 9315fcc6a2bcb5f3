//! One writer: a lock file beside the database, held while the process lives. The operating system lets go of it when
//! the process ends, however it ends.

use std::fs::{File, OpenOptions};
use std::path::Path;

use super::StoreError;

/// Held for as long as this value lives.
#[derive(Debug)]
pub struct StoreLock {
    _file: File,
}

impl StoreLock {
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
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::InUse(store.to_owned())),
            Err(std::fs::TryLockError::Error(error)) => Err(open(error.to_string())),
        }
    }
}
