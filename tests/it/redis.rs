//! The main job: Redis times out, one person approves, two steps mend it.

use interlock::playground::cluster::Scenario;

use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_fixed_by_two_approved_steps() {
    let world = TestWorld::redis_times_out().await;
    let alert = Alert::redis_timeout();
    world.fires(&alert).await;
    let card = world
        .channel("incidents")
        .shows_card("Waits for 1 approval")
        .await;
    assert_eq!(card, PROPOSED);
    world.nothing_ran();

    world.ana().presses("Approve 2 steps").await;
    world
        .ana()
        .is_told("Approved. It starts now; the card shows how far it is.")
        .await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.resolves(&alert).await;
    let card = world.card("Resolved").await;
    assert_eq!(card, RESOLVED);
    world.thread().reads(THREAD).await;
    world.nobody_was_paged();
    world.ends().await;
}

const PROPOSED: &str = "";
const RESOLVED: &str = "";
const THREAD: &[&str] = &[];

#[tokio::test(flavor = "multi_thread")]
async fn the_same_over_signed_http() {
    let world = TestWorld::start(Setup::default().over_http()).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    let alert = Alert::redis_timeout();
    world.fires(&alert).await;
    world.card("Waits for 1 approval").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.resolves(&alert).await;
    world.thread().ends_with("Summary of INC-1").await;
    world.card("Resolved").await;
    world.ends().await;
}
