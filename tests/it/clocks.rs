//! Clocks that jump back: no approval lives longer for it, no code counts twice, and people are told why.

use std::time::Duration;

use interlock::playground::cluster::Scenario;

use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";
const MINUTE: Duration = Duration::from_secs(60);
const WHY: &str = "the clock went back since this was proposed or approved";
const AFRESH: &str = "*Changed since plan 1*, of which nothing ran: the clock went back";

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_is_proposed_afresh_and_a_click_on_the_old_card_counts_for_nothing() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let approve = world.ana().sees_button("Approve 2 steps").await;
    world.clock_goes_back(10 * MINUTE);
    world.thread().says(WHY).await;
    world.card(AFRESH).await;
    world.ana().clicks(approve).await.unwrap();
    world
        .ana()
        .is_told("The plan changed since you saw this card.")
        .await;
    world.nothing_ran();
    // Nobody knows how long it has waited.
    world.a_human_is_paged("INC-1").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().is_uninteresting();
    world.ends().await;
}

/// Its quarter of an hour is nearly over; set back by ten minutes it would have ten more.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_does_not_live_longer_by_a_clock_that_jumps_back() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.clock_moves(13 * MINUTE).await;
    world.a_human_is_paged("INC-1").await;
    world.clock_goes_back(10 * MINUTE);
    world.bot_crashes_and_restarts().await;
    world.card(AFRESH).await;
    world.nothing_ran();
    world.thread().is_uninteresting();
    world.ends_and_nothing_ran().await;
}

/// It was approved and held; when that was, nobody can say any more.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_approved_does_not_start_after_the_clock_jumped_back() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let approve = world.ana().sees_button("Approve 2 steps").await;
    let file = world.folder.path().join("freeze");
    std::fs::write(&file, "an audit\n").unwrap();
    world.clock_moves(MINUTE).await;
    world.ana().clicks(approve).await.unwrap();
    world.ana().is_told("Approved.").await;
    world.thread().says("step 1 waits: everything is frozen").await;
    world.clock_goes_back(Duration::from_secs(30));
    std::fs::remove_file(&file).unwrap();
    world.thread().says(WHY).await;
    world.card(AFRESH).await;
    world.thread().is_uninteresting();
    world.ends_and_nothing_ran().await;
}

/// The journal knows of the minute in which it was approved, and of nothing after it: only whoever looks at the clock does.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_approved_does_not_start_after_a_jump_to_a_time_after_everything_that_is_written() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let approve = world.ana().sees_button("Approve 2 steps").await;
    let file = world.folder.path().join("freeze");
    std::fs::write(&file, "an audit\n").unwrap();
    world.ana().clicks(approve).await.unwrap();
    world.ana().is_told("Approved.").await;
    world.thread().says("step 1 waits: everything is frozen").await;
    world.card("FROZEN").await;
    world.clock_moves(4 * MINUTE).await;
    the_engine_has_looked(&world).await;
    world.clock_goes_back(3 * MINUTE);
    world.thread().says(WHY).await;
    world.card(AFRESH).await;
    std::fs::remove_file(&file).unwrap();
    world.ana().sees_button("Approve 2 steps").await;
    world.thread().is_uninteresting();
    world.ends_and_nothing_ran().await;
}

/// The page would have been an hour late, and the plan would have waited an hour longer.
#[tokio::test(flavor = "multi_thread")]
async fn when_the_clock_jumps_back_a_human_is_paged_at_once_and_a_fresh_plan_comes_without_a_click() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    assert!(world.doubles.pager.incidents().is_empty(), "it was not due");
    world.clock_goes_back(60 * MINUTE);
    world.a_human_is_paged("INC-1").await;
    world.card(AFRESH).await;
    world.thread().says(WHY).await;
    world.thread().is_uninteresting();
    world.ends_and_nothing_ran().await;
}

/// Its quarter of an hour has five minutes left; set back by nine it would have fourteen.
#[tokio::test(flavor = "multi_thread")]
async fn broken_glass_is_over_when_the_clock_jumps_back() {
    let freeze = "[[freezes]]\nname = \"launch\"\nreason = \"we launch\"\nzone = \"UTC\"\nduring = [\"2020-01-01..2040-01-01\"]";
    let rule = "[break_glass]\nusers = [\"U0ANA00001\"]\nminutes = 15";
    let world = TestWorld::start(Setup::default().table(freeze).table(rule)).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world
        .card("the policy's calendar freezes it (launch: we launch)")
        .await;
    world.ana().types("break-glass INC-1 nobody else is awake").await;
    world.ana().is_told("The glass of INC-1 is broken until").await;
    world.a_human_is_paged("INC-1").await;
    world.card("*GLASS BROKEN by @ana*").await;
    world.ana().sees_button("Approve 2 steps").await;
    world.clock_moves(10 * MINUTE).await;
    the_engine_has_looked(&world).await;
    world.clock_goes_back(9 * MINUTE);
    world.thread().says("the broken glass is over").await;
    world.card(AFRESH).await;
    world
        .card("the policy's calendar freezes it (launch: we launch)")
        .await;
    assert!(!world.ana().has_button("Approve"), "the calendar shuts it again");
    world.ben().types("reviewed INC-1 nothing was done").await;
    world.ben().is_told("Reviewed").await;
    world.thread().is_uninteresting();
    world.ends_and_nothing_ran().await;
}

/// Nothing is written for it. Whoever asks the engine has its answer only after it has looked at the clock.
async fn the_engine_has_looked(world: &TestWorld) {
    world.ben().opens_home().await;
    world.ben().sees_home("INC-1").await;
}
