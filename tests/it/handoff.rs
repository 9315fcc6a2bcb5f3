//! The handoff: one packet for the page, the thread and the summary, and a button to claim it.

use interlock::playground::cluster::{FaultKind, Scenario};

use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";

#[tokio::test(flavor = "multi_thread")]
async fn the_packet_is_the_same_in_the_page_and_the_thread_and_is_claimed_there() {
    let world = TestWorld::start(Setup::default()).await;
    world.in_the_cluster(Scenario::RedisTimeoutStays);
    world.fires(&Alert::redis_timeout()).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH, HEALTH]).await;
    let page = world.a_human_is_paged("INC-1").await;
    let packet = world.thread().says("Handed over to a human").await;
    assert!(packet.ends_with("[Take over]"), "{packet}");
    let details = &page.alerts[0].event["payload"]["custom_details"];
    // Its one step that only looks has just failed twice, so it is not that.
    let next = "kubectl --context demo describe -n production deployment/api-gateway";
    assert_eq!(details["safe_to_try_next"], next);
    assert!(
        packet.contains("*Alert:* Redis connection timeout on api-gateway, high"),
        "{packet}"
    );
    for key in ["reason", "safe_to_try_next", "runbook_says"] {
        let said = details[key]
            .as_str()
            .unwrap_or_else(|| panic!("no {key} in {details:#}"));
        assert!(packet.contains(said), "`{said}` is not in {packet}");
    }
    for tried in details["tried"].as_array().unwrap() {
        let said = tried.as_str().unwrap();
        assert!(
            packet.contains(said.split(':').next().unwrap()),
            "`{said}` is not in {packet}"
        );
    }
    world.cleo().presses_in_a_thread("Take over").await;
    world.cleo().is_told("you are not one of the approvers").await;
    world.ben().presses_in_a_thread("Take over").await;
    world.ben().is_told("You have it.").await;
    world.pager_acknowledges(&page.id).await;
    world.card("@ben has it").await;
    world.ana().presses_in_a_thread("Take over").await;
    world
        .ana()
        .is_told("ben has taken this over already; ask them.")
        .await;
    let packet = world
        .thread()
        .ends_with("Handed over to a human:* ben took over")
        .await;
    assert!(!packet.contains("[Take over]"), "{packet}");
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_over_lets_the_running_step_end_and_starts_no_other() {
    let world = TestWorld::redis_times_out().await;
    world.next_exec(FaultKind::Latency(6_000));
    world.fires(&Alert::redis_timeout()).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("Running step 1").await;
    world.ben().presses("Take over").await;
    world
        .ben()
        .is_told("You have it. Interlock starts nothing more")
        .await;
    world
        .thread()
        .says("plan 1 withdrawn: it is in the hands of ben")
        .await;
    world.thread().says("step 1 succeeded").await;
    world.card("@ben has it").await;
    world.cluster_did(&[FLUSH]).await;
    assert!(!world.ana().has_button("Propose again"), "Interlock only assists");
    world.minutes_pass(10).await;
    world.thread().is_uninteresting();
    world.nobody_was_paged();
    world.ends().await;
}
