//! Somebody outside notices when Interlock can't do its work, and Interlock notices when alerts stop coming.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use interlock::playground::slack::{ApiFault, Times};
use rusqlite::Connection;
use serde_json::json;

use crate::world::{Alert, Setup, TestWorld};

/// The watcher outside: counts what it hears.
async fn watcher() -> (String, Arc<AtomicUsize>) {
    let heard = Arc::new(AtomicUsize::new(0));
    let count = heard.clone();
    let router = Router::new().route(
        "/ping/a-secret-path",
        get(async move || {
            count.fetch_add(1, Ordering::AcqRel);
            "ok"
        }),
    );
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}/ping/a-secret-path"), heard)
}

/// Waits until so many heartbeats were heard. Whoever looked at the clock just before they could be sent again counts from then
/// on, so another minute passes whenever none came for two looks.
async fn beats(world: &TestWorld, heard: &AtomicUsize, count: usize) {
    for _ in 0..12 {
        for _ in 0..100 {
            if heard.load(Ordering::Acquire) >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        world.minutes_pass(1).await;
    }
    panic!("{count} heartbeats never came");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_is_sent_while_the_journal_can_be_written_and_not_while_it_can_not() {
    let (url, heard) = watcher().await;
    let heartbeat = format!("[heartbeat]\nurl = \"{url}\"\nevery_seconds = 60");
    let world = TestWorld::start(Setup::default().table(&heartbeat)).await;
    // The first look may come before Slack is connected; the next one does not.
    world.minutes_pass(1).await;
    beats(&world, &heard, 1).await;

    let full = "CREATE TRIGGER disk_is_full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END";
    Connection::open(world.database())
        .unwrap()
        .execute_batch(full)
        .unwrap();
    assert_eq!(world.posts(&Alert::tape_jam().firing()).await, 503);
    let page = world
        .a_human_is_paged("Interlock can't write its journal, so nothing runs")
        .await;
    let before = heard.load(Ordering::Acquire);
    world.minutes_pass(1).await;
    // A backup of what would come: two looks of the clock.
    tokio::time::sleep(Duration::from_millis(2_200)).await;
    assert_eq!(
        heard.load(Ordering::Acquire),
        before,
        "a heartbeat of a bot that can't work"
    );

    Connection::open(world.database())
        .unwrap()
        .execute_batch("DROP TRIGGER disk_is_full")
        .unwrap();
    world.fires(&Alert::tape_jam().severity("low")).await;
    world.card("Tape library 3 is jammed").await;
    world.minutes_pass(2).await;
    beats(&world, &heard, before + 1).await;
    // Whoever looked at the clock only after that counts from then on.
    world.minutes_pass(2).await;
    world.pager_resolves(&page.id).await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_heartbeat_is_sent_while_what_interlock_has_to_say_reaches_nobody() {
    let (url, heard) = watcher().await;
    let heartbeat = format!("[heartbeat]\nurl = \"{url}\"\nevery_seconds = 60");
    let world = TestWorld::start(Setup::default().table(&heartbeat)).await;
    world.minutes_pass(1).await;
    beats(&world, &heard, 1).await;

    let faults = world.doubles.slack.faults();
    faults.on_call("chat.postMessage", ApiFault::Status(503), Times::Always);
    world.fires(&Alert::tape_jam()).await;
    world.minutes_pass(3).await;
    world.a_human_is_paged("Tape library 3 is jammed").await;
    world.minutes_pass(20).await;
    let before = heard.load(Ordering::Acquire);
    world.minutes_pass(1).await;
    // Two looks of the clock.
    tokio::time::sleep(Duration::from_millis(2_200)).await;
    assert_eq!(heard.load(Ordering::Acquire), before, "nothing reaches Slack");

    faults.clear();
    world.card("Tape library 3 is jammed").await;
    world.doubles.slack.settled().await;
    world.minutes_pass(2).await;
    beats(&world, &heard, before + 1).await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_alert_that_always_fires_stays_away_a_human_is_paged() {
    let world = TestWorld::start(Setup::default().table("[watchdog]\nwithin_seconds = 300")).await;
    let always = json!({"version": "4", "groupKey": "w", "receiver": "r", "status": "firing", "alerts": [{"status": "firing",
        "labels": {"alertname": "Watchdog", "severity": "none"}, "annotations": {}, "startsAt": "2026-11-20T03:00:00Z"}]});
    assert_eq!(world.posts(&always).await, 200);
    world.minutes_pass(4).await;
    assert_eq!(world.posts(&always).await, 200);
    world.minutes_pass(4).await;
    assert_eq!(world.posts(&always).await, 200);
    assert_eq!(
        world.channel("incidents").cards(),
        0,
        "the watchdog itself is no incident"
    );

    world.minutes_pass(6).await;
    world
        .a_human_is_paged("The alert Watchdog has not come for 5 min: alerts may not reach Interlock")
        .await;
    world.card("The alert Watchdog has not come for 5 min").await;
    assert_eq!(world.posts(&always).await, 200);
    world.card("*The alert cleared*").await;
    world.thread().is_uninteresting();
    world.ends().await;
}
