//! Copies of the database: made while the bot works on it, checked before they take the place of the last one, and put
//! back only after the same check. Never a copy of a live file.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use super::chain::ChainHash;
use super::{Store, StoreError, Verified, migrate, private};
use crate::planted::{self, Point};

/// Pages copied between two breaths, so that the writer is never kept waiting.
const PAGES: std::ffi::c_int = 512;
const BREATH: Duration = Duration::from_millis(2);

impl Store {
    /// Copies the database as it stands to `to`. The copy is made beside it, checked (the file, the chain, and that it goes
    /// on from the backup that is there) and only then takes its place.
    ///
    /// # Errors
    /// `BackupUnwritable` when it can't be written, `Broken` when a check fails, `BackupAhead` when the backup that is there knows
    /// entries that this database doesn't. The backup that was there stays.
    pub fn backup(&self, to: &Path) -> Result<Verified, StoreError> {
        let part = beside(to, "part");
        let unwritable = |why: String| StoreError::BackupUnwritable {
            path: to.to_owned(),
            why,
        };
        if let Some(why) = misplaced(to) {
            return Err(unwritable(why));
        }
        remove(&part).map_err(|error| unwritable(in_short(error)))?;
        let made = self
            .copy_to(&part)
            .map_err(|error| unwritable(in_short(error)))
            .and_then(|()| {
                let copied = check(&part)?;
                self.goes_on_from(to)?;
                Ok(copied)
            });
        let put = made.and_then(|copied| {
            synced(&part)?;
            planted::reach(Point::BackupCopied);
            fs::rename(&part, to).map_err(|error| io(to, &error))?;
            sync_folder(to)?;
            Ok(copied)
        });
        if put.is_err() {
            // What is half done must not look like a backup; when even this fails, its name says what it is.
            let _ = fs::remove_file(&part);
        }
        put
    }

    fn copy_to(&self, part: &Path) -> Result<(), StoreError> {
        private::make(part);
        let mut copy = Connection::open(part)?;
        Backup::new(&self.connection, &mut copy)?.run_to_completion(PAGES, BREATH, None)?;
        // One file, with nothing beside it.
        copy.pragma_update(None, "journal_mode", "DELETE")?;
        copy.close().map_err(|(_, error)| error.into())
    }

    /// A backup that is there must be the beginning of this journal: else this database is not the one it was made of, or
    /// was set back.
    ///
    /// # Errors
    /// `BackupAhead` when it is not, `NoBackup` when what is there can't be read as one.
    pub fn goes_on_from(&self, last: &Path) -> Result<(), StoreError> {
        if !last.exists() {
            return Ok(());
        }
        // A file that is no backup of ours is nothing to lose.
        let Ok(last_store) = Self::open_to_read(last) else {
            return Err(StoreError::NoBackup(last.to_owned()));
        };
        let (seq, head) = (last_store.seq(), last_store.head());
        match self.hash_at(seq)? {
            found if seq == 0 || found == Some(head) => Ok(()),
            _ => Err(StoreError::BackupAhead {
                path: last.to_owned(),
                backup: seq,
                own: self.seq(),
            }),
        }
    }

    fn hash_at(&self, seq: u64) -> Result<Option<ChainHash>, StoreError> {
        use rusqlite::OptionalExtension as _;
        let found = self
            .connection
            .query_row("SELECT hash FROM journal WHERE seq = ?1", [seq], |row| row.get(0));
        Ok(found.optional()?)
    }
}

/// Copies a backup beside the database, where [`put_back`] takes it from. The caller holds the lock.
///
/// # Errors
/// `NoBackup` or `Broken` when the backup is not whole, `Io` when it can't be copied.
pub fn prepare(backup: &Path, store: &Path) -> Result<(Verified, PathBuf), StoreError> {
    let checked = check(backup)?;
    let part = beside(store, "restoring");
    // What a restore that was interrupted left.
    for suffix in ["", "-wal", "-shm"] {
        remove(&with(&part, suffix))?;
    }
    fs::copy(backup, &part).map_err(|error| io(&part, &error))?;
    synced(&part)?;
    Ok((checked, part))
}

