//! When Interlock stops and calls somebody: an alert that comes again and again, a fix that did not help before, and a plan
//! that runs for long.

use interlock::playground::cluster::Scenario;

use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";

#[tokio::test(flavor = "multi_thread")]
async fn the_same_alert_three_times_in_an_hour_is_a_humans() {
    let world = TestWorld::redis_times_out().await;
    let alert = Alert::redis_timeout();
    for incident in ["INC-1", "INC-2"] {
        world.fires(&alert).await;
        world.card_shows(incident, "Waits for 1 approval").await;
        world.resolves(&alert).await;
        world.card_shows(incident, "The alert cleared").await;
        world.thread_of(incident).is_uninteresting();
        world.minutes_pass(7).await;
    }
    world.fires(&alert).await;
    world
        .card_shows("INC-3", "the same alert fired 3 times within an hour")
        .await;
    assert!(!world.ana().has_button("Approve"));
    world.a_human_is_paged("INC-3").await;
    world.nothing_ran();
    // A person may still choose, and then somebody approves as ever.
    world.ana().presses("Choose").await;
    world.ana().is_told("redis-connection-timeout it is.").await;
    world.card_shows("INC-3", "Waits for 1 approval").await;
    world.ben().presses("Approve 2 steps").await;
    world.ben().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card_shows("INC-3", "Fixed and verified.").await;
    world
        .thread_of("INC-3")
        .ends_with("all steps are done and verified")
        .await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_times_in_more_than_an_hour_is_no_flapping() {
    let world = TestWorld::redis_times_out().await;
    let alert = Alert::redis_timeout();
    for incident in ["INC-1", "INC-2", "INC-3"] {
        world.fires(&alert).await;
        world.card_shows(incident, "Waits for 1 approval").await;
        world.resolves(&alert).await;
        world.card_shows(incident, "The alert cleared").await;
        world.thread_of(incident).is_uninteresting();
        world.minutes_pass(31).await;
    }
    world.nothing_ran();
    world.nobody_was_paged();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_did_not_help_before_is_not_tried_again_without_a_person() {
    let world = TestWorld::start(Setup::default().autonomy("auto")).await;
    world.in_the_cluster(Scenario::RedisTimeoutStays);
    let alert = Alert::redis_timeout();
    world.fires(&alert).await;
    world.card("This needs a human").await;
    let first = world.effects();
    assert!(first.contains(&FLUSH.to_owned()), "it ran alone: {first:?}");
    let first: Vec<&str> = first.iter().map(String::as_str).collect();
    world.cluster_did(&first).await;
    world.a_human_is_paged("INC-1").await;
    world.resolves(&alert).await;
    world.card("The alert cleared").await;
    world.thread().is_uninteresting();
    world.minutes_pass(7).await;

    world.fires(&alert).await;
    let card = world.card_shows("INC-2", "*This did not help before*").await;
    assert!(card.contains("Waits for 1 approval"), "{card}");
    world.cluster_did(&first).await;
    world.thread_of("INC-2").ends_with("plan 1 proposed").await;
    world.ends().await;
}

const SLOW: &str = r#"# Runbook: Tape library
## Trigger Conditions
- Alert contains: "tape"
## Blast Radius
- max_replica_changes: 1
## Steps
### Step 1: More of it
```bash
kubectl scale deploy/checkout -n production --replicas 4
```
### Step 2: Look
```bash
kubectl get pods -n production
```
Wait: 400s
### Step 3: Look again
```bash
kubectl get pods -n production
```
Wait: 400s
Expected output: contains "checkout"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_runs_for_more_than_ten_minutes_calls_a_human_and_goes_on() {
    let setup = Setup::default()
        .no_runbooks()
        .approver("tiers = [2]\ngroups = [\"@sre\"]")
        .runbook(("tape.md", SLOW));
    let world = TestWorld::start(setup).await;
    world.fires(&Alert::tape_jam()).await;
    world.ana().presses("Approve 3 steps").await;
    world.ana().is_told("Approved.").await;
    world.thread().says("step 1 succeeded").await;
    world.minutes_pass(7).await;
    world.thread().says("step 2 succeeded").await;
    world.nobody_was_paged();
    world.minutes_pass(4).await;
    world
        .thread()
        .says("plan 1 has been running for more than ten minutes")
        .await;
    world.a_human_is_paged("INC-1").await;
    world.card("*Running*").await;
    world.minutes_pass(4).await;
    world.card("Fixed and verified.").await;
    world
        .cluster_did(&["scale deployments/scale.apps/checkout"])
        .await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}
