//! The journal refuses to be rewritten, whatever the statement; the snapshot is a cache; a full disk loses nothing.
//! Longer than other files, since what the journal refuses is read together.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use tempfile::TempDir;

use super::{GENESIS, Store, StoreError, StoreLock, migrate};
use crate::domain::alert::{Alert, AlertStatus, Severity, Told};
use crate::domain::command::{Answer, Command, Effect, Intent, Reply};
use crate::domain::event::{Entry, Event, Mode, Who};
use crate::domain::freeze::Scope;
use crate::domain::ids::{Channel, EpisodeKey, Fingerprint, IncidentId, PersonId, Revision, Source};
use crate::domain::policy::{Alone, ApproverRow, Guards, Policy};
use crate::domain::rules::{PageAfter, Rules};
use crate::domain::runbook::{Autonomy, Catalog};
use crate::domain::state::State;
use crate::engine::{Core, Knowledge};
use crate::ports::{Person, Standing};

struct Place {
    _folder: TempDir,
    path: PathBuf,
}

fn person(user: &str) -> PersonId {
    PersonId {
        team: "T1".to_owned(),
        user: user.to_owned(),
    }
}

fn place() -> Place {
    let folder = TempDir::new().unwrap();
    Place {
        path: folder.path().join("interlock.db"),
        _folder: folder,
    }
}

fn at() -> Timestamp {
    "2026-03-01T00:00:00Z".parse().unwrap()
}

fn entry(seq: u64, reason: &str) -> Entry {
    let by = Who {
        id: person("U1"),
        name: "ana".to_owned(),
    };
    let event = if seq % 2 == 1 {
        Event::Frozen {
            by,
            reason: reason.to_owned(),
            scope: Scope::Everything,
            over: None,
        }
    } else {
        Event::Unfrozen {
            by,
            reason: reason.to_owned(),
            scope: Scope::Everything,
            over: None,
        }
    };
    Entry {
        seq,
        at: at(),
        key: None,
        event,
    }
}

fn filled(path: &std::path::Path, entries: u64) -> Store {
    let mut store = Store::open(path).unwrap();
    for seq in 1..=entries {
        store.commit(&[entry(seq, "why")], &[], &[], at()).unwrap();
    }
    store
}

#[test]
fn nothing_that_stands_in_the_journal_can_be_changed() {
    let place = place();
    let store = filled(&place.path, 3);
    let attacks = [
        "UPDATE journal SET payload = '{}' WHERE seq = 2",
        "UPDATE OR REPLACE journal SET seq = 3 WHERE seq = 2",
        "DELETE FROM journal WHERE seq = 3",
        "DELETE FROM journal",
        "INSERT OR REPLACE INTO journal SELECT seq, at_ms, 'other', incident, payload, salt, hash, NULL FROM journal WHERE seq = 2",
        "REPLACE INTO journal SELECT 2, at_ms, kind, incident, payload, salt, hash, NULL FROM journal WHERE seq = 1",
        "INSERT INTO journal SELECT 2, at_ms, kind, incident, payload, salt, hash, NULL FROM journal WHERE seq = 1 ON CONFLICT DO UPDATE SET kind = 'x'",
    ];
    // A connection of somebody else, without the settings of ours.
    let stranger = rusqlite::Connection::open(&place.path).unwrap();
    for connection in [&store.connection, &stranger] {
        for attack in attacks {
            let error = connection.execute(attack, []).unwrap_err().to_string();
            assert!(error.contains("append-only"), "{attack}: {error}");
        }
    }
    assert_eq!(store.verify().unwrap().entries, 3);
}

