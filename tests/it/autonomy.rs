//! How far autonomy goes where, and who may approve, asked in Slack.

use interlock::playground::cluster::Scenario;

use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";

#[tokio::test(flavor = "multi_thread")]
async fn one_environment_may_be_in_shadow_while_others_are_not() {
    let row = "[[autonomy_limits]]\nenvironments = [\"production\"]\nat_most = \"shadow\"";
    let world = TestWorld::start(Setup::default().table(row)).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    let card = world.card("*SHADOW*: Interlock only watches here").await;
    assert!(card.contains("redis-cli FLUSHDB"), "{card}");
    for label in ["Approve", "Reject", "Modify", "Review"] {
        assert!(!world.ana().has_button(label), "{label}");
    }
    world.minutes_pass(3).await;
    world.a_human_is_paged("INC-1").await;
    world.thread().ends_with("the pager took the page").await;
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_on_call_now_may_approve_and_who_is_not_may_not() {
    let people = "[pagerduty.people]\nPUSR001 = \"U0ANA00001\"\nPUSR002 = \"U0BEN00001\"";
    let setup = Setup::default()
        .no_approvers()
        .approver("tiers = [0, 1]\ngroups = [\"on-call-now\"]")
        .table(people);
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    // Ben is asked second: he is on call, but not now.
    world.ben().presses("Approve 2 steps").await;
    world
        .ben()
        .is_told("you are not one of the approvers of Tier 1 in production (step 1)")
        .await;
    world.nothing_ran();
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_approve_is_answered_with_what_is_in_the_way() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.cleo().types("who INC-1").await;
    let told = world
        .cleo()
        .is_told("INC-1 waits for 1 approval. May approve: @sre.")
        .await;
    assert!(told.contains("Step 1, Tier 1 in production: 1 of @sre"), "{told}");
    assert!(
        told.contains("Yours would not count: you are not one of"),
        "{told}"
    );
    world.ana().types("who INC-1").await;
    world.ana().is_told("Your approval would count.").await;
    world.ben().types("freeze namespace production an audit").await;
    world.ben().is_told("Frozen: namespace production.").await;
    world.card("FROZEN by @ben").await;
    world.ana().types("who INC-1").await;
    world
        .ana()
        .is_told("In the way now: namespace production is frozen by ben (an audit); another person lifts it")
        .await;
    world.ana().types("who INC-9").await;
    world.ana().is_told("There is no such incident").await;
    world.thread().ends_with("plan 1 proposed").await;
    world.nothing_ran();
    world.ends().await;
}

/// The same page for the same alert, where the team is content with less, and where it is not.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_by_its_text_is_proposed_from_the_confidence_on_that_its_risk_asks_for() {
    let page =
        "# EtcdNoLeader\n## Meaning\nThe etcd cluster has no leader.\n## Mitigation\n- Look at the members\n";
    let alert = Alert::new("EtcdLeaderLost", "platform", "etcd cluster has no leader");
    let strict = "[confidence]\nhigh = 98\n";
    let setup = Setup::default().runbook(("quorum.md", page));
    let world = TestWorld::start(setup.clone().table(strict)).await;
    world.fires(&alert).await;
    world.card("[Choose]").await;
    world
        .thread()
        .says("at high risk the policy wants 98 %; a human chooses")
        .await;
    world.thread().is_uninteresting();
    world.ends_and_nothing_ran().await;

    // The team says that what fires at platform is of low risk, at which less is enough.
    let lower = format!("{strict}\n[[risks]]\nservices = [\"platform\"]\nrisk = \"low\"\n");
    let world = TestWorld::start(setup.table(&lower)).await;
    world.fires(&alert).await;
    let card = world.card("Look at the members").await;
    assert!(!card.contains("[Choose]"), "{card}");
    world.thread().is_uninteresting();
    world.ends_and_nothing_ran().await;
}

/// Two changes, either of which may run alone.
const TWO_CHANGES: &str = r#"# Runbook: Tape library
## Trigger Conditions
- Alert contains: "tape"
## Blast Radius
- max_replica_changes: 3
- requires_human_approval: false
## Steps
### Step 1: More checkout
```bash
kubectl scale deploy/checkout -n production --replicas 4
```
### Step 2: More users
```bash
kubectl scale deploy/user-service -n production --replicas 4
```
## Verification
### It serves
```bash
kubectl rollout status deploy/checkout -n production
```
Expected output: contains "successfully rolled out"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_changed_without_a_person_than_the_policy_allows_at_this_risk() {
    let changes = [
        "scale deployments/scale.apps/checkout",
        "scale deployments/scale.apps/user-service",
    ];
    let setup = |high: u32| {
        Setup::default()
            .autonomy("auto")
            .no_runbooks()
            .runbook(("tape.md", TWO_CHANGES))
            .table(&format!("[alone]\nhigh = {high}\n"))
    };
    let world = TestWorld::start(setup(1)).await;
    world.fires(&Alert::tape_jam()).await;
    world.card("Waits for 1 approval").await;
    world.thread().is_uninteresting();
    world.nothing_ran();
    // A person allows it; the number is about what no person does.
    world.ana().presses("Approve 3 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("Fixed and verified.").await;
    world.cluster_did(&changes).await;
    world.thread().is_uninteresting();
    world.ends().await;

    let world = TestWorld::start(setup(2)).await;
    world.fires(&Alert::tape_jam()).await;
    world.card("Fixed and verified.").await;
    world.cluster_did(&changes).await;
    world
        .thread()
        .says("the policy lets it run without a person")
        .await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_critical_waits_for_a_person_whatever_may_run_alone() {
    let setup = Setup::default()
        .autonomy("auto")
        .no_runbooks()
        .runbook(("tape.md", TWO_CHANGES));
    let world = TestWorld::start(setup).await;
    world.fires(&Alert::tape_jam().severity("critical")).await;
    world.card("Waits for 1 approval").await;
    world.a_human_is_paged("INC-1").await;
    world.nothing_ran();
    world.thread().is_uninteresting();
    world.ends().await;
}
