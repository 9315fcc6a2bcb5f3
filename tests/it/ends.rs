//! How a run ends when not everything goes well: what stops, what goes on, what is verified, and who hears of it.

use std::time::Duration;

use interlock::playground::cluster::{FaultKind, Output, Place, Scenario};

use crate::shipped;
use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";

#[tokio::test(flavor = "multi_thread")]
async fn a_fix_that_does_not_help_is_handed_over_with_the_whole_story() {
    let world = TestWorld::start(Setup::default()).await;
    world.in_the_cluster(Scenario::RedisTimeoutStays);
    world.fires(&Alert::redis_timeout()).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    // Step 2 says "escalate", and the runbook pages when it failed twice.
    world.cluster_did(&[FLUSH, HEALTH, HEALTH]).await;
    let page = world
        .a_human_is_paged("Redis connection timeout on api-gateway")
        .await;
    assert!(page.dedup_key.ends_with("/INC-1"), "{}", page.dedup_key);
    let details = &page.alerts[0].event["payload"]["custom_details"];
    let packet = details.to_string();
    for fact in [
        "step 2 stopped the plan: it failed twice",
        "step 1 (kubectl --context demo exec -n production deployment/redis-primary -- redis-cli FLUSHDB): succeeded",
        "failed after 2 attempts",
        "Connections to redis-primary time out after 5 s",
        "redis-connection-timeout",
    ] {
        assert!(packet.contains(fact), "`{fact}` is not in {details:#}");
    }
    world.card("This needs a human").await;
    world.thread().says("step 2 failed, attempt 1").await;
    world.thread().says("step 2 failed, attempt 2").await;
    let packet = world.thread().says("Handed over to a human").await;
    assert!(
        packet.contains("*The runbook says:* If any step with"),
        "{packet}"
    );
    let summary = world.thread().says("Summary so far of INC-1").await;
    assert!(summary.contains("*Steps executed:* 2/2, 1 failed"), "{summary}");
    world.thread().ends_with("the pager took the page").await;
    // Somebody mends it by hand; the alert never says so.
    world.ben().presses("Take over").await;
    world.ben().is_told("You have it.").await;
    world.thread().says("ben took over").await;
    world
        .ben()
        .writes("INC-1", "@interlock close failed over to the replica")
        .await;
    world
        .thread()
        .says("INC-1 is closed. Its alert has not resolved")
        .await;
    world.pager_resolves(&page.id).await;
    let card = world.card("Closed by @ben: failed over to the replica").await;
    assert!(!card.contains("This needs a human"), "{card}");
    let summary = world.thread().ends_with("Summary of INC-1").await;
    assert!(
        summary.contains("closed by ben: failed over to the replica"),
        "{summary}"
    );
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_may_continue_does_not_stand_in_the_way_and_budget_forbids_its_retry() {
    let world = TestWorld::start(Setup::default()).await;
    let redis = Place::Workload {
        namespace: "production".to_owned(),
        name: "redis-primary".to_owned(),
    };
    let refuses = Output::failure("MISCONF Redis is configured to save RDB snapshots", 1);
    world
        .doubles
        .cluster
        .world()
        .script(redis, &["redis-cli", "FLUSHDB"], refuses);
    let alert = Alert::redis_timeout();
    world.fires(&alert).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    // Two attempts are allowed, but the budget has one cache operation.
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.thread().says("step 1 failed, attempt 1").await;
    world.card("*Verified, although step 1 failed.*").await;
    world.resolves(&alert).await;
    let summary = world.thread().ends_with("Summary of INC-1").await;
    assert!(summary.contains("*Steps executed:* 2/2, 1 failed"), "{summary}");
    world.card("Resolved").await;
    world.nobody_was_paged();
    world.clock_moves(Duration::from_secs(3_600)).await;
    world.fires(&Alert::redis_timeout()).await;
    let card = world.card_shows("INC-2", "Similar incidents before").await;
    assert!(
        card.contains("although step 1 failed") && !card.contains("fixed and verified"),
        "{card}"
    );
    world.thread_of("INC-2").is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_goes_on_firing_is_handed_over_after_the_settle_time() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.nobody_was_paged();
    world.minutes_pass(2).await;
    world.a_human_is_paged("INC-1").await;
    world.card("the alert still fires").await;
    world.thread().ends_with("the pager took the page").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_resolves_in_the_middle_of_a_run_stops_the_changes_and_not_the_looking() {
    let (_, redis) = shipped!("redis-connection-timeout");
    let again = "## Steps\n### Step 1: Flush it\n```bash\nkubectl exec -n production deploy/redis-primary -- redis-cli FLUSHDB\n```\nFailure action: continue\n### Step 2: Flush it once more\n```bash\nkubectl exec -n production deploy/redis-primary -- redis-cli FLUSHDB\n```\nFailure action: continue\n### Step 3: Verify connections restored";
    let steps = redis.find("## Steps").unwrap();
    let rest = redis.find("### Step 2: Verify connections restored").unwrap()
        + "### Step 2: Verify connections restored".len();
    let text = format!("{}{again}{}", &redis[..steps], &redis[rest..])
        .replace("max_cache_operations: 1", "max_cache_operations: 2");
    let setup = Setup::default()
        .no_runbooks()
        .runbook(("redis-twice.md", text.as_str()));
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    let alert = Alert::redis_timeout();
    world.next_exec(FaultKind::Latency(6_000));
    world.fires(&alert).await;
    world.ana().presses("Approve 3 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("Running step 1").await;
    world.resolves(&alert).await;
    world.thread().says("step 1 succeeded").await;
    world
        .thread()
        .says("step 2 skipped: the alert resolved before it started")
        .await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.thread().ends_with("Summary of INC-1").await;
    world.card("Resolved").await;
    world.nobody_was_paged();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nothing_verified_is_called_neither_fixed_nor_in_vain() {
    let restart = "# Runbook: Restart the gateway\n## Owner\nplatform, #platform\n## Trigger Conditions\n\
        - Alert contains: \"redis\"\n## Blast Radius\n- max_pod_restarts: 10\n## Steps\n### Step 1: Restart it\n\
        ```bash\nkubectl rollout restart deploy/api-gateway -n production\n```\n";
    let world = TestWorld::start(Setup::default().no_runbooks().runbook(("restart.md", restart))).await;
    let alert = Alert::redis_timeout();
    world.fires(&alert).await;
    world.ana().presses("Approve 1 step").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&["patch deployments.apps/api-gateway"]).await;
    world
        .thread()
        .says("the steps ran; nothing verified that they helped: the runbook has no step with an expected output")
        .await;
    let card = world.card("nothing verified that they helped").await;
    assert!(!card.contains("it did not help"), "{card}");
    world.a_human_is_paged("INC-1").await;
    world.resolves(&alert).await;
    let card = world.card("The alert cleared").await;
    assert!(card.contains("not verified: the runbook has no step"), "{card}");
    assert!(!card.contains("ixed and verified"), "{card}");
    let summary = world.thread().ends_with("Summary of INC-1").await;
    for untrue in ["ixed and verified", "did not help"] {
        assert!(!summary.contains(untrue), "{summary}");
    }
    world.ends().await;
}
