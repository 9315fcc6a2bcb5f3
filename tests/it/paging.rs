//! When a human is paged for a card that waits, and when nobody is.

use interlock::playground::cluster::Scenario;
use interlock::playground::pager::{PagerFaults, Status};

use crate::shipped;
use crate::world::{Alert, Setup, TestWorld};

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_without_a_runbook_pages_after_two_minutes_when_high() {
    let world = TestWorld::start(Setup::default()).await;
    world.fires(&Alert::tape_jam()).await;
    world.card("If nobody decides, a human is paged at HH:MM").await;
    world.nobody_was_paged();
    world.minutes_pass(3).await;
    let page = world.a_human_is_paged("Tape library 3 is jammed").await;
    assert!(page.dedup_key.ends_with("/INC-1"), "{}", page.dedup_key);
    let reason = &page.alerts[0].event["payload"]["custom_details"]["reason"];
    assert_eq!(reason, "no runbook matches");
    world.card("A human was paged at HH:MM").await;
    world.thread().ends_with("the pager took the page").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_critical_one_pages_at_once() {
    let world = TestWorld::start(Setup::default()).await;
    world.fires(&Alert::tape_jam().severity("critical")).await;
    let page = world.a_human_is_paged("Tape library 3 is jammed").await;
    let thread = page.alerts[0].event["client_url"].as_str();
    assert!(
        thread.is_some_and(|url| url.contains("channel=C0INCIDENT&message_ts=")),
        "{thread:?}"
    );
    world.card("A human was paged at HH:MM").await;
    world.thread().ends_with("the pager took the page").await;
    world.ends().await;
}

/// Whoever came for the card has answered that; a plan that stops afterwards is something else.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_stops_after_its_card_was_answered_pages_again_for_that() {
    let (_, redis) = shipped!("redis-connection-timeout");
    let text = redis
        .replacen("Failure action: continue", "Failure action: stop", 1)
        .replace("Expected output: \"OK\"", "Expected output: \"PONG\"");
    let world = TestWorld::with_only(("redis.md", &text)).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout().severity("critical")).await;
    let page = world.a_human_is_paged("INC-1").await;
    let reason = &page.alerts[0].event["payload"]["custom_details"]["reason"];
    assert_eq!(reason, "a plan waits for a decision");
    world.card("A human was paged at HH:MM").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("step 1 stopped the plan").await;
    let page = world.a_human_is_paged("INC-1").await;
    let reason = &page.alerts[0].event["payload"]["custom_details"]["reason"];
    assert!(
        reason.as_str().unwrap().contains("step 1 stopped the plan"),
        "{reason}"
    );
    world.cluster_did(&["exec redis-cli FLUSHDB"]).await;
    world.thread().is_uninteresting();
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
async fn a_low_proposal_that_expires_pages_nobody_and_says_so() {
    let (_, redis) = shipped!("redis-connection-timeout");
    let text = redis.replace("high or critical", "low or high");
    let setup = Setup::default()
        .no_runbooks()
        .runbook(("redis-low.md", text.as_str()));
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout().severity("low")).await;
    world.card("Waits for 1 approval").await;
    world.minutes_pass(24 * 60).await;
    let card = world.card("nobody decided in time").await;
    assert!(!card.contains("paged"), "{card}");
    world
        .thread()
        .says("plan 1 expired: nobody decided in time")
        .await;
    world.thread().says("Handed over to a human").await;
    world.thread().ends_with("Summary so far of INC-1").await;
    world.nobody_was_paged();
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_pager_people_are_told_that_nobody_was_paged() {
    let world = TestWorld::start(Setup::default().no_pager()).await;
    world.fires(&Alert::tape_jam().severity("critical")).await;
    let card = world.card("Nobody could be paged: no pager is configured").await;
    assert!(card.contains("set pagerduty.routing_key"), "{card}");
    assert!(card.contains("call somebody yourself"), "{card}");
    assert!(!card.contains("is being paged"), "{card}");
    world
        .thread()
        .says("Handed over to a human:* no runbook matches")
        .await;
    world
        .thread()
        .ends_with("nobody could be paged: no pager is configured")
        .await;
    world.nobody_was_paged();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pager_that_refuses_is_told_and_can_be_asked_again() {
    let world = TestWorld::start(Setup::default().dead_routing_key()).await;
    world.fires(&Alert::tape_jam().severity("critical")).await;
    world
        .card("Nobody could be paged: the pager refused: 400: Event object is invalid; Invalid routing key")
        .await;
    world.ana().presses("Escalate now").await;
    world.ana().is_told("A human is being paged.").await;
    world
        .thread()
        .says("nobody could be paged: the pager refused")
        .await;
    world
        .thread()
        .ends_with("nobody could be paged: the pager refused")
        .await;
    world.nobody_was_paged();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_does_not_go_through_holds_up_no_other() {
    let world = TestWorld::start(Setup::default()).await;
    world.doubles.pager.set_faults(PagerFaults {
        fail: 1,
        ..PagerFaults::default()
    });
    world.fires(&Alert::tape_jam().severity("critical")).await;
    world
        .until("the pager fails", || {
            (world.doubles.pager.faults().fail == 0).then_some(())
        })
        .await;
    world
        .fires(&Alert::new("Other", "archive", "Something else").severity("critical"))
        .await;
    world.a_human_is_paged("Something else").await;
    assert_eq!(world.pages().len(), 1, "the first is still waited for");
    world.a_human_is_paged("Tape library 3 is jammed").await;
    world.card("A human was paged").await;
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
    assert_eq!(sent(&world), [""; 0], "there is nothing to acknowledge");
    world.thread().is_uninteresting();
    world.ends().await;
}

/// A pager goes on to the next person until somebody acknowledges: whoever has it in Slack has it there too.
#[tokio::test(flavor = "multi_thread")]
async fn who_takes_over_has_the_page_too_and_the_pager_calls_nobody_else_for_it() {
    let world = TestWorld::start(Setup::default()).await;
    world.fires(&Alert::tape_jam().severity("critical")).await;
    let page = world.a_human_is_paged("Tape library 3 is jammed").await;
    world.card("A human was paged at HH:MM").await;
    world.ana().presses("Take over").await;
    world.ana().is_told("You have it.").await;
    world.pager_acknowledges(&page.id).await;
    // A crash before its end is on record would send it again, which changes nothing there.
    world.outbox_is_empty().await;
    world.bot_crashes_and_restarts().await;
    assert_eq!(sent(&world), ["trigger", "acknowledge"]);
    // What is acknowledged rings nobody any more: who wants another person gets another page.
    world.ana().presses("Escalate now").await;
    world.ana().is_told("A human is being paged.").await;
    let other = world.a_human_is_paged("ana asked for a human").await;
    assert_eq!(other.dedup_key, format!("{}/2", page.dedup_key));
    world.ana().types("close INC-1 the tape was pulled out").await;
    world.ana().is_told("INC-1 is closed.").await;
    world.pager_resolves(&page.id).await;
    world.pager_resolves(&other.id).await;
    assert_eq!(
        sent(&world),
        ["trigger", "acknowledge", "trigger", "resolve", "resolve"]
    );
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_for_the_last_page_at_the_pager_has_those_before_it_too() {
    let world = TestWorld::start(Setup::default()).await;
    world.fires(&Alert::tape_jam().severity("critical")).await;
    let first = world.a_human_is_paged("Tape library 3 is jammed").await;
    world.card("A human was paged at HH:MM").await;
    world.ana().presses("Escalate now").await;
    world.ana().is_told("A human is being paged.").await;
    let second = world.a_human_is_paged("Tape library 3 is jammed").await;
    assert_eq!(second.dedup_key, format!("{}/2", first.dedup_key));
    world.outbox_is_empty().await;
    world.someone_sets_at_the_pager(&second.id, "acknowledged").await;
    world.card("The page was acknowledged at PagerDuty").await;
    world.pager_acknowledges(&first.id).await;
    // Of the second it knows.
    world.outbox_is_empty().await;
    assert_eq!(sent(&world), ["trigger", "trigger", "acknowledge"]);
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_rejects_the_plan_has_the_page_too() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.minutes_pass(3).await;
    let page = world.a_human_is_paged("INC-1").await;
    world.card("A human was paged at HH:MM").await;
    world.ana().presses("Reject").await;
    world.ana().sees_modal("plan 1 of INC-1").await;
    world.ana().submits(&[]).await;
    world.ana().is_told("INC-1: Rejected.").await;
    world.pager_acknowledges(&page.id).await;
    assert_eq!(sent(&world), ["trigger", "acknowledge"]);
    world.thread().is_uninteresting();
    world.ends_and_nothing_ran().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_that_waits_pages_and_can_still_be_approved() {
    let world = TestWorld::redis_times_out().await;
    let alert = Alert::redis_timeout();
    world.fires(&alert).await;
    world.card("Waits for 1 approval").await;
    world.minutes_pass(3).await;
    let page = world.a_human_is_paged("INC-1").await;
    world.card("A human was paged at HH:MM").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.pager_acknowledges(&page.id).await;
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
async fn escalate_now_pages_once_and_leaves_the_proposal_to_who_may_approve_it() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let (bens, guss) = (
        world.ben().sees_button("Escalate now").await,
        world.gus().sees_button("Escalate now").await,
    );
    world.cleo().presses("Escalate now").await;
    world.cleo().is_told("A human is being paged.").await;
    world.a_human_is_paged("INC-1").await;
    let card = world.card("A human was paged at HH:MM").await;
    assert!(card.contains("Waits for 1 approval"), "{card}");
    world.ben().clicks(bens).await.unwrap();
    world.ben().is_told("A human was paged for this at").await;
    world.thread().says("cleo asked for a human").await;
    world.thread().says("the pager took the page").await;
    world.gus().clicks(guss).await.unwrap();
    world.gus().is_told("guests of the workspace can't decide").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world
        .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
        .await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    assert_eq!(told(&world), 1);
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_paged_because_a_card_waited_is_paged_again_when_the_fix_does_not_help() {
    let world = TestWorld::start(Setup::default()).await;
    world.in_the_cluster(Scenario::RedisTimeoutStays);
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.minutes_pass(3).await;
    let first = world.a_human_is_paged("INC-1").await;
    assert_eq!(told(&world), 1);
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world
        .cluster_did(&[
            "exec redis-cli FLUSHDB",
            "exec curl -s localhost:8080/health",
            "exec curl -s localhost:8080/health",
        ])
        .await;
    world.card("This needs a human").await;
    world
        .until("the pager is told what went wrong", || {
            (told(&world) == 2).then_some(())
        })
        .await;
    // More of a page that somebody has acknowledged rings nobody: this is another, and both end with the incident.
    let pages = world.doubles.pager.incidents();
    let keys: Vec<&str> = pages.iter().map(|page| page.dedup_key.as_str()).collect();
    assert!(first.dedup_key.ends_with("/INC-1"), "{}", first.dedup_key);
    assert_eq!(keys, [first.dedup_key.clone(), format!("{}/2", first.dedup_key)]);
    world.a_human_is_paged("step 2 stopped the plan").await;
    world
        .ana()
        .types("close INC-1 the cache was replaced by hand")
        .await;
    world.ana().is_told("INC-1 is closed.").await;
    world
        .until("both are over at the pager", || {
            let pages = world.doubles.pager.incidents();
            let over = pages.iter().all(|page| page.status == Status::Resolved);
            over.then_some(())
        })
        .await;
    world.thread().is_uninteresting();
    world.ends().await;
}

/// What the pager was sent, in order.
fn sent(world: &TestWorld) -> Vec<String> {
    let calls = world.doubles.pager.calls();
    let actions = calls.iter().filter_map(|call| call.body["event_action"].as_str());
    actions.map(str::to_owned).collect()
}

/// How often the pager was told of something.
fn told(world: &TestWorld) -> usize {
    let calls = world.doubles.pager.calls();
    calls
        .iter()
        .filter(|call| call.body["event_action"] == "trigger")
        .count()
}
