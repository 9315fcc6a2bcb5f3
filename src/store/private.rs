//! Files that nobody else on the machine reads: the journal has alerts, commands and their outputs in it.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// What SQLite takes for no file at all.
pub(super) const IN_MEMORY: &str = ":memory:";

/// Makes the file for its owner alone where there is none. SQLite takes an empty file for a new database, and gives the files
/// beside it the same rights. Where it can't be made nothing is said here: SQLite tries next, and says why.
pub(super) fn make(path: &Path) {
    if path == Path::new(IN_MEMORY) {
        return;
    }
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    drop(made);
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use crate::store::Store;

    #[test]
    fn a_rehearsal_leaves_no_file() {
        drop(Store::in_memory().unwrap());
        assert!(!std::path::Path::new(super::IN_MEMORY).exists());
    }

    #[test]
    fn a_database_its_log_and_its_backup_are_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (path, backup) = (
            folder.path().join("interlock.db"),
            folder.path().join("backup.db"),
        );
        let store = Store::open(&path).unwrap();
        store.backup(&backup).unwrap();
        let mut seen = 0;
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let file = file.unwrap();
            let mode = file.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{:?}", file.file_name());
            seen += 1;
        }
        assert!(seen >= 3, "only {seen} files");
    }
}
