//! Change windows, freezes of the calendar, limits and protected namespaces: they hold at the click and at the start.

use interlock::playground::cluster::{FaultKind, Scenario};

use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";

/// A zone in which it is between 12:00 and 13:00 now, whenever the story is told.
fn noon() -> String {
    let hour = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).hour();
    // The sign is the other way round in these names: `Etc/GMT-5` is five hours ahead.
    format!("Etc/GMT{:+}", hour - 12)
}

async fn redis(table: &str) -> TestWorld {
    let setup = Setup::default()
        .table("[approval]\napprove_by_minutes = 120")
        .table(table);
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_window_is_closed_the_card_offers_no_approval_and_says_when_it_opens() {
    let world = redis(&format!(
        "[[windows]]\nname = \"after lunch\"\nenvironments = [\"production\"]\nzone = \"{}\"\nopen = [\"13:00-14:00\"]",
        noon()
    ))
    .await;
    world.fires(&Alert::redis_timeout()).await;
    world
        .card("*Can't be approved now*: the change window 'after lunch' is closed; it may start from ")
        .await;
    assert!(!world.ana().has_button("Approve"));
    assert!(world.ana().has_button("Reject"), "a no is always possible");
    world.nothing_ran();
    world.minutes_pass(60).await;
    world.a_human_is_paged("INC-1").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_closed_refuses_the_click_on_a_card_that_is_still_on_the_screen() {
    let world = redis(&format!(
        "[[windows]]\nname = \"lunch\"\nenvironments = [\"production\"]\nzone = \"{}\"\nopen = [\"12:00-13:00\"]",
        noon()
    ))
    .await;
    world.fires(&Alert::redis_timeout()).await;
    let shown = world.ana().sees_button("Approve 2 steps").await;
    world.minutes_pass(60).await;
    world.a_human_is_paged("INC-1").await;
    world.ana().clicks(shown).await.unwrap();
    world
        .ana()
        .is_told("the change window 'lunch' is closed; it may start from ")
        .await;
    world
        .card("*Can't be approved now*: the change window 'lunch'")
        .await;
    assert!(!world.ana().has_button("Approve"));
    world.nothing_ran();
    world.thread().ends_with("the pager took the page").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_of_the_calendar_that_begins_while_it_runs_stops_the_next_step() {
    let world = redis(&format!(
        "[[freezes]]\nname = \"launch\"\nreason = \"we launch\"\nzone = \"{}\"\nduring = [\"13:00-14:00\"]",
        noon()
    ))
    .await;
    world.next_exec(FaultKind::Latency(6_000));
    world.fires(&Alert::redis_timeout()).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("Running step 1").await;
    world.minutes_pass(60).await;
    world.thread().says("step 1 succeeded").await;
    world
        .thread()
        .says("step 2 was not started: the policy's calendar freezes it (launch: we launch); it may start from ")
        .await;
    world.a_human_is_paged("INC-1").await;
    world.card("This needs a human").await;
    world.cluster_did(&[FLUSH]).await;
    world.thread().ends_with("the pager took the page").await;
    world.ends().await;
}

/// Two changes, and a look whether they helped.
const TWICE: &str = r#"# Runbook: Flush twice
## Trigger Conditions
- Alert contains: "redis"
## Blast Radius
- max_cache_operations: 2
## Steps
### Step 1: Flush it
```bash
kubectl exec -n production deploy/redis-primary -- redis-cli FLUSHDB
```
### Step 2: Flush it once more
```bash
kubectl exec -n production deploy/redis-primary -- redis-cli FLUSHDB
```
### Step 3: Verify connections restored
```bash
kubectl exec -n production deploy/api-gateway -- curl -s localhost:8080/health | jq .redis
```
Expected output: contains "connected"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_has_room_for_so_many_changes_and_no_more() {
    let setup = Setup::default()
        .no_runbooks()
        .runbook(("flush-twice.md", TWICE))
        .table("[approval]\napprove_by_minutes = 120")
        .table("[limits]\nactions_per_hour = 3");
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    let first = world.ana().sees_button("Approve 3 steps").await;
    world.ben().types("run flush-twice").await;
    world.ben().is_told("INC-2 is open").await;
    world.card_shows("INC-2", "Waits for 1 approval").await;
    world.ana().presses("Approve 3 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, FLUSH, HEALTH]).await;
    world.card_shows("INC-2", "Resolved").await;
    world.thread_of("INC-2").is_uninteresting();

    let full = "it would start 2 changes more, and the policy lets 3 start in an hour; 2 were started already, so there is room again from ";
    world.ana().clicks(first.clone()).await.unwrap();
    world.ana().is_told(full).await;
    world
        .card_shows("INC-1", &format!("*Can't be approved now*: {full}"))
        .await;
    assert!(!world.ana().has_button("Approve"));
    world.bot_crashes_and_restarts().await;
    world.ana().clicks(first).await.unwrap();
    world.ana().is_told("the policy lets 3 start in an hour").await;
    world.cluster_did(&[FLUSH, FLUSH, HEALTH]).await;

    world.minutes_pass(61).await;
    world.a_human_is_paged("INC-1").await;
    world.ana().presses("Approve 3 steps").await;
    world.ana().is_told("Approved.").await;
    world.card_shows("INC-1", "Fixed and verified.").await;
    world
        .cluster_did(&[FLUSH, FLUSH, HEALTH, FLUSH, FLUSH, HEALTH])
        .await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_in_a_protected_namespace_is_for_humans() {
    let world = redis("[protected]\nnamespaces = [\"prod*\"]").await;
    world.fires(&Alert::redis_timeout()).await;
    world
        .card("nobody may approve Tier 3 in production (step 1)")
        .await;
    world.a_human_is_paged("INC-1").await;
    assert!(!world.ana().has_button("Approve"), "nobody can approve it");
    world.nothing_ran();
    world.thread().ends_with("the pager took the page").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_team_calls_irreversible_is_for_humans() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.toml");
    std::fs::write(&policy, "irreversible = [\"exec flushdb\"]").unwrap();
    let world = redis(&format!("[policy]\npath = \"{}\"", policy.display())).await;
    world.fires(&Alert::redis_timeout()).await;
    world
        .card("nobody may approve Tier 3 in production (step 1)")
        .await;
    world.a_human_is_paged("INC-1").await;
    world.nothing_ran();
    world.thread().ends_with("the pager took the page").await;
    world.ends().await;
}
