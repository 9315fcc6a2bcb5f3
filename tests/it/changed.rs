//! What was shown is what was approved is what runs: a world, a policy or a runbook that changed under a plan.

use std::time::Duration;

use interlock::playground::cluster::{FaultKind, Scenario};

use crate::shipped;
use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_was_deployed_meanwhile_is_not_touched() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let cluster = world.doubles.cluster.world();
    cluster.deploy(
        "production",
        "redis-primary",
        "registry.example/redis:7.2.0",
        "release 7.2.0",
    );
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    let refused = world
        .thread()
        .says("step 1 was not started: the world moved")
        .await;
    assert!(
        refused.contains("registry.example/redis:7.2.0, the card showed registry.example/redis:7.0.15"),
        "{refused}"
    );
    world.a_human_is_paged("INC-1").await;
    world.card("This needs a human").await;
    world.thread().ends_with("the pager took the page").await;
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_made_under_another_policy_can_not_be_approved() {
    let mut world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.bot_stops().await;
    world.reconfigure(Setup::default().approver("tiers = [3]\ngroups = [\"@sre-leads\"]"));
    world.bot_starts().await;
    world.ana().presses("Approve 2 steps").await;
    world
        .ana()
        .is_told("the policy changed since the plan was proposed; a new plan is needed")
        .await;
    world.ends_and_nothing_ran().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_plan_keeps_its_runbook_and_the_next_one_has_the_new() {
    let world = TestWorld::redis_times_out().await;
    world.next_exec(FaultKind::Latency(2_000));
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
