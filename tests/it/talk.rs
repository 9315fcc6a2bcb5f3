//! What people type, and what they are answered.

use interlock::playground::cluster::Scenario;

use crate::shipped;
use crate::world::{Alert, Setup, TestWorld};

#[tokio::test(flavor = "multi_thread")]
async fn the_command_lists_shows_and_helps() {
    let world = TestWorld::start(Setup::default().runbook(shipped!("node-not-ready"))).await;
    let ana = world.ana();
    ana.types("list").await;
    let list = ana
        .is_told("redis-connection-timeout: Redis Connection Timeout (2 steps)")
        .await;
    assert!(
        list.contains("node-not-ready: Node not ready (checklist)"),
        "{list}"
    );
    ana.types("status").await;
    ana.is_told("Nothing is open.").await;
    ana.types("help").await;
    ana.is_told("/runbook freeze REASON: no step starts, anywhere")
        .await;
    ana.types("dance").await;
    ana.is_told("'dance' is not a command that I know.").await;
    ana.types("show redis-connection-timeout").await;
    ana.is_told("kubectl exec -n production deploy/redis-primary -- redis-cli FLUSHDB")
        .await;
    ana.types("show redis-conection-timeout").await;
    ana.is_told("redis-connection-timeout").await;
    ana.types("run nothing-like-it").await;
    ana.is_told("nothing-like-it").await;
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_by_hand_takes_parameters_and_goes_through_the_same_gate() {
    // From Tier 2 up, who asks for it does not approve it; the row says nothing else.
    let (name, text) = shipped!("stuck-queue-scale");
    let text = text.replace("### Step 3", "Tier: 2\n\n### Step 3");
    let setup = Setup::default()
        .no_approvers()
        .approver("tiers = [0, 1, 2]\ngroups = [\"@sre\"]")
        .runbook((name, &text));
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::StuckQueue);
    world
        .ana()
        .types("run stuck-queue-scale replicas=4 speed=11")
        .await;
    world
        .ana()
        .is_told("the runbook has no parameter 'speed'; it has 'replicas'")
        .await;
    world.ana().types("run stuck-queue-scale replicas=40").await;
    world
        .ana()
        .is_told("That can't be done: 'replicas' can't be '40': it must be from 3 to 10.")
        .await;
    assert_eq!(world.channel("incidents").cards(), 0, "nothing was opened for it");
    world.ana().types("run stuck-queue-scale replicas=4").await;
    world
        .ana()
        .is_told("INC-1 is open; its card comes in a moment.")
        .await;
    world.card("--replicas=4").await;
    world.ana().presses("Approve").await;
    world.ana().is_told("somebody else has to approve it").await;
    world.cluster_did(&["exec redis-cli LLEN orders"]).await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mention_in_the_thread_answers_status_and_why() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.thread().says("plan 1 proposed").await;
    world.cleo().writes("INC-1", "@interlock status").await;
    world.thread().says("INC-1: a plan waits for a decision.").await;
    world.cleo().writes("INC-1", "@interlock why").await;
    world
        .thread()
        .says("INC-1: Redis connection timeout on api-gateway")
        .await;
    world.thread().says("Step 1 is Tier 1").await;
    world.thread().ends_with("Step 2 is Tier 0").await;
    world.ends().await;
}
