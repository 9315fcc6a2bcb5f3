//! `retention.payloads_days` and what the commands say of an incident whose texts are erased.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::place::Place;
use crate::serving::{DELIVERY, Serving};
use crate::story;

const PATIENCE: Duration = Duration::from_secs(30);

/// What only the story's alert and its deliveries say.
const TEXTS: [&str; 2] = ["Redis connection timeout on", "delivery-3"];

/// Those of the texts that are somewhere in the files of the database.
fn left(place: &Place) -> Vec<&'static str> {
    let files = ["interlock.db", "interlock.db-wal", "interlock.db-shm"];
    let bytes: Vec<Vec<u8>> = files
        .iter()
        .filter_map(|name| std::fs::read(place.path(name)).ok())
        .collect();
    let holds = |text: &str| {
        bytes
            .iter()
            .any(|file| file.windows(text.len()).any(|window| window == text.as_bytes()))
    };
    TEXTS.into_iter().filter(|text| holds(text)).collect()
}

/// A bot has started on a journal with an old story, and erased it.
fn erased(place: &Place) -> (Vec<String>, String) {
    story::write_at(place, "2025-03-01T03:14:07Z");
    let exported = place.run(&["audit", "export"]).fine();
    let hashes = exported.lines().map(hash).collect();
    assert_eq!(left(place), TEXTS, "it is what is looked for");
    place.configure("retention.payloads_days = 31");
    let mut serving = Serving::start(place, &["serve"]);
    assert!(
        serving
            .post("/webhooks/alertmanager", DELIVERY)
            .starts_with("HTTP/1.1 200")
    );
    let patience = Instant::now() + PATIENCE;
    let verified = loop {
        let said = place.run(&["audit", "verify"]).fine();
        if said.contains("the text is erased") && !said.contains("still to be erased") {
            break said;
        }
        assert!(Instant::now() < patience, "{said}\n{}", place.read("log"));
    };
    while !left(place).is_empty() {
        assert!(Instant::now() < patience, "{:?} is left", left(place));
    }
    assert_eq!(serving.stop("TERM"), Some(0));
    assert!(left(place).is_empty(), "nor when it has ended");
    (hashes, verified)
}

#[test]
fn what_closed_long_ago_is_erased_and_what_it_proves_stays() {
    let place = Place::new();
    let (hashes, verified) = erased(&place);
    assert!(
        verified.contains("as the journal records; what they hash to stands"),
        "{verified}"
    );

    place.run(&["audit", "export", "--out", "journal.jsonl"]).fine();
    let alone = place.run(&["audit", "verify", "--file", "journal.jsonl"]).fine();
    assert!(alone.contains("the text is erased"), "{alone}");
    let lines = place.read("journal.jsonl");
    assert!(
        !lines.contains(TEXTS[0]) && lines.contains("\"commitment\":"),
        "{lines}"
    );
    let now: Vec<String> = lines.lines().map(hash).collect();
    assert!(now.starts_with(&hashes), "every hash stands");

    let shown = place.run(&["audit", "show"]).fine();
    assert!(shown.contains("erased; it was: opened"), "{shown}");
    assert!(
        shown.contains("retention.payloads_days had the texts from before")
            && shown.contains("erased: INC-1"),
        "{shown}"
    );
    assert!(shown.contains("DiskFull fired"), "what is open is there: {shown}");
    for asked in [
        ["report", "INC-1"],
        ["incidents", "similar"],
        ["audit", "touched"],
    ] {
        let mut args = asked.to_vec();
        if asked[1] != "INC-1" {
            args.push("INC-1");
        }
        let said = place.run(&args).failed();
        assert!(
            said.contains("the texts of INC-1 were erased on") && said.contains("by retention.payloads_days"),
            "{args:?}: {said}"
        );
    }
}

fn hash(line: &str) -> String {
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    line["hash"].as_str().unwrap().to_owned()
}

#[test]
fn who_takes_a_payload_out_by_hand_is_refused_and_found() {
    let place = Place::new();
    erased(&place);
    let connection = Connection::open(place.path("interlock.db")).unwrap();
    let take = "UPDATE journal SET payload = '', salt = zeroblob(16), commitment = randomblob(32) \
                WHERE seq = (SELECT max(seq) FROM journal WHERE kind = 'opened')";
    let refused = connection.execute(take, []).unwrap_err().to_string();
    assert!(refused.contains("append-only"), "{refused}");
    let back = connection.execute("UPDATE journal SET commitment = NULL WHERE seq = 1", []);
    assert!(back.unwrap_err().to_string().contains("append-only"));
    connection
        .execute_batch("DROP TRIGGER journal_no_update")
        .unwrap();
    connection.execute(take, []).unwrap();
    drop(connection);
    let found = place.run(&["audit", "verify"]).found();
    assert!(found.starts_with("broken: "), "{found}");
}

#[test]
fn payloads_are_kept_for_a_month_at_least() {
    let place = Place::new();
    place.configure("retention.payloads_days = 30");
    let said = place.run(&["serve"]).failed();
    assert!(
        said.contains("retention.payloads_days") && said.contains("31"),
        "{said}"
    );
    place.configure("");
    story::write(&place);
    let said = place.run(&["audit", "erase", "--older-than", "400d"]).failed();
    assert!(
        said.contains("no bot is running") && said.contains("nothing was erased"),
        "{said}"
    );
}
