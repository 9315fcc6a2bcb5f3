//! When a human is paged for a card that waits, and when nobody is.

use crate::world::{Alert, Setup, TestWorld};

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_without_a_runbook_pages_after_two_minutes_when_high() {
    let world = TestWorld::start(Setup::default()).await;
    world.fires(&Alert::tape_jam()).await;
    world.card("If nobody decides, a human is paged at HH:MM").await;
    world.nobody_was_paged();
    world.minutes_pass(3).await;
    let page = world.a_human_is_paged("Tape library 3 is jammed").await;
    assert_eq!(page.dedup_key, "interlock/INC-1");
    world.card("A human was paged at HH:MM").await;
    world.thread().ends_with("the pager took the page").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_critical_one_pages_at_once() {
    let world = TestWorld::start(Setup::default()).await;
    world.fires(&Alert::tape_jam().severity("critical")).await;
    world.a_human_is_paged("Tape library 3 is jammed").await;
    world.card("A human was paged at HH:MM").await;
    world.thread().ends_with("the pager took the page").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_low_one_never_does() {
    let world = TestWorld::start(Setup::default()).await;
    world.fires(&Alert::tape_jam().severity("low")).await;
    let card = world.card("This needs a human").await;
    assert!(!card.contains("paged"), "{card}");
    world.minutes_pass(600).await;
    world
        .fires(&Alert::new("Other", "archive", "Something else").severity("critical"))
        .await;
    world.a_human_is_paged("Something else").await;
    assert_eq!(world.pages().len(), 1);
    world.card_shows("INC-2", "A human was paged").await;
    world.thread().is_uninteresting();
    world.thread_of("INC-2").is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_over_in_time_is_not_paged() {
    let world = TestWorld::start(Setup::default()).await;
    world.fires(&Alert::tape_jam()).await;
    world.ana().presses("Take over").await;
    world.ana().is_told("You have it.").await;
    world.card("@ana has it").await;
    world.minutes_pass(10).await;
    world.ben().types("status").await;
    world.ben().is_told("INC-1").await;
    world.nobody_was_paged();
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_that_waits_pages_and_can_still_be_approved() {
    let world = TestWorld::redis_times_out().await;
    let alert = Alert::redis_timeout();
    world.fires(&alert).await;
    world.card("Waits for 1 approval").await;
    world.minutes_pass(3).await;
    let page = world.a_human_is_paged("INC-1").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world
        .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
        .await;
    world.card("Fixed and verified.").await;
    world.resolves(&alert).await;
    world.pager_resolves(&page.id).await;
    world.card("Resolved").await;
    world.thread().ends_with("Summary of INC-1").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn escalate_now_pages_and_takes_the_proposal_away() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.cleo().presses("Escalate now").await;
    world.cleo().is_told("A human is being paged.").await;
    world.a_human_is_paged("INC-1").await;
    world.card("asked for a human").await;
    assert!(!world.ana().has_button("Approve"));
    world.thread().ends_with("the pager took the page").await;
    world.nothing_ran();
    world.ends().await;
}
