//! Who approves a plan lets its steps run one after the other. What has not started in time waits for people again, whatever kept
//! it: nobody was there to run it, or nobody knew for long what had become of the step before.

use std::time::Duration;

use interlock::playground::cluster::FaultKind;

use crate::world::{Alert, Setup, TestWorld};

const TWO_CHANGES: &str = r#"# Runbook: Tape library
## Trigger Conditions
- Alert contains: "tape"
## Blast Radius
- max_replica_changes: 3
## Steps
### Step 1: More checkout
```bash
kubectl scale deploy/checkout -n production --replicas 4
```
### Step 2: More users
```bash
kubectl scale deploy/user-service -n production --replicas 4
```
Wait: 60s
## Verification
### It serves
```bash
kubectl rollout status deploy/checkout -n production
```
Expected output: contains "successfully rolled out"
"#;

/// The first change is a command of which nobody can know whether it happened when its answer is lost.
const LOST: &str = r#"# Runbook: Tape library
## Trigger Conditions
- Alert contains: "tape"
## Blast Radius
- max_cache_operations: 1
- max_replica_changes: 3
## Steps
### Step 1: Empty the cache
```bash
kubectl exec -n production deploy/redis-primary -- redis-cli FLUSHDB
```
### Step 2: More users
```bash
kubectl scale deploy/user-service -n production --replicas 4
```
## Verification
### It serves
```bash
kubectl rollout status deploy/user-service -n production
```
Expected output: contains "successfully rolled out"
"#;

const FIRST: &str = "scale deployments/scale.apps/checkout";
const SECOND: &str = "scale deployments/scale.apps/user-service";
const FLUSH: &str = "exec redis-cli FLUSHDB";
const STOOD_STILL: &str =
    "1 of 3 steps are done. It stood still for longer than its approval lasts, so the rest waits.";

async fn approved(runbook: &str) -> TestWorld {
    let setup = Setup::default().no_runbooks().runbook(("tape.md", runbook));
    let world = TestWorld::start(setup).await;
    if runbook == LOST {
        world.next_exec(FaultKind::CutBeforeStatus);
    }
    world.fires(&Alert::tape_jam()).await;
    world.card("Waits for 1 approval").await;
    world.ana().presses("Approve 3 steps").await;
    world.ana().is_told("Approved.").await;
    world
}

/// The rest of it asks people again, and nothing but the first change was made.
async fn waits_again(world: &TestWorld) {
    world.card(STOOD_STILL).await;
    world
        .thread()
        .says("plan 1 stood still for longer than its approval lasts; the rest waits for approval again")
        .await;
    world.cluster_did(&[FIRST]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_bot_left_in_the_middle_does_not_go_on_hours_later_by_itself() {
    let world = approved(TWO_CHANGES).await;
    world.cluster_did(&[FIRST]).await;
    world.card("1 of 3 done").await;
    world.bot_crashes().await;
    world.minutes_pass(9 * 60).await;
    world.bot_starts().await;
    waits_again(&world).await;
    world.ana().presses("Review plan").await;
    world.ana().sees_modal("[Approve 2 steps]").await;
    world.ana().submits(&[]).await;
    world.ana().is_told("Approved.").await;
    world.card("Fixed and verified.").await;
    world.cluster_did(&[FIRST, SECOND]).await;
    world.thread().is_uninteresting();
    world.ends().await;
}

/// A step that waits a minute for the one before it would wait for an hour and a minute, and start on a yes from then.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_back_gives_the_rest_of_a_plan_no_more_time() {
    let world = approved(TWO_CHANGES).await;
    world.cluster_did(&[FIRST]).await;
    world.card("1 of 3 done").await;
    world.bot_crashes().await;
    world.clock_goes_back(Duration::from_secs(60 * 60));
    world.bot_starts().await;
    world.bot_crashes().await;
    world.minutes_pass(25).await;
    world.bot_starts().await;
    waits_again(&world).await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_is_back_in_time_goes_on_with_what_was_approved() {
    let world = approved(TWO_CHANGES).await;
    world.cluster_did(&[FIRST]).await;
    world.card("1 of 3 done").await;
    world.bot_crashes().await;
    world.minutes_pass(8).await;
    world.bot_starts().await;
    world.card("Fixed and verified.").await;
    world.cluster_did(&[FIRST, SECOND]).await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_late_that_a_step_worked_lets_nothing_else_run_by_that() {
    let world = approved(LOST).await;
    world.card("nobody knows whether step 1 happened").await;
    world.a_human_is_paged("INC-1").await;
    world.minutes_pass(25).await;
    world.ana().presses("It worked, go on").await;
    world.ana().is_told("Noted: it worked.").await;
    world.card(STOOD_STILL).await;
    world.cluster_did(&[FLUSH]).await;
    world.ana().presses("Review plan").await;
    world.ana().sees_modal("[Approve 2 steps]").await;
    world.ana().submits(&[]).await;
    world.ana().is_told("Approved.").await;
    world.card("Fixed and verified.").await;
    world.cluster_did(&[FLUSH, SECOND]).await;
    world.thread().is_uninteresting();
    world.ends().await;
}
