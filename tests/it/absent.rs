//! Whom the policy names and Slack does not have: seen before somebody needs them, and counting for nobody.

use interlock::playground::cluster::Scenario;

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
    world.thread().ends_with("it needs 1 approval").await;
    world.nothing_ran();
    world.ends().await;
}
