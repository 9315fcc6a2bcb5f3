//! PodDisruptionBudgets: what would break one needs Tier 3, the card names it, and it is asked again at the start.

use interlock::playground::cluster::{Fault, FaultKind, FaultMatch};

use crate::world::{Alert, Setup, TestWorld};

/// A statefulset goes from pod to pod: one of its two is away at a time.
const RESTART: &str = r#"# Runbook: Tape library
## Trigger Conditions
- Alert contains: "tape"
## Blast Radius
- max_pod_restarts: 2
## Steps
### Step 1: Restart the sessions
```bash
kubectl rollout restart statefulset/session-store -n production
```
"#;

fn setup() -> Setup {
    Setup::default().no_runbooks().runbook(("tape.md", RESTART))
}

/// The team wants so many of the two session stores to be there at any time.
fn keeps(world: &TestWorld, least: i64) {
    let cluster = world.doubles.cluster.world();
    cluster.keep_available("production", "session-store", least);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_break_a_disruption_budget_needs_tier_three_and_the_card_names_it() {
    let world = TestWorld::start(setup()).await;
    keeps(&world, 2);
    world.fires(&Alert::tape_jam()).await;
    let card = world
        .card("it takes 1 ready pod away at once, and the PodDisruptionBudget session-store has room for 0")
        .await;
    assert!(card.contains("Tier 3"), "{card}");
    world.card("the policy names no approvers for it").await;
    world.nothing_ran();
    world.a_human_is_paged("INC-1").await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_budget_has_room_the_step_stays_what_it_is() {
    let world = TestWorld::start(setup()).await;
    keeps(&world, 1);
    world.fires(&Alert::tape_jam()).await;
    world.card("Waits for 1 approval").await;
    world.ana().presses("Approve").await;
    world.ana().is_told("Approved.").await;
    world
        .cluster_did(&["patch statefulsets.apps/session-store"])
        .await;
    // It has nothing to verify by, so a human looks whether it helped.
    world.a_human_is_paged("INC-1").await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_that_was_used_up_meanwhile_is_noticed_at_the_start_and_a_fresh_plan_says_so() {
    let world = TestWorld::start(setup()).await;
    keeps(&world, 1);
    world.fires(&Alert::tape_jam()).await;
    world.card("Waits for 1 approval").await;
    keeps(&world, 2);
    world.ana().presses("Approve").await;
    world.ana().is_told("Approved.").await;
    let line = world
        .thread()
        .says("plan 1 is out of date, nothing of it ran")
        .await;
    let why = "it would take 1 ready pod away at once, and the PodDisruptionBudget session-store has room for 0 now";
    assert!(line.contains(why), "{line}");
    let card = world.card("plan 2 (").await;
    assert!(card.contains("*Changed since plan 1*"), "{card}");
    assert!(card.contains(why) && card.contains("Tier 3"), "{card}");
    world.nothing_ran();
    world.a_human_is_paged("INC-1").await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn budgets_that_can_not_be_read_are_no_room() {
    let world = TestWorld::start(setup()).await;
    let fault = Fault {
        on: FaultMatch {
            resource: Some("poddisruptionbudgets".to_owned()),
            ..FaultMatch::default()
        },
        kind: FaultKind::Refuse {
            code: 403,
            message: "poddisruptionbudgets.policy is forbidden".to_owned(),
        },
        times: None,
    };
    world.doubles.cluster.faults().add(fault);
    world.fires(&Alert::tape_jam()).await;
    world.card("poddisruptionbudgets.policy is forbidden").await;
    world.nothing_ran();
    world.a_human_is_paged("INC-1").await;
    world.thread().is_uninteresting();
    world.ends().await;
}
