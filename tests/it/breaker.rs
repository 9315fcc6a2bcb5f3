//! The breaker: a spent limit stops every change until a person has looked, says why, and lifts it.

use interlock::playground::cluster::{FaultKind, Output, Place, Scenario};

use crate::shipped;
use crate::world::{Alert, Button, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";

const TRIPPED: &str = "1 change was started within an hour, and the policy allows no more";

/// One change an hour; the alert that fired waits, and what Ben asked for has spent it.
async fn spent(table: &str) -> (TestWorld, Button) {
    let setup = Setup::default()
        .table("[approval]\napprove_by_minutes = 240")
        .table(table);
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    let first = world.ana().sees_button("Approve 2 steps").await;
    world.ben().types("run redis-connection-timeout").await;
    world.ben().is_told("INC-2 is open").await;
    world.card_shows("INC-2", "Waits for 1 approval").await;
    (world, first)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_limit_trips_the_breaker_until_a_person_lifts_it_and_its_count_begins_anew() {
    let (world, first) = spent("[limits]\nactions_per_hour = 1").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    // Looking goes on: what was changed is verified.
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card_shows("INC-2", "Resolved").await;
    let line = world.thread_of("INC-2").says("The breaker tripped: ").await;
    assert!(
        line.contains(TRIPPED) && line.contains("/runbook unfreeze breaker REASON"),
        "{line}"
    );
    world.thread_of("INC-2").is_uninteresting();
    let page = world
        .a_human_is_paged("the breaker tripped: 1 change was started")
        .await;
    assert!(page.title.starts_with("INC-2"), "{}", page.title);

    let card = world.card_shows("INC-1", "*BREAKER TRIPPED*").await;
    assert!(
        card.contains(TRIPPED)
            && card.contains("No step starts that changes something until a person lifts it"),
        "{card}"
    );
    assert!(!card.contains("room again"), "only a person makes room: {card}");
    assert!(!world.ana().has_button("Approve"));
    world.ben().types("status").await;
    world.ben().is_told("FROZEN by the breaker since").await;
    world.ben().opens_home().await;
    let home = world.ben().sees_home("*BREAKER TRIPPED*").await;
    assert!(home.contains(TRIPPED), "{home}");

    // It does not close by itself, and no crash closes it.
    world.bot_crashes_and_restarts().await;
    world.minutes_pass(61).await;
    world.a_human_is_paged("INC-1").await;
    world.ana().clicks(first).await.unwrap();
    world
        .ana()
        .is_told(&format!("Not allowed: the breaker has tripped ({TRIPPED})"))
        .await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.ana().types("unfreeze breaker").await;
    world.ana().is_told("Lifting a freeze needs a reason").await;
    world.ana().types("unfreeze breaker both were meant").await;
    world
        .ana()
        .is_told("The breaker is closed again, and its count begins anew. Steps may start again.")
        .await;
    world.pager_resolves(&page.id).await;

    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH, FLUSH, HEALTH]).await;
    world.card_shows("INC-1", "Fixed and verified.").await;
    world
        .a_human_is_paged("the breaker tripped: 1 change was started")
        .await;
    world.ben().types("unfreeze breaker and this one too").await;
    world.ben().is_told("The breaker is closed again").await;
    world.ben().types("run redis-connection-timeout").await;
    world.ben().is_told("INC-3 is open").await;
    world.card_shows("INC-3", "Waits for 1 approval").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world
        .cluster_did(&[FLUSH, HEALTH, FLUSH, HEALTH, FLUSH, HEALTH])
        .await;
    world.card_shows("INC-3", "Resolved").await;
    world.a_human_is_paged("INC-3").await;
    world.thread_of("INC-1").is_uninteresting();
    world.thread_of("INC-3").is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_breaker_of_a_cluster_is_its_own_and_a_person_freezes_everything_beside_it() {
    let (world, _) = spent("[limits]\nactions_per_hour_and_cluster = 1").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.a_human_is_paged("INC-2").await;
    let card = world.card_shows("INC-1", "*BREAKER TRIPPED*").await;
    assert!(card.contains("on cluster demo until a person lifts it"), "{card}");
    world.ben().types("freeze breaker looks wrong").await;
    world
        .ben()
        .is_told("Frozen: everything, since I know no breaker.")
        .await;
    world.ana().types("unfreeze everything we looked").await;
    world.ana().is_told("Still frozen: breaker=demo.").await;
    world.ana().types("unfreeze breaker=demo we looked").await;
    world.ana().is_told("The breaker is closed again").await;
    world.card_shows("INC-1", "Waits for 1 approval").await;
    world.thread_of("INC-1").is_uninteresting();
    world.thread_of("INC-2").is_uninteresting();
    world.ends().await;
}

/// Whoever was called is stood down by the lifting, however long after its incident that comes.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_breaker_is_closed_when_it_is_lifted_though_its_incident_was_over_for_days() {
    let world = TestWorld::start(Setup::default().table("[limits]\nactions_per_hour = 1")).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.ben().types("run redis-connection-timeout").await;
    world.ben().is_told("INC-1 is open").await;
    world.card_shows("INC-1", "Waits for 1 approval").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card_shows("INC-1", "Resolved").await;
    let page = world.a_human_is_paged("the breaker tripped").await;
    world.minutes_pass(50 * 60).await;
    // Whatever is opened lets go of what was closed long before.
    world.fires(&Alert::tape_jam().severity("low")).await;
    world.card_shows("INC-2", "Tape library 3 is jammed").await;
    world.bot_crashes_and_restarts().await;
    world.ana().types("unfreeze breaker we looked").await;
    world.ana().is_told("The breaker is closed again").await;
    world.pager_resolves(&page.id).await;
    world.thread_of("INC-1").is_uninteresting();
    world.thread_of("INC-2").is_uninteresting();
    world.ends().await;
}

