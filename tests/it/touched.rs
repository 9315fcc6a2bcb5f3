//! What was touched, by whose word, and how to take it back: asked in a hurry.

use crate::shipped;
use crate::world::{Alert, Setup, TestWorld};
use interlock::playground::cluster::Scenario;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_touched_is_told_with_who_approved_it_and_how_to_take_it_back() {
    let scale = "### Step 2: More gateways\n```bash\nkubectl scale deploy/checkout -n production --replicas 4\n```\nTier: 1\n### Step 3: Verify";
    let (name, text) = shipped!("redis-connection-timeout");
    let text = text.replace("### Step 2: Verify", scale).replace(
        "- max_pod_restarts: 0",
        "- max_pod_restarts: 0\n- max_replica_changes: 1",
    );
    let world = TestWorld::start(Setup::default().no_runbooks().runbook((name, &text))).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.cleo().types("touched").await;
    world
        .cleo()
        .is_told("Interlock touched nothing in the last hour.")
        .await;
    world.fires(&Alert::redis_timeout()).await;
    world.ana().presses("Approve 3 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("Fixed and verified.").await;
    world.ben().types("touched 60s").await;
    let told = world
        .ben()
        .is_told("3 calls in the last minute, 2 of them to change something:")
        .await;
    for line in [
        "redis-cli FLUSHDB (succeeded, approved by ana)",
        "CAN'T BE UNDONE: nobody knows how to take back what a program did, and the runbook names no Rollback",
        "take it back: kubectl --context demo scale -n production deployment/checkout --replicas=3",
        "only looked",
    ] {
        assert!(told.contains(line), "`{line}` is not in\n{told}");
    }
    world.ben().types("touched INC-9").await;
    world.ben().is_told("There is no such incident").await;
    world.gus().types("touched").await;
    world.gus().is_told("guests of the workspace can't decide").await;
    let did = world.effects();
    world
        .cluster_did(&did.iter().map(String::as_str).collect::<Vec<_>>())
        .await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_scales_is_taken_back_to_what_it_was_whatever_its_runbook_supposes() {
    let scale = "### Step 2: More gateways\n```bash\nkubectl scale deploy/checkout -n production --replicas 4\n```\n\
        Rollback: `kubectl scale deploy/checkout -n production --replicas 7`\nTier: 1\n### Step 3: Verify";
    let (name, text) = shipped!("redis-connection-timeout");
    let text = text.replace("### Step 2: Verify", scale).replace(
        "- max_pod_restarts: 0",
        "- max_pod_restarts: 0\n- max_replica_changes: 1",
    );
    let world = TestWorld::start(Setup::default().no_runbooks().runbook((name, &text))).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    let back = "kubectl --context demo scale -n production deployment/checkout --replicas=3";
    let card = world.card("Waits for 1 approval").await;
    assert!(card.contains(&format!("to take it back: {back}")), "{card}");
    world.ana().presses("Approve 3 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("Fixed and verified.").await;
    world.ben().types("touched INC-1").await;
    let told = world.ben().is_told("3 calls in INC-1").await;
    assert!(told.contains(&format!("take it back: {back}")), "{told}");
    let did = world.effects();
    world
        .cluster_did(&did.iter().map(String::as_str).collect::<Vec<_>>())
        .await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}
