//! `audit`, `report` and `status` over a journal in which something has happened.
//! Longer than other files, since all that is asked of one journal stands together.

use serde_json::Value;

use crate::place::Place;
use crate::story;

fn told() -> Place {
    let place = Place::new();
    story::write(&place);
    place
}

/// The digest covers everything a plan says, so it differs whenever plans learn to say more.
fn without_digest(text: &str) -> String {
    let digest = regex::Regex::new("digest [0-9a-f]{12}").unwrap();
    assert!(digest.is_match(text), "{text}");
    digest.replace_all(text, "digest [DIGEST]").into_owned()
}

#[test]
fn a_report_reads_like_the_thread() {
    insta::assert_snapshot!(without_digest(&told().run(&["report", "inc-1"]).fine()));
}

#[test]
fn a_report_for_programs_has_the_same_figures() {
    let report: Value =
        serde_json::from_str(&told().run(&["report", "INC-1", "--format", "json"]).fine()).unwrap();
    assert_eq!(
        (
            &report["done"],
            &report["meant"],
            &report["approved_by"],
            &report["duration"]
        ),
        (&2.into(), &2.into(), &"ana".into(), &"36 s".into())
    );
}

#[test]
fn a_report_of_what_is_not_there_says_what_is() {
    let place = told();
    assert_eq!(
        place.run(&["report", "INC-7"]).failed(),
        "interlock: the journal has no incident INC-7; it has 1 incident, up to INC-1"
    );
    assert_eq!(
        place.run(&["report", "redis"]).failed(),
        "interlock: `redis` is no incident: write it like INC-42"
    );
}

#[test]
fn the_journal_is_shown_a_line_for_each_entry() {
    insta::assert_snapshot!(without_digest(&told().run(&["audit", "show"]).fine()));
}

#[test]
fn the_journal_is_shown_in_part() {
    let place = told();
    let lines = |args: &[&str]| place.run(args).fine().lines().count();
    let all = lines(&["audit", "show"]);
    let of_incident = lines(&["audit", "show", "--incident", "INC-1"]);
    assert_eq!(
        of_incident,
        all - 2,
        "the start and the freeze are of no incident"
    );
    assert_eq!(
        lines(&["audit", "show", "--since", "2026-11-20T03:15:00Z"]),
        1,
        "only the freeze is later"
    );
    assert!(
        place
            .run(&["audit", "show", "--since", "yesterday"])
            .failed()
            .contains("`yesterday` is no time")
    );
    let first = place.run(&["audit", "show", "--format", "json"]).fine();
    let first: Value = serde_json::from_str(first.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["seq"], &first["event"]["type"]),
        (&1.into(), &"started".into())
    );
}

#[test]
fn a_journal_that_nobody_touched_is_whole() {
    let place = told();
    let said = place.run(&["audit", "verify"]).fine();
    assert!(said.starts_with("whole: 13 entries, head "), "{said}");
    let json: Value =
        serde_json::from_str(&place.run(&["audit", "verify", "--format", "json"]).fine()).unwrap();
    assert_eq!((&json["whole"], &json["entries"]), (&true.into(), &13.into()));
}

#[test]
fn a_changed_entry_is_named() {
    let place = told();
    let database = rusqlite::Connection::open(place.path("interlock.db")).unwrap();
    database
        .execute_batch(
            "DROP TRIGGER journal_no_update;
             UPDATE journal SET payload = replace(payload, 'ana', 'eve') WHERE seq = 6;",
        )
        .unwrap();
    let said = place.run(&["audit", "verify"]).found();
    assert!(
        said.starts_with("broken: entry 6 of the journal does not fit the one before it"),
        "{said}"
    );
    let json: Value =
        serde_json::from_str(&place.run(&["audit", "verify", "--format", "json"]).found()).unwrap();
    assert_eq!(
        (&json["whole"], &json["broken_at"], &json["entries"]),
        (&false.into(), &6.into(), &5.into())
    );
}

