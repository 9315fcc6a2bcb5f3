//! What others write into the database bears no seal, whatever they know but the key.

use jiff::Timestamp;
use tempfile::TempDir;

use super::seal::BARE_HEAD;
use super::{Sealer, Signer, Store, StoreError};
use crate::domain::command::Effect;
use crate::domain::event::{Entry, Event, Who};
use crate::domain::freeze::Scope;
use crate::domain::ids::IncidentId;
use crate::domain::samples;

fn sealer() -> Sealer {
    let key = Signer::generate("interlock.test/seal").unwrap();
    Signer::parse(&key).unwrap().sealer()
}

fn commit(store: &mut Store, count: u64) {
    for _ in 0..count {
        let entry = entry(store.seq() + 1);
        store.commit(&[entry], &[], &[], Timestamp::UNIX_EPOCH).unwrap();
    }
}

fn entry(seq: u64) -> Entry {
    Entry {
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
            "DELETE FROM journal WHERE seq IN (3, 4)",
            "goes up to entry 10 and has 8 rows",
        ),
        (
            "DELETE FROM journal WHERE seq = 1; INSERT INTO journal (seq, at_ms, kind, payload, salt, hash) VALUES (0, 0, '', '', zeroblob(16), zeroblob(32))",
            "goes up to entry 10 and has 10 rows",
        ),
        ("UPDATE seal SET seq = 9223372036854775807", "does not fit"),
        (
            "UPDATE journal SET commitment = zeroblob(32), payload = '', salt = zeroblob(16) WHERE seq = 9",
            "entry 9 is not what it was",
        ),
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
            "DELETE FROM snapshot; UPDATE journal SET payload = replace(payload, 'entry 3', 'entry 0') WHERE seq = 3",
            "entry 3 is not what it was",
        ),
    ] {
        let found = found(sql(tampering)).unwrap_or_default();
        assert!(found.contains(said), "{tampering}: {found}");
    }
}

#[test]
fn a_snapshot_from_before_there_was_a_key_is_not_used_and_is_no_harm() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("interlock.db");
    let mut store = Store::open_sealed(&path, Some(sealer())).unwrap();
    commit(&mut store, 3);
    let state = store.load().unwrap();
    store.save_snapshot(&state).unwrap();
    // Whatever it says.
    let forged = "UPDATE snapshot SET seal = NULL, state = replace(state, '\"last_incident\":0', '\"last_incident\":7')";
    let other = rusqlite::Connection::open(&path).unwrap();
    assert_eq!(other.execute(forged, []).unwrap(), 1);
    assert_eq!(store.doubt().unwrap(), None);
    assert_eq!(store.load().unwrap(), state);
    // Nor does it vouch for what stands below it.
    let below = "DROP TRIGGER journal_no_update; UPDATE journal SET payload = replace(payload, 'entry 2', 'entry 0') WHERE seq = 2";
    other.execute_batch(below).unwrap();
    let doubt = store.doubt().unwrap().unwrap_or_default();
    assert!(doubt.contains("entry 2 is not what it was"), "{doubt}");
}

#[test]
fn a_seal_that_does_not_fit_ends_a_running_store() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("interlock.db");
    let mut store = Store::open_sealed(&path, Some(sealer())).unwrap();
    commit(&mut store, 2);
    store.refresh().unwrap();
    commit(&mut Store::open(&path).unwrap(), 1);
    assert!(matches!(store.refresh(), Err(StoreError::Tampered(_))));
    // For good, whatever is taken back.
    assert!(matches!(store.probe(), Err(StoreError::Tampered(_))));
}

/// A card and a page of each incident, which take turns in waiting.
fn queue(store: &mut Store, incidents: std::ops::Range<u64>) -> Vec<i64> {
    let mut rows = Vec::new();
    for incident in incidents.map(IncidentId) {
        let seq = store.seq() + 1;
        let effects = [
            Effect::Card { incident },
            Effect::Card { incident },
            Effect::Page { incident },
        ];
        let stored = store.commit(&[entry(seq)], &effects, &rows, Timestamp::UNIX_EPOCH);
        rows = stored.unwrap();
    }
    rows
}

