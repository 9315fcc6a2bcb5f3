//! Somebody with the database in hand who leaves the chain as it is and takes out what stands in it: the text of a freeze, the
//! start of a step, whole rows, messages that wait. Where there is a key, each is found, before anything runs and while the
//! bot runs. Longer than other files, since what is taken out and how it is found are read together.

use std::time::Duration;

use interlock::domain::breaker::interlock;
use interlock::domain::event::Event;
use interlock::domain::freeze::Scope;
use interlock::playground::cluster::{FaultKind, Scenario};
use interlock::playground::pager::{PagerFaults, Status};
use interlock::store::{Checkpoint, Content, Signer, Store};
use rusqlite::Connection;

use crate::rewritten::{KEYED, forged, nothing_runs_until_a_person_looked, sealed};
use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";

/// A bot with a key, on whose cluster Redis times out.
async fn keyed() -> TestWorld {
    let key = Signer::generate("interlock.test/story").unwrap();
    let world = TestWorld::start(Setup::default().table(&KEYED.replace("KEY", &key))).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world
}

/// Runs statements beside whoever has the database, without what keeps the journal as it is.
fn changes(world: &TestWorld, statements: &str) {
    let journal = Connection::open(world.database()).unwrap();
    let guards = "SELECT group_concat(sql, ';') || ';' FROM sqlite_master WHERE type = 'trigger'";
    let guards: String = journal.query_row(guards, [], |row| row.get(0)).unwrap();
    let drop = "SELECT group_concat('DROP TRIGGER ' || name, ';') FROM sqlite_master WHERE type = 'trigger'";
    let drop: String = journal.query_row(drop, [], |row| row.get(0)).unwrap();
    let all = format!("BEGIN; {drop}; {statements}; {guards} COMMIT");
    journal.execute_batch(&all).unwrap();
}

