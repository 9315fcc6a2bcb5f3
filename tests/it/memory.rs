//! What closed incidents leave behind for the next one that is like them.

use std::time::Duration;

use crate::world::{Alert, TestWorld};

#[tokio::test(flavor = "multi_thread")]
async fn the_next_one_like_it_shows_how_the_last_one_ended() {
    let world = TestWorld::redis_times_out().await;
    let alert = Alert::redis_timeout();
    world.fires(&alert).await;
    let card = world.card("Waits for 1 approval").await;
    assert!(!card.contains("Similar incidents before"), "{card}");
    world.ana().presses("Approve").await;
    world.ana().is_told("Approved.").await;
    world.card("Fixed and verified.").await;
    world
        .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
        .await;
    world.resolves(&alert).await;
    world.card("Resolved").await;
    world.thread().ends_with("Summary of INC-1").await;
    world.clock_moves(Duration::from_secs(3_600)).await;
    world.fires(&Alert::redis_timeout()).await;
    let card = world.card_shows("INC-2", "Similar incidents before").await;
    assert!(
        card.contains("INC-1 (the same alert): redis-connection-timeout, fixed and verified after"),
        "{card}"
    );
    world.thread_of("INC-2").is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_verified_in_vain_is_not_shown_as_help() {
    let world = TestWorld::redis_times_out().await;
    let alert = Alert::redis_timeout();
    world.fires(&alert).await;
    world.card("Waits for 1 approval").await;
    world.ana().presses("Approve").await;
    world.ana().is_told("Approved.").await;
    world.card("Fixed and verified.").await;
    world
        .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
        .await;
    // It is verified, and its source goes on saying "firing".
    world.minutes_pass(2).await;
    world.a_human_is_paged("INC-1").await;
    world.thread().says("the pager took the page").await;
    world.resolves(&alert).await;
    world.card("The alert cleared").await;
    world.thread().ends_with("Summary of INC-1").await;
    world.clock_moves(Duration::from_secs(3_600)).await;
    world.fires(&Alert::redis_timeout()).await;
    let card = world.card_shows("INC-2", "Similar incidents before").await;
    assert!(
        card.contains(
            "redis-connection-timeout, did not help: its steps were verified, and the alert went on"
        ),
        "{card}"
    );
    assert!(card.contains("*This did not help before*"), "{card}");
    // The page may be taken before or after the summary.
    world.thread().is_uninteresting();
    world.thread_of("INC-2").is_uninteresting();
    world.ends().await;
}
