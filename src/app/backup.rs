//! Backups: one when somebody asks, one every so often while the bot runs, and putting one back.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use super::{StartError, checkpoints, rules};
use crate::config::Settings;
use crate::domain::command::Command;
use crate::engine::{Core, Knowledge};
use crate::ports::Clock;
use crate::store::{self, Store, StoreError, StoreLock, Verified};

/// The clock is looked at this often, because a clock can be moved.
const LOOK: Duration = Duration::from_secs(1);

/// What was put back.
#[derive(Debug)]
pub struct Restored {
    pub entries: u64,
    /// Where the database that was there lies now.
    pub kept: Option<PathBuf>,
    /// Why the backup may hold what others wrote.
    pub doubt: Option<String>,
}

/// Copies the database as it stands; the bot may be running on it.
///
/// # Errors
/// The database can't be read, or the copy can't be written or is not whole.
pub fn backup(store: &Path, to: &Path) -> Result<Verified, StoreError> {
    Store::open_to_read(store)?.backup(to)
}

/// Puts a backup in the place of the database. Everything is frozen then and everything approved void, which stands in
/// the restored journal before it is in its place: it can't be started from otherwise.
///
/// # Errors
/// A bot is running on the database, the backup is not whole, or a file can't be moved.
pub fn restore(settings: &Settings, backup: &Path, now: Timestamp) -> Result<Restored, StartError> {
    let path = &settings.store.path;
    let _lock = StoreLock::take(path)?;
    let stamp = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let knowledge = Knowledge {
        rules: Arc::new(rules::rules(settings, "")),
        // What is put back is frozen and voided whatever a runbook says, and a new machine may have none yet.
        catalog: Arc::default(),
    };
    let (verified, part) = store::prepare(backup, path)?;
    let entries = verified.entries;
    // Milliseconds are what the journal stores.
    let now = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
    let store = Store::open_sealed(&part, checkpoints::sealer(settings)?)?;
    let doubt = store.doubt()?;
    let mut core = Core::open(store)?;
    core.run(vec![Command::Restored { entries }], &[], &knowledge, now)?;
    // Closing it takes the write-ahead log into the file.
    drop(core);
    let kept = store::put_back(&part, path, &stamp)?;
    Ok(Restored { entries, kept, doubt })
}

/// Makes one every so often, until the process ends.
pub(super) async fn every(settings: Settings, clock: Arc<dyn Clock>) {
    let Some(to) = settings.backup.file.clone() else {
        tracing::warn!("backup.file is not set: no backup is made by itself");
        return;
    };
    let every = SignedDuration::from_mins(i64::from(settings.backup.every_minutes));
    let mut last: Option<Timestamp> = None;
    loop {
        let now = clock.now();
        if last.is_none_or(|last| now.duration_since(last).abs() >= every) {
            last = Some(now);
            let (store, to) = (settings.store.path.clone(), to.clone());
            let made = tokio::task::spawn_blocking(move || backup(&store, &to)).await;
            note(
                made.map_err(|error| StoreError::Io(error.to_string())).flatten(),
                now,
            );
        }
        sleep(LOOK).await;
    }
}

fn note(made: Result<Verified, StoreError>, now: Timestamp) {
    match made {
        Ok(verified) => {
            tracing::debug!(entries = verified.entries, "a backup was made and checked");
            #[expect(clippy::cast_precision_loss, reason = "seconds fit for a long time")]
            metrics::gauge!("interlock_last_backup_timestamp_seconds").set(now.as_second() as f64);
        }
        Err(error) => {
            metrics::counter!("interlock_backups_failed_total").increment(1);
            tracing::error!(%error, "no backup could be made; the last one stays");
        }
    }
}