/// Takes the text out of the entries behind `after` of which `chosen` says so, as retention does: the chain holds.
fn erases(world: &TestWorld, after: u64, chosen: impl Fn(&str) -> bool) {
    let store = Store::open_to_read(&world.database()).unwrap();
    let mut found = Vec::new();
    store
        .export(|entry| {
            if entry.seq > after && chosen(&entry.kind) {
                found.push((entry.seq, hex::encode(entry.content.commitment())));
            }
            assert!(matches!(entry.content, Content::Kept { .. }));
            Ok(())
        })
        .unwrap();
    drop(store);
    assert!(!found.is_empty());
    for (seq, commitment) in found {
        changes(
            world,
            &format!(
                "UPDATE journal SET payload = '', salt = zeroblob(16), commitment = x'{commitment}' WHERE seq = {seq}"
            ),
        );
    }
    // A cache, which may go at any time.
    changes(world, "DELETE FROM snapshot");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_whose_text_somebody_took_out_is_noticed_and_nothing_runs() {
    let world = keyed().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.thread().says("plan 1 proposed").await;
    world.ana().types("freeze the flush is not safe").await;
    world.ana().is_told("Frozen. No step starts").await;
    world.bot_stops().await;
    erases(&world, 0, |kind| kind == "frozen");
    nothing_runs_until_a_person_looked(&world, "is erased and no entry says that it was to be").await;
    world.ends_with_what_is_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_whose_start_somebody_took_out_does_not_run_a_second_time() {
    let world = keyed().await;
    world.next_exec(FaultKind::HangAfterFrames(1));
    world.fires(&Alert::redis_timeout()).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH]).await;
    world.card("Running step 1").await;
    world.bot_crashes().await;
    erases(&world, 0, |kind| kind == "step_started");
    world.bot_starts().await;
    world
        .a_human_is_paged("Interlock's database can't be trusted, so nothing runs")
        .await;
    world.card("no approval in it counts").await;
    world.minutes_pass(2).await;
    world.cluster_did(&[FLUSH]).await;
    world.thread().is_uninteresting();
    world.ends_with_what_is_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_at_one_start_is_not_forgotten_by_the_next() {
    let world = sealed().await;
    let mut store = Store::open(&world.database()).unwrap();
    let vote = forged(&world, &store.load().unwrap());
    let seq = vote.seq;
    store.commit(&[vote], &[], &[], world.now()).unwrap();
    drop(store);
    world.bot_starts().await;
    let page = world
        .a_human_is_paged("Interlock's database can't be trusted, so nothing runs")
        .await;
    world.a_human_is_paged("INC-1").await;
    world.card("no approval in it counts").await;
    world.someone_sets_at_the_pager(&page.id, "resolved").await;
    world.outbox_is_empty().await;
    world.bot_crashes().await;
    // All of it is sealed now, the forged vote and what was said of it; and now that goes.
    erases(&world, seq, |kind| kind != "checkpointed");
    world.bot_starts().await;
    everything_is_frozen(&world, "is erased and no entry says that it was to be").await;
    world.card("no approval in it counts").await;
    assert!(!world.ana().has_button("Approve"));
    world.nothing_ran();
    world.ends_with_what_is_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_are_gone_below_the_snapshot_are_missed() {
    let world = sealed().await;
    changes(&world, "DELETE FROM journal WHERE seq BETWEEN 2 AND 4");
    // By their number, or by a checkpoint that covers them, if one was signed by then.
    let either =
        "entries were taken out or put in | entries of the database are not those that the checkpoint";
    nothing_runs_until_a_person_looked(&world, either).await;
    world.ends_with_what_is_left().await;
}

/// What they see who look while somebody writes to the database beside the bot: within seconds, though nothing comes in.
async fn it_stops_and_pages(world: &TestWorld, why: &str) {
    let page = world.a_human_is_paged("Interlock can't write its journal").await;
    assert!(page.title.contains(why), "{}", page.title);
    assert!(world.readiness().await.contains(why));
    let card = world.card("*NOTHING STARTS*").await;
    assert!(!card.contains("[Approve 2 steps]"), "{card}");
    assert_eq!(world.posts(&Alert::tape_jam().firing()).await, 503);
    world.nothing_ran();
}

async fn waits_for_one_approval() -> TestWorld {
    let world = keyed().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.thread().says("plan 1 proposed").await;
    world.outbox_is_empty().await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_entry_that_changes_beside_the_running_bot_stops_it_and_pages() {
    let world = waits_for_one_approval().await;
    changes(
        &world,
        "UPDATE journal SET payload = payload || ' ' WHERE seq = 2",
    );
    it_stops_and_pages(&world, "entry 2 is not what it was").await;
    world.ends_with_what_is_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_would_be_swallowed_stop_the_running_bot() {
    let world = waits_for_one_approval().await;
    changes(
        &world,
        "CREATE TRIGGER swallows BEFORE INSERT ON journal WHEN NEW.kind = 'step_started' BEGIN SELECT RAISE(IGNORE); END",
    );
    it_stops_and_pages(
        &world,
        "it has a trigger `swallows`, and Interlock made none of that name",
    )
    .await;
    world.ends_with_what_is_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_somebody_queues_beside_the_running_bot_stops_it() {
    let world = waits_for_one_approval().await;
    changes(&world, PAGE_RESOLVE);
    it_stops_and_pages(&world, "(table outbox) are not those").await;
    world.ends_with_what_is_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_looks_or_counts_beside_the_running_bot_disturbs_nobody() {
    let world = waits_for_one_approval().await;
    let other = Connection::open(world.database()).unwrap();
    other.execute_batch("ANALYZE; DELETE FROM snapshot").unwrap();
    drop(other);
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("Fixed and verified.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.nobody_was_paged();
    assert_eq!(world.readiness().await, "ready\n");
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_moved_away_from_under_the_bot_is_told_and_goes_on_once_it_is_back() {
    // No key is needed for this.
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let away = world.folder.path().join("away");
    std::fs::create_dir(&away).unwrap();
    let moves = |there: bool| {
        for beside in ["", "-wal", "-shm"] {
            let name = format!("{}{beside}", world.database().file_name().unwrap().display());
            let (here, other) = (world.database().with_file_name(&name), away.join(&name));
            let (from, to) = if there { (here, other) } else { (other, here) };
            std::fs::rename(from, to).unwrap();
        }
    };
    moves(true);
    it_stops_and_pages(&world, "is no longer the file that was opened").await;
    assert!(!world.database().exists(), "nothing is made in its place");
    moves(false);
    world.card_no_longer_says("NOTHING STARTS").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("Fixed and verified.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.thread().is_uninteresting();
    world.ends().await;
}

const PAGE_RESOLVE: &str = r#"INSERT INTO outbox (effect, created_ms) VALUES ('{"effect":"page_resolve","incident":1}', 1795000000000)"#;
const FORGED: &str = "(table outbox) are not those that were put there";

/// An incident for which a human is to be paged, and a pager that is away; then the bot dies.
async fn dies_before_it_could_page() -> TestWorld {
    let world = keyed().await;
    world.doubles.pager.set_faults(PagerFaults {
        fail: 10_000,
        ..PagerFaults::default()
    });
    world.fires(&Alert::tape_jam().severity("critical")).await;
    world.card("Tape library 3 is jammed").await;
    world.bot_crashes().await;
    assert!(world.pages().is_empty());
    world
}

/// The freeze that follows from what was found.
async fn everything_is_frozen(world: &TestWorld, why: &str) {
    world
        .a_human_is_paged("Interlock's database can't be trusted, so nothing runs")
        .await;
    world.ben().opens_home().await;
    let home = world.ben().sees_home("FROZEN by @Interlock").await;
    assert!(home.contains(why), "{home}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_somebody_took_out_of_the_outbox_is_sent_all_the_same() {
    let world = dies_before_it_could_page().await;
    changes(&world, "DELETE FROM outbox");
    world.doubles.pager.set_faults(PagerFaults::default());
    world.bot_starts().await;
    everything_is_frozen(&world, FORGED).await;
    world.a_human_is_paged("INC-1").await;
    world.card("Tape library 3 is jammed").await;
    world.outbox_is_empty().await;
    world.nothing_ran();
    world.ends_with_what_is_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_somebody_put_into_the_outbox_is_not_sent() {
    let world = waits_for_page().await;
    changes(&world, PAGE_RESOLVE);
    world.bot_starts().await;
    everything_is_frozen(&world, FORGED).await;
    world.outbox_is_empty().await;
    let pages = world.doubles.pager.incidents();
    let ours = pages.iter().find(|page| page.title.contains("INC-1")).unwrap();
    assert_ne!(ours.status, Status::Resolved, "{ours:?}");
    world.outbox_is_empty().await;
    world.nothing_ran();
    world.ends_with_what_is_left().await;
}

/// A human was paged and nobody has come yet; then the bot dies.
async fn waits_for_page() -> TestWorld {
    let world = keyed().await;
    world.fires(&Alert::tape_jam().severity("critical")).await;
    world.a_human_is_paged("INC-1").await;
    world.outbox_is_empty().await;
    world.bot_crashes().await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_nobody_can_read_keeps_the_bot_from_nothing() {
    // Without a key nobody can tell whose row it is.
    let world = TestWorld::start(Setup::default()).await;
    world.fires(&Alert::tape_jam().severity("critical")).await;
    world.a_human_is_paged("INC-1").await;
    world.outbox_is_empty().await;
    world.bot_crashes().await;
    changes(
        &world,
        "INSERT INTO outbox (effect, created_ms) VALUES ('{\"junk\":1}', 1), (CAST(x'ff' AS TEXT), 1)",
    );
    world.bot_starts().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card_shows("INC-2", "Waits for 1 approval").await;
    world.outbox_is_empty().await;
    world.nothing_ran();
    world.ends_with_what_is_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_below_the_snapshot_is_found_before_anything_runs() {
    let world = sealed().await;
    changes(
        &world,
        "UPDATE journal SET payload = payload || ' ' WHERE seq = 2",
    );
    world.bot_starts().await;
    everything_is_frozen(&world, "entry 2 is not what it was when it was written").await;
    world.card("no approval in it counts").await;
    world.a_human_is_paged("INC-1").await;
    let readiness = world.readiness().await;
    assert!(
        readiness.contains("no checkpoint of this journal is signed"),
        "{readiness}"
    );
    world.nothing_ran();

    // It is on record, so that the next day says nothing new.
    let why = "entry 2 is not what it was when it was written: it was changed from outside";
    let store = Store::open_to_read(&world.database()).unwrap();
    assert!(store.has_frozen_for(why).unwrap());
    assert!(!store.has_frozen_for("entry 3 is not what it was").unwrap());
    world.ends_with_what_is_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_rewrites_an_entry_and_has_interlock_say_so_already_is_found_all_the_same() {
    let why = "entry 2 is not what it was when it was written: it was changed from outside";
    let said = Event::Frozen {
        by: interlock(),
        reason: why.to_owned(),
        scope: Scope::Everything,
        over: None,
    };
    let said = serde_json::json!({ "event": said }).to_string();
    // In another entry below the snapshot; and one that nobody can read.
    for (payload, found) in [(said.as_str(), why), ("{", why)] {
        let world = sealed().await;
        changes(
            &world,
            &format!(
                "UPDATE journal SET payload = payload || ' ' WHERE seq = 2;
                UPDATE journal SET kind = 'frozen', payload = '{payload}' WHERE seq = 3"
            ),
        );
        world.bot_starts().await;
        everything_is_frozen(&world, found).await;
        world.card("no approval in it counts").await;
        world.a_human_is_paged("INC-1").await;
        world.nothing_ran();
        world.ends_with_what_is_left().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_of_another_history_among_those_of_the_file_is_found() {
    let key = Signer::generate("interlock.test/story").unwrap();
    let signer = Signer::parse(&key).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("anchors.jsonl");
    let table = format!("[checkpoints]\nkey = \"{key}\"\nfile = \"{}\"", file.display());
    let world = TestWorld::start(Setup::default().table(&table)).await;
    world.fires(&Alert::tape_jam().severity("critical")).await;
    world.a_human_is_paged("INC-1").await;
    world.outbox_is_empty().await;
    world.bot_stops().await;
    // By the same key, and not the largest: two copies of the database were once run beside one another.
    let other = Checkpoint {
        origin: "interlock.test/story".to_owned(),
        size: 1,
        root: [7; 32],
    };
    let line = serde_json::json!({ "at": "2026-11-22T12:00:00Z", "size": 1, "note": other.sign(&signer), "sealed": true });
    let kept = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{line}\n{kept}")).unwrap();
    world.bot_starts().await;
    world.clock_moves(Duration::from_secs(61)).await;
    everything_is_frozen(&world, "the first 1 entries are not those").await;
    world.outbox_is_empty().await;
    world.nothing_ran();
    world.ends_with_what_is_left().await;
}
