//! Backups and restores, over databases with a few entries.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::Connection;

use super::backup::{check, prepare, put_back};
use super::{Store, StoreError};
use crate::domain::event::{Entry, Event, Who};
use crate::domain::freeze::Scope;
use crate::domain::samples;
use crate::files::with;

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

/// As a process leaves a database that died: entries that are in the log alone.
fn died(store: &Store, to: &Path) {
    for suffix in ["", "-wal"] {
        fs::copy(with(store.path(), suffix), with(to, suffix)).expect("copied");
    }
}

#[test]
fn a_restore_puts_back_what_stands_in_the_log_beside_the_backup() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    drop(with_entries(&path("other.db"), 3));
    let other = with_entries(&path("other.db"), 4);
    died(&other, &path("copy.db"));
    let live = path("live.db");
    drop(with_entries(&live, 20));
    let (verified, part) = prepare(&path("copy.db"), &live).expect("a backup");
    put_back(&part, &live, "20261121").expect("restored");
    let restored = Store::open_to_read(&live).expect("a database");
    assert_eq!((verified.entries, restored.seq()), (7, 7));
    assert_eq!((verified.head, restored.head()), (other.head(), other.head()));
}

#[test]
fn restores_of_one_second_keep_what_each_found_and_no_log_of_it_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let live = path("live.db");
    let store = with_entries(&live, 2);
    store.backup(&path("backup.db")).expect("a backup");
    drop(store);
    drop(with_entries(&live, 9));
    let restored = || {
        let (_, part) = prepare(&path("backup.db"), &live).expect("a copy");
        put_back(&part, &live, "20261121")
            .expect("restored")
            .expect("kept")
    };
    let kept = [restored(), restored(), restored()];
    let seqs = kept.map(|file| Store::open_to_read(&file).expect("a database").seq());
    assert_eq!(seqs, [11, 2, 2]);
    // Of one that can't be opened neither.
    for suffix in ["", "-wal", "-shm", "-journal"] {
        fs::write(with(&live, suffix), "no database").expect("written");
    }
    let kept = restored();
    assert_eq!(fs::read_to_string(kept).expect("a text"), "no database");
    for suffix in ["-wal", "-shm", "-journal"] {
        assert!(!with(&live, suffix).exists(), "{suffix}");
    }
    // A log without its database is not that of the new one either.
    fs::remove_file(&live).expect("removed");
    fs::write(with(&live, "-wal"), "a log").expect("written");
    let (_, part) = prepare(&path("backup.db"), &live).expect("a copy");
    assert_eq!(put_back(&part, &live, "20261121").expect("restored"), None);
    assert!(!with(&live, "-wal").exists());
    assert_eq!(Store::open_to_read(&live).expect("a database").seq(), 2);
}

#[test]
fn the_database_itself_is_neither_written_over_nor_put_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let live = path("live.db.part");
    let store = with_entries(&live, 3);
    fs::hard_link(&live, path("hard.db")).expect("linked");
    std::os::unix::fs::symlink(&live, path("soft.db")).expect("linked");
    // The copy is made at `live.db.part`.
    for name in [
        "live.db.part",
        "./live.db.part",
        "hard.db",
        "soft.db",
        "live.db.part-wal",
        "live.db",
    ] {
        let refused = store.backup(&path(name)).expect_err("refused");
        assert!(matches!(refused, StoreError::OwnFile(_)), "{name}: {refused}");
    }
    drop(store);
    for name in ["live.db.part", "./live.db.part", "hard.db", "soft.db"] {
        let refused = prepare(&path(name), &live).expect_err("refused");
        assert!(matches!(refused, StoreError::OwnFile(_)), "{name}: {refused}");
    }
    let left = path("live.db.part.restoring");
    drop(with_entries(&left, 2));
    prepare(&left, &live).expect_err("refused");
    assert_eq!(check(&left).expect("it is still there").entries, 2);
    assert_eq!(check(&live).expect("as before").entries, 3);
}
