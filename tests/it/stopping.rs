//! The bot is told to stop while a step runs: a new version is rolled out, a node is emptied.

use std::time::Duration;

use interlock::playground::cluster::FaultKind;

use crate::world::{Alert, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";
/// Longer than any step of these stories.
const LONG: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_runs_when_the_bot_is_told_to_stop_ends_and_no_other_starts() {
    let world = TestWorld::redis_times_out().await;
    world.next_exec(FaultKind::Latency(1_500));
    world.fires(&Alert::redis_timeout()).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("Running step 1").await;

    world.bot_stops_within(LONG).await;
    world.cluster_did(&[FLUSH]).await;

    world.bot_starts().await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    // Nobody was asked whether step 1 happened.
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_does_not_end_in_time_is_unknown_and_the_thread_says_that_the_bot_was_stopped() {
    let world = TestWorld::redis_times_out().await;
    world.next_exec(FaultKind::HangAfterFrames(1));
    world.fires(&Alert::redis_timeout()).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH]).await;
    world.card("Running step 1").await;

    world.bot_stops_within(Duration::from_secs(1)).await;
    world.bot_starts().await;
    world.card("nobody knows whether step 1 happened").await;
    world.a_human_is_paged("INC-1").await;
    world
        .thread()
        .says("step 1 ended UNKNOWN: Interlock was told to stop, and the step had not ended 1 s later")
        .await;
    world.cluster_did(&[FLUSH]).await;
    world.ana().presses("It worked, go on").await;
    world.ana().is_told("Noted: it worked.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}
