//! The journal lets go of what a recorded erasure covers and of nothing else, however often it is interrupted.

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::{Store, StoreError};
use crate::domain::erasure::Erasure;
use crate::domain::event::{Deed, Entry, Event, Who};
use crate::domain::ids::IncidentId;
use crate::domain::samples;

/// More than two transactions of payloads.
const MANY: u64 = 600;
const CANARY: &str = "Marguerite of the tape archive";

fn at(seq: u64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + i64::try_from(seq).unwrap()).unwrap()
}

/// So many entries about the incident, in which the canary stands.
fn filled(store: &mut Store, incident: Option<u64>, count: u64) {
    let first = store.seq() + 1;
    let entry = |seq| Entry {
        seq,
        at: at(seq),
        key: None,
        event: Event::Asked {
            incident: incident.map(IncidentId),
            by: Who {
                id: samples::person("U1"),
                name: CANARY.to_owned(),
            },
            deed: Deed::Ask,
        },
    };
    let entries: Vec<Entry> = (first..first + count).map(entry).collect();
    store.commit(&entries, &[], &[], at(first)).unwrap();
}

fn recorded(store: &mut Store, incidents: &[u64], before: u64, alone: bool) {
    let incidents = incidents.iter().copied().map(IncidentId).collect();
    let erasure = store
        .load()
        .unwrap()
        .leaving(Erasure::of(incidents, at(before), alone));
    // Nothing younger than 31 days goes.
    let now = at(before) + SignedDuration::from_hours(24 * 31);
    let entry = Entry {
        seq: store.seq() + 1,
        at: now,
        key: None,
        event: Event::Erased { by: None, erasure },
    };
    store.commit(&[entry], &[], &[], now).unwrap();
}

fn canaries(folder: &TempDir) -> usize {
    let files = std::fs::read_dir(folder.path()).unwrap();
    let count = |bytes: &[u8]| {
        bytes
            .windows(CANARY.len())
            .filter(|part| *part == CANARY.as_bytes())
            .count()
    };
    files
        .map(|file| count(&std::fs::read(file.unwrap().path()).unwrap()))
        .sum()
}

#[test]
fn many_payloads_go_by_and_by_and_a_process_that_dies_in_between_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("interlock.db");
    let mut store = Store::open(&path).unwrap();
    filled(&mut store, Some(1), MANY);
    filled(&mut store, None, 10);
    filled(&mut store, Some(2), 1);
    let last = store.seq() + 1;
    recorded(&mut store, &[1], last, true);
    let (head, state) = (store.head(), store.load_all().unwrap());
    let mut erasing = store.erasing().unwrap().unwrap();
    assert!(store.erase_some(&mut erasing).unwrap());
    let left = store.unerased().unwrap();
    assert!((1..MANY).contains(&left), "{left}");
    assert_eq!(store.load_all().unwrap(), state, "half of it is the same state");
    drop(store);

    let mut store = Store::open(&path).unwrap();
    let mut erasing = store.erasing().unwrap().unwrap();
    while store.erase_some(&mut erasing).unwrap() {}
    // Nobody reads, so the log can be emptied at once.
    assert!(store.erased_through(&erasing, &state).unwrap());
    assert!(store.erasing().unwrap().is_none());
    assert_eq!(store.unerased().unwrap(), 0);
    assert_eq!(
        (store.verify().unwrap().head, store.load_all().unwrap()),
        (head, state)
    );
    assert_eq!(canaries(&folder), 1, "of the other incident");
}

#[test]
fn a_reader_in_the_log_is_waited_for() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("interlock.db");
    let mut store = Store::open(&path).unwrap();
    filled(&mut store, Some(1), 3);
    let reader = Store::open_to_read(&path).unwrap();
    let moment = reader.connection.unchecked_transaction().unwrap();
    let seen: u64 = moment
        .query_row("SELECT count(*) FROM journal", [], |row| row.get(0))
        .unwrap();
    assert_eq!(seen, 3);
    recorded(&mut store, &[1], 9, false);
    let state = store.load().unwrap();
    let mut erasing = store.erasing().unwrap().unwrap();
    while store.erase_some(&mut erasing).unwrap() {}
    assert!(!store.erased_through(&erasing, &state).unwrap());
    assert!(store.erasing().unwrap().is_some(), "it is not through");
    drop(moment);
    assert!(store.erased_through(&erasing, &state).unwrap());
    assert_eq!(canaries(&folder), 0);
}

#[test]
fn only_what_is_covered_can_be_erased_and_nothing_else_changed_with_it() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("interlock.db");
    let mut store = Store::open(&path).unwrap();
    filled(&mut store, Some(1), 4);
    filled(&mut store, Some(5), 1);
    filled(&mut store, None, 1);
    let erase = "UPDATE journal SET payload = '', salt = zeroblob(16), commitment = randomblob(32)";
    let refused = |store: &Store, what: String| {
        let error = store.connection.execute(&what, []).unwrap_err().to_string();
        assert!(error.contains("append-only"), "{what}: {error}");
    };
    refused(&store, format!("{erase} WHERE seq = 1"));
    recorded(&mut store, &[1], 3, false);
    filled(&mut store, Some(1), 1);
    for seq in [3, 5, 6, 7, 8] {
        refused(&store, format!("{erase} WHERE seq = {seq}"));
    }
    for more in [
        "at_ms = 0",
        "kind = 'closed'",
        "hash = zeroblob(32)",
        "incident = 5",
        "seq = 99",
    ] {
        refused(&store, format!("{erase}, {more} WHERE seq = 1"));
    }
    let kept = "UPDATE journal SET commitment = randomblob(32) WHERE seq = 1";
    assert!(store.connection.execute(kept, []).is_err(), "the payload stays");
    // What fits is allowed, once; what was put there does not fit the chain.
    store
        .connection
        .execute(&format!("{erase} WHERE seq = 1"), [])
        .unwrap();
    refused(&store, format!("{erase} WHERE seq = 1"));
    assert!(matches!(store.verify(), Err(StoreError::Broken { seq: 1 })));
}

#[test]
fn what_was_changed_from_outside_is_not_erased() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("interlock.db");
    let mut store = Store::open(&path).unwrap();
    filled(&mut store, Some(1), 3);
    store
        .connection
        .execute_batch(
            "DROP TRIGGER journal_no_update; UPDATE journal SET payload = replace(payload, 'Marguerite', 'Mallory') WHERE seq = 2",
        )
        .unwrap();
    recorded(&mut store, &[1], 9, false);
    let mut erasing = store.erasing().unwrap().unwrap();
    let refused = store.erase_some(&mut erasing);
    assert!(
        matches!(refused, Err(StoreError::Broken { seq: 2 })),
        "{refused:?}"
    );
    assert_eq!(store.unerased().unwrap(), 3, "it stays as evidence");
}
