//! What a path leads to, asked before anything there is opened or written over.
//!
//! Invariants: nothing here waits for a pipe, and nothing reads without a bound. A file is told by device and inode, so that
//! neither a link nor another way of writing its path makes two files of one.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// What SQLite keeps beside a database under the name of that one: the write-ahead log, its index, a journal that was not
/// rolled back. Source: <https://www.sqlite.org/tempfiles.html>
pub const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Links that are followed where what they lead to is not there. Linux follows as many.
const LINKS: usize = 40;

/// A pipe that nobody writes to would be waited for, and a device never ends.
///
/// # Errors
/// It is no regular file, or can't be asked what it is: not there, not ours to see.
pub fn regular(path: &Path) -> io::Result<()> {
    match fs::metadata(path)?.is_file() {
        true => Ok(()),
        false => Err(io::Error::other("it is no regular file")),
    }
}

/// The text of a file, or of a pipe to its end: at most so many bytes.
///
/// # Errors
/// It can't be read, has more than `most` bytes, or is not UTF-8.
pub fn text_within(path: &Path, most: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    // One byte too many is enough to be refused.
    let limit = most.saturating_add(1);
    let read = File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > most {
        return Err(io::Error::other(format!("it has more than {most} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

/// The path with something put behind its name.
#[must_use]
pub fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The folder that a file is in.
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

/// The lock beside a database, which says that a process writes to it.
#[must_use]
pub fn lock_of(store: &Path) -> PathBuf {
    store.with_extension("lock")
}

/// Whether a path leads to the database, or to one of the files beside it that are part of it; also when none of them is
/// there yet.
#[must_use]
pub fn is_of_database(path: &Path, store: &Path) -> bool {
    let beside = BESIDE.iter().map(|suffix| with(store, suffix));
    beside
        .chain([store.to_owned(), lock_of(store)])
        .any(|own| same(path, &own))
}

/// Whether two paths lead to one file, or would.
#[must_use]
pub fn same(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
        (Err(_), Err(_)) => place(one).is_some_and(|found| Some(found) == place(other)),
    }
}

/// Where a file would be made, without links on the way.
fn place(path: &Path) -> Option<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        let Ok(target) = fs::read_link(&path) else { break };
        path = folder_of(&path).join(target);
    }
    let folder = folder_of(&path);
    // A folder that is not there either has no links.
    let folder = fs::canonicalize(folder).or_else(|_| std::path::absolute(folder));
    Some(folder.ok()?.join(path.file_name()?))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_is_the_database_however_its_path_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let store = path("interlock.db");
        symlink(&store, path("link")).unwrap();
        symlink("link", path("link-to-link")).unwrap();
        symlink(folder.path(), path("folder")).unwrap();
        let same_file = [
            "interlock.db",
            "./interlock.db",
            "folder/./interlock.db",
            "link",
            "link-to-link",
        ];
        let parts = [
            "interlock.db-wal",
            "interlock.db-shm",
            "interlock.db-journal",
            "interlock.lock",
        ];
        let others = [
            "backup.db",
            "interlock.db.part",
            "link.db",
            "nowhere/interlock.db",
        ];
        for there in [false, true] {
            for name in same_file.iter().chain(&parts) {
                assert!(is_of_database(&path(name), &store), "{name}, there: {there}");
            }
            for name in others {
                assert!(!is_of_database(&path(name), &store), "{name}, there: {there}");
            }
            fs::write(&store, "").unwrap();
            fs::write(path("backup.db"), "").unwrap();
        }
        fs::hard_link(&store, path("hard")).unwrap();
        assert!(is_of_database(&path("hard"), &store));
        assert!(is_of_database(&path("nowhere/a.db"), &path("nowhere/./a.db")));
    }

    #[test]
    fn a_device_that_never_ends_is_not_read_to_its_end() {
        let refused = text_within(Path::new("/dev/zero"), 9).unwrap_err();
        assert_eq!(refused.to_string(), "it has more than 9 bytes");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("text");
        fs::write(&file, "nine byte").unwrap();
        assert_eq!(text_within(&file, 9).unwrap(), "nine byte");
        fs::write(&file, b"\xff").unwrap();
        let refused = text_within(&file, 9).unwrap_err();
        assert_eq!(refused.to_string(), "it is not UTF-8 text");
    }
}
