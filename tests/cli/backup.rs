//! `backup` while the bot works, and `restore`, after which nothing runs until somebody looked.

use serde_json::Value;

use crate::place::Place;
use crate::serving::{DELIVERY, Serving};

#[test]
fn a_backup_is_taken_while_the_bot_works_and_put_back_frozen() {
    let place = Place::new();
    let mut serving = Serving::start(&place, &["serve"]);
    assert!(
        serving
            .post("/webhooks/alertmanager", DELIVERY)
            .starts_with("HTTP/1.1 200")
    );
    let made = place
        .run(&["backup", "--to", "copy.db", "--format", "json"])
        .fine();
    let entries = serde_json::from_str::<Value>(&made).unwrap()["entries"]
        .as_u64()
        .unwrap();
    assert!(entries > 2, "{made}");

    let refused = place.run(&["restore", "copy.db"]);
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.err.contains("another Interlock is running"),
        "{}",
        refused.err
    );

    assert_eq!(serving.stop("TERM"), Some(0));
    let restored = place.run(&["restore", "copy.db"]).fine();
    assert!(
        restored.starts_with(&format!(
            "Restored {entries} entries from copy.db. Everything is frozen"
        )),
        "{restored}"
    );
    assert!(
        restored.contains("The database that was there is interlock.db.before-restore-"),
        "{restored}"
    );
    assert_eq!(place.run(&["audit", "verify"]).code, Some(0));
    let status = place.run(&["status"]).fine();
    assert!(
        status.contains("FROZEN by Interlock since")
            && status.contains("the database was restored from a backup"),
        "{status}"
    );
}

#[test]
fn what_is_no_backup_is_not_put_back_and_what_is_ahead_is_not_overwritten() {
    let place = Place::new();
    drop(Serving::start(&place, &["serve"]));
    place.write("text.db", "this is no database");
    let refused = place.run(&["restore", "text.db"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert_eq!(
        place.run(&["audit", "verify"]).code,
        Some(0),
        "the database is as it was"
    );

    place.run(&["backup", "--to", "copy.db"]).fine();
    for file in ["interlock.db", "interlock.db-wal", "interlock.db-shm"] {
        let _ = std::fs::remove_file(place.path(file));
    }
    drop(Serving::start(&place, &["serve"]));
    let refused = place.run(&["backup", "--to", "copy.db"]);
    assert!(
        refused.err.contains("keep the backup and choose another file"),
        "{refused:?}"
    );
    let nowhere = place.run(&["backup"]);
    assert!(
        nowhere
            .err
            .contains("name a file with --to FILE, or set backup.file"),
        "{nowhere:?}"
    );
}

#[test]
fn a_backup_that_can_not_be_written_or_read_says_what_is_wrong_with_its_path() {
    let place = Place::new();
    drop(Serving::start(&place, &["serve"]));
    place.write("text", "no folder");
    for (to, why) in [
        (
            "nowhere/copy.db",
            "the folder `nowhere`: No such file or directory",
        ),
        ("runbooks", "it is a folder"),
        ("text/copy.db", "`text` is no folder"),
    ] {
        let said = place.run(&["backup", "--to", to]).failed();
        let start = format!("no backup can be written to `{to}` ({why}");
        assert!(
            said.contains(&start) && said.contains("name a file in a folder"),
            "{said}"
        );
        assert!(!said.contains("journal can be written"), "{said}");
    }
    for (from, why) in [("nowhere.db", "No such file"), ("runbooks", "it is no file")] {
        let said = place.run(&["restore", from]).failed();
        let start = format!("the backup `{from}` can't be read ({why}");
        assert!(
            said.contains(&start) && said.contains("`interlock backup` wrote"),
            "{said}"
        );
    }
    let said = place.run(&["restore", "text"]).failed();
    assert!(
        said.contains("`text` is no backup of an Interlock database"),
        "{said}"
    );
    assert!(!said.contains("store.path"), "{said}");
}
