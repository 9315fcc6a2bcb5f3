//! A plan may be approved one part at a time, each part by those whom its own tiers need.

use std::time::Duration;

use interlock::playground::slack::Input;

use crate::world::{Alert, Setup, TestWorld};

/// A step that the `@sre` group may approve, then one for the leads, then a look.
const TWO_TIERS: &str = r#"# Runbook: Tape library
## Trigger Conditions
- Alert contains: "tape"
## Blast Radius
- max_replica_changes: 3
## Steps
### Step 1: More checkout
```bash
kubectl scale deploy/checkout -n production --replicas 4
```
### Step 2: More users
```bash
kubectl scale deploy/user-service -n production --replicas 4
```
Tier: 2
## Verification
### It serves
```bash
kubectl rollout status deploy/checkout -n production
```
Expected output: contains "successfully rolled out"
"#;

const FIRST: &str = "scale deployments/scale.apps/checkout";
const SECOND: &str = "scale deployments/scale.apps/user-service";

async fn tape() -> TestWorld {
    let setup = Setup::default().no_runbooks().runbook(("tape.md", TWO_TIERS));
    let world = TestWorld::start(setup).await;
    world.fires(&Alert::tape_jam()).await;
    world.card("Waits for 1 approval").await;
    world
}

/// Ana, who may not approve Tier 2, lets the first step run.
async fn first_step_only(world: &TestWorld) {
    world.ana().presses("Approve 3 steps").await;
    world
        .ana()
        .is_told("you are not one of the approvers of Tier 2 in production (step 2)")
        .await;
    world.nothing_ran();
    world.ana().presses("Only a part of it").await;
    world.ana().sees_modal("How much of it?").await;
    world
        .ana()
        .submits(&[("How much of it?", Input::Option("1".to_owned()))])
        .await;
    world.ana().is_told("Approved.").await;
    world.card("1 of 3 steps are done, the rest waits.").await;
    world.cluster_did(&[FIRST]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_step_is_approved_by_one_and_the_rest_by_whom_it_needs() {
    let world = tape().await;
    first_step_only(&world).await;
    world
        .thread()
        .says("the approved part of plan 1 is done; the rest waits for approval")
        .await;
    assert!(!world.ana().has_button("Modify"), "what ran would run again");
    // The rest is Tier 2, and Ana may not approve that either.
    world.ana().presses("Review plan").await;
    world.ana().sees_modal("[Approve 2 steps]").await;
    world.ana().submits(&[]).await;
    world
        .ana()
        .sees_modal("you are not one of the approvers of Tier 2")
        .await;
    world.cluster_did(&[FIRST]).await;

    world.ben().presses("Review plan").await;
    let rest = world.ben().sees_modal("[Approve 2 steps]").await;
    assert!(
        !rest.contains("deploy/checkout -n production --replicas"),
        "{rest}"
    );
    world.ben().submits(&[]).await;
    world.ben().is_told("Approved.").await;
    world.card("Fixed and verified.").await;
    world.cluster_did(&[FIRST, SECOND]).await;
    world.thread().ends_with("all steps are done and verified").await;
    // Each step under the word of who let it run.
    world.ana().types("touched").await;
    let told = world.ana().is_told("3 calls in the last hour").await;
    for line in [
        "--replicas=4 (succeeded, approved by ana)",
        "--replicas=4 (succeeded, approved by ben)",
    ] {
        assert!(told.contains(line), "`{line}` is not in\n{told}");
    }
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_part_has_run_another_policy_hands_the_rest_to_a_human() {
    let mut world = tape().await;
    first_step_only(&world).await;
    world.bot_stops().await;
    let setup = Setup::default().no_runbooks().runbook(("tape.md", TWO_TIERS));
    world.reconfigure(setup.approver("tiers = [3]\ngroups = [\"@sre-leads\"]"));
    world.bot_starts().await;
    world.ben().presses("Review plan").await;
    world.ben().sees_modal("[Approve 2 steps]").await;
    world.ben().submits(&[]).await;
    world
        .ben()
        .sees_modal("the policy changed after a part of the plan had run")
        .await;
    world
        .card("step 2 stopped the plan: the policy changed after a part of the plan had run")
        .await;
    world.cluster_did(&[FIRST]).await;
    world.minutes_pass(11).await;
    world.a_human_is_paged("INC-1").await;
    world.thread().ends_with("the pager took the page").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_part_has_run_a_clock_that_went_back_hands_the_rest_to_a_human_and_is_named() {
    let world = tape().await;
    first_step_only(&world).await;
    world.clock_goes_back(Duration::from_secs(120));
    // Whoever was to be called later is called now.
    world.a_human_is_paged("INC-1").await;
    world.thread().says("the pager took the page").await;
    world.ben().presses("Review plan").await;
    world.ben().sees_modal("[Approve 2 steps]").await;
    world.ben().submits(&[]).await;
    let told = world
        .ben()
        .sees_modal("the clock went back after a part of the plan had run")
        .await;
    assert!(!told.contains("policy"), "{told}");
    world
        .card("step 2 stopped the plan: the clock went back after a part of the plan had run")
        .await;
    world.cluster_did(&[FIRST]).await;
    world.minutes_pass(15).await;
    world.thread().ends_with("Summary so far of INC-1").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_between_two_parts_does_not_count_as_running() {
    let world = tape().await;
    first_step_only(&world).await;
    world.minutes_pass(12).await;
    world.a_human_is_paged("INC-1").await;
    world.ben().presses("Review plan").await;
    world.ben().sees_modal("[Approve 2 steps]").await;
    world.ben().submits(&[]).await;
    world.ben().is_told("Approved.").await;
    world.card("Fixed and verified.").await;
    world.cluster_did(&[FIRST, SECOND]).await;
    let told = world.thread().said();
    assert!(
        told.iter().all(|line| !line.contains("more than ten minutes")),
        "{told:#?}"
    );
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn between_two_parts_a_crash_starts_nothing_and_the_rest_expires() {
    let world = tape().await;
    first_step_only(&world).await;
    world.bot_crashes_and_restarts().await;
    world.card("1 of 3 steps are done, the rest waits.").await;
    world.cluster_did(&[FIRST]).await;
    world.minutes_pass(31).await;
    world
        .thread()
        .says("plan 1 expired: nobody decided in time")
        .await;
    world.a_human_is_paged("INC-1").await;
    world.card("nobody decided in time").await;
    assert!(!world.ben().has_button("Review plan"));
    world.cluster_did(&[FIRST]).await;
    world.thread().ends_with("the pager took the page").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_approves_higher_risk_is_asked_again_with_target_and_effect() {
    let world = tape().await;
    let asked = world.ben().is_asked_by("Approve 3 steps").await;
    for named in ["Approve 3 steps?", "user-service", "checkout", "production"] {
        assert!(asked.contains(named), "`{named}` is not in\n{asked}");
    }
    world.nothing_ran();
    world.ben().presses("Approve 3 steps").await;
    world.ben().is_told("Approved.").await;
    world.card("Fixed and verified.").await;
    world.cluster_did(&[FIRST, SECOND]).await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_part_that_waits_has_its_own_reminder_and_then_a_human_is_paged_for_it() {
    let setup = Setup::default().no_runbooks().runbook(("tape.md", TWO_TIERS));
    let (world, alert) = (TestWorld::start(setup).await, Alert::tape_jam());
    world.fires(&alert).await;
    world.card("Waits for 1 approval").await;
    let reminds = |who: &str| {
        format!(
            "Reminder: plan 1 still waits for 1 approval. May approve: {who}. If nobody decides, a human is paged at "
        )
    };
    // All of it takes somebody of both, what is left after the first part one of the leads.
    let (first, second) = (
        reminds("whoever is in @sre and in @sre-leads"),
        reminds("@sre-leads"),
    );
    world.minutes_pass(1).await;
    world.thread().says(&first).await;
    world.minutes_pass(1).await;
    let page = world.a_human_is_paged("INC-1").await;
    world.card("A human was paged at HH:MM").await;
    first_step_only(&world).await;
    // Whoever came for the first part is not rung again at once, and not by the time that was for it.
    world.card("If nobody decides, a human is paged at HH:MM").await;
    world.bot_crashes_and_restarts().await;
    world.minutes_pass(3).await;
    world
        .until("the second reminder", || {
            let said = world.thread().said().join("\n");
            said.contains(&second).then_some(())
        })
        .await;
    assert_eq!(world.pages().len(), 1);
    world.minutes_pass(2).await;
    let other = world.a_human_is_paged("INC-1").await;
    assert_ne!(
        page.dedup_key, other.dedup_key,
        "it rings, though the first was taken"
    );
    world.resolves(&alert).await;
    world.card("The alert cleared").await;
    world.cluster_did(&[FIRST]).await;
    world.pager_resolves(&page.id).await;
    world.pager_resolves(&other.id).await;
    world.thread().is_uninteresting();
    world.ends().await;
}
