//! What proves the journal from outside, and what is said where that is gone; and that no key is repeated.

use interlock::store::{Checkpoint, Signer};
use serde_json::json;

use super::place::{CONFIG, Place};
use super::serving::{DELIVERY, Serving};
use super::story;

const PRIVATE: &str = "PRIVATE+KEY+";

/// A bot has run in it with a key, and its checkpoints are in `anchors.jsonl`.
fn anchored() -> Place {
    let place = Place::new();
    place.makes_a_key();
    let keys =
        "[checkpoints]\nkey_file = \"checkpoint.key\"\nfile = \"anchors.jsonl\"\nwithin_seconds = 10\n";
    place.write("interlock.toml", &format!("{CONFIG}\n{keys}"));
    let mut serving = Serving::start(&place, &["serve"]);
    serving.post("/webhooks/alertmanager", DELIVERY);
    for _ in 0..600 {
        if std::fs::read_to_string(place.path("anchors.jsonl")).is_ok_and(|text| text.contains("note")) {
            assert_eq!(serving.stop("TERM"), Some(0));
            return place;
        }
        // Asked again until it is there: each answer takes a while.
        place.run(&["status"]).fine();
    }
    panic!("no checkpoint came: {}", place.read("log"));
}

fn of_another_key(size: u64) -> String {
    let signer = Signer::parse(&Signer::generate("interlock.test/lab").unwrap()).unwrap();
    let checkpoint = Checkpoint {
        origin: signer.name().to_owned(),
        size,
        root: [7; 32],
    };
    let note = checkpoint.sign(&signer);
    format!(
        "{}\n",
        json!({"at": "2026-11-20T03:20:00Z", "size": size, "note": note})
    )
}

#[test]
fn a_file_of_checkpoints_that_proves_nothing_is_an_error_to_verify_and_wrong_to_the_doctor() {
    let place = anchored();
    let said = place.run(&["audit", "verify"]).fine();
    assert!(
        said.contains("the checkpoints in anchors.jsonl prove it up to entry "),
        "{said}"
    );
    place.run(&["audit", "export", "--out", "journal.jsonl"]).fine();
    let export = ["audit", "verify", "--file", "journal.jsonl"];
    let said = place.run(&export).fine();
    assert!(
        said.contains("the checkpoints in anchors.jsonl prove it up to entry "),
        "{said}"
    );
    let doctor = place.run(&["doctor"]).found();
    assert!(
        doctor.contains("ok      anchors: anchors.jsonl has a fresh checkpoint"),
        "{doctor}"
    );

    let path = place.path("anchors.jsonl");
    let spoiled: [(&str, Option<String>); 4] = [
        ("is empty", Some(String::new())),
        (
            "holds no checkpoint of checkpoints.key",
            Some("garbage\n".to_owned()),
        ),
        ("holds no checkpoint of checkpoints.key", Some(of_another_key(3))),
        ("can't be read (it is no regular file)", None),
    ];
    for (why, text) in spoiled {
        std::fs::remove_file(&path).unwrap();
        match &text {
            Some(text) => std::fs::write(&path, text).unwrap(),
            None => std::fs::create_dir(&path).unwrap(),
        }
        for args in [&["audit", "verify"][..], &export] {
            let said = place.run(args).found();
            let wanted =
                format!("not proved: checkpoints.file `anchors.jsonl` {why}, so that nothing outside");
            assert!(said.starts_with(&wanted), "{said}");
            assert!(!said.contains("whole"), "{said}");
        }
        let doctor = place.run(&["doctor"]).found();
        assert!(!doctor.contains("fresh checkpoint"), "{why}: {doctor}");
        assert!(
            doctor.contains(&format!("WRONG   anchors: checkpoints.file anchors.jsonl {why}")),
            "{doctor}"
        );
    }
    std::fs::remove_dir(&path).unwrap();
    for args in [&["audit", "verify"][..], &export] {
        let said = place.run(args).found();
        assert!(
            said.starts_with("not proved: checkpoints.file `anchors.jsonl` is not there"),
            "{said}"
        );
    }
    // What is given by hand needs no file of the configuration.
    let public = place.run(&["audit", "key", "checkpoint.key"]).fine();
    let with_key = [
        "audit",
        "verify",
        "--file",
        "journal.jsonl",
        "--key",
        public.trim(),
    ];
    place.run(&with_key).fine();
}

