//! Rows that ask why: a way out where approving has become a habit.

use interlock::playground::cluster::Scenario;
use interlock::playground::slack::Input;

use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";
const WHY: &str = "sessions may be dropped, it is night";

/// `@sre` has to say why; Cleo, who is not in it, need not.
async fn redis(approvals: u8) -> (TestWorld, Alert) {
    let cleo = "U0CLEO0001";
    let setup = Setup::default()
        .no_approvers()
        .approver(&format!(
            "tiers = [0, 1]\ngroups = [\"@sre\"]\nreason = true\napprovals = {approvals}"
        ))
        .approver(&format!("tiers = [0, 1]\nusers = [\"{cleo}\"]"));
    let world = TestWorld::start(setup).await;
    assert_eq!(world.cleo().id(), cleo);
    world.in_the_cluster(Scenario::RedisTimeout);
    let alert = Alert::redis_timeout();
    world.fires(&alert).await;
    world.card("Approve 2 steps").await;
    (world, alert)
}

fn says(why: &str) -> [(&str, Input); 1] {
    [("Why?", Input::Text(why.to_owned()))]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_asks_for_a_reason_opens_a_form_and_a_bare_click_counts_for_nothing() {
    let (world, alert) = redis(1).await;
    world.ana().types("who INC-1").await;
    world.ana().is_told("with a reason").await;
    world.ana().presses("Approve 2 steps").await;
    let form = world.ana().sees_modal("# Say why").await;
    assert!(form.contains("redis-cli FLUSHDB"), "what it is about: {form}");
    world.nothing_ran();
    world.ana().submits(&says("   ")).await;
    world
        .ana()
        .sees_modal("! Say why: this approval counts only with a reason.")
        .await;
    world.nothing_ran();

    let secret = "AKIAIOSFODNN7EXAMPLE";
    world
        .ana()
        .submits(&says(&format!(" {WHY}, not by {secret} ")))
        .await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    let said = format!("ana approved: {WHY}, not by [redacted");
    world.thread().says(&said).await;
    world.card("Fixed and verified.").await;
    world.resolves(&alert).await;
    world.card("Resolved").await;
    let summary = world.thread().ends_with("Summary of INC-1").await;
    assert!(summary.contains(&said), "{summary}");
    assert!(!summary.contains(secret), "{summary}");
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_two_says_why_and_who_stands_in_a_plain_row_is_not_asked() {
    let (world, _) = redis(2).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().sees_modal("# Say why").await;
    world.ana().submits(&says(WHY)).await;
    world.ana().is_told("Your approval counts: 1 of ").await;
    world.ben().presses("Approve 2 steps").await;
    world.ben().sees_modal("# Say why").await;
    world.nothing_ran();

    world.cleo().presses("Approve 2 steps").await;
    world.cleo().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    // What came too late is said where it was filled in.
    world.ben().submits(&says("me too")).await;
    world.ben().sees_modal("Already approved by").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}