#[test]
fn a_new_database_is_empty_and_opens_again() {
    let place = place();
    let store = Store::open(&place.path).unwrap();
    assert_eq!((store.seq(), store.head()), (0, GENESIS));
    assert_eq!(store.load().unwrap(), State::default());
    assert_eq!(migrate::known_version(&store.connection, &place.path).unwrap(), 5);
    drop(store);
    assert_eq!(Store::open(&place.path).unwrap().verify().unwrap().entries, 0);
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let place = place();
    filled(&place.path, 1)
        .connection
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let message = format!(
        "`{}` was written by a newer Interlock (schema 99; this one knows up to 5): start that version, or restore an older backup",
        place.path.display()
    );
    for result in [Store::open(&place.path), Store::open_to_read(&place.path)] {
        let error = result.err().unwrap();
        assert!(matches!(
            error,
            StoreError::Newer {
                found: 99,
                known: 5,
                ..
            }
        ));
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn a_file_that_is_no_database_of_ours_is_refused() {
    let place = place();
    rusqlite::Connection::open(&place.path)
        .unwrap()
        .execute_batch("CREATE TABLE other (x)")
        .unwrap();
    assert!(matches!(
        Store::open_to_read(&place.path),
        Err(StoreError::Foreign(_))
    ));
    assert!(matches!(Store::open(&place.path), Err(StoreError::Foreign(_))));
    std::fs::write(
        &place.path,
        "not a database at all, but long enough to be looked at as one".repeat(20),
    )
    .unwrap();
    assert!(matches!(Store::open(&place.path), Err(StoreError::Foreign(_))));
}

#[test]
fn a_second_process_is_refused_until_the_first_lets_go() {
    let place = place();
    let first = StoreLock::take(&place.path).unwrap();
    assert!(matches!(StoreLock::take(&place.path), Err(StoreError::InUse(path)) if path == place.path));
    drop(first);
    assert!(StoreLock::take(&place.path).is_ok());
}

#[test]
fn a_snapshot_is_used_while_it_fits_and_never_believed_over_the_journal() {
    let place = place();
    let mut store = filled(&place.path, 1);
    let mut state = store.load().unwrap();
    // Something that no fold gives shows that it was used.
    state.last_incident = 77;
    store.save_snapshot(&state).unwrap();
    store.commit(&[entry(2, "later")], &[], &[], at()).unwrap();
    let loaded = store.load().unwrap();
    assert_eq!(
        (loaded.last_incident, loaded.seq),
        (77, 2),
        "the snapshot and what came after it"
    );
    for damage in [
        "UPDATE snapshot SET version = '0.0.0/1'",
        "UPDATE snapshot SET hash = zeroblob(32)",
        "UPDATE snapshot SET seq = 2",
        "UPDATE snapshot SET seq = 9",
        "UPDATE snapshot SET state = '{}'",
        "UPDATE snapshot SET state = 'rubbish'",
    ] {
        store.save_snapshot(&state).unwrap();
        store.connection.execute(damage, []).unwrap();
        let loaded = store.load().unwrap();
        assert_eq!((loaded.last_incident, loaded.seq), (0, 2), "{damage}");
    }
}

#[test]
fn a_break_in_the_chain_is_named() {
    for (damage, named) in [
        (
            "UPDATE journal SET payload = replace(payload, 'why', 'because') WHERE seq = 3",
            3,
        ),
        ("UPDATE journal SET at_ms = at_ms + 1 WHERE seq = 2", 2),
        ("DELETE FROM journal WHERE seq = 2", 3),
        ("UPDATE journal SET incident = 5 WHERE seq = 4", 4),
        ("UPDATE journal SET kind = 'other' WHERE seq = 1", 1),
        ("UPDATE journal SET salt = randomblob(16) WHERE seq = 5", 5),
        ("DELETE FROM journal WHERE seq = 1", 2),
    ] {
        let place = place();
        let store = filled(&place.path, 5);
        store
            .connection
            .execute_batch("DROP TRIGGER journal_no_update; DROP TRIGGER journal_no_delete")
            .unwrap();
        store.connection.execute(damage, []).unwrap();
        let broken = store.verify();
        assert!(
            matches!(broken, Err(StoreError::Broken { seq }) if seq == named),
            "{damage}: {broken:?}"
        );
    }
}

fn knowledge() -> Knowledge {
    let row = ApproverRow {
        tiers: Vec::new(),
        environments: Vec::new(),
        users: vec!["U1".to_owned(), "U2".to_owned()],
        groups: Vec::new(),
        approvals: 1,
        requester_may: None,
        reason: false,
    };
    let minutes = jiff::SignedDuration::from_mins(5);
    let rules = Rules {
        mode: Mode::Live,
        autonomy: Autonomy::Suggest,
        team: "T1".to_owned(),
        policy: Policy {
            rows: vec![row],
            guards: Guards::default(),
            alone: Alone::default(),
            revision: Revision::new("r"),
        },
        environments: Vec::new(),
        caches: Vec::new(),
        clusters: Vec::new(),
        default_cluster: None,
        routes: Vec::new(),
        channel: Channel::new("C1"),
        approve_by: minutes,
        evidence_for: minutes,
        execute_by: minutes,
        settle: minutes,
        stays: Vec::new(),
        page_after: PageAfter::default(),
        pagers: Vec::new(),
        resolvable: Vec::new(),
        noted: Vec::new(),
        services: Vec::new(),
        silences: None,
        related_within: None,
        same_rule_within: None,
        storm_from: None,
        asks_advisor: false,
    };
    Knowledge {
        rules: Arc::new(rules),
        catalog: Arc::new(Catalog::default()),
    }
}

fn click(user: &str, intent: Intent) -> Command {
    let person = Person {
        id: person(user),
        name: user.to_owned(),
        standing: Standing::Member,
        groups: Vec::new(),
    };
    Command::Act {
        key: None,
        person,
        channel: None,
        intent,
    }
}

#[test]
fn a_full_disk_stores_nothing_by_halves_and_work_goes_on_when_there_is_space() {
    let place = place();
    let mut core = Core::open(Store::open(&place.path).unwrap()).unwrap();
    let knowledge = knowledge();
    let freeze = |reason: String| click("U1", Intent::Freeze { reason });
    core.run(vec![freeze("one".to_owned())], &[], &knowledge, at())
        .unwrap();
    let before = core.state().clone();
    let pages: i64 = core
        .store()
        .connection
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap();
    core.store()
        .connection
        .pragma_update(None, "max_page_count", pages)
        .unwrap();
    let unfreeze = || {
        click(
            "U2",
            Intent::Unfreeze {
                reason: "x".repeat(100_000),
            },
        )
    };
    for _ in 0..2 {
        let error = core.run(vec![unfreeze()], &[], &knowledge, at()).unwrap_err();
        assert!(matches!(error, StoreError::Full), "{error}");
        assert_eq!(*core.state(), before, "still frozen");
    }
    let other = Store::open_to_read(&place.path).unwrap();
    assert_eq!(other.verify().unwrap().entries, before.seq);
    assert_eq!(other.load().unwrap(), before);
    core.store()
        .connection
        .pragma_update(None, "max_page_count", 100_000)
        .unwrap();
    let done = core.run(vec![unfreeze()], &[], &knowledge, at()).unwrap();
    assert!(matches!(
        done.replies.as_slice(),
        [Reply::Answer(Answer::Unfrozen { .. })]
    ));
    assert!(!core.state().freeze.is_on());
    assert_eq!(other.verify().unwrap().entries, before.seq + 1);
}

#[test]
fn a_newer_drawing_of_a_card_takes_the_place_of_the_waiting_one() {
    let place = place();
    let mut store = Store::open(&place.path).unwrap();
    let card = Effect::Card {
        incident: IncidentId(1),
    };
    let page = Effect::Page {
        incident: IncidentId(1),
    };
    let first = store
        .commit(&[], &[card.clone(), page.clone()], &[], at())
        .unwrap();
    let second = store
        .commit(
            &[],
            &[
                card.clone(),
                Effect::Card {
                    incident: IncidentId(2),
                },
            ],
            &[],
            at(),
        )
        .unwrap();
    // The worker confirms the drawing that is no longer the newest: the newer one stays.
    store.commit(&[], &[], &[first[0]], at()).unwrap();
    let left: Vec<_> = store
        .outbox()
        .unwrap()
        .into_iter()
        .map(|(row, effect, _)| (row, effect))
        .collect();
    let expected = vec![
        (first[1], page),
        (second[0], card),
        (
            second[1],
            Effect::Card {
                incident: IncidentId(2),
            },
        ),
    ];
    assert_eq!(left, expected);
}

#[test]
fn every_database_has_a_name_of_its_own_and_keeps_it() {
    let (one, other) = (place(), place());
    let name = Store::open(&one.path).unwrap().name().to_owned();
    assert_eq!(name.len(), 16);
    assert_eq!(Store::open(&one.path).unwrap().name(), name);
    assert_eq!(Store::open_to_read(&one.path).unwrap().name(), name);
    assert_ne!(Store::open(&other.path).unwrap().name(), name);
}

#[test]
fn a_database_of_the_first_schema_is_read_as_it_is_and_opened_with_all_it_has() {
    let place = place();
    let state = {
        let store = filled(&place.path, 3);
        let state = store.load_all().unwrap();
        let old = "DROP TABLE seal; DROP TABLE erasures; DROP INDEX journal_erasures; DROP TRIGGER journal_no_update;
            ALTER TABLE journal DROP COLUMN commitment;
            CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'append-only'); END;
            DROP TABLE identity; DROP TABLE probe; DROP TABLE snapshot; PRAGMA user_version = 1;
            CREATE TABLE snapshot (only INTEGER PRIMARY KEY CHECK (only = 1), seq INTEGER NOT NULL,
                hash BLOB NOT NULL, state TEXT NOT NULL) STRICT;
            INSERT INTO snapshot VALUES (1, 3, zeroblob(32), '{}')";
        store.connection.execute_batch(old).unwrap();
        state
    };
    let read = Store::open_to_read(&place.path).unwrap();
    assert_eq!((read.name(), read.load().unwrap()), ("", state.clone()));
    let opened = Store::open(&place.path).unwrap();
    assert_eq!((opened.name().len(), opened.load().unwrap()), (16, state));
}

#[test]
fn writing_is_tried_without_a_trace_and_what_keeps_it_from_working_is_said() {
    let place = place();
    let mut store = filled(&place.path, 1);
    store.probe().unwrap();
    store.probe().unwrap();
    assert_eq!(store.verify().unwrap().entries, 1);
    store.commit(&[entry(2, "why")], &[], &[], at()).unwrap();

    let refuse = "CREATE TRIGGER refuses BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END";
    store.connection.execute_batch(refuse).unwrap();
    let error = store.probe().unwrap_err().to_string();
    assert!(error.contains("disk is full"), "{error}");
    store.connection.execute_batch("DROP TRIGGER refuses").unwrap();
    store.probe().unwrap();
    store.connection.pragma_update(None, "query_only", true).unwrap();
    assert!(matches!(store.probe(), Err(StoreError::ReadOnly)));
}

fn alert() -> Alert {
    Alert {
        source: Source::new("alertmanager"),
        episode: EpisodeKey::new("tape"),
        fingerprint: Fingerprint::new("tape"),
        group: None,
        status: AlertStatus::Firing,
        name: "Tape".to_owned(),
        title: "Tape is jammed".to_owned(),
        description: String::new(),
        severity: Severity::Low,
        severity_word: "low".to_owned(),
        service: None,
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        links: Vec::new(),
        starts_at: None,
        ends_at: None,
        source_ref: None,
        dedup_key: None,
        told: Told::default(),
    }
}

/// From now on a commit lands and is reported as failed, while the switch is on.
fn reports_failure(store: &mut Store) -> Arc<std::sync::atomic::AtomicBool> {
    let switch = Arc::new(AtomicBool::new(false));
    let seen = switch.clone();
    // What this hook answers becomes the answer of the commit, which has happened already
    // (sqlite.org/c3ref/wal_hook.html).
    store
        .connection
        .wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, _: i32| {
            if seen.load(Ordering::SeqCst) {
                Err(rusqlite::Error::SqliteFailure(
                    rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_FSYNC),
                    None,
                ))
            } else {
                Ok(())
            }
        }))
        .unwrap();
    switch
}