/// Puts a prepared copy in the place of the database, and keeps what was there under another name, which is given back:
/// its write-ahead log too, which may hold what is not in the file yet. The caller holds the lock, and nobody has the
/// copy open.
///
/// # Errors
/// `Io` when a file can't be moved.
pub fn put_back(part: &Path, store: &Path, stamp: &str) -> Result<Option<PathBuf>, StoreError> {
    synced(part)?;
    let mut kept = None;
    if store.exists() {
        let aside = beside(store, &format!("before-restore-{stamp}"));
        // Of the file and its log only one may be moved when the power fails, and a file without its log is an older history that
        // fits its own seal.
        if let Err(error) = log_written(store) {
            tracing::warn!(%error, "the write-ahead log could not be written into the database before both are put aside");
        }
        for suffix in ["-wal", "-shm", ""] {
            let (from, to) = (with(store, suffix), with(&aside, suffix));
            if from.exists() {
                fs::rename(&from, &to).map_err(|error| io(&to, &error))?;
            }
        }
        kept = Some(aside);
    }
    fs::rename(part, store).map_err(|error| io(store, &error))?;
    sync_folder(store)?;
    Ok(kept)
}

/// What the write-ahead log holds is in the file then, and the log is gone.
fn log_written(store: &Path) -> Result<(), rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(store, flags)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    connection.close().map_err(|(_, error)| error)
}

/// Why no file can be put there, where that is to be seen beforehand.
fn misplaced(to: &Path) -> Option<String> {
    if to.is_dir() {
        return Some("it is a folder".to_owned());
    }
    let folder = folder_of(to);
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => None,
        Ok(_) => Some(format!("`{}` is no folder", folder.display())),
        Err(error) => Some(format!("the folder `{}`: {error}", folder.display())),
    }
}

/// The cause alone: what these say to do is about the database, and this is about a copy.
fn in_short(error: StoreError) -> String {
    match error {
        StoreError::Full => "its disk is full".to_owned(),
        StoreError::ReadOnly => "it is read-only".to_owned(),
        StoreError::Io(why) | StoreError::Sql(why) => why,
        other @ (StoreError::Newer { .. }
        | StoreError::InUse(_)
        | StoreError::Open { .. }
        | StoreError::Foreign(_)
        | StoreError::Broken { .. }
        | StoreError::Altered { .. }
        | StoreError::Changed { .. }
        | StoreError::Tampered(_)
        | StoreError::Moved(_)
        | StoreError::NoBackup(_)
        | StoreError::BackupUnreadable { .. }
        | StoreError::BackupUnwritable { .. }
        | StoreError::BackupAhead { .. }
        | StoreError::StateWouldChange
        | StoreError::Unreadable { .. }) => other.to_string(),
    }
}

/// Whether a file is whole: a database of Interlock without damage, whose chain holds.
///
/// # Errors
/// What is wrong with it.
fn check(path: &Path) -> Result<Verified, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let unreadable = |why: String| StoreError::BackupUnreadable {
        path: path.to_owned(),
        why,
    };
    match fs::metadata(path).and_then(|found| File::open(path).map(|_| found.is_file())) {
        Ok(true) => {}
        Ok(false) => return Err(unreadable("it is no file".to_owned())),
        Err(error) => return Err(unreadable(error.to_string())),
    }
    let connection = Connection::open_with_flags(path, flags)?;
    match migrate::known_version(&connection, path) {
        Ok(0) | Err(StoreError::Foreign(_)) => return Err(StoreError::NoBackup(path.to_owned())),
        Ok(_) => {}
        Err(error) => return Err(error),
    }
    let said: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if said != "ok" {
        return Err(StoreError::Io(said));
    }
    drop(connection);
    Store::open_to_read(path)?.verify()
}

fn beside(path: &Path, what: &str) -> PathBuf {
    with(path, &format!(".{what}"))
}

fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io(path, &error)),
    }
}

fn synced(path: &Path) -> Result<(), StoreError> {
    let file = File::open(path).and_then(|file| file.sync_all());
    file.map_err(|error| io(path, &error))
}

