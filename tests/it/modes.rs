//! Dry-run and shadow: everything is shown, nothing runs.

use interlock::playground::cluster::Scenario;

use crate::world::{Alert, Setup, TestWorld};

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_everything_and_runs_nothing() {
    let world = TestWorld::start(Setup::default().mode("dry-run")).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world
        .card("*DRY RUN*: everything is checked, nothing will be executed")
        .await;
    world.ana().presses("Approve dry run").await;
    world.ana().is_told("Approved.").await;
    let card = world.card("this was a dry run; nothing was executed").await;
    assert!(card.contains("redis-cli FLUSHDB"), "{card}");
    world.thread().says("dry run: nothing was run").await;
    world.thread().says("Handed over to a human").await;
    world.thread().ends_with("Summary so far of INC-1").await;
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_has_no_buttons_that_run_anything_and_pages_all_the_same() {
    let world = TestWorld::start(Setup::default().autonomy("shadow")).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    let card = world.card("Below is what it would propose").await;
    assert!(card.contains("*SHADOW*: Interlock only watches here"), "{card}");
    assert!(card.contains("redis-cli FLUSHDB"), "{card}");
    for label in ["Approve", "Reject", "Modify", "Review"] {
        assert!(!world.ana().has_button(label), "{label}");
    }
    world.minutes_pass(3).await;
    world.a_human_is_paged("INC-1").await;
    world.thread().ends_with("the pager took the page").await;
    world.nothing_ran();
    world.ends().await;
}
