//! PagerDuty as a source: its incidents come in by webhook and are resolved there; our own open nothing.

use std::time::Duration;

use interlock::playground::cluster::Scenario;
use interlock::playground::pager::{Incident, PagerFaults, Status, Trigger};
use serde_json::json;

use crate::world::{Alert, Setup, TestWorld};

fn pagerduty_fires(world: &TestWorld) -> Incident {
    let trigger = Trigger {
        service: String::new(),
        dedup_key: "redis/pool".to_owned(),
        summary: "Redis connection timeout on api-gateway".to_owned(),
        severity: "critical".to_owned(),
        source: "prometheus".to_owned(),
        custom_details: json!({}),
    };
    world.doubles.pager.trigger_incident(trigger).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_of_pagerduty_is_resolved_there_when_it_is_fixed() {
    let world = TestWorld::redis_times_out().await;
    let theirs = pagerduty_fires(&world);
    world.a_human_is_paged("Redis connection timeout").await;
    world.card("Waits for 1 approval").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world
        .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
        .await;
    world.pager_resolves(&theirs.id).await;
    world.card("Resolved").await;
    world.thread().ends_with("Summary of INC-1").await;
    let calls = world.doubles.pager.calls();
    assert!(
        calls
            .iter()
            .any(|call| call.method == "PUT" && call.from.as_deref() == Some("ana@acme.example")),
        "{calls:#?}"
    );
    assert_eq!(world.pages().len(), 1, "who is paged already is not paged again");
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_joined_is_not_resolved_there_by_us() {
    let grouping = "[grouping]\nrelated_within_minutes = 10\n\n[[services]]\nname = \"api-gateway\"\n";
    let world = TestWorld::start(Setup::default().table(grouping)).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    let theirs = pagerduty_fires(&world);
    world.a_human_is_paged("Redis connection timeout").await;
    world.card("Waits for 1 approval").await;
    let other = Trigger {
        service: String::new(),
        dedup_key: "gateway/queue".to_owned(),
        summary: "Requests pile up".to_owned(),
        severity: "critical".to_owned(),
        source: "prometheus".to_owned(),
        custom_details: json!({}),
    };
    let other = world.doubles.pager.trigger_incident(other).unwrap();
    world.a_human_is_paged("Requests pile up").await;
    world.card("Requests pile up (same service, api-gateway)").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world
        .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
        .await;
    world.pager_resolves(&theirs.id).await;
    world.card("Fixed and verified.").await;
    world.outbox_is_empty().await;
    let status = |id: &str| {
        let all = world.doubles.pager.incidents();
        all.into_iter().find(|one| one.id == id).unwrap().status
    };
    assert_ne!(status(&other.id), Status::Resolved, "nobody looked at that one");
    // Nor is the card's incident over before both are.
    world.minutes_pass(2).await;
    world.card("the alert still fires").await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pagerduty_that_refuses_to_resolve_is_no_resolved_incident() {
    let world = TestWorld::start(Setup::default().unknown_pager_user()).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    let theirs = pagerduty_fires(&world);
    world.a_human_is_paged("Redis connection timeout").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world
        .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
        .await;
    let said = world
        .thread()
        .says("the source did not take our word that it is over")
        .await;
    assert!(said.contains("Requester User Not Found"), "{said}");
    assert!(
        said.contains("waiting for it to say resolved by itself"),
        "{said}"
    );
    world.card("Fixed and verified.").await;
    world.minutes_pass(2).await;
    world
        .card("the source refused to be told and still says firing")
        .await;
    let summary = world.thread().ends_with("Summary so far of INC-1").await;
    assert!(!summary.contains("resolved at the source"), "{summary}");
    assert_eq!(
        world.pages(),
        [theirs.title.as_str()],
        "who is paged already is not paged again"
    );
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_human_has_by_now_is_not_resolved_at_pagerduty_when_it_comes_back() {
    let world = TestWorld::redis_times_out().await;
    let theirs = pagerduty_fires(&world);
    world.a_human_is_paged("Redis connection timeout").await;
    world.card("Waits for 1 approval").await;
    let pager = &world.doubles.pager;
    pager.set_faults(PagerFaults {
        fail: 1_000,
        ..PagerFaults::default()
    });
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world
        .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
        .await;
    world.card("Waiting for pagerduty to say that it is over").await;
    world
        .until("pagerduty was asked", || {
            (pager.faults().fail < 1_000).then_some(())
        })
        .await;
    world.clock_moves(Duration::from_secs(70)).await;
    world.card("the alert still fires").await;
    pager.set_faults(PagerFaults::default());
    world.outbox_is_empty().await;
    let all = pager.incidents();
    let still = all.iter().find(|incident| incident.id == theirs.id).unwrap();
    assert_ne!(
        still.status,
        Status::Resolved,
        "nobody but its people closes it now"
    );
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_at_pagerduty_is_no_repeat_of_its_alert() {
    let world = TestWorld::redis_times_out().await;
    let theirs = pagerduty_fires(&world);
    world.a_human_is_paged("Redis connection timeout").await;
    world.card("Waits for 1 approval").await;
    let before = world.webhooks();
    world
        .someone_notes_at_the_pager(&theirs.id, "looking at it")
        .await;
    world
        .until("the pager's webhook about the note was taken", || {
            (world.webhooks() > before).then_some(())
        })
        .await;
    world.minutes_pass(1).await;
    let card = world.card("Waits for 1 approval").await;
    assert!(!card.contains("delivered"), "{card}");
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_we_opened_at_the_pager_opens_nothing_here() {
    let world = TestWorld::start(Setup::default()).await;
    world.fires(&Alert::tape_jam().severity("critical")).await;
    world.a_human_is_paged("Tape library 3 is jammed").await;
    world.card("A human was paged").await;
    world
        .until("the pager's webhook about our own page was taken", || {
            (world.webhooks() > 0).then_some(())
        })
        .await;
    // The next incident has the next number: there was none between.
    world.fires(&Alert::redis_timeout()).await;
    world.card_shows("INC-2", "Redis connection timeout").await;
    assert_eq!(world.channel("incidents").cards(), 2);
    world.thread().is_uninteresting();
    world.thread_of("INC-2").is_uninteresting();
    world.ends().await;
}
