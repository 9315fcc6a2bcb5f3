//! Whom the policy names and Slack does not have: seen before somebody needs them, and counting for nobody.

use interlock::playground::cluster::Scenario;
use interlock::playground::slack::{ApiFault, Times};

use crate::world::{Alert, Setup, TestWorld};

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_slack_does_not_have_is_said_on_the_card_and_counts_for_nobody() {
    let setup = Setup::default()
        .no_approvers()
        .approver("tiers = [0, 1]\ngroups = [\"@sre-leads-of-old\"]\nusers = [\"U0NOBODY001\"]");
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    let card = world.card("@sre-leads-of-old~ (no such group in Slack)").await;
    assert!(card.contains("(no such person in Slack)"), "{card}");
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("you are not one of the approvers").await;
    world.ana().types("who INC-1").await;
    world
        .ana()
        .is_told("@sre-leads-of-old~ (no such group in Slack)")
        .await;
    world.thread().ends_with("it needs 1 approval").await;
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_slack_does_not_say_who_is_in_a_group_nobody_of_it_counts() {
    let world = TestWorld::redis_times_out().await;
    let faults = world.doubles.slack.faults();
    faults.on_call("usergroups.users.list", ApiFault::Status(500), Times::Always);
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.ana().presses("Approve 2 steps").await;
    world
        .ana()
        .is_told("Slack did not say who you are and which groups you are in, and without that the answer is no; try again")
        .await;
    world.nothing_ran();
    faults.clear();
    world.bot_crashes_and_restarts().await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world
        .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
        .await;
    world.card("Fixed and verified.").await;
    world.thread().is_uninteresting();
    world.ends().await;
}
