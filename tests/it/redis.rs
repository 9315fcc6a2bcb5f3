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
        .is_told("Approved. The card shows what follows.")
        .await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.resolves(&alert).await;
    let card = world.card("Resolved").await;
    world.thread().ends_with("Summary of INC-1").await;
    assert_eq!(card, RESOLVED);
    world.thread().reads(THREAD).await;
    world.nobody_was_paged();
    world.ends().await;
}

const PROPOSED: &str = r#"*Redis connection timeout on api-gateway*
*High* · api-gateway · since HH:MM
Connections to redis-primary time out after 5 s; the pool is exhausted.
*Waits for 1 approval.* May approve: @sre.
If nobody decides, a human is paged at HH:MM. The proposal expires at HH:MM.
*Proposed: Redis Connection Timeout*, 2 steps on production/api-gateway, production/redis-primary
*Why this runbook:* its title contains "redis", "connection" and "timeout"; severity is high; service is api-gateway
*1. Flush the connection pool*
Deletes every key in database 0 of redis-primary. Can't be undone.
$ kubectl --context demo exec -n production deployment/redis-primary -- redis-cli FLUSHDB
Blast radius: takes 1 of its cache operations, 1 namespace · Tier 1 (Redis's FLUSHDB deletes every key in one database, and the policy declares the target to be a cache) · expects "OK" · if it fails: go on
*2. Verify connections restored*
Looks: runs 'curl -s localhost:8080/health' inside one pod of api-gateway.
$ kubectl --context demo exec -n production deployment/api-gateway -- curl -s localhost:8080/health | jq .redis
Tier 0 ('curl' with these arguments only looks) · expects output with "connected"
[Approve 2 steps] [Reject] [Modify] [... Escalate now: page a human | Only a part of it: review the plan | Take over: I handle it by hand | Show runbook]
INC-1 · alertmanager · plan 1 (DIGEST) · runbook redis-connection-timeout at REVISION
<http://prometheus.example/graph|prometheus.example>"#;
const RESOLVED: &str = "~Redis connection timeout on api-gateway~
*Resolved* at HH:MM after N s
*Redis Connection Timeout*, 2 of 2 steps done, approved by @ana: fixed and verified
INC-1 · the whole story is in the thread";
const THREAD: &[&str] = &[
    r#"Matched because its title contains "redis", "connection" and "timeout"; severity is high; service is api-gateway"#,
    "Plan 1 proposed: Redis Connection Timeout, 2 steps, digest DIGEST; it needs 1 approval",
    "Ana approved",
    "Step 1 succeeded in N s: Flush the connection pool\n```\nOK\n```",
    "Step 2 succeeded in N s: Verify connections restored\n```\n\"connected\"\n```",
    "All steps are done and verified",
    SUMMARY,
];
const SUMMARY: &str = r#"*Summary of INC-1: Redis connection timeout on api-gateway*
*Duration:* N s
*Runbook:* redis-connection-timeout (REVISION)
*Steps executed:* 2/2
*Approved by:* ana
*Result:* resolved; all steps are done and verified
```
HH:MM:SS  RedisConnectionTimeout fired: Redis connection timeout on api-gateway
HH:MM:SS  matched because its title contains "redis", "connection" and "timeout"; severity is high; service is api-gateway
HH:MM:SS  plan 1 proposed: Redis Connection Timeout, 2 steps, digest DIGEST; it needs 1 approval
HH:MM:SS  ana approved
HH:MM:SS  step 1 started, attempt 1: kubectl --context demo exec -n production deployment/redis-primary -- redis-cli FLUSHDB
HH:MM:SS  step 1 succeeded in N s: Flush the connection pool
HH:MM:SS  step 2 started, attempt 1: kubectl --context demo exec -n production deployment/api-gateway -- curl -s localhost:8080/health | jq .redis
HH:MM:SS  step 2 succeeded in N s: Verify connections restored
HH:MM:SS  all steps are done and verified
HH:MM:SS  waiting for the source to say resolved
HH:MM:SS  RedisConnectionTimeout resolved
HH:MM:SS  closed: resolved
```"#;

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