/// With a key others read the database beside the engine, so that it is not closed with its last connection.
#[test]
fn the_file_alone_is_the_database_once_the_bot_was_stopped() {
    let place = anchored();
    let left = std::fs::metadata(place.path("interlock.db-wal")).map_or(0, |log| log.len());
    assert_eq!(left, 0, "bytes of the log");
    let whole = place.run(&["audit", "verify"]).fine();
    std::fs::copy(place.path("interlock.db"), place.path("copied.db")).unwrap();
    let config = place.read("interlock.toml");
    place.write("interlock.toml", &format!("store.path = \"copied.db\"\n{config}"));
    assert_eq!(place.run(&["audit", "verify"]).fine(), whole);
}

#[test]
fn the_public_key_is_printed_again_and_the_private_one_never() {
    let place = Place::bare();
    let first = place.makes_a_key();
    let public = place.run(&["audit", "key", "checkpoint.key"]).fine();
    assert!(
        first.ends_with(&format!("public key: {public}")),
        "{first} {public}"
    );
    let private = place.read("checkpoint.key");
    let private = private.trim();
    let body = private.splitn(5, '+').nth(4).unwrap();
    assert!(private.starts_with(PRIVATE) && body.len() > 20);
    place.write("journal.jsonl", "");
    for args in [
        &["audit", "verify", "--file", "journal.jsonl", "--key", private][..],
        &["audit", "verify", "--file", "journal.jsonl", "--head", private],
        &["audit", "verify", private],
        &["audit", "keygen", "--name", private, "--out", "other.key"],
        &["audit", "key", private],
    ] {
        let ran = place.run(args);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(!ran.err.contains(body) && !ran.out.contains(body), "{ran:?}");
    }
    let said = place
        .run(&["audit", "verify", "--file", "journal.jsonl", "--key", private])
        .failed();
    assert!(
        said.contains("this is the private key, and the public one is asked for"),
        "{said}"
    );
    place.write("empty", " \n");
    let said = place
        .run(&[
            "audit",
            "verify",
            "--file",
            "journal.jsonl",
            "--key",
            public.trim(),
            "--anchors",
            "empty",
        ])
        .failed();
    assert!(
        said.starts_with("interlock: `empty` is empty, so it proves nothing"),
        "{said}"
    );
}

#[test]
fn what_an_edited_journal_says_comes_behind_a_warning() {
    let place = Place::new();
    story::write(&place);
    let database = rusqlite::Connection::open(place.path("interlock.db")).unwrap();
    let edit = "DROP TRIGGER journal_no_update;
         UPDATE journal SET payload = replace(payload, 'ana', 'eve') WHERE seq = 6;";
    database.execute_batch(edit).unwrap();
    for args in [
        &["audit", "show"][..],
        &["audit", "show", "--incident", "INC-1", "--format", "json"],
        &["audit", "touched", "INC-1"],
        &["report", "INC-1"],
        &["report", "oversight"],
        &["incidents", "postmortem", "INC-1"],
        &["incidents", "context", "INC-1"],
    ] {
        let ran = place.run(args);
        assert_eq!(ran.code, Some(1), "{args:?}: {ran:?}");
        assert!(
            ran.err.starts_with(
                "interlock: what follows may not be what was recorded: entry 6 of the journal does not fit"
            ),
            "{args:?}: {}",
            ran.err
        );
        assert_eq!(ran.err.lines().count(), 1, "{args:?}: {}", ran.err);
    }
}
