//! Nobody knows whether it happened: it is said so, never run again, and a person decides.

use interlock::playground::cluster::FaultKind;

use crate::world::{Alert, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";

async fn the_status_of_step_one_is_lost() -> TestWorld {
    let world = TestWorld::redis_times_out().await;
    world.next_exec(FaultKind::CutBeforeStatus);
    world.fires(&Alert::redis_timeout()).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("nobody knows whether step 1 happened").await;
    world.a_human_is_paged("INC-1").await;
    world.thread().says("step 1 ended UNKNOWN").await;
    world.cluster_did(&[FLUSH]).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_status_asks_and_goes_on_when_it_worked() {
    let world = the_status_of_step_one_is_lost().await;
    world.cleo().presses("It worked, go on").await;
    world.cleo().is_told("you are in no [[approvers]] row").await;
    world.cluster_did(&[FLUSH]).await;
    world.ana().presses("It worked, go on").await;
    world.ana().is_told("Noted: it worked. The plan goes on.").await;
    world.thread().says("ana says that step 1 worked").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_status_that_failed_follows_the_runbook() {
    let world = the_status_of_step_one_is_lost().await;
    world.ana().presses("It failed").await;
    world
        .ana()
        .is_told("Noted: it did not work. The runbook says what follows.")
        .await;
    // The step may fail (`continue`), and its budget of one cache operation is spent: it is not run a second time.
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().says("ana says that step 1 did not work").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}
