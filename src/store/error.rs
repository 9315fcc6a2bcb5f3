//! What can go wrong with the database, worded with what to do.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error, strum::VariantNames)]
pub enum StoreError {
    #[error("`{}` was written by a newer Interlock (schema {found}; this one knows up to {known}): start that version, or restore an older backup", path.display())]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("another Interlock is running on `{}`: stop it first, or give this one another store.path", .0.display())]
    InUse(PathBuf),
    #[error("`{}` can't be opened: {reason}; check that the folder exists and belongs to this user", path.display())]
    Open { path: PathBuf, reason: String },
    #[error("`{}` is no database of Interlock: it is another kind of file, or was overwritten; set store.path to the right one, or move this file away (`interlock restore` puts a backup in its place)", .0.display())]
    Foreign(PathBuf),
    #[error("`{}` holds no entry of a journal, and its `-wal` file is missing: it was copied without that one from a bot that was running; copy both, or better make a copy with `interlock backup`", .0.display())]
    WithoutLog(PathBuf),
    // That nothing starts meanwhile is said by whoever shows these: once.
    #[error("the disk is full: free some space")]
    Full,
    #[error("the database is read-only: check the volume and the file's owner")]
    ReadOnly,
    #[error("reading or writing the database failed ({0}): check the disk")]
    Io(String),
    #[error(
        "entry {seq} of the journal does not fit the one before it: the file was changed from outside or is damaged; restore a backup, and keep this file as evidence"
    )]
    Broken { seq: u64 },
    #[error("the database `{}` was altered from outside: {what}, so nothing is written to it; keep the file as evidence, find out who did it, and undo it, or put a backup in its place by `interlock restore`", path.display())]
    Altered { path: PathBuf, what: String },
    #[error("{why} (entry {seq} of the journal); restore a backup, and keep this file as evidence")]
    Changed { seq: u64, why: String },
    #[error(
        "the database was changed from outside while Interlock runs ({0}): nothing more is written to it; keep the file as evidence, find out who did it, and start Interlock again, which freezes everything and voids every approval where the change is still there"
    )]
    Tampered(String),
    #[error("`{}` is no longer the file that was opened: it was moved away, deleted or replaced while Interlock runs; stop Interlock, put the file and those beside it back, and start it again", .0.display())]
    Moved(PathBuf),
    #[error("`{}` is no backup of an Interlock database, so it is left as it is: name another file", .0.display())]
    NoBackup(PathBuf),
    #[error("`{}` is the database itself (store.path) or one of the files beside it, and no backup: name another file", .0.display())]
    OwnFile(PathBuf),
    #[error("the backup `{}` is damaged or was cut off ({why}): nothing was put back; take another backup, or copy this one again from where it is kept", path.display())]
    BackupDamaged { path: PathBuf, why: String },
    #[error("the backup `{}` can't be read ({why}): name a file that `interlock backup` wrote and that this user may read", path.display())]
    BackupUnreadable { path: PathBuf, why: String },
    #[error("no backup can be written to `{}` ({why}): name a file in a folder that exists, has room and takes files of this user; the last backup stays as it is", path.display())]
    BackupUnwritable { path: PathBuf, why: String },
    #[error("the backup `{}` has {backup} entries that are not all in this journal (it has {own}): this database was set back or is another one; keep the backup and choose another file", path.display())]
    BackupAhead { path: PathBuf, backup: u64, own: u64 },
    #[error(
        "nothing was erased: without these entries the journal would lead to another state; please report it, with the output of `interlock audit show`"
    )]
    StateWouldChange,
    #[error("entry {seq} of the journal can't be read: {reason}")]
    Unreadable { seq: u64, reason: String },
    #[error("the database answered with an error: {0}")]
    Sql(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(
                ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase,
            ) => Self::Io(error.to_string()),
            Some(_) | None => Self::Sql(error.to_string()),
        }
    }
}