#[test]
fn what_waits_is_sealed_through_every_change_and_only_what_was_sealed_is_ours() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("interlock.db");
    let sealer = sealer();
    let opened = || Store::open_sealed(&path, Some(sealer.clone())).unwrap();
    let mut store = opened();
    let rows = queue(&mut store, 1..5);
    assert_eq!(store.doubt().unwrap(), None);
    // Letting go of some alone, of one twice, and of one that is not there.
    store
        .commit(&[], &[], &[rows[2], rows[2], 999], Timestamp::UNIX_EPOCH)
        .unwrap();
    assert_eq!(store.doubt().unwrap(), None);
    drop(store);
    let whole = std::fs::read(&path).unwrap();
    for tampering in [
        "DELETE FROM outbox",
        "UPDATE outbox SET effect = replace(effect, '4', '3')",
        "UPDATE outbox SET row = row + 1000",
        "UPDATE outbox SET slot = NULL",
        "UPDATE outbox SET created_ms = 1",
        "INSERT INTO outbox (effect, created_ms) VALUES ('{\"effect\":\"page_resolve\",\"incident\":1}', 0)",
        "UPDATE seal SET outbox = NULL",
        "UPDATE seal SET outbox = mac",
    ] {
        std::fs::write(&path, &whole).unwrap();
        let mut store = opened();
        assert!(!store.outbox_is_forged());
        queue(&mut store, 5..6);
        drop(store);
        rusqlite::Connection::open(&path)
            .unwrap()
            .execute_batch(tampering)
            .unwrap();
        let mut store = opened();
        assert!(store.outbox_is_forged(), "{tampering}");
        let said = store.doubt().unwrap().unwrap_or_default();
        assert!(said.contains("(table outbox)"), "{tampering}: {said}");
        // The first commit takes all of it away, and seals what it queues itself.
        queue(&mut store, 7..8);
        assert_eq!(store.outbox().unwrap().len(), 2, "{tampering}");
        drop(store);
        let store = opened();
        assert!(!store.outbox_is_forged(), "{tampering}");
        assert_eq!(store.doubt().unwrap(), None, "{tampering}");
    }
}

#[test]
fn a_database_whose_outbox_was_not_sealed_is_sealed_once_and_not_when_somebody_asks_for_it_again() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("interlock.db");
    let sealer = sealer();
    let mut store = Store::open_sealed(&path, Some(sealer.clone())).unwrap();
    queue(&mut store, 1..3);
    let old = "ALTER TABLE seal DROP COLUMN outbox; DELETE FROM seal; PRAGMA user_version = 4";
    store.connection.execute_batch(old).unwrap();
    let head = (store.seq(), store.head());
    let bare = sealer.sign(
        BARE_HEAD,
        &[store.name().as_bytes(), &head.0.to_be_bytes(), &head.1],
    );
    let sealed = "INSERT INTO seal (only, seq, mac) VALUES (1, ?1, ?2)";
    store.connection.execute(sealed, (head.0, bare)).unwrap();
    drop(store);
    let checked = Store::open_to_check(&path, Some(sealer.clone())).unwrap();
    assert_eq!(checked.doubt().unwrap(), None, "as it is");
    drop(checked);
    let store = Store::open_sealed(&path, Some(sealer.clone())).unwrap();
    assert_eq!(store.doubt().unwrap(), None);
    drop(store);
    let again = "ALTER TABLE seal DROP COLUMN outbox; DELETE FROM outbox; PRAGMA user_version = 4";
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(again).unwrap();
    drop(connection);
    let store = Store::open_sealed(&path, Some(sealer)).unwrap();
    assert!(store.outbox_is_forged());
    assert!(store.doubt().unwrap().is_some());
}

