//! The gate: who may say yes or no, how often, and what they are told.

use interlock::playground::cluster::{Fault, FaultKind, FaultMatch, Scenario};
use interlock::playground::slack::{DeliveryFault, DeliveryKind, Input, Standing, Times};

use crate::shipped;
use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_hands_over_with_its_reason_and_pages_nobody() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let shown = world.ben().sees_button("Approve 2 steps").await;
    world.ana().presses("Reject").await;
    world.ana().sees_modal("Nothing of this plan will run").await;
    world
        .ana()
        .submits(&[("Why not?", Input::Text("the primary is failing over".to_owned()))])
        .await;
    world
        .ana()
        .is_told("Rejected. Nothing runs; the incident is yours now.")
        .await;
    world.card("rejected the plan: the primary is failing over").await;
    world
        .thread()
        .says("rejected the plan: the primary is failing over")
        .await;
    world.thread().says("Handed over to a human").await;
    world.thread().ends_with("Summary so far of INC-1").await;
    assert!(!world.ben().has_button("Approve"), "nothing is left to approve");
    // One rejection ends it, on the card that is still on somebody's screen as well.
    world.ben().clicks(shown).await.unwrap();
    world
        .ben()
        .is_told("Already rejected by ana, who has the incident now.")
        .await;
    world.minutes_pass(60).await;
    world.nobody_was_paged();
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_nobody_gives_expires_and_pages() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout().severity("high")).await;
    world.card("The proposal expires at HH:MM").await;
    let stale = world.ana().sees_button("Approve 2 steps").await;
    world.minutes_pass(31).await;
    world
        .a_human_is_paged("Redis connection timeout on api-gateway")
        .await;
    world.card("nobody decided in time").await;
    world
        .thread()
        .says("plan 1 expired: nobody decided in time")
        .await;
    world.ana().clicks(stale).await.unwrap();
    world.ana().is_told("This plan expired.").await;
    world.thread().ends_with("the pager took the page").await;
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_no_row_is_refused_with_the_reason() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.cleo().presses("Approve 2 steps").await;
    world
        .cleo()
        .is_told("you are not one of the approvers of Tier 1 in production (step 1)")
        .await;
    world.gus().presses("Approve 2 steps").await;
    world.gus().is_told("guests of the workspace can't decide").await;
    for asked in ["status", "list", "show redis-connection-timeout", "help"] {
        world.gus().types(asked).await;
        world.gus().is_told("guests of the workspace can't decide").await;
    }
    world.gus().opens_home().await;
    world.gus().sees_home("shown to members of this workspace").await;
    world.thread().ends_with("plan 1 proposed").await;
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_other_workspaces_never_count() {
    let route = "[[routes]]\nservice = \"api-gateway\"\nchannel = \"#partner-status\"";
    let world = TestWorld::start(Setup::default().table(route)).await;
    world.fires(&Alert::redis_timeout()).await;
    world
        .channel("partner-status")
        .shows_card("Waits for 1 approval")
        .await;
    world.fay().presses("Approve 2 steps").await;
    world
        .fay()
        .is_told("people of other workspaces can't decide")
        .await;
    world.thread().ends_with("plan 1 proposed").await;
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_are_needed_and_one_of_them_twice_is_not_two() {
    let setup = Setup::default()
        .no_approvers()
        .approver("tiers = [0, 1]\ngroups = [\"@sre\"]\napprovals = 2");
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 2 approvals").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Your approval counts: 1 of 2.").await;
    world.card("1 of 2 approved").await;
    world.ana().presses("Approve 2 steps").await;
    world
        .ana()
        .is_told("You have approved this already; it waits for another person.")
        .await;
    world.nothing_ran();
    world.ben().presses("Approve 2 steps").await;
    world.ben().is_told("Approved. The card").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_the_company_does_not_count_at_the_start_any_more() {
    let setup = Setup::default()
        .no_approvers()
        .approver("tiers = [0, 1]\ngroups = [\"@sre\"]\napprovals = 2");
    let world = TestWorld::start(setup).await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 2 approvals").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("1 of 2").await;
    world
        .doubles
        .slack
        .set_standing(&world.ana().id(), Standing::Deactivated);
    world.doubles.slack.settled().await;
    world.ben().presses("Approve 2 steps").await;
    world.ben().is_told("Approved.").await;
    world
        .thread()
        .says("step 1 was not started: 1 of 2 approvals count now")
        .await;
    world.a_human_is_paged("INC-1").await;
    world.card("This needs a human").await;
    world.thread().ends_with("the pager took the page").await;
    world.nothing_ran();
    world.ends().await;
}

/// The look at the target takes its time, and whose approval it is has left before it is over.
#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_while_the_target_is_looked_at_does_not_count_at_the_start() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let slow = Fault {
        on: FaultMatch::default(),
        kind: FaultKind::Latency(1_500),
        times: None,
    };
    world.doubles.cluster.faults().add(slow);
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world
        .doubles
        .slack
        .set_standing(&world.ana().id(), Standing::Deactivated);
    world
        .thread()
        .says("step 1 was not started: 0 of 1 approvals count now")
        .await;
    world.doubles.cluster.faults().clear();
    world.a_human_is_paged("INC-1").await;
    world.card("This needs a human").await;
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_a_tier_two_run_needs_somebody_else() {
    let leads = "tiers = [2]\nusers = [\"U0ANA00001\", \"U0BEN00001\"]";
    let setup = Setup::default()
        .no_approvers()
        .approver("tiers = [0, 1]\ngroups = [\"@sre\"]")
        .approver(leads)
        .runbook(shipped!("bad-deploy-rollback"));
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::BadDeploy);
    world.ben().types("run bad-deploy-rollback").await;
    world
        .ben()
        .is_told("INC-1 is open; its card comes in a moment.")
        .await;
    world.card("Waits for 1 approval").await;
    world.ben().presses("Approve").await;
    world
        .ben()
        .is_told("you asked for this plan or changed it, so somebody else has to approve it")
        .await;
    world.nothing_ran();
    world.ana().presses("Approve").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&["patch deployments.apps/checkout"]).await;
    world.card("Resolved").await;
    world.thread().ends_with("Summary of INC-1").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_that_slack_delivers_twice_starts_once() {
    let world = TestWorld::start(Setup::default().over_http()).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let faults = world.doubles.slack.faults();
    faults.on_delivery(
        Some(DeliveryKind::BlockActions),
        DeliveryFault::Duplicate,
        Times::Once,
    );
    world.ana().presses("Approve 2 steps").await;
    // Both answers come, in one message or in two.
    world.ana().is_told("That was taken already.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    assert!(world.ana().told().join("\n").contains("Approved. The card"));
    world.ana().ignores_answers();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_people_who_click_at_once_one_is_told_that_it_is_done() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let (one, other) = (
        world.ana().sees_button("Approve 2 steps").await,
        world.ben().sees_button("Approve 2 steps").await,
    );
    let (first, second) = tokio::join!(world.ana().clicks(one), world.ben().clicks(other));
    assert!(first.unwrap().acked && second.unwrap().acked);
    let told = [world.ana().is_told("").await, world.ben().is_told("").await];
    assert_eq!(
        told.iter()
            .filter(|text| text.starts_with("INC-1: Approved."))
            .count(),
        1,
        "{told:?}"
    );
    assert_eq!(
        told.iter()
            .filter(|text| text.starts_with("INC-1: Already approved by"))
            .count(),
        1,
        "{told:?}"
    );
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().says("all steps are done and verified").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_click_starts_once() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let button = world.ana().sees_button("Approve 2 steps").await;
    let (first, second) = tokio::join!(world.ana().clicks(button.clone()), world.ana().clicks(button));
    assert!(first.unwrap().acked && second.unwrap().acked);
    world.ana().is_told("Already approved by").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().says("all steps are done and verified").await;
    world.ana().ignores_answers();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_resolves_takes_its_proposal_along() {
    let world = TestWorld::redis_times_out().await;
    let alert = Alert::redis_timeout();
    world.fires(&alert).await;
    world.card("Waits for 1 approval").await;
    let stale = world.ana().sees_button("Approve 2 steps").await;
    world.resolves(&alert).await;
    world.card("nothing was executed").await;
    world.ana().clicks(stale).await.unwrap();
    world
        .ana()
        .is_told("This plan was withdrawn: the alert resolved.")
        .await;
    world.thread().says("plan 1 withdrawn: the alert resolved").await;
    world.thread().says("Summary of INC-1").await;
    world.nobody_was_paged();
    world.ends_and_nothing_ran().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_may_approve_are_reminded_once_before_anybody_is_paged() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.thread().says("plan 1 proposed").await;
    // A human would be paged after two minutes.
    world.minutes_pass(1).await;
    let line = world
        .thread()
        .says(
            "Reminder: plan 1 still waits for 1 approval. May approve: @sre. If nobody decides, a human is paged at ",
        )
        .await;
    assert!(line.contains(" UTC, and it expires at "), "{line}");
    world.nobody_was_paged();
    world.bot_crashes_and_restarts().await;
    world.minutes_pass(1).await;
    world.a_human_is_paged("INC-1").await;
    world.minutes_pass(29).await;
    world.card("This needs a human").await;
    let said = world.thread().said().join("\n");
    assert_eq!(said.matches("Reminder: ").count(), 1, "{said}");
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

/// Its author calls it small; it is not.
const BOLD: &str = r#"# Runbook: Tape library
## Trigger Conditions
- Alert contains: "tape"
## Blast Radius
- max_pod_restarts: 20
- max_rollbacks: 1
## Steps
### Step 1: Take it back
```bash
kubectl rollout undo deploy/checkout -n production
```
Tier: 1
## Verification
### It serves
```bash
kubectl rollout status deploy/checkout -n production
```
Expected output: contains "successfully rolled out"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_runbook_that_calls_a_step_smaller_than_it_is_lowers_nothing() {
    let world = TestWorld::with_only(("tape.md", BOLD)).await;
    world.fires(&Alert::tape_jam()).await;
    world.card("Tier 2").await;
    world.ana().presses("Approve 2 steps").await;
    world
        .ana()
        .is_told("you are not one of the approvers of Tier 2 in production (step 1)")
        .await;
    world.thread().is_uninteresting();
    world.ends_and_nothing_ran().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_approvers_nobody_may() {
    let world = TestWorld::start(Setup::default().no_approvers()).await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("the policy names no approvers for it").await;
    assert!(!world.ana().has_button("Approve"));
    world.a_human_is_paged("INC-1").await;
    world.thread().ends_with("the pager took the page").await;
    world.nothing_ran();
    world.ends().await;
}
