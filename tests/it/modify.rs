//! Modify: the change is shown before it counts, earlier approvals are void, and who changed it can't approve it alone.

use interlock::playground::cluster::{Fault, FaultKind, FaultMatch, Scenario};
use interlock::playground::slack::Input;

use crate::shipped;
use crate::world::{Alert, Setup, TestWorld};

fn leads_of_three(approvals: u8) -> Setup {
    let people = "users = [\"U0ANA00001\", \"U0BEN00001\", \"U0CLEO0001\"]";
    Setup::default()
        .no_approvers()
        .approver(&format!("tiers = [0, 1, 2]\n{people}\napprovals = {approvals}"))
        .runbook(shipped!("bad-deploy-rollback"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_tier_two_plan_needs_fresh_approval_by_others() {
    let world = TestWorld::start(leads_of_three(2)).await;
    world.in_the_cluster(Scenario::BadDeploy);
    world.fires(&Alert::bad_deploy()).await;
    world.card("Waits for 2 approvals").await;
    let stale = world.cleo().sees_button("Approve").await;
    world.ana().presses("Approve").await;
    world.ana().is_told("Your approval counts: 1 of 2.").await;

    world.ben().leaves_out("1").await;
    world.card("(plan 2, changed from plan 1)").await;
    world.card("Waits for 2 approvals").await;

    world.cleo().clicks(stale).await.unwrap();
    world
        .cleo()
        .is_told("The plan changed since you saw this card.")
        .await;
    world.ben().presses("Approve").await;
    world.ben().is_told("you asked for this plan or changed it").await;
    world.nothing_ran();
    world.ana().presses("Approve").await;
    world.ana().is_told("1 of 2").await;
    world.cleo().presses("Approve").await;
    world.cleo().is_told("Approved.").await;
    world.cluster_did(&["patch deployments.apps/checkout"]).await;
    world
        .thread()
        .says("step 1 skipped: left out when the plan was modified")
        .await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}

/// Nothing came of the change at first, and somebody else asks for it again: it is still what she wrote.
#[tokio::test(flavor = "multi_thread")]
async fn who_changed_a_plan_does_not_approve_it_because_another_asked_for_it_again() {
    let world = TestWorld::start(leads_of_three(2)).await;
    world.in_the_cluster(Scenario::BadDeploy);
    world.fires(&Alert::bad_deploy()).await;
    world.card("Waits for 2 approvals").await;
    let message = "etcdserver: request timed out".to_owned();
    world.doubles.cluster.faults().add(Fault {
        on: FaultMatch::default(),
        kind: FaultKind::Refuse { code: 503, message },
        times: None,
    });
    world.ben().leaves_out("1").await;
    world.card("no plan could be made").await;
    world.a_human_is_paged("INC-1").await;
    world.doubles.cluster.faults().clear();

    world.cleo().presses("Propose again").await;
    world.cleo().is_told("it needs a fresh approval").await;
    world.card("Waits for 2 approvals").await;
    for who in [world.ben(), world.cleo()] {
        who.presses("Approve").await;
        who.is_told("you asked for this plan or changed it").await;
    }
    world.ana().presses("Approve").await;
    world.ana().is_told("1 of 2").await;
    world.thread().is_uninteresting();
    world.ends_and_nothing_ran().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_parameter_is_shown_and_used() {
    let setup = Setup::default().runbook(shipped!("stuck-queue-scale"));
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::StuckQueue);
    let alert = Alert::new("OrdersBacklog", "orders", "The queue orders has a backlog");
    world.fires(&alert).await;
    world.card("--replicas=6").await;
    world.ana().presses("Modify").await;
    world.ana().sees_modal("replicas: ____").await;

    world
        .ana()
        .submits(&[("replicas", Input::Text("50".to_owned()))])
        .await;
    world.ana().sees_modal("! ").await;
    world
        .ana()
        .submits(&[("replicas", Input::Text("6".to_owned()))])
        .await;
    world.ana().sees_modal("! nothing is changed").await;
    world
        .ana()
        .submits(&[("replicas", Input::Text("8".to_owned()))])
        .await;
    let diff = world.ana().sees_modal("This would change").await;
    for line in [
        "replicas: 6 → 8",
        "adds 4 replicas (2 to 6) → adds 6 replicas (2 to 8)",
    ] {
        assert!(diff.contains(line), "{diff}");
    }
    assert!(!diff.contains("Tier"), "the tier stays: {diff}");
    world.ana().submits(&[]).await;
    world
        .ana()
        .is_told("Plan 2 is being made from your changes.")
        .await;
    world.card("--replicas=8").await;
    // Evidence alone: how deep the queue is, looked at for each plan.
    world.cluster_did(&["exec redis-cli LLEN orders"; 2]).await;
    world.thread().ends_with("plan 2 proposed").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_without_steps_is_no_plan() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.ana().presses("Modify").await;
    world.ana().sees_modal("Leave out these steps").await;
    let all = Input::Options(vec!["1".to_owned(), "2".to_owned()]);
    world.ana().submits(&[("Leave out these steps", all)]).await;
    world
        .ana()
        .sees_modal("every step is left out; reject the plan instead")
        .await;
    world.card("plan 1 (DIGEST)").await;
    world.thread().is_uninteresting();
    world.ends().await;
}

/// What would only fail once the plan that waits is gone is said in the form, at the field, with the limit.
#[tokio::test(flavor = "multi_thread")]
async fn a_value_within_its_bounds_that_could_not_run_is_refused_in_the_form() {
    let (name, text) = shipped!("stuck-queue-scale");
    let text = text
        .replace("max_replica_changes: 8", "max_replica_changes: 6")
        .replace("integer, 3 to 10", "integer, 0 to 10");
    let world = TestWorld::start(Setup::default().no_runbooks().runbook((name, &text))).await;
    world.in_the_cluster(Scenario::StuckQueue);
    let alert = Alert::new("OrdersBacklog", "orders", "The queue orders has a backlog");
    world.fires(&alert).await;
    world.card("--replicas=6").await;
    world.ana().presses("Modify").await;
    world.ana().sees_modal("replicas: ____").await;
    let replicas = |number: &str| [("replicas", Input::Text(number.to_owned()))];
    world.ana().submits(&replicas("9")).await;
    world
        .ana()
        .sees_modal(
            "! step 2 adds 7 replicas (2 to 9): that is 7 of `max_replica_changes`, and the runbook allows 6",
        )
        .await;
    world.ana().submits(&replicas("0")).await;
    world.ana().sees_modal("the plan that waits is as it was").await;
    let card = world.card("Waits for 1 approval").await;
    assert!(
        card.contains("plan 1 (DIGEST)") && card.contains("--replicas=6"),
        "{card}"
    );
    world.ana().submits(&replicas("7")).await;
    world.ana().sees_modal("replicas: 6 → 7").await;
    world.cluster_did(&["exec redis-cli LLEN orders"]).await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_out_what_says_whether_it_helped_is_warned() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.ana().presses("Modify").await;
    world.ana().sees_modal("Leave out these steps").await;
    let last = Input::Options(vec!["2".to_owned()]);
    world.ana().submits(&[("Leave out these steps", last)]).await;
    world
        .ana()
        .sees_modal("WARNING: step 2 says whether it helped. Without it nothing is verified")
        .await;
    world.card("Waits for 1 approval").await;
    world.ends_and_nothing_ran().await;
}

/// Where nobody may approve Tier 2: how much it changes there is seen by a look, and until then it is no Tier 2 either.
#[tokio::test(flavor = "multi_thread")]
async fn another_target_that_nobody_has_looked_at_yet_is_not_refused_in_the_form() {
    let text = "# Runbook: Tape library\n## Trigger Conditions\n- Alert contains: \"tape\"\n## Parameters\n\
                - deploy: name, default checkout\n## Blast Radius\n- max_replica_changes: 3\n## Steps\n\
                ### Step 1: More of it\n```bash\nkubectl scale deployment {{ deploy }} -n production --replicas 4\n```\n\
                ### Step 2: Look\n```bash\nkubectl get deploy checkout -n production\n```\nExpected output: contains \"checkout\"\n";
    let setup = Setup::default()
        .no_approvers()
        .approver("tiers = [0, 1]\ngroups = [\"@sre\"]")
        .no_runbooks()
        .runbook(("tape.md", text));
    let world = TestWorld::start(setup).await;
    world.fires(&Alert::tape_jam()).await;
    world.card("Waits for 1 approval").await;
    world.ana().presses("Modify").await;
    world.ana().sees_modal("deploy: ____").await;
    let other = [("deploy", Input::Text("user-service".to_owned()))];
    world.ana().submits(&other).await;
    world
        .ana()
        .sees_modal("step 1 has another target, which is looked at then")
        .await;
    world.ana().submits(&[]).await;
    world
        .ana()
        .is_told("Plan 2 is being made from your changes.")
        .await;
    let card = world.card("(plan 2, changed from plan 1)").await;
    assert!(
        card.contains("user-service") && card.contains("Waits for 1 approval"),
        "{card}"
    );
    world.thread().is_uninteresting();
    world.ends_and_nothing_ran().await;
}
