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

/// The team changed its mind between the card and the click: what was proposed before is only watched now.
#[tokio::test(flavor = "multi_thread")]
async fn in_shadow_no_click_on_an_older_card_counts() {
    let mut world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let approve = world.ana().sees_button("Approve 2 steps").await;
    world.reconfigure(Setup::default().autonomy("shadow"));
    world.bot_crashes_and_restarts().await;
    world.ana().clicks(approve).await.unwrap();
    world
        .ana()
        .is_told("in shadow Interlock only watches, so nothing is approved and nothing runs")
        .await;
    world.thread().is_uninteresting();
    world.ends_and_nothing_ran().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_approved_before_does_not_start_in_shadow() {
    let mut world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    let approve = world.ana().sees_button("Approve 2 steps").await;
    let file = world.folder.path().join("freeze");
    std::fs::write(&file, "an audit\n").unwrap();
    world.ana().clicks(approve).await.unwrap();
    world.ana().is_told("Approved.").await;
    world.thread().says("step 1 waits: everything is frozen").await;
    world.reconfigure(Setup::default().autonomy("shadow"));
    std::fs::remove_file(&file).unwrap();
    world.bot_crashes_and_restarts().await;
    world
        .card("Interlock only watches here now (shadow), so nothing more of the plan is run")
        .await;
    world.thread().is_uninteresting();
    world.ends_and_nothing_ran().await;
}
