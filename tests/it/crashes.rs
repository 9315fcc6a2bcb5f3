//! The bot dies and comes back. What waited still waits; what was started and has no end is Unknown.

use interlock::playground::cluster::FaultKind;
use interlock::playground::pager::Urgency;

use crate::world::{Alert, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_in_the_middle_of_a_step_is_unknown_and_never_run_again() {
    let world = TestWorld::redis_times_out().await;
    world.next_exec(FaultKind::HangAfterFrames(1));
    world.fires(&Alert::redis_timeout()).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH]).await;
    world.card("Running step 1").await;

    world.bot_crashes_and_restarts().await;
    world.card("nobody knows whether step 1 happened").await;
    world.a_human_is_paged("INC-1").await;
    world
        .thread()
        .says("step 1 ended UNKNOWN: Interlock stopped while it was running")
        .await;
    world.minutes_pass(5).await;
    world.cluster_did(&[FLUSH]).await;

    world.bot_crashes_and_restarts().await;
    world.ana().presses("It worked, go on").await;
    world.ana().is_told("Noted: it worked.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    assert_eq!(world.channel("incidents").cards(), 1);
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_of_which_nobody_knows_wakes_somebody_however_little_its_alert_matters() {
    let world = TestWorld::redis_times_out().await;
    world.next_exec(FaultKind::HangAfterFrames(1));
    world.ben().types("run redis-connection-timeout").await;
    world.ben().is_told("INC-1 is open").await;
    assert!(world.card("Waits for 1 approval").await.contains("*Medium*"));
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH]).await;
    world.card("Running step 1").await;
    world.bot_crashes_and_restarts().await;
    world
        .a_human_is_paged("nobody knows whether step 1 happened")
        .await;
    let pages = world.doubles.pager.incidents();
    assert!(
        pages.iter().all(|page| page.urgency == Urgency::High),
        "{pages:?}"
    );
    world.card("nobody knows whether step 1 happened").await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_while_waiting_loses_neither_the_card_nor_its_buttons() {
    let world = TestWorld::redis_times_out().await;
    let alert = Alert::redis_timeout();
    world.fires(&alert).await;
    world.card("Waits for 1 approval").await;
    world.bot_crashes_and_restarts().await;
    world.fires(&alert).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    assert_eq!(world.channel("incidents").cards(), 1);
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_ran_out_while_the_bot_was_dead_has_run_out() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let stale = world.ana().sees_button("Approve 2 steps").await;
    world.bot_crashes().await;
    world.minutes_pass(45).await;
    world.bot_starts().await;
    world.a_human_is_paged("INC-1").await;
    world.ana().clicks(stale).await.unwrap();
    world.ana().is_told("This plan expired.").await;
    world.card("nobody decided in time").await;
    world.thread().ends_with("the pager took the page").await;
    world.nothing_ran();
    world.ends().await;
}
