//! `backup` while the bot works, and `restore`, after which nothing runs until somebody looked.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

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
    for (from, why) in [
        ("nowhere.db", "No such file"),
        ("runbooks", "it is no regular file"),
    ] {
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

/// A bot ran in it and has ended.
fn used() -> Place {
    let place = Place::new();
    let mut serving = Serving::start(&place, &["serve"]);
    serving.post("/webhooks/alertmanager", DELIVERY);
    assert_eq!(serving.stop("TERM"), Some(0));
    place
}

fn pipe(place: &Place, name: &str) {
    let made = Command::new("mkfifo").arg(place.path(name)).status().unwrap();
    assert!(made.success());
}

#[test]
fn the_database_itself_is_no_backup_by_whatever_path() {
    let place = used();
    symlink("interlock.db", place.path("soft.db")).unwrap();
    fs::hard_link(place.path("interlock.db"), place.path("hard.db")).unwrap();
    let before = place.run(&["audit", "verify"]).fine();
    for file in [
        "interlock.db",
        "./interlock.db",
        "runbooks/../interlock.db",
        "soft.db",
        "hard.db",
    ] {
        for args in [&["restore", file][..], &["backup", "--to", file]] {
            let said = place.run(args).failed();
            let wanted = format!("interlock: `{file}` is the database itself (store.path)");
            assert!(
                said.starts_with(&wanted) && said.ends_with("name another file"),
                "{said}"
            );
        }
        place.configure(&format!("backup.file = \"{file}\""));
        for args in [&["serve"][..], &["check"], &["backup"]] {
            let said = place.run(args).failed();
            let wanted = format!("interlock: `backup.file` is `{file}`, which is the database itself");
            assert!(said.starts_with(&wanted), "{said}");
        }
        place.configure("");
    }
    assert_eq!(place.run(&["audit", "verify"]).fine(), before);
    // Neither of them is there yet.
    let place = Place::new();
    place.configure("backup.file = \"runbooks/../interlock.db\"");
    let said = place.run(&["serve"]).failed();
    assert!(said.contains("which is the database itself"), "{said}");
}

#[test]
fn restores_one_after_the_other_keep_every_database_that_was_there() {
    let place = used();
    place.run(&["backup", "--to", "copy.db"]).fine();
    for _ in 0..4 {
        place.run(&["restore", "copy.db"]).fine();
    }
    let names = fs::read_dir(place.folder()).unwrap();
    let names: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("before-restore-"))
        .collect();
    assert_eq!(names.len(), 4, "{names:?}");
}

#[test]
fn a_pipe_is_no_backup_and_nobody_waits_for_it() {
    let place = used();
    pipe(&place, "pipe");
    let said = place.run(&["restore", "pipe"]).failed();
    assert!(
        said.contains("`pipe` can't be read (it is no regular file)"),
        "{said}"
    );
    for device in ["pipe", "/dev/null"] {
        let said = place.run(&["backup", "--to", device]).failed();
        let wanted = format!("no backup can be written to `{device}` (it is no regular file)");
        assert!(said.contains(&wanted), "{said}");
    }
    // Alerts are taken all the same, and that there is no backup is said.
    place.configure("backup.file = \"pipe\"");
    let mut serving = Serving::start(&place, &["serve"]);
    let answer = serving.post("/webhooks/alertmanager", DELIVERY);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(serving.stop("TERM"), Some(0));
    let log = place.read("log");
    assert!(
        log.contains("the backup pipe can't be compared with the database"),
        "{log}"
    );
}

#[test]
fn a_new_machine_without_runbooks_takes_a_backup() {
    let place = used();
    place.run(&["backup", "--to", "copy.db"]).fine();
    fs::remove_dir_all(place.path("runbooks")).unwrap();
    let restored = place.run(&["restore", "copy.db"]).fine();
    assert!(restored.contains("Everything is frozen"), "{restored}");
    place.run(&["audit", "verify"]).fine();
    place.run(&["backup", "--to", "other.db"]).fine();
}

#[test]
fn a_backup_that_was_cut_off_is_called_damaged() {
    let place = used();
    place.run(&["backup", "--to", "copy.db"]).fine();
    let whole = fs::read(place.path("copy.db")).unwrap();
    fs::write(place.path("copy.db"), &whole[..whole.len() / 2]).unwrap();
    let said = place.run(&["restore", "copy.db"]).failed();
    assert!(
        said.starts_with("interlock: the backup `copy.db` is damaged or was cut off"),
        "{said}"
    );
}

#[test]
fn a_copy_of_a_running_database_without_its_log_is_told_from_another_file() {
    let place = Place::new();
    let serving = Serving::start(&place, &["serve"]);
    serving.post("/webhooks/alertmanager", DELIVERY);
    fs::copy(place.path("interlock.db"), place.path("copied.db")).unwrap();
    place.configure("store.path = \"copied.db\"");
    let said = place.run(&["audit", "verify"]).failed();
    assert!(
        said.starts_with(
            "interlock: `copied.db` holds no entry of a journal, and its `-wal` file is missing"
        ),
        "{said}"
    );
}

#[test]
fn no_two_files_of_the_configuration_are_one() {
    let place = used();
    symlink("interlock.db", place.path("soft.db")).unwrap();
    fs::write(place.path("kept"), "").unwrap();
    fs::hard_link(place.path("kept"), place.path("hard")).unwrap();
    for (keys, wanted) in [
        (
            "checkpoints.file = \"soft.db\"",
            "`checkpoints.file` is `soft.db`, which is the database itself",
        ),
        (
            "freeze.file = \"./interlock.db-wal\"",
            "`freeze.file` is `./interlock.db-wal`, which is the database itself",
        ),
        (
            "backup.file = \"kept\"\ncheckpoints.file = \"hard\"",
            "`checkpoints.file` is `hard`, which is the file of `backup.file`, too",
        ),
        (
            "backup.file = \"new.db\"\nfreeze.file = \"runbooks/../new.db\"",
            "`freeze.file` is `runbooks/../new.db`, which is the file of `backup.file`, too",
        ),
        (
            "checkpoints.file = \"freeze\"",
            "`freeze.file` is `freeze`, which is the file of `checkpoints.file`, too",
        ),
    ] {
        place.configure(keys);
        let said = place.run(&["check"]).failed();
        assert!(said.starts_with(&format!("interlock: {wanted}")), "{said}");
    }
}