#[test]
fn an_export_is_checked_without_the_database() {
    let place = told();
    let said = place.run(&["audit", "export", "--out", "journal.jsonl"]).fine();
    assert_eq!(said, "wrote 13 lines to journal.jsonl\n");
    assert_eq!(
        place.run(&["audit", "export"]).fine(),
        place.read("journal.jsonl")
    );
    let head = place.run(&["audit", "verify"]).fine();
    std::fs::remove_file(place.path("interlock.db")).unwrap();
    assert_eq!(
        place.run(&["audit", "verify", "--file", "journal.jsonl"]).fine(),
        head
    );
    let lines = place.read("journal.jsonl");
    let third: Value = serde_json::from_str(lines.lines().nth(2).unwrap()).unwrap();
    let second: Value = serde_json::from_str(lines.lines().nth(1).unwrap()).unwrap();
    assert_eq!(third["prev"], second["hash"]);
    assert!(third["salt"].is_string() && third["payload"].is_string());
}

#[test]
fn an_export_that_was_touched_is_told_from_one_that_was_not() {
    let place = told();
    place.run(&["audit", "export", "--out", "journal.jsonl"]).fine();
    let head = place.run(&["audit", "verify"]).fine();
    let head = head
        .lines()
        .next()
        .unwrap()
        .rsplit(' ')
        .next()
        .unwrap()
        .to_owned();
    let whole = place.read("journal.jsonl");
    let verify = |text: &str| {
        place.write("touched.jsonl", text);
        place.run(&["audit", "verify", "--file", "touched.jsonl", "--head", &head])
    };
    verify(&whole).fine();
    assert!(
        verify(&whole.replacen("ana\\\"", "eve\\\"", 1))
            .found()
            .contains("entry 6 ")
    );
    let without_third: Vec<&str> = whole
        .lines()
        .enumerate()
        .filter(|(at, _)| *at != 2)
        .map(|(_, line)| line)
        .collect();
    assert!(verify(&without_third.join("\n")).found().contains("entry 4 "));
    let without_last = whole.trim_end().rsplit_once('\n').unwrap().0;
    assert!(
        verify(&format!("{without_last}\n"))
            .found()
            .contains("entries were cut off at the end")
    );
    let said = verify("{}").failed();
    assert!(
        said.starts_with("interlock: line 1 of `touched.jsonl` is no entry of an export"),
        "{said}"
    );
}

#[test]
fn an_export_is_never_overwritten() {
    let place = told();
    place.write("journal.jsonl", "evidence");
    let said = place.run(&["audit", "export", "--out", "journal.jsonl"]).failed();
    assert!(
        said.starts_with("interlock: `journal.jsonl` is there already"),
        "{said}"
    );
    assert_eq!(place.read("journal.jsonl"), "evidence");
}