#[test]
fn a_commit_that_landed_though_it_failed_is_picked_up_once_writing_works() {
    let place = place();
    let mut store = Store::open(&place.path).unwrap();
    let fails = reports_failure(&mut store);
    let mut core = Core::open(store).unwrap();
    let knowledge = knowledge();
    let alert = alert();
    let fired = || Command::Alerts {
        source: alert.source.clone(),
        key: None,
        alerts: vec![alert.clone()],
    };
    fails.store(true, Ordering::SeqCst);
    assert!(core.run(vec![fired()], &[], &knowledge, at()).is_err());
    // It is in the journal, and nobody has acted on it.
    assert_eq!(core.state().incidents.len(), 1);
    let waiting = core.store().outbox().unwrap();
    assert!(!waiting.is_empty());
    // The sender comes again, as it was told to.
    fails.store(false, Ordering::SeqCst);
    let again = core.run(vec![fired()], &[], &knowledge, at()).unwrap();
    assert_eq!(core.state().incidents.len(), 1, "one alert, one incident");
    let late: Vec<_> = again
        .late
        .iter()
        .map(|(row, effect, _)| (*row, effect.clone()))
        .collect();
    let stored: Vec<_> = waiting
        .iter()
        .map(|(row, effect, _)| (*row, effect.clone()))
        .collect();
    assert_eq!(late, stored, "its effects go out, under the rows that they have");
    let next = core.run(vec![fired()], &[], &knowledge, at()).unwrap();
    assert!(next.late.is_empty(), "once");
}

