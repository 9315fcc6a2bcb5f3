//! What others write into the database bears no seal, whatever they know but the key.

use jiff::Timestamp;
use tempfile::TempDir;

use super::{Sealer, Signer, Store, StoreError};
use crate::domain::event::{Entry, Event, Who};
use crate::domain::freeze::Scope;
use crate::domain::samples;

fn sealer() -> Sealer {
    let key = Signer::generate("interlock.test/seal").unwrap();
    Signer::parse(&key).unwrap().sealer()
}

fn commit(store: &mut Store, count: u64) {
    for _ in 0..count {
        let seq = store.seq() + 1;
        let entry = Entry {
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
        store.commit(&[entry], &[], &[], Timestamp::UNIX_EPOCH).unwrap();
    }
}

/// What a start finds after `tampering` with a database of ten entries, of which the snapshot covers seven.
fn found(tampering: impl FnOnce(&std::path::Path)) -> Option<String> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("interlock.db");
    let sealer = sealer();
    let mut store = Store::open_sealed(&path, Some(sealer.clone())).unwrap();
    assert_eq!(store.doubt().unwrap(), None, "it is empty");
    commit(&mut store, 7);
    let state = store.load().unwrap();
    store.save_snapshot(&state).unwrap();
    commit(&mut store, 3);
    drop(store);
    tampering(&path);
    let store = Store::open_sealed(&path, Some(sealer)).unwrap();
    // A snapshot that somebody changed is not used.
    let loaded = store.load().unwrap();
    assert_eq!(loaded.last_incident, 0, "what the snapshot says is believed");
    store.doubt().unwrap()
}

/// A statement of somebody who has taken the triggers away, and puts them back.
fn sql(statement: &'static str) -> impl FnOnce(&std::path::Path) {
    move |path| {
        let connection = rusqlite::Connection::open(path).unwrap();
        let guards = "SELECT group_concat(sql, ';') FROM sqlite_master WHERE name IN ('journal_no_update', 'journal_no_delete')";
        let guards: String = connection.query_row(guards, [], |row| row.get(0)).unwrap();
        connection
            .execute_batch(&format!(
                "DROP TRIGGER journal_no_update; DROP TRIGGER journal_no_delete; {statement}; {guards}"
            ))
            .unwrap();
    }
}

#[test]
fn what_was_written_without_the_key_is_found() {
    assert_eq!(found(|_| ()), None);
    assert_eq!(found(sql("DELETE FROM snapshot")), None, "it is a cache");
    let appended = found(|path| commit(&mut Store::open(path).unwrap(), 1)).unwrap();
    assert!(
        appended.contains("sealed up to entry 10 and has 11"),
        "{appended}"
    );
    let other = found(|path| commit(&mut Store::open_sealed(path, Some(sealer())).unwrap(), 1)).unwrap();
    assert!(other.contains("the seal over 11 entries does not fit"), "{other}");
    for (tampering, said) in [
        (
            "DELETE FROM journal WHERE seq = 10",
            "the seal over 10 entries does not fit",
        ),
        ("DELETE FROM seal", "no seal"),
        ("UPDATE seal SET mac = zeroblob(32)", "does not fit"),
        ("UPDATE identity SET name = '0123456789abcdef'", "does not fit"),
        (
            "UPDATE journal SET payload = replace(payload, 'entry 9', 'entry 0') WHERE seq = 9",
            "entry 9 is not what it was",
        ),
        (
            "UPDATE snapshot SET state = replace(state, '\"last_incident\":0', '\"last_incident\":7')",
            "the snapshot of the state was changed",
        ),
        (
            "UPDATE snapshot SET seal = NULL",
            "the snapshot of the state was changed",
        ),
        (
            "DELETE FROM snapshot; UPDATE journal SET payload = replace(payload, 'entry 3', 'entry 0') WHERE seq = 3",
            "entry 3 is not what it was",
        ),
    ] {
        let found = found(sql(tampering)).unwrap_or_default();
        assert!(found.contains(said), "{tampering}: {found}");
    }
}

#[test]
fn a_seal_that_does_not_fit_ends_a_running_store() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("interlock.db");
    let mut store = Store::open_sealed(&path, Some(sealer())).unwrap();
    commit(&mut store, 2);
    store.refresh().unwrap();
    commit(&mut Store::open(&path).unwrap(), 1);
    assert!(matches!(store.refresh(), Err(StoreError::Broken { seq: 3 })));
}

#[test]
fn a_database_from_before_there_were_seals_is_sealed_as_it_is() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("interlock.db");
    commit(&mut Store::open(&path).unwrap(), 3);
    let old = "DROP TABLE seal; ALTER TABLE snapshot DROP COLUMN seal; PRAGMA user_version = 3";
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch(old)
        .unwrap();
    let sealer = sealer();
    let store = Store::open_sealed(&path, Some(sealer.clone())).unwrap();
    assert!(store.was_unsealed());
    assert_eq!(store.doubt().unwrap(), None);
    drop(store);
    let store = Store::open_sealed(&path, Some(sealer)).unwrap();
    assert!(!store.was_unsealed());
    assert_eq!(store.doubt().unwrap(), None);
}
