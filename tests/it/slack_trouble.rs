//! Slack is away, slow or lies: the card comes once, and a human hears of it all the same.

use std::time::Duration;

use interlock::playground::cluster::{FaultKind, Scenario};
use interlock::playground::slack::{ApiFault, Times};
use serde_json::{Value, json};

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

/// All that is of `archive` joins its card, with the reason.
const SAME_SERVICE: &str = "[grouping]\nrelated_within_minutes = 10\n\n[[services]]\nname = \"archive\"\n";

/// So many alerts, each delivery a group of its own: the first alone, then `size` at a time.
fn deliveries(alert: &Alert, count: usize, size: usize) -> Vec<Value> {
    let body = alert.clone().times(count).firing();
    let alerts = body["alerts"].as_array().unwrap();
    let (first, others) = alerts.split_at(1);
    let parts = std::iter::once(first).chain(others.chunks(size));
    parts
        .enumerate()
        .map(|(number, part)| {
            let mut delivery = body.clone();
            delivery["groupKey"] = json!(format!("group {number}"));
            delivery["alerts"] = json!(part);
            delivery
        })
        .collect()
}

/// How many alerts a thread says have joined, by the crowd or one by one.
fn told_to_have_joined(said: &[String]) -> usize {
    let crowds = said
        .iter()
        .filter_map(|line| line.split_once(" more alerts joined"));
    let in_crowds: usize = crowds
        .map(|(count, _)| count.rsplit(' ').next().unwrap().parse::<usize>().unwrap())
        .sum();
    let alone = ["same service, archive", "its group joined before"];
    let alone = said
        .iter()
        .filter(|line| alone.iter().any(|why| line.contains(why)));
    in_crowds + alone.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_that_join_one_card_are_a_few_lines_and_slack_refuses_nothing() {
    let world = TestWorld::start(Setup::default().table(SAME_SERVICE)).await;
    let deliveries = deliveries(&Alert::tape_jam(), 3_001, 500);
    world.delivers(&deliveries[0]).await;
    world.card("Tape library 3 is jammed").await;
    world.outbox_is_empty().await;
    for delivery in &deliveries[1..] {
        world.delivers(delivery).await;
    }
    world.card("3001 of 3001 alerts firing").await;
    world.outbox_is_empty().await;
    let said = world.thread().said();
    assert_eq!(told_to_have_joined(&said), 3_000, "{said:#?}");
    assert!(said.len() < 12, "{said:#?}");
    world.slack_kept_pace("incidents");
    assert_eq!(world.channel("incidents").cards(), 1);
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

/// The reply is lost, and then Slack can't be read for a moment: the line is found later, for all that it speaks of.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_about_a_thousand_alerts_whose_reply_is_lost_comes_once() {
    let world = TestWorld::start(Setup::default().table(SAME_SERVICE)).await;
    let deliveries = deliveries(&Alert::tape_jam(), 1_001, 500);
    assert_eq!(world.posts(&deliveries[0]).await, 200);
    world.card("Tape library 3 is jammed").await;
    world.outbox_is_empty().await;
    let faults = world.doubles.slack.faults();
    faults.on_call("chat.postMessage", ApiFault::ResetAfter, Times::Once);
    faults.on_call("conversations.replies", ApiFault::Status(503), Times::Count(2));
    for delivery in &deliveries[1..] {
        assert_eq!(world.posts(delivery).await, 200);
    }
    world.card("1001 of 1001 alerts firing").await;
    world.outbox_is_empty().await;
    let said = world.thread().said();
    assert_eq!(told_to_have_joined(&said), 1_000, "{said:#?}");
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_slack_refuses_even_plainly_is_left_out_and_the_story_goes_on() {
    let world = TestWorld::start(Setup::default().table(SAME_SERVICE)).await;
    let [first, second, third] = deliveries(&Alert::tape_jam(), 3, 1).try_into().unwrap();
    assert_eq!(world.posts(&first).await, 200);
    world.card("Tape library 3 is jammed").await;
    world.outbox_is_empty().await;
    let faults = world.doubles.slack.faults();
    let refusal = ApiFault::Error("msg_blocks_too_long".to_owned());
    faults.on_call("chat.postMessage", refusal, Times::Count(2));
    let before = world.thread().said();
    assert_eq!(world.posts(&second).await, 200);
    world.card("2 of 2 alerts firing").await;
    world.outbox_is_empty().await;
    assert_eq!(world.thread().said(), before);
    assert_eq!(world.posts(&third).await, 200);
    world.thread().says("same service, archive").await;
    world.outbox_is_empty().await;
    assert_eq!(world.thread().said().len(), before.len() + 1);
    world.thread().is_uninteresting();
    world.nothing_ran();
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

/// Half a minute after they came, of which Slack's pace takes a few seconds here.
#[tokio::test(flavor = "multi_thread")]
async fn cards_that_wait_for_their_turn_page_nobody() {
    let world = TestWorld::start(Setup::default().table("[grouping]\nstorm_alerts_per_minute = 0")).await;
    for number in 0..14 {
        let (name, service) = (format!("Odd{number}"), format!("service-{number}"));
        let alert = Alert::new(&name, &service, &format!("{service} is odd")).severity("high");
        world.fires(&alert).await;
    }
    world.clock_moves(Duration::from_secs(40)).await;
    for number in 1..=14 {
        world.card_shows(&format!("INC-{number}"), "is odd").await;
    }
    world.nobody_was_paged();
    world.outbox_is_empty().await;
    for number in 1..=14 {
        world.thread_of(&format!("INC-{number}")).is_uninteresting();
    }
    world.nothing_ran();
    world.ends().await;
}
