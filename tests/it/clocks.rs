//! Clocks that jump back: no approval lives longer for it, no code counts twice, and people are told why.

use std::time::Duration;

use crate::world::{Alert, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";
const MINUTE: Duration = Duration::from_secs(60);
const WHY: &str = "the clock went back since this was proposed or approved";

#[tokio::test(flavor = "multi_thread")]
async fn a_click_before_its_card_counts_for_nothing_and_a_fresh_plan_comes() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.clock_goes_back(10 * MINUTE);
    world.ana().presses("Approve 2 steps").await;
    let told = world.ana().is_told(WHY).await;
    assert!(told.contains("A fresh plan comes on the card"), "{told}");
    world.thread().says(WHY).await;
    world.nothing_ran();
    world
        .card("*Changed since plan 1*, of which nothing ran: the clock went back")
        .await;
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
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told(WHY).await;
    world.nothing_ran();
    world
        .card("*Changed since plan 1*, of which nothing ran: the clock went back")
        .await;
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
    world
        .card("*Changed since plan 1*, of which nothing ran: the clock went back")
        .await;
    world.thread().is_uninteresting();
    world.ends_and_nothing_ran().await;
}
