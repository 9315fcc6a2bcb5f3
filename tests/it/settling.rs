//! How long an alert has to stay resolved before a fix counts.

use jiff::SignedDuration;

use crate::world::{Alert, Setup, TestWorld};
use interlock::playground::cluster::Scenario;

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";
const TEN_MINUTES: &str = "[[settle]]\nalerts = [\"RedisConnectionTimeout\"]\nstays_seconds = 600\n\n\
    [[settle]]\nservices = [\"api-gateway\"]\nstays_seconds = 60\n";

/// Redis is flushed and its alert has resolved.
async fn redis_is_fixed() -> (TestWorld, Alert) {
    let world = TestWorld::start(Setup::default().table(TEN_MINUTES)).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    let alert = Alert::redis_timeout();
    world.fires(&alert).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.resolves(&alert).await;
    world
        .card("It counts when the alert stays away until HH:MM")
        .await;
    (world, alert)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fix_counts_when_its_alert_has_stayed_resolved_for_as_long_as_the_team_says() {
    let (world, _) = redis_is_fixed().await;
    world.minutes_pass(9).await;
    world
        .card("It counts when the alert stays away until HH:MM")
        .await;
    world.minutes_pass(2).await;
    world.card("*Resolved*").await;
    world.thread().ends_with("Summary of INC-1").await;
    world.nobody_was_paged();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_fires_again_before_that_was_not_helped() {
    let (world, alert) = redis_is_fixed().await;
    world.minutes_pass(3).await;
    let alert = alert.again(SignedDuration::from_mins(3));
    world.fires(&alert).await;
    world
        .card("the steps ran, but it did not help: the alert fired again")
        .await;
    world.a_human_is_paged("INC-1").await;
    world
        .thread()
        .says("it did not help: the alert fired again")
        .await;
    world.thread().ends_with("the pager took the page").await;
    // What did not help is said when the same is proposed again.
    world.ana().presses("Propose again").await;
    world.ana().is_told("The plan is being made again").await;
    world.card("*This did not help before*").await;
    world.thread().ends_with("it needs 1 approval").await;
    world.ends().await;
}