/// A run of it may take two cache operations, and its first step takes both when it has to be tried again.
const FLUSH_TWICE: &str = r#"# Runbook: Flush twice
## Trigger Conditions
- Alert contains: "tape"
## Blast Radius
- max_cache_operations: 2
## Steps
### Step 1: Flush it
```bash
kubectl exec -n production deploy/redis-primary -- redis-cli FLUSHDB
```
Failure action: continue
### Step 2: Flush it once more
```bash
kubectl exec -n production deploy/redis-primary -- redis-cli FLUSHDB
```
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_wants_more_than_its_runbooks_budget_trips_the_breaker_of_that_runbook_and_of_no_other() {
    let setup = Setup::default().runbook(("flush-twice.md", FLUSH_TWICE));
    let world = TestWorld::start(setup).await;
    let redis = Place::Workload {
        namespace: "production".to_owned(),
        name: "redis-primary".to_owned(),
    };
    let cluster = world.doubles.cluster.world();
    cluster.script(redis, &["redis-cli", "FLUSHDB"], Output::failure("MISCONF", 1));
    world.ben().types("run flush-twice").await;
    world.ben().is_told("INC-1 is open").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world
        .card_shows(
            "INC-1",
            "step 2 was not started: the blast-radius budget does not allow it",
        )
        .await;
    world.cluster_did(&[FLUSH, FLUSH]).await;
    // The summary has it too, cut short.
    let line = world
        .thread_of("INC-1")
        .says("nothing more is changed by this runbook until a person lifts it with")
        .await;
    assert!(
        line.contains("a run of flush-twice has spent its blast-radius budget")
            && line.contains("it wants more than the 2 that 'max_cache_operations' allows")
            && line.contains("/runbook unfreeze breaker=runbook/flush-twice REASON"),
        "{line}"
    );
    world
        .a_human_is_paged("step 2 was not started: the blast-radius budget does not allow it")
        .await;
    world.card_shows("INC-1", "This needs a human").await;
    world.thread_of("INC-1").is_uninteresting();

    // Its budget is that of one run; the breaker is there for the next one too, and a crash does not close it.
    world.bot_crashes_and_restarts().await;
    world.ben().types("run flush-twice").await;
    world.ben().is_told("INC-2 is open").await;
    let card = world.card_shows("INC-2", "*BREAKER TRIPPED*").await;
    assert!(
        card.contains("No step starts of flush-twice that changes something until a person lifts it"),
        "{card}"
    );
    assert!(!world.ana().has_button("Approve"));
    world.ben().types("status").await;
    let status = world.ben().is_told("FROZEN by the breaker since").await;
    assert!(
        status.contains("/runbook unfreeze breaker=runbook/flush-twice REASON"),
        "{status}"
    );
    world.ben().types("run redis-connection-timeout").await;
    world.ben().is_told("INC-3 is open").await;
    world.card_shows("INC-3", "Waits for 1 approval").await;

    world.ana().types("unfreeze breaker=runbook/flush-twice").await;
    world.ana().is_told("Lifting a freeze needs a reason").await;
    world
        .ana()
        .types("unfreeze breaker=runbook/flush-twice redis takes writes again")
        .await;
    world.ana().is_told("The breaker is closed again").await;
    world.card_shows("INC-2", "Waits for 1 approval").await;
    for incident in ["INC-1", "INC-2", "INC-3"] {
        world.thread_of(incident).is_uninteresting();
    }
    world.ends().await;
}

