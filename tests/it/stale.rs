//! The world moved under a plan that waits: nothing runs, the card says what changed, and a fresh plan waits for people.
//! Looked at after each approval and before the first step, for all of its targets.

use interlock::playground::cluster::Scenario;

use crate::shipped;
use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";

fn deploy(world: &TestWorld, name: &str, tag: &str) {
    let image = format!("registry.example/{name}:{tag}");
    let cluster = world.doubles.cluster.world();
    cluster.deploy("production", name, &image, &format!("release {tag}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_was_deployed_meanwhile_is_not_touched_and_a_fresh_plan_is_proposed() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let shown = world.ana().sees_button("Approve 2 steps").await;
    let cluster = world.doubles.cluster.world();
    cluster.deploy(
        "production",
        "redis-primary",
        "registry.example/redis:7.2.0",
        "release 7.2.0",
    );
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    let moved = "registry.example/redis:7.2.0, the card showed registry.example/redis:7.0.15";
    let line = world
        .thread()
        .says("plan 1 is out of date, nothing of it ran")
        .await;
    assert!(line.contains(moved), "{line}");
    let card = world.card("plan 2 (").await;
    assert!(
        card.contains("*Changed since plan 1*")
            && card.contains(moved)
            && card.contains("Waits for 1 approval"),
        "{card}"
    );
    world.nothing_ran();
    // Somebody's screen has not caught up.
    world.ana().clicks(shown).await.unwrap();
    world
        .ana()
        .is_told("The plan changed since you saw this card.")
        .await;
    world.nothing_ran();

    world.ben().presses("Approve 2 steps").await;
    world.ben().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}

/// Two workloads, one after the other.
const TWO_TARGETS: &str = r#"# Runbook: Tape library
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
## Verification
### It serves
```bash
kubectl rollout status deploy/checkout -n production
```
Expected output: contains "successfully rolled out"
"#;

async fn tape(approvals: u8) -> TestWorld {
    let setup = Setup::default()
        .no_runbooks()
        .no_approvers()
        .approver(&format!(
            "tiers = [0, 1, 2]\ngroups = [\"@sre\"]\napprovals = {approvals}"
        ))
        .runbook(("tape.md", TWO_TARGETS));
    let world = TestWorld::start(setup).await;
    world.fires(&Alert::tape_jam()).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_target_that_moved_keeps_the_first_step_from_starting() {
    let world = tape(1).await;
    world.card("Waits for 1 approval").await;
    deploy(&world, "user-service", "9.9.9");
    world.ana().presses("Approve 3 steps").await;
    world.ana().is_told("Approved.").await;
    let card = world.card("*Changed since plan 1*").await;
    assert!(
        card.contains("user-service runs registry.example/user-service:9.9.9"),
        "{card}"
    );
    world.nothing_ran();
    world.thread().ends_with("plan 2 proposed").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_of_two_approvers_is_not_shown_what_is_no_longer_so() {
    let world = tape(2).await;
    world.card("Waits for 2 approvals").await;
    deploy(&world, "checkout", "9.9.9");
    world.ana().presses("Approve 3 steps").await;
    world.ana().is_told("Your approval counts: 1 of 2.").await;
    let card = world.card("plan 2 (").await;
    assert!(
        card.contains("Waits for 2 approvals"),
        "the approval of plan 1 is void: {card}"
    );
    world.nothing_ran();
    world.thread().ends_with("plan 2 proposed").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_that_is_too_old_is_gathered_anew_before_anybody_can_approve() {
    let setup = Setup::default()
        .with_prometheus()
        .no_runbooks()
        .runbook(shipped!("high-error-rate"))
        .table("[approval]\nevidence_minutes = 5");
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::UpstreamFails);
    let errors = "5xx error rate of api-gateway is above 5 %";
    world
        .fires(&Alert::new("GatewayErrorRate", "api-gateway", errors))
        .await;
    world.card("Waits for 1 approval").await;
    world.cluster_did(&[HEALTH]).await;
    world.minutes_pass(6).await;
    world.a_human_is_paged("INC-1").await;
    world.ben().presses("Approve 4 steps").await;
    world
        .ben()
        .is_told("Not decided: the evidence on the card is 6 min old and counts for 5 min. A fresh plan comes on the card")
        .await;
    let card = world.card("*Changed since plan 1*").await;
    assert!(card.contains("the evidence on the card is 6 min old"), "{card}");
    world.cluster_did(&[HEALTH, HEALTH]).await;
    world.ben().presses("Approve 4 steps").await;
    world.ben().is_told("Approved.").await;
    world.card("Fixed and verified.").await;
    world
        .cluster_did(&[
            HEALTH,
            HEALTH,
            HEALTH,
            "patch deployments.apps/user-service",
            HEALTH,
        ])
        .await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_made_under_another_policy_is_void_and_one_under_this_policy_is_proposed() {
    let mut world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.bot_stops().await;
    world.reconfigure(Setup::default().approver("tiers = [3]\ngroups = [\"@sre-leads\"]"));
    world.bot_starts().await;
    // Who could not approve it anyway makes no new plan.
    world.cleo().presses("Approve 2 steps").await;
    world.cleo().is_told("Not allowed: ").await;
    world.ana().presses("Approve 2 steps").await;
    world
        .ana()
        .is_told(
            "Not decided: the policy changed since the plan was proposed. A fresh plan comes on the card",
        )
        .await;
    world.card("*Changed since plan 1*").await;
    world.nothing_ran();
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}