/// A rename is durable when its folder is.
fn sync_folder(path: &Path) -> Result<(), StoreError> {
    synced(folder_of(path))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

fn io(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Io(format!("`{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::event::{Entry, Event, Who};
    use crate::domain::freeze::Scope;
    use crate::domain::samples;

    fn with_entries(path: &Path, count: u64) -> Store {
        let mut store = Store::open(path).expect("a database");
        let first = store.seq() + 1;
        let entry = |seq| Entry {
            seq,
            at: Timestamp::UNIX_EPOCH,
            key: None,
            event: Event::Frozen {
                by: Who {
                    id: samples::person("U1"),
                    name: "ana".to_owned(),
                },
                reason: format!("entry {seq}"),
                scope: Scope::Everything,
                over: None,
            },
        };
        let entries: Vec<Entry> = (first..first + count).map(entry).collect();
        store
            .commit(&entries, &[], &[], Timestamp::UNIX_EPOCH)
            .expect("stored");
        store
    }

    #[test]
    fn a_backup_is_the_journal_as_it_stood_and_the_next_takes_its_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let (live, to) = (folder.path().join("live.db"), folder.path().join("backup.db"));
        let store = with_entries(&live, 300);
        assert_eq!(store.backup(&to).expect("a backup").entries, 300);
        drop(store);
        let store = with_entries(&live, 5);
        let second = store.backup(&to).expect("a backup");
        assert_eq!((second.entries, second.head), (305, store.head()));
        let names: Vec<_> = fs::read_dir(folder.path()).expect("a folder").flatten().collect();
        assert!(
            !names
                .iter()
                .any(|name| name.path().to_string_lossy().contains("part")),
            "nothing half done is left: {names:?}"
        );
    }

    #[test]
    fn a_backup_that_knows_more_than_the_database_is_never_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let (live, to) = (folder.path().join("live.db"), folder.path().join("backup.db"));
        with_entries(&live, 20).backup(&to).expect("a backup");
        let set_back = with_entries(&folder.path().join("other.db"), 12);
        let refused = set_back.backup(&to).expect_err("refused");
        assert!(
            matches!(
                refused,
                StoreError::BackupAhead {
                    backup: 20,
                    own: 12,
                    ..
                }
            ),
            "{refused}"
        );
        assert_eq!(check(&to).expect("the backup is still whole").entries, 20);
    }

    #[test]
    fn a_damaged_backup_is_not_put_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let (live, to) = (folder.path().join("live.db"), folder.path().join("backup.db"));
        with_entries(&live, 40).backup(&to).expect("a backup");
        let connection = Connection::open(&to).expect("opened");
        connection
            .execute_batch("DROP TRIGGER journal_no_update; UPDATE journal SET payload = replace(payload, 'entry 7', 'entry 8')")
            .expect("changed");
        drop(connection);
        let refused = prepare(&to, &live).expect_err("refused");
        assert!(matches!(refused, StoreError::Broken { seq: 7 }), "{refused}");
        assert_eq!(Store::open_to_read(&live).expect("as before").seq(), 40);
    }

    #[test]
    fn a_restored_database_is_the_backup_and_the_old_one_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let (live, to) = (folder.path().join("live.db"), folder.path().join("backup.db"));
        with_entries(&live, 10).backup(&to).expect("a backup");
        drop(with_entries(&live, 4));
        let (verified, part) = prepare(&to, &live).expect("a copy");
        let kept = put_back(&part, &live, "20261121").expect("restored");
        assert_eq!(verified.entries, 10);
        assert_eq!(Store::open_to_read(&live).expect("opened").seq(), 10);
        let kept = kept.expect("the old database");
        assert_eq!(Store::open_to_read(&kept).expect("opened").seq(), 14);
    }

    #[test]
    fn what_is_put_aside_is_whole_without_its_log() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let (live, died, to) = (path("live.db"), path("died.db"), path("backup.db"));
        let store = with_entries(&live, 3);
        store.backup(&to).expect("a backup");
        drop(store);
        let store = with_entries(&live, 4);
        // As a process leaves it that died.
        for suffix in ["", "-wal"] {
            fs::copy(with(&live, suffix), with(&died, suffix)).expect("copied");
        }
        drop(store);
        let (_, part) = prepare(&to, &died).expect("a backup");
        let kept = put_back(&part, &died, "20261121")
            .expect("restored")
            .expect("kept");
        let alone = path("alone.db");
        fs::copy(kept, &alone).expect("copied");
        let seqs = [alone, died].map(|path| Store::open_to_read(&path).expect("a database").seq());
        assert_eq!(seqs, [7, 3]);
    }
}