const SPENT: &str = "the breaker tripped: 1 change was started in one incident";

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_an_incident_trips_a_breaker_of_its_own_which_counts_anew_and_ends_with_it() {
    // A step that fails stops the plan and calls nobody of itself.
    let (name, redis) = shipped!("redis-connection-timeout");
    let text = redis.replace("Failure action: escalate", "Failure action: stop");
    let setup = Setup::default()
        .no_runbooks()
        .runbook((name, text.as_str()))
        .table("[limits]\nactions_per_incident = 1");
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::RedisTimeoutStays);
    world.fires(&Alert::redis_timeout()).await;
    // Whoever is called for the breaker has come before the plan stops.
    world.next_exec(FaultKind::Latency(6_000));
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    let mut pages = vec![world.a_human_is_paged(SPENT).await];
    let line = world
        .thread()
        .says("nothing more is changed for this incident until a person lifts it with")
        .await;
    assert!(line.contains("/runbook unfreeze breaker=INC-1 REASON"), "{line}");
    world.thread().says("the pager took the page").await;
    world.cluster_did(&[FLUSH, HEALTH, HEALTH]).await;
    world.card("This needs a human").await;

    world.ana().presses("Propose again").await;
    world.ana().is_told("it needs a fresh approval").await;
    let card = world.card("*BREAKER TRIPPED*").await;
    assert!(
        card.contains("No step starts that changes something for INC-1 until a person lifts it"),
        "{card}"
    );
    assert!(!world.ana().has_button("Approve"));
    world
        .ben()
        .types("unfreeze breaker=INC-1 the replica is back")
        .await;
    world
        .ben()
        .is_told("The breaker is closed again, and its count begins anew.")
        .await;
    world.card_shows("INC-1", "Waits for 1 approval").await;
    world.next_exec(FaultKind::Latency(6_000));
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    pages.push(world.a_human_is_paged(SPENT).await);
    world.thread().says("the pager took the page").await;
    world
        .cluster_did(&[FLUSH, HEALTH, HEALTH, FLUSH, HEALTH, HEALTH])
        .await;
    world.card_shows("INC-1", "This needs a human").await;
    // What another incident changes is no matter of this one.
    world.ben().types("run redis-connection-timeout").await;
    world.ben().is_told("INC-2 is open").await;
    world.card_shows("INC-2", "Waits for 1 approval").await;

    // It is over: there is nothing left that the breaker could stop, and nobody has to lift it.
    world.ana().types("close INC-1 the replica took over").await;
    world.ana().is_told("INC-1 is closed.").await;
    // Everybody was told that it stands until a person lifts it.
    world
        .channel("incidents")
        .tells("*The breaker is closed again* by @Interlock: its incident is over (INC-1).\nSteps may start again.")
        .await;
    for page in &pages {
        world.pager_resolves(&page.id).await;
    }
    world
        .ben()
        .types("unfreeze breaker=INC-1 is it still there")
        .await;
    world.ben().is_told("Nothing is frozen").await;
    world.thread_of("INC-1").is_uninteresting();
    world.thread_of("INC-2").is_uninteresting();
    world.ends().await;
}

/// Its first try fails; of its second, which spends what one incident may change, nobody knows what became.
#[tokio::test(flavor = "multi_thread")]
async fn who_judges_a_step_is_told_that_the_breaker_of_its_incident_stops_the_next_one() {
    let text = FLUSH_TWICE.replace("max_cache_operations: 2", "max_cache_operations: 4");
    let setup = Setup::default()
        .runbook(("flush-twice.md", text.as_str()))
        .table("[limits]\nactions_per_incident = 2");
    let world = TestWorld::start(setup).await;
    world.next_exec(FaultKind::Refuse {
        code: 400,
        message: "not now".to_owned(),
    });
    world.next_exec(FaultKind::CutBeforeStatus);
    world.ben().types("run flush-twice").await;
    world.ben().is_told("INC-1 is open").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("nobody knows whether step 1 happened").await;
    world
        .a_human_is_paged("the breaker tripped: 2 changes were started in one incident")
        .await;
    world.thread().says("the pager took the page").await;
    world.ana().presses("It worked, go on").await;
    world
        .ana()
        .is_told(
            "Noted: it worked. The plan ends here all the same, and a human goes on: step 2 can't start, since the breaker has tripped (2 changes were started in one incident",
        )
        .await;
    world
        .card("step 2 was not started: the breaker has tripped")
        .await;
    // Ana is there: who came for the breaker's page is not rung again by what she has just been told.
    world.cluster_did(&[FLUSH]).await;
    world.thread().is_uninteresting();
    world.ends().await;
}