#[test]
fn rows_that_were_done_when_a_commit_failed_are_let_go_by_the_next() {
    let place = place();
    let mut core = Core::open(Store::open(&place.path).unwrap()).unwrap();
    let knowledge = knowledge();
    let alert = alert();
    let fired = Command::Alerts {
        source: alert.source.clone(),
        key: None,
        alerts: vec![alert],
    };
    let rows: Vec<i64> = core
        .run(vec![fired], &[], &knowledge, at())
        .unwrap()
        .effects
        .iter()
        .map(|(row, _)| *row)
        .collect();
    assert!(!rows.is_empty());
    core.store()
        .connection
        .pragma_update(None, "query_only", true)
        .unwrap();
    assert!(core.run(Vec::new(), &rows, &knowledge, at()).is_err());
    core.store()
        .connection
        .pragma_update(None, "query_only", false)
        .unwrap();
    core.run(Vec::new(), &[], &knowledge, at()).unwrap();
    assert_eq!(core.store().outbox().unwrap(), Vec::new());
}

#[test]
fn tables_that_say_something_else_than_the_journal_are_found() {
    let place = place();
    let mut store = filled(&place.path, 2);
    let mut state = store.load().unwrap();
    store.save_snapshot(&state).unwrap();
    assert_eq!(store.tables_fit().unwrap(), Ok(()));
    state.last_incident = 77;
    store.save_snapshot(&state).unwrap();
    let problem = store.tables_fit().unwrap().unwrap_err();
    assert!(problem.contains("the snapshot is not the state"), "{problem}");
    store.connection.execute("DELETE FROM snapshot", []).unwrap();
    assert_eq!(store.tables_fit().unwrap(), Ok(()));
    let page = Effect::Page {
        incident: IncidentId(9),
    };
    store.commit(&[], &[page], &[], at()).unwrap();
    let problem = store.tables_fit().unwrap().unwrap_err();
    assert!(problem.contains("INC-9"), "{problem}");
}
