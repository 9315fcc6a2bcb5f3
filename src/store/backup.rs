//! Copies of the database: made while the bot works on it, checked before they take the place of the last one, and put
//! back only after the same check. Never a copy of a live file.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use super::chain::ChainHash;
use super::{Store, StoreError, Verified, migrate, private};
use crate::files::{self, BESIDE, folder_of, with};
use crate::planted::{self, Point};

/// Pages copied between two breaths, so that the writer is never kept waiting.
const PAGES: std::ffi::c_int = 512;
const BREATH: Duration = Duration::from_millis(2);
/// Databases that are kept from restores of one second, at most.
const KEPT_AT_MOST: u32 = 1000;

impl Store {
    /// Copies the database as it stands to `to`. The copy is made beside it, checked (the file, the chain, and that it goes
    /// on from the backup that is there) and only then takes its place.
    ///
    /// # Errors
    /// `OwnFile` when it is this database, `BackupUnwritable` when it can't be written, `Broken` when a check fails, `BackupAhead` when the backup that is there knows
    /// entries that this database doesn't. The backup that was there stays.
    pub fn backup(&self, to: &Path) -> Result<Verified, StoreError> {
        let part = beside(to, "part");
        let unwritable = |why: String| StoreError::BackupUnwritable {
            path: to.to_owned(),
            why,
        };
        if [to, &part]
            .iter()
            .any(|file| files::is_of_database(file, self.path()))
        {
            return Err(StoreError::OwnFile(to.to_owned()));
        }
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
    /// `BackupAhead` when it is not, `NoBackup` when what is there can't be read as one, `BackupUnreadable` when it is no file.
    pub fn goes_on_from(&self, last: &Path) -> Result<(), StoreError> {
        if !last.exists() {
            return Ok(());
        }
        files::regular(last).map_err(|error| unreadable(last, error.to_string()))?;
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

/// Copies a backup beside the database, where [`put_back`] takes it from: what SQLite reads of it, which is more than its
/// file where a log lies beside it. The copy is checked as the backup was, and is the same. The caller holds the lock.
///
/// # Errors
/// `OwnFile` when it is the database itself, `NoBackup`, `BackupUnreadable` or `Broken` when the backup is not whole or changes
/// meanwhile; otherwise when it can't be copied.
pub fn prepare(backup: &Path, store: &Path) -> Result<(Verified, PathBuf), StoreError> {
    let part = beside(store, "restoring");
    if [store, &part]
        .iter()
        .any(|own| files::is_of_database(backup, own))
    {
        return Err(StoreError::OwnFile(backup.to_owned()));
    }
    let (source, checked) = open_whole(backup).map_err(|error| match error {
        StoreError::Io(why) | StoreError::Sql(why) => StoreError::BackupDamaged {
            path: backup.to_owned(),
            why,
        },
        other => other,
    })?;
    // What a restore that was interrupted left.
    remove_all(&part)?;
    let landed = source.copy_to(&part).and_then(|()| check(&part));
    let landed = landed.and_then(|landed| match landed == checked {
        true => synced(&part),
        false => Err(unreadable(
            backup,
            "it changed while it was copied: whoever writes to it must end first".to_owned(),
        )),
    });
    match landed {
        Ok(()) => Ok((checked, part)),
        Err(error) => {
            // The next restore tries again, and says why it can't.
            let _ = remove_all(&part);
            Err(error)
        }
    }
}

/// Puts a prepared copy in the place of the database, and keeps what was there under another name, which is given back: all that
/// was beside it too, since a log may hold what is not in the file yet, and would be taken for that of the new one. Nothing
/// that was kept before is written over. The caller holds the lock, and nobody has the copy open.
///
/// # Errors
/// `Io` when a file can't be moved.
pub fn put_back(part: &Path, store: &Path, stamp: &str) -> Result<Option<PathBuf>, StoreError> {
    // Its file alone is moved.
    log_written(part)?;
    synced(part)?;
    let aside = unused(&beside(store, &format!("before-restore-{stamp}")))?;
    let was_there = is_there(store);
    // Of the file and its log only one may be moved when the power fails, and a file without its log is an older history that
    // fits its own seal.
    if was_there && let Err(error) = log_written(store) {
        tracing::warn!(%error, "the write-ahead log could not be written into the database before both are put aside");
    }
    for suffix in BESIDE.iter().chain(&[""]) {
        let (from, to) = (with(store, suffix), with(&aside, suffix));
        if is_there(&from) {
            fs::rename(&from, &to).map_err(|error| io(&to, &error))?;
        }
    }
    fs::rename(part, store).map_err(|error| io(store, &error))?;
    sync_folder(store)?;
    Ok(was_there.then_some(aside))
}

/// This name, or the first one counted up from it that nothing has yet, neither as a database nor beside one.
fn unused(name: &Path) -> Result<PathBuf, StoreError> {
    let counted = (2..=KEPT_AT_MOST).map(|count| with(name, &format!("-{count}")));
    let is_free =
        |name: &PathBuf| !is_there(name) && !BESIDE.iter().any(|suffix| is_there(&with(name, suffix)));
    let mut names = [name.to_owned()].into_iter().chain(counted);
    names.find(is_free).ok_or_else(|| {
        let name = name.display();
        StoreError::Io(format!(
            "`{name}` and {KEPT_AT_MOST} names like it are taken: move these files away"
        ))
    })
}

/// A link that leads nowhere is there, and so is what nobody lets us see.
fn is_there(path: &Path) -> bool {
    !fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

impl Store {
    /// Writes what the write-ahead log holds into the file, so that a copy of the file alone is the database. Others who read just
    /// then may keep a part of it in the log.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn write_log(&self) -> Result<(), StoreError> {
        let written = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        Ok(written?)
    }
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
    if to.exists()
        && let Err(error) = files::regular(to)
    {
        return Some(error.to_string());
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
        | StoreError::WithoutLog(_)
        | StoreError::Broken { .. }
        | StoreError::Altered { .. }
        | StoreError::Changed { .. }
        | StoreError::Tampered(_)
        | StoreError::Moved(_)
        | StoreError::NoBackup(_)
        | StoreError::OwnFile(_)
        | StoreError::BackupUnreadable { .. }
        | StoreError::BackupDamaged { .. }
        | StoreError::BackupUnwritable { .. }
        | StoreError::BackupAhead { .. }
        | StoreError::StateWouldChange
        | StoreError::Unreadable { .. }) => other.to_string(),
    }
}

pub(super) fn check(path: &Path) -> Result<Verified, StoreError> {
    Ok(open_whole(path)?.1)
}

/// Opens a file that is whole, to read: a database of Interlock without damage, whose chain holds.
///
/// # Errors
/// What is wrong with it.
fn open_whole(path: &Path) -> Result<(Store, Verified), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    files::regular(path)
        .and_then(|()| File::open(path))
        .map_err(|error| unreadable(path, error.to_string()))?;
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
    let store = Store::open_to_read(path)?;
    let verified = store.verify()?;
    Ok((store, verified))
}

fn unreadable(path: &Path, why: String) -> StoreError {
    StoreError::BackupUnreadable {
        path: path.to_owned(),
        why,
    }
}

fn beside(path: &Path, what: &str) -> PathBuf {
    with(path, &format!(".{what}"))
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io(path, &error)),
    }
}

/// With all that SQLite keeps beside it.
fn remove_all(path: &Path) -> Result<(), StoreError> {
    let beside = BESIDE.iter().map(|suffix| with(path, suffix));
    [path.to_owned()]
        .into_iter()
        .chain(beside)
        .try_for_each(|file| remove(&file))
}

fn synced(path: &Path) -> Result<(), StoreError> {
    let file = File::open(path).and_then(|file| file.sync_all());
    file.map_err(|error| io(path, &error))
}

/// A rename is durable when its folder is.
fn sync_folder(path: &Path) -> Result<(), StoreError> {
    synced(folder_of(path))
}

fn io(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Io(format!("`{}`: {error}", path.display()))
}
