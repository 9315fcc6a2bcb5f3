//! Slack is away, slow or lies: the card comes once, and a human hears of it all the same.

use std::time::Duration;

use interlock::playground::cluster::{FaultKind, Scenario};
use interlock::playground::slack::{ApiFault, Times};

use crate::world::{Alert, Setup, TestWorld};

#[tokio::test(flavor = "multi_thread")]
async fn with_slack_down_at_the_start_a_human_is_paged_and_the_card_comes_later() {
    let world = TestWorld::without_bot(Setup::default()).await;
    let faults = world.doubles.slack.faults();
    faults.on_call("*", ApiFault::Status(503), Times::Always);
    world.bot_starts_alone().await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world.clock_moves(Duration::from_secs(40)).await;
    world
        .a_human_is_paged("Redis connection timeout on api-gateway")
        .await;
    assert_eq!(world.channel("incidents").cards(), 0);

    faults.clear();
    world.card("Redis Connection Timeout").await;
    world.thread().ends_with("the pager took the page").await;
    assert_eq!(world.channel("incidents").cards(), 1);
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_slack_down_during_a_run_the_card_catches_up() {
    let world = TestWorld::redis_times_out().await;
    world.next_exec(FaultKind::Latency(1_500));
    world.fires(&Alert::redis_timeout()).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    let faults = world.doubles.slack.faults();
    faults.on_call("chat.postMessage", ApiFault::Status(503), Times::Always);
    faults.on_call("chat.update", ApiFault::Status(503), Times::Always);
    world
        .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
        .await;
    faults.clear();
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    assert_eq!(world.channel("incidents").cards(), 1);
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_to_the_posted_card_makes_no_second_card() {
    let world = TestWorld::start(Setup::default()).await;
    world
        .doubles
        .slack
        .faults()
        .on_call("chat.postMessage", ApiFault::ResetAfter, Times::Once);
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.thread().says("plan 1 proposed").await;
    assert_eq!(world.channel("incidents").cards(), 1);
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_delays_the_card_and_does_not_double_it() {
    let world = TestWorld::start(Setup::default()).await;
    let limited = ApiFault::RateLimited { retry_after: 1 };
    world
        .doubles
        .slack
        .faults()
        .on_call("chat.postMessage", limited, Times::Count(3));
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.thread().says("plan 1 proposed").await;
    assert_eq!(world.channel("incidents").cards(), 1);
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_alerts_of_one_cause_are_one_card() {
    let world = TestWorld::redis_times_out().await;
    let storm = Alert::redis_timeout().times(500);
    world.fires(&storm).await;
    world.fires(&storm).await;
    world.card("500 of 500 alerts firing").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world
        .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
        .await;
    world.card("Fixed and verified.").await;
    world.resolves(&storm).await;
    world.card("Resolved").await;
    assert_eq!(world.channel("incidents").cards(), 1);
    world.thread().ends_with("Summary of INC-1").await;
    world.ends().await;
}

/// Slack takes about one message a second in a channel: whoever is at the end of the queue waits, and the critical one is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_critical_card_overtakes_a_burst_of_low_ones() {
    let world = TestWorld::start(Setup::default().table("[grouping]\nstorm_alerts_per_minute = 0")).await;
    for number in 0..9 {
        let (name, service) = (format!("Odd{number}"), format!("service-{number}"));
        world
            .fires(&Alert::new(&name, &service, &format!("{service} is odd")).severity("low"))
            .await;
    }
    world.card_shows("INC-1", "is odd").await;
    let tapes = Alert::tape_jam().severity("critical");
    world.fires(&tapes).await;
    world.card_shows("INC-10", "Tape library 3 is jammed").await;
    let before = world.channel("incidents").cards();
    assert!(before < 7, "it is card {before} of 10");
    world.a_human_is_paged("Tape library 3 is jammed").await;
    // And none of the others is forgotten.
    for number in 1..=9 {
        world.card_shows(&format!("INC-{number}"), "is odd").await;
    }
    world.outbox_is_empty().await;
    for number in 1..=10 {
        world.thread_of(&format!("INC-{number}")).is_uninteresting();
    }
    world.nothing_ran();
    world.ends().await;
}
