//! Which runbook, or none: one match is proposed, several are for a person to choose from, prose is ticked off.

use interlock::playground::cluster::Scenario;

use crate::shipped;
use crate::world::{Alert, Setup, TestWorld};

#[tokio::test(flavor = "multi_thread")]
async fn of_several_matches_a_person_chooses_one() {
    let (_, redis) = shipped!("redis-connection-timeout");
    let other = redis.replace("Redis Connection Timeout", "Redis is slow");
    let setup = Setup::default().runbook(("redis-is-slow.md", other.as_str()));
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    let card = world.card("[Choose]").await;
    assert!(
        card.contains("*Redis Connection Timeout*") && card.contains("*Redis is slow*"),
        "{card}"
    );
    world.nothing_ran();
    world.ana().presses("Choose").await;
    world.ana().is_told("it is. Its plan is being made.").await;
    world.card("Waits for 1 approval").await;
    // Who chose it asked for it, which below Tier 2 does not keep anybody from approving it.
    world.ana().presses("Approve").await;
    world.ana().is_told("Approved.").await;
    world
        .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
        .await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prose_runbook_is_a_checklist_that_people_tick() {
    let world = TestWorld::start(Setup::default().runbook(shipped!("node-not-ready"))).await;
    let alert = Alert::new("NodeNotReady", "platform", "Node node-b is not ready");
    world.fires(&alert).await;
    world.card("Cordon the node").await;
    world.ana().presses("Done").await;
    world.ana().is_told("Noted.").await;
    world.card("Done by @ana").await;
    world.ben().presses("Undo").await;
    world.ben().is_told("Noted.").await;
    world
        .thread()
        .ends_with("the runbook is a checklist for people")
        .await;
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runbook_that_names_what_is_not_there_is_no_plan() {
    let (_, redis) = shipped!("redis-connection-timeout");
    let lost = redis.replace("deploy/redis-primary", "deploy/redis-lost");
    let setup = Setup::default()
        .no_runbooks()
        .runbook(("redis-lost.md", lost.as_str()));
    let world = TestWorld::start(setup).await;
    world.fires(&Alert::redis_timeout()).await;
    world
        .card("The runbook is *redis-lost*: what it says can be done by hand.")
        .await;
    world.a_human_is_paged("INC-1").await;
    assert!(!world.ana().has_button("Approve"));
    world.ana().presses("Show runbook").await;
    world.ana().sees_modal("deploy/redis-lost").await;
    world.thread().says("no plan could be made").await;
    world.thread().ends_with("the pager took the page").await;
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_sends_the_card_to_its_own_channel() {
    let route = "[[routes]]\nservice = \"archive\"\nchannel = \"#platform\"";
    let world = TestWorld::start(Setup::default().table(route)).await;
    world.fires(&Alert::tape_jam()).await;
    world
        .channel("platform")
        .shows_card("Tape library 3 is jammed")
        .await;
    assert_eq!(world.channel("incidents").cards(), 0);
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_trigger_matches_a_runbook_is_found_by_what_it_says() {
    let page =
        "# EtcdNoLeader\n## Meaning\nThe etcd cluster has no leader.\n## Mitigation\n- Look at the members\n";
    let world = TestWorld::start(Setup::default().runbook(("quorum.md", page))).await;
    let alert = Alert::new("EtcdNoLeader", "platform", "etcd cluster has no leader");
    world.fires(&alert).await;
    let card = world.card("Look at the members").await;
    assert!(
        card.contains("no trigger matches; found by its text")
            && card.contains("its title is the alert's name"),
        "{card}"
    );
    world
        .thread()
        .ends_with("the runbook is a checklist for people")
        .await;
    world.nothing_ran();
    world.ends().await;
}