#[test]
fn a_running_store_notices_what_others_commit_and_goes_on_where_it_fits() {
    for (statement, fits) in [
        ("ANALYZE", true),
        ("DELETE FROM snapshot", true),
        ("DELETE FROM probe", true),
        ("INSERT INTO outbox (effect, created_ms) VALUES ('', 0)", false),
        ("UPDATE identity SET name = '0123456789abcdef'", false),
        ("UPDATE seal SET mac = zeroblob(32)", false),
        ("DELETE FROM seal", false),
        ("UPDATE snapshot SET state = '{}'", false),
        ("CREATE TABLE notes (of TEXT)", true),
        ("CREATE INDEX by_kind ON journal (kind)", false),
        (
            "PRAGMA writable_schema = ON; INSERT INTO sqlite_master VALUES ('trigger', 'sqlite_x', 'journal', 0,
             'CREATE TRIGGER sqlite_x AFTER INSERT ON journal BEGIN DELETE FROM outbox; END')",
            false,
        ),
        ("DROP TRIGGER journal_no_update", false),
        (
            "CREATE TRIGGER t AFTER INSERT ON journal BEGIN DELETE FROM outbox; END",
            false,
        ),
    ] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("interlock.db");
        let mut store = Store::open_sealed(&path, Some(sealer())).unwrap();
        queue(&mut store, 1..3);
        let state = store.load().unwrap();
        store.save_snapshot(&state).unwrap();
        store.look().unwrap();
        let other = rusqlite::Connection::open(&path).unwrap();
        other.execute_batch(statement).unwrap();
        let seq = store.seq() + 1;
        let stored = store.commit(&[entry(seq)], &[], &[], Timestamp::UNIX_EPOCH);
        assert_eq!(stored.is_ok(), fits, "{statement}: {stored:?}");
        assert_eq!(store.look().is_ok(), fits, "{statement}");
        let there: u64 = other
            .query_row("SELECT max(seq) FROM journal", [], |row| row.get(0))
            .unwrap();
        assert_eq!(there == seq, fits, "{statement}: nothing more is written");
    }
}

#[test]
fn a_database_from_before_there_were_seals_is_sealed_once_a_start_has_said_so() {
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
    for _ in 0..2 {
        let doubt = store.doubt().unwrap().unwrap_or_default();
        assert!(doubt.contains("3 entries and no seal"), "{doubt}");
    }
    // A start that dies before it could say so says so the next time.
    drop(store);
    let mut store = Store::open_sealed(&path, Some(sealer.clone())).unwrap();
    assert!(store.doubt().unwrap().is_some());
    store
        .commit(&[entry(4)], &[], &[], Timestamp::UNIX_EPOCH)
        .unwrap();
    drop(store);
    let store = Store::open_sealed(&path, Some(sealer)).unwrap();
    assert_eq!(store.doubt().unwrap(), None);
}

#[test]
fn a_running_store_is_not_set_back_to_what_it_sealed_before() {
    let folder = TempDir::new().unwrap();
    let (path, copy) = (folder.path().join("interlock.db"), folder.path().join("copy.db"));
    let mut store = Store::open_sealed(&path, Some(sealer())).unwrap();
    queue(&mut store, 1..3);
    store.backup(&copy).unwrap();
    queue(&mut store, 3..4);
    let other = rusqlite::Connection::open(&path).unwrap();
    let guard: String = other
        .query_row(
            "SELECT sql FROM sqlite_master WHERE name = 'journal_no_delete'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let back = format!(
        "ATTACH '{}' AS old; BEGIN; DROP TRIGGER journal_no_delete;
        DELETE FROM journal WHERE seq > (SELECT max(seq) FROM old.journal);
        DELETE FROM seal; INSERT INTO seal SELECT * FROM old.seal;
        DELETE FROM outbox; INSERT INTO outbox SELECT * FROM old.outbox;
        {guard}; COMMIT",
        copy.display()
    );
    other.execute_batch(&back).unwrap();
    let refused = store.commit(&[entry(4)], &[], &[], Timestamp::UNIX_EPOCH);
    assert!(
        matches!(&refused, Err(StoreError::Tampered(why)) if why.contains("an older state")),
        "{refused:?}"
    );
}
