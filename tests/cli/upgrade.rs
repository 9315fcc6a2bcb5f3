//! Databases of every schema there has been, as programs of their time left them: each is read as it is, brought up to
//! date with all it has, and goes on where it stopped. What a later program wrote is refused and not touched.

use rusqlite::Connection;

use crate::place::Place;
use crate::serving::{DELIVERY, Serving};

/// A database as it was left, and how many entries it has.
struct Left {
    name: &'static str,
    dump: &'static str,
    schema: i64,
    entries: u64,
    /// A step was running when it was left.
    running: bool,
}

const LEFT: [Left; 6] = [
    Left {
        name: "schema-1-done",
        dump: include_str!("../data/databases/schema-1-done.sql"),
        schema: 1,
        entries: 15,
        running: false,
    },
    Left {
        name: "schema-1-running",
        dump: include_str!("../data/databases/schema-1-running.sql"),
        schema: 1,
        entries: 10,
        running: true,
    },
    Left {
        name: "schema-2-running",
        dump: include_str!("../data/databases/schema-2-running.sql"),
        schema: 2,
        entries: 10,
        running: true,
    },
    Left {
        name: "schema-3-done",
        dump: include_str!("../data/databases/schema-3-done.sql"),
        schema: 3,
        entries: 18,
        running: false,
    },
    Left {
        name: "schema-4-done",
        dump: include_str!("../data/databases/schema-4-done.sql"),
        schema: 4,
        entries: 18,
        running: false,
    },
    Left {
        name: "schema-5-done",
        dump: include_str!("../data/databases/schema-5-done.sql"),
        schema: 5,
        entries: 18,
        running: false,
    },
];

/// What this program writes.
const NEWEST: i64 = 5;

fn put(left: &Left) -> Place {
    let place = Place::new();
    let connection = Connection::open(place.path("interlock.db")).unwrap();
    connection.execute_batch(left.dump).unwrap();
    place
}

fn schema(place: &Place) -> i64 {
    let connection = Connection::open(place.path("interlock.db")).unwrap();
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap()
}

/// It goes on where it stopped: nothing is lost, and what was running is for a person to judge.
fn goes_on(left: &Left, place: &Place) {
    let mut serving = Serving::start(place, &["serve"]);
    let answer = serving.post("/webhooks/alertmanager", DELIVERY);
    assert!(answer.starts_with("HTTP/1.1 200"), "{}: {answer}", left.name);
    assert_eq!(serving.stop("TERM"), Some(0));
    assert_eq!(schema(place), NEWEST);
    place.run(&["audit", "verify"]).fine();
    let shown = place.run(&["audit", "show"]).fine();
    let old = place.run(&["audit", "show", "--incident", "INC-1"]).fine();
    assert!(shown.contains("DiskFull fired"), "{}: {shown}", left.name);
    assert_eq!(
        old.contains("step 1 ended UNKNOWN"),
        left.running,
        "{}: what ran when it was left is Unknown, and nothing else: {old}",
        left.name
    );
    let entries = Connection::open(place.path("interlock.db"))
        .unwrap()
        .query_row("SELECT count(*) FROM journal", [], |row| row.get::<_, u64>(0))
        .unwrap();
    assert!(entries > left.entries, "{}: {entries}", left.name);
}

#[test]
fn a_database_of_every_schema_goes_on_where_it_stopped() {
    for left in &LEFT {
        let place = put(left);
        // Reading it changes nothing.
        let verified = place.run(&["audit", "verify"]).fine();
        assert!(
            verified.contains(&left.entries.to_string()),
            "{}: {verified}",
            left.name
        );
        assert_eq!(schema(&place), left.schema);
        goes_on(left, &place);
    }
}

#[test]
fn every_schema_that_can_be_brought_up_to_date_is_tried() {
    let tried: std::collections::BTreeSet<i64> = LEFT.iter().map(|left| left.schema).collect();
    assert_eq!(tried, (1..=NEWEST).collect());
}

#[test]
fn a_database_of_a_later_program_is_refused_and_not_touched() {
    let place = put(&LEFT[2]);
    let connection = Connection::open(place.path("interlock.db")).unwrap();
    connection
        .pragma_update(None, "user_version", NEWEST + 1)
        .unwrap();
    drop(connection);
    let before = std::fs::read(place.path("interlock.db")).unwrap();
    let refused = place.run(&["serve"]);
    assert_eq!(refused.code, Some(2));
    assert!(
        refused
            .err
            .contains("was written by a newer Interlock (schema 6; this one knows up to 5)")
            && refused
                .err
                .contains("start that version, or restore an older backup"),
        "{}",
        refused.err
    );
    assert!(
        before == std::fs::read(place.path("interlock.db")).unwrap(),
        "it was changed"
    );
    for beside in ["interlock.db-wal", "interlock.db-shm", "interlock.db-journal"] {
        assert!(!place.path(beside).exists(), "{beside} was left");
    }
}

/// Killed in the middle of a migration, just before its commit.
#[test]
fn a_migration_that_is_killed_is_made_whole_by_the_next_start() {
    if !interlock::planted::ARE_IN {
        eprintln!("skipped: an optimised build can't be told where to die");
        return;
    }
    for left in &LEFT {
        for nth in 1..=NEWEST - left.schema {
            let place = put(left);
            let mut killed = place.command(&["serve"]);
            killed.env("INTERLOCK_POINT", format!("migrated=abort@{nth}"));
            let ran = crate::place::ran(killed);
            assert_eq!(ran.code, None, "{}: it was to die: {ran:?}", left.name);
            goes_on(left, &place);
        }
    }
}
