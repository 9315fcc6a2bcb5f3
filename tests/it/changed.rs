//! What was shown is what was approved is what runs: a runbook that changed under a plan, and a plan that is too long to be
//! shown on its card. A world or a policy that changed is in `stale`.

use std::time::Duration;

use interlock::playground::cluster::{FaultKind, Scenario};

use crate::shipped;
use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";

#[tokio::test(flavor = "multi_thread")]
async fn a_running_plan_keeps_its_runbook_and_the_next_one_has_the_new() {
    let world = TestWorld::redis_times_out().await;
    world.next_exec(FaultKind::Latency(6_000));
    world.fires(&Alert::redis_timeout()).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("Running step 1").await;
    let (name, text) = shipped!("redis-connection-timeout");
    let edited = text
        .replace("Redis Connection Timeout", "Redis, second edition")
        .replace("redis-cli FLUSHDB", "redis-cli FLUSHALL")
        .replace("localhost:8080/health", "localhost:8080/ready");
    std::fs::write(world.folder.path().join("runbooks").join(name), edited).unwrap();
    the_list_has(&world, "Redis, second edition").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ana().ignores_answers();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_runbook_is_there_without_a_restart_and_a_broken_one_is_refused_alone() {
    let world = TestWorld::start(Setup::default()).await;
    let runbooks = world.folder.path().join("runbooks");
    let (name, text) = shipped!("bad-deploy-rollback");
    std::fs::write(
        runbooks.join("broken.md"),
        "# Runbook: Broken\n## Steps\n### Step 1: Bad\n```bash\nrm -rf / && echo done\n```\n",
    )
    .unwrap();
    std::fs::write(runbooks.join(name), text).unwrap();
    the_list_has(&world, "Checkout fails after a deploy").await;
    let told = world.ana().told();
    assert!(told.iter().all(|list| !list.contains("Broken")), "{told:?}");
    world.ana().ignores_answers();
    world.in_the_cluster(Scenario::BadDeploy);
    world.fires(&Alert::bad_deploy()).await;
    world.card("Checkout fails after a deploy").await;
    world.thread().is_uninteresting();
    world.ends().await;
}

/// Ana asks until the list has it. Files are watched by the operating system, which tells in its own time.
async fn the_list_has(world: &TestWorld, title: &str) {
    for _ in 0..600 {
        world.ana().types("list").await;
        if world.ana().told().iter().any(|list| list.contains(title)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("`{title}` never came into the list\n{}", world.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_does_not_fit_on_the_card_is_approved_from_its_review() {
    let (_, redis) = shipped!("redis-connection-timeout");
    let look = "```bash\nkubectl get pods -n production\n```\nFailure action: continue\n";
    let many: String = (2..=10)
        .map(|no| format!("### Step {no}: Look {no}\n{look}"))
        .collect();
    let text = redis.replace("### Step 2: Verify", &format!("{many}### Step 11: Verify"));
    let setup = Setup::default()
        .no_runbooks()
        .runbook(("redis-long.md", text.as_str()));
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world.card("too long to show here whole").await;
    assert!(!world.ana().has_button("Approve"));
    world.ana().presses("Review plan").await;
    let plan = world.ana().sees_modal("[Approve 11 steps]").await;
    assert!(
        plan.contains("redis-cli FLUSHDB") && plan.contains("localhost:8080/health"),
        "{plan}"
    );
    world.ana().submits(&[]).await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}