#[test]
fn without_a_bot_the_journal_says_how_it_stands() {
    insta::assert_snapshot!(told().run(&["status"]).fine(), @r"
    No bot is running on this database.
    The journal says that nothing is open.
    FROZEN by ana since 2026-11-20 03:15 UTC: we look at the cause
    ");
    let json: Value = serde_json::from_str(&told().run(&["status", "--format", "json"]).fine()).unwrap();
    assert_eq!(
        (&json["running"], &json["freeze"]["held"][0]["name"]),
        (&false.into(), &"ana".into())
    );
}

#[test]
fn where_nothing_was_recorded_that_is_said() {
    let place = Place::new();
    insta::assert_snapshot!(place.run(&["status"]).fine(), @r"
    No bot is running on this database.
    There is no journal yet: nothing was recorded.
    ");
    for args in [
        &["audit", "show"][..],
        &["audit", "verify"],
        &["audit", "export"],
        &["report", "INC-1"],
    ] {
        let said = place.run(args).failed();
        assert!(
            said.starts_with("interlock: there is no journal at `interlock.db`"),
            "{said}"
        );
    }
    assert!(!place.path("interlock.db").exists(), "reading makes no database");
}

#[test]
fn a_database_from_a_newer_version_is_refused_by_all() {
    let place = told();
    let database = rusqlite::Connection::open(place.path("interlock.db")).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    for args in [
        &["serve"][..],
        &["status"],
        &["report", "INC-1"],
        &["audit", "verify"],
    ] {
        let said = place.run(args).failed();
        assert!(
            said.contains("`interlock.db` was written by a newer Interlock (schema 99;"),
            "{said}"
        );
        assert!(
            said.contains("start that version, or restore an older backup"),
            "{said}"
        );
    }
}

/// Where the last column of an anchor file comes from in real life: a checkpoint over the first entries, signed.
fn anchored(place: &Place, entries: usize) -> String {
    use interlock::store::{Checkpoint, ExportLine, Signer, Tree};
    let said = place.makes_a_key();
    let signer = Signer::parse(&place.read("checkpoint.key")).unwrap();
    let public = signer.public().to_string();
    assert!(said.ends_with(&format!("public key: {public}\n")), "{said}");
    let mut tree = Tree::default();
    for line in place.run(&["audit", "export"]).fine().lines().take(entries) {
        let line: ExportLine = serde_json::from_str(line).unwrap();
        tree.push(&line.entry.hash);
    }
    let note = Checkpoint {
        origin: signer.name().to_owned(),
        size: tree.size(),
        root: tree.root(),
    }
    .sign(&signer);
    place.write(
        "anchors.jsonl",
        &format!(
            "{}\n",
            serde_json::json!({ "at": "2026-11-20T03:20:00Z", "note": note })
        ),
    );
    public
}

#[test]
fn what_a_checkpoint_covers_is_proved_and_a_cut_behind_it_is_found() {
    let place = told();
    let key = anchored(&place, 10);
    let verify = [
        "audit",
        "verify",
        "--file",
        "journal.jsonl",
        "--anchors",
        "anchors.jsonl",
        "--key",
        &key,
    ];
    place.run(&["audit", "export", "--out", "journal.jsonl"]).fine();
    let said = place.run(&verify).fine();
    assert!(
        said.contains("checkpoints from elsewhere prove it up to entry 10; 3 came after"),
        "{said}"
    );
    let whole = place.read("journal.jsonl");
    let cut: String = whole.lines().take(9).map(|line| format!("{line}\n")).collect();
    place.write("journal.jsonl", &cut);
    assert!(place.run(&verify).found().starts_with(
        "broken: a checkpoint covers 10 entries and there are 9: entries were cut off at the end"
    ),);
}

#[test]
fn an_export_counts_as_it_was_written_and_in_no_other_spelling() {
    let place = told();
    place.run(&["audit", "export", "--out", "journal.jsonl"]).fine();
    let whole = place.read("journal.jsonl");
    let hash = whole.split("\"hash\":\"").nth(1).unwrap()[..64].to_owned();
    assert_ne!(hash, hash.to_uppercase());
    let spellings = [
        whole.replace(&hash, &hash.to_uppercase()),
        whole.replace('\n', "\r\n"),
        whole.replace("{\"prev\"", "{ \"prev\""),
        whole.replace("\"kind\"", "\"k\\u0069nd\""),
        whole.replacen("\"incident\":null,", "", 1),
        whole.trim_end().to_owned(),
        format!("{whole}\n"),
    ];
    for other in spellings {
        assert_ne!(other, whole);
        place.write("journal.jsonl", &other);
        let ran = place.run(&["audit", "verify", "--file", "journal.jsonl"]);
        assert!(matches!(ran.code, Some(1 | 2)), "{other}: {ran:?}");
        assert!(!ran.out.contains("whole"), "{other}: {ran:?}");
    }
    place.write("journal.jsonl", &whole);
    place.run(&["audit", "verify", "--file", "journal.jsonl"]).fine();
}

#[test]
fn the_database_is_held_against_the_configured_file_of_checkpoints_without_being_told() {
    use interlock::store::{Checkpoint, Signer};

    let place = told();
    anchored(&place, 10);
    let key = place.read("checkpoint.key");
    let key = key.trim();
    let configuration = place.read("interlock.toml");
    place.write(
        "interlock.toml",
        &format!("{configuration}\n[checkpoints]\nkey = \"{key}\"\nfile = \"anchors.jsonl\"\n"),
    );
    // As a key that was replaced leaves it, and a crash.
    let ours = place.read("anchors.jsonl");
    place.write(
        "anchors.jsonl",
        &format!("{{\"note\": \"of an earlier key\"}}\n{ours}{{\"note\": \"cut"),
    );
    let said = place.run(&["audit", "verify"]).fine();
    assert!(
        said.contains("anchors.jsonl prove it up to entry 10; 3 came after"),
        "{said}"
    );
    // Another journal under the same key: what it says of ten entries is not what these say.
    let signer = Signer::parse(key).unwrap();
    let note = Checkpoint {
        origin: signer.name().to_owned(),
        size: 10,
        root: [7; 32],
    }
    .sign(&signer);
    place.write(
        "anchors.jsonl",
        &format!("{}\n", serde_json::json!({ "note": note })),
    );
    let said = place.run(&["audit", "verify"]).found();
    assert!(said.starts_with("broken: "), "{said}");
}

#[test]
fn a_checkpoint_of_another_key_proves_nothing_and_is_named() {
    let place = told();
    anchored(&place, 10);
    let other = interlock::store::Signer::generate("interlock.test/lab").unwrap();
    let key = interlock::store::Signer::parse(&other)
        .unwrap()
        .public()
        .to_string();
    let said = place
        .run(&["audit", "verify", "--anchors", "anchors.jsonl", "--key", &key])
        .failed();
    assert!(
        said.contains("line 1 of `anchors.jsonl` is no checkpoint that the given keys signed"),
        "{said}"
    );
    let again = place
        .run(&["audit", "keygen", "--name", "x", "--out", "checkpoint.key"])
        .failed();
    assert!(
        again.contains("`checkpoint.key` is there already"),
        "a key is never overwritten: {again}"
    );
}

#[test]
fn where_nothing_is_like_an_incident_it_says_so() {
    let place = told();
    let answer: Value = serde_json::from_str(
        &place
            .run(&["incidents", "similar", "INC-1", "--format", "json"])
            .found(),
    )
    .unwrap();
    assert_eq!(answer["similar"], Value::Array(Vec::new()));
    assert_eq!(
        place.run(&["incidents", "similar", "INC-7"]).failed(),
        "interlock: the journal has no incident INC-7; it has 1 incident"
    );
}

#[test]
fn the_draft_of_a_postmortem_has_what_the_journal_knows_and_asks_for_the_rest() {
    let draft = told().run(&["incidents", "postmortem", "INC-1"]).fine();
    for words in [
        "Draft of INC-1",
        "| Approved by | ana |",
        "## Timeline (UTC)",
        "ana approved",
        "[Cause, and what let it through.]",
    ] {
        assert!(draft.contains(words), "`{words}` is not in\n{draft}");
    }
}

#[test]
fn a_file_that_is_no_database_is_named_and_left_as_it_is() {
    let place = Place::new();
    place.write("interlock.db", &"This is somebody's diary. ".repeat(200));
    for command in [&["status"][..], &["audit", "verify"], &["serve"]] {
        let said = place.run(command).err;
        assert!(
            said.contains("`interlock.db` is no database of Interlock: it is another kind of file"),
            "{said}"
        );
    }
    assert!(
        place
            .read("interlock.db")
            .starts_with("This is somebody's diary.")
    );
    let foreign = rusqlite::Connection::open(place.path("foreign.db")).unwrap();
    foreign.execute_batch("CREATE TABLE diary (day TEXT)").unwrap();
    place.configure("store.path = \"foreign.db\"");
    let said = place.run(&["serve"]).failed();
    assert!(
        said.contains("`foreign.db` is no database of Interlock"),
        "{said}"
    );
    let tables: i64 = foreign
        .query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))
        .unwrap();
    assert_eq!(tables, 1, "nothing was put into it");
}

#[test]
fn closing_without_a_bot_says_so_and_a_wrong_number_is_told() {
    let place = Place::new();
    assert!(
        place
            .run(&["close", "INC-1"])
            .failed()
            .contains("there is no journal at `interlock.db`")
    );
    story::write(&place);
    let said = place.run(&["close", "INC-99", "over"]).failed();
    assert_eq!(
        said,
        "interlock: the journal has no incident INC-99; it has 1 incident, up to INC-1"
    );
    let said = place.run(&["close", "INC-1", "over"]).failed();
    assert!(said.starts_with("interlock: no bot is running on `interlock.db`, so nothing was closed: start it with `interlock serve`"), "{said}");
    assert!(
        place
            .run(&["close", "the-first"])
            .failed()
            .contains("write it like INC-42")
    );
}
