//! How a person ends what the source never ends, and how a plan that came to no end is proposed once more.

use interlock::playground::cluster::Scenario;

use crate::shipped;
use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";

#[tokio::test(flavor = "multi_thread")]
async fn who_has_it_closes_it_and_the_thread_ends_with_the_summary() {
    let world = TestWorld::start(Setup::default()).await;
    world.fires(&Alert::tape_jam()).await;
    world.ana().presses("Take over").await;
    world.ana().is_told("You have it.").await;
    world.ana().presses("Close").await;
    let told = world
        .ana()
        .is_told("INC-1 is closed. Its alert has not resolved")
        .await;
    assert!(told.contains("a new incident opens"), "{told}");
    world.card("Closed by @ana").await;
    world.thread().says("ana took over").await;
    let summary = world.thread().ends_with("Summary of INC-1").await;
    assert!(summary.contains("*Result:* closed by ana"), "{summary}");
    world.ben().types("close INC-1 it is over").await;
    world.ben().is_told("This incident is over").await;
    world.nobody_was_paged();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_people_who_could_take_it_over_close_it_and_only_when_a_human_has_it() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.ana().types("close INC-1").await;
    world
        .ana()
        .is_told("say what ended it; that stands in the summary")
        .await;
    world.ana().types("close INC-1 mended by hand").await;
    world
        .ana()
        .is_told("Interlock still works on this; nothing was changed.")
        .await;
    world.cleo().types("close INC-1 I am bored").await;
    world.cleo().is_told("you are not one of the approvers").await;
    world.ana().types("close").await;
    world.ana().is_told("/runbook close INC-n REASON").await;
    world.ana().types("close INC-7 mended by hand").await;
    world.ana().is_told("There is no such incident").await;
    world.card("Waits for 1 approval").await;
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_by_hand_that_is_verified_closes_itself() {
    let world = TestWorld::redis_times_out().await;
    world.ana().types("run redis-connection-timeout").await;
    world.ana().is_told("INC-1 is open").await;
    world.card("Waits for 1 approval").await;
    world.minutes_pass(15).await;
    world.ben().presses("Approve 2 steps").await;
    world.ben().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Resolved").await;
    world.thread().ends_with("Summary of INC-1").await;
    world.nobody_was_paged();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_by_hand_is_over_when_it_was_shown() {
    let world = TestWorld::start(Setup::default().mode("dry-run")).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.ana().types("run redis-connection-timeout").await;
    world.ana().is_told("INC-1 is open").await;
    world.ben().presses("Approve dry run").await;
    world.ben().is_told("Approved.").await;
    world.card("Dry run complete").await;
    let summary = world.thread().ends_with("Summary of INC-1").await;
    assert!(
        summary.contains("*Result:* dry run complete; nothing was run"),
        "{summary}"
    );
    let said = world.thread().said();
    let summaries = said.iter().filter(|line| line.contains("Summary")).count();
    assert_eq!(summaries, 1, "{said:#?}");
    world.nothing_ran();
    world.nobody_was_paged();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_started_a_run_that_nobody_approves_is_told_and_nobody_is_paged() {
    let world = TestWorld::redis_times_out().await;
    world.ana().types("run redis-connection-timeout").await;
    world.ana().is_told("INC-1 is open").await;
    world.card("Waits for 1 approval").await;
    world.minutes_pass(24 * 60).await;
    world.card("nobody decided in time").await;
    let packet = world.thread().says("Handed over to a human").await;
    assert!(
        packet.contains("you started this, so it is yours now"),
        "{packet}"
    );
    assert!(
        packet.contains(&format!("<@{}>", world.ana().id())) || packet.contains("@ana"),
        "{packet}"
    );
    world.thread().ends_with("Summary so far of INC-1").await;
    world.nobody_was_paged();
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_by_hand_whose_runbook_escalates_pages_all_the_same() {
    let world = TestWorld::start(Setup::default()).await;
    world.in_the_cluster(Scenario::RedisTimeoutStays);
    world.ana().types("run redis-connection-timeout").await;
    world.ana().is_told("INC-1 is open").await;
    world.ben().presses("Approve 2 steps").await;
    world.ben().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH, HEALTH]).await;
    world.a_human_is_paged("INC-1").await;
    world.card("A human was paged").await;
    world.thread().ends_with("the pager took the page").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_expired_is_proposed_again_and_needs_a_fresh_approval() {
    let world = TestWorld::redis_times_out().await;
    let alert = Alert::redis_timeout();
    world.fires(&alert).await;
    let old = world.ana().sees_button("Approve 2 steps").await;
    world.minutes_pass(24 * 60).await;
    world.card("nobody decided in time").await;
    let page = world.a_human_is_paged("INC-1").await;
    world.thread().says("the pager took the page").await;
    world.cleo().presses("Propose again").await;
    world.cleo().is_told("you are not one of the approvers").await;
    world.ana().presses("Propose again").await;
    world.ana().is_told("it needs a fresh approval").await;
    world.thread().says("ana asked for the plan again").await;
    world.card("Waits for 1 approval").await;
    world.nothing_ran();
    world.ben().clicks(old).await.unwrap();
    world
        .ben()
        .is_told("The plan changed since you saw this card.")
        .await;
    // She asked for it, which at Tier 1 does not keep her from approving it.
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.resolves(&alert).await;
    world.pager_resolves(&page.id).await;
    world.card("Resolved").await;
    world.thread().ends_with("Summary of INC-1").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_somebody_took_over_is_not_offered_again() {
    let world = TestWorld::start(Setup::default().runbook(shipped!("stuck-queue-scale"))).await;
    world.in_the_cluster(Scenario::StuckQueue);
    world.ana().types("run stuck-queue-scale replicas=4").await;
    world.ana().is_told("INC-1 is open").await;
    world.card("--replicas=4").await;
    world.ben().presses("Take over").await;
    world.ben().is_told("You have it.").await;
    world.card("@ben has it").await;
    assert!(!world.ana().has_button("Propose again"));
    world.thread().is_uninteresting();
    world.cluster_did(&["exec redis-cli LLEN orders"]).await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_again_where_no_runbook_was_is_told_that_the_one_written_since_is_a_checklist() {
    let world = TestWorld::start(Setup::default()).await;
    world.fires(&Alert::tape_jam()).await;
    world.card("no runbook matches").await;
    let page = "# Runbook: Tape by hand\n## Trigger Conditions\n- Alert contains: \"tape\"\n## Mitigation\n- Open the lid\n";
    std::fs::write(world.folder.path().join("runbooks/tape.md"), page).unwrap();
    world
        .card("A runbook is for it now: propose again, or take over.")
        .await;
    world.ana().presses("Propose again").await;
    world.ana().is_told("it is a checklist for people").await;
    world.card("Open the lid").await;
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}
