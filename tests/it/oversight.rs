//! Whether anybody looks before approving: asked in Slack.

use interlock::playground::slack::Input;

use crate::world::{Alert, TestWorld};

#[tokio::test(flavor = "multi_thread")]
async fn how_people_use_the_gate_is_told_by_runbook_and_by_person() {
    let world = TestWorld::redis_times_out().await;
    let alert = Alert::redis_timeout();
    world.fires(&alert).await;
    world.card("Waits for 1 approval").await;
    world.cleo().types("oversight 12h").await;
    world
        .cleo()
        .is_told("Nobody approved, rejected or changed a plan since")
        .await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("Fixed and verified.").await;
    world.resolves(&alert).await;
    world.card("Resolved").await;
    world.minutes_pass(7).await;
    world.fires(&alert).await;
    world.card_shows("INC-2", "Waits for 1 approval").await;
    world.ben().presses("Reject").await;
    world.ben().sees_modal("Nothing of this plan will run").await;
    world
        .ben()
        .submits(&[("Why not?", Input::Text("not again".to_owned()))])
        .await;
    world.ben().is_told("Rejected.").await;
    world.cleo().types("oversight").await;
    let told = world.cleo().is_told("How people used the gate since").await;
    for line in [
        "redis-connection-timeout: 1 approved,",
        "at the median; 50 % rejected, 0 % modified",
        "ana: 1 approved,",
        "ben: 0 approved; 100 % rejected, 0 % modified",
    ] {
        assert!(told.contains(line), "`{line}` is not in\n{told}");
    }
    assert!(!told.contains("CEREMONY"), "one approval is no habit: {told}");
    world.gus().types("oversight").await;
    world.gus().is_told("guests of the workspace can't decide").await;
    let did = world.effects();
    world
        .cluster_did(&did.iter().map(String::as_str).collect::<Vec<_>>())
        .await;
    world.thread().says("Ana approved").await;
    world.thread().ends_with("Summary of INC-1").await;
    world
        .thread_of("INC-2")
        .ends_with("Summary so far of INC-2")
        .await;
    world.ends().await;
}
