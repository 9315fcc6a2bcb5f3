//! The journal can't be written: nothing starts, senders are told to come again, a human is paged past it.

use std::time::Duration;

use interlock::playground::cluster::Scenario;
use interlock::playground::pager::PagerFaults;
use interlock::store::Store;
use rusqlite::Connection;

use crate::world::{Alert, Setup, TestWorld};

/// Makes every write to the journal fail as a full disk does.
fn disk_is_full(world: &TestWorld) {
    let full = "CREATE TRIGGER disk_is_full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END";
    Connection::open(world.database())
        .unwrap()
        .execute_batch(full)
        .unwrap();
}

fn disk_has_room_again(world: &TestWorld) {
    Connection::open(world.database())
        .unwrap()
        .execute_batch("DROP TRIGGER disk_is_full")
        .unwrap();
}

/// Holds the database's one place for writing, as a slow disk does.
fn disk_is_slow(world: &TestWorld) -> Connection {
    let holder = Connection::open(world.database()).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    holder
}

async fn nothing_starts(setup: Setup) {
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.thread().says("plan 1 proposed").await;
    let button = world.ana().sees_button("Approve 2 steps").await;
    disk_is_full(&world);
    assert_eq!(world.posts(&Alert::tape_jam().firing()).await, 503);
    let page = world
        .a_human_is_paged("Interlock can't write its journal, so nothing runs")
        .await;
    let card = world
        .card("*NOTHING STARTS*: Interlock can't write its journal")
        .await;
    assert!(card.contains("disk is full"), "{card}");
    assert_eq!(
        card.to_lowercase().matches("nothing starts").count(),
        1,
        "said once: {card}"
    );
    assert!(!card.contains("[Approve 2 steps]"), "{card}");
    let delivery = world.ana().clicks(button).await.unwrap();
    assert!(
        !delivery.acked,
        "a click that is not stored is not acked: {delivery:?}"
    );
    let told = world.ana().is_told("That is not confirmed").await;
    assert!(told.contains("disk is full"), "{told}");
    assert!(world.readiness().await.contains("disk is full"));
    world.nothing_ran();

    // Nothing has to come in for it to notice.
    disk_has_room_again(&world);
    world.card_no_longer_says("NOTHING STARTS").await;
    assert_eq!(world.readiness().await, "ready\n");
    world.clock_moves(Duration::from_secs(70)).await;
    world.pager_resolves(&page.id).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world
        .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
        .await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.slack_complains(1);
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_starts_that_can_not_be_written_down() {
    nothing_starts(Setup::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_starts_that_can_not_be_written_down_over_http() {
    nothing_starts(Setup::default().over_http()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_that_is_stored_too_late_for_slack_counts_and_is_answered() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let button = world.ana().sees_button("Approve 2 steps").await;
    let holder = disk_is_slow(&world);
    let delivery = world.ana().clicks(button).await.unwrap();
    assert!(!delivery.acked, "{delivery:?}");
    holder.execute_batch("ROLLBACK").unwrap();
    world.ana().is_told("Approved.").await;
    world
        .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
        .await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.slack_complains(1);
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_went_through_while_nothing_could_be_stored_is_recorded_once_it_can() {
    let world = TestWorld::start(Setup::default()).await;
    let pager = &world.doubles.pager;
    pager.set_faults(PagerFaults {
        fail: 1_000,
        ..PagerFaults::default()
    });
    world.fires(&Alert::tape_jam().severity("critical")).await;
    world
        .until("the pager was asked", || {
            (pager.faults().fail < 1_000).then_some(())
        })
        .await;
    world.card("needs a human").await;
    disk_is_full(&world);
    pager.set_faults(PagerFaults::default());
    world.a_human_is_paged("Tape library 3 is jammed").await;
    world.a_human_is_paged("Interlock can't write its journal").await;
    disk_has_room_again(&world);
    world.card("A human was paged at HH:MM").await;
    world.thread().ends_with("the pager took the page").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_an_alert_is_neither_shown_nor_stored() {
    let world = TestWorld::start(Setup::default()).await;
    let alert = Alert::tape_jam().described("login failed with password=hunter2hunter2");
    world.fires(&alert.severity("low")).await;
    let card = world.card("login failed").await;
    assert!(!card.contains("hunter2hunter2"), "{card}");
    let stored = Store::open_to_read(&world.database()).unwrap();
    stored
        .export(|entry| {
            let payload = entry.payload().unwrap();
            assert!(!payload.contains("hunter2hunter2"), "{payload}");
            Ok(())
        })
        .unwrap();
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_start_says_under_what_it_runs() {
    let world = TestWorld::start(Setup::default().mode("dry-run")).await;
    world.fires(&Alert::tape_jam().severity("low")).await;
    world.card("This needs a human").await;
    world.bot_crashes_and_restarts().await;
    // What it answers comes after what it recorded of its start.
    world.ana().types("status").await;
    world.ana().is_told("INC-1").await;
    let mut starts = Vec::new();
    let stored = Store::open_to_read(&world.database()).unwrap();
    stored
        .export(|entry| {
            let payload = entry.payload().unwrap();
            if payload.contains("\"type\":\"started\"") {
                starts.push(payload.to_owned());
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(starts.len(), 2, "{starts:#?}");
    for start in &starts {
        for fact in [
            "\"mode\":\"dry-run\"",
            "\"autonomy\":\"suggest\"",
            env!("CARGO_PKG_VERSION"),
        ] {
            assert!(start.contains(fact), "{start}");
        }
    }
    world.thread().is_uninteresting();
    world.ends().await;
}
