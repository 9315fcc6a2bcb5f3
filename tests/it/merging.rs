//! Two incidents that a person says are one: the alerts of the one join the other, what waited for approval is withdrawn, and
//! nothing that runs is torn out of its incident.

use interlock::playground::cluster::{FaultKind, Scenario};

use crate::shipped;
use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";

/// The first has a plan that waits, the second no runbook.
async fn two() -> (TestWorld, Alert, Alert) {
    let world = TestWorld::redis_times_out().await;
    let (redis, tape) = (Alert::redis_timeout(), Alert::tape_jam());
    world.fires(&redis).await;
    world.card("Waits for 1 approval").await;
    world.fires(&tape).await;
    world.card_shows("INC-2", "no runbook matches").await;
    (world, redis, tape)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_alerts_of_the_one_join_the_other_and_its_proposal_is_withdrawn() {
    let (world, redis, tape) = two().await;
    let shown = world.ana().sees_button("Approve 2 steps").await;
    world.cleo().types("merge INC-1 into INC-2").await;
    world.cleo().is_told("you are not one of the approvers").await;
    world.ben().types("merge INC-1 into INC-1").await;
    world
        .ben()
        .is_told("That can't be done: INC-1 is that incident itself; name two.")
        .await;
    world.ben().types("merge INC-1 into INC-2").await;
    world
        .ben()
        .is_told("INC-1 is closed and its thread says so; its 1 alert is in INC-2 now.")
        .await;
    world.card_shows("INC-1", "Merged into INC-2 by @ben").await;
    world
        .thread_of("INC-1")
        .says("plan 1 withdrawn: INC-1 was merged into INC-2")
        .await;
    let line = world
        .thread_of("INC-1")
        .says("Ben merged this into INC-2: it goes on there, with 1 alert of this")
        .await;
    assert!(line.contains("(in <#C"), "{line}");
    let summary = world.thread_of("INC-1").says("Summary of INC-1").await;
    assert!(
        summary.contains("*Result:* merged into INC-2 by ben"),
        "{summary}"
    );
    world
        .thread_of("INC-2")
        .says("(ben merged INC-1 into this)")
        .await;
    world.ana().clicks(shown).await.unwrap();
    world.ana().is_told("merged into INC-2").await;

    // What comes of it now comes to the other one, also after a crash.
    world.bot_crashes_and_restarts().await;
    world.fires(&redis).await;
    world.resolves(&tape).await;
    world.thread_of("INC-2").is_uninteresting();
    world.resolves(&redis).await;
    world.card_shows("INC-2", "The alert cleared").await;
    world.outbox_is_empty().await;
    assert_eq!(world.channel("incidents").cards(), 2);
    world.thread_of("INC-2").is_uninteresting();
    world.nobody_was_paged();
    world.ends_and_nothing_ran().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_is_not_merged_away_and_what_was_paged_for_is_paged_for_there() {
    let (world, _, tape) = two().await;
    world.next_exec(FaultKind::Latency(6_000));
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card_shows("INC-1", "Running step 1").await;
    world.ben().types("merge INC-1 into INC-2").await;
    world.ben().is_told("A step still runs").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card_shows("INC-1", "Fixed and verified.").await;
    world.ben().types("merge INC-1 into INC-2").await;
    world
        .ben()
        .is_told("Its plan runs, or whether that helped is not known yet; nothing was changed.")
        .await;
    // The other way round it may: what waits for its alert waits for both now.
    world.ben().types("merge INC-2 into INC-1").await;
    world
        .ben()
        .is_told("INC-2 is closed and its thread says so; its 1 alert is in INC-1 now.")
        .await;
    world.card_shows("INC-2", "Merged into INC-1 by @ben").await;
    world.ben().types("merge INC-2 into INC-1").await;
    world.ben().is_told("INC-2: This incident is over").await;
    // The one that is over is named, on whichever side it stands.
    world.ben().types("merge INC-1 into INC-2").await;
    world
        .ben()
        .is_told("INC-2 is over, so nothing more comes into it")
        .await;
    world.ben().types("merge INC-1 into INC-9").await;
    world.ben().is_told("there is no INC-9").await;
    world.resolves(&tape).await;
    world.thread_of("INC-1").is_uninteresting();
    world.thread_of("INC-2").is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_taken_over_the_one_has_the_other_too_and_nothing_more_is_proposed() {
    let (world, redis, tape) = two().await;
    let shown = world.ana().sees_button("Approve 2 steps").await;
    world.thread_of("INC-2").says("Handed over to a human").await;
    world.ben().presses_in_a_thread("Take over").await;
    world.ben().is_told("You have it.").await;
    world.thread_of("INC-2").says("ben took over").await;
    world.ana().types("merge INC-2 into INC-1").await;
    world.ana().is_told("its 1 alert is in INC-1 now").await;
    world
        .thread_of("INC-1")
        .says("plan 1 withdrawn: ben has taken over INC-2, which was merged into this")
        .await;
    world
        .thread_of("INC-1")
        .says("ben has this too, having taken over INC-2")
        .await;
    world.card_shows("INC-1", "*@ben has it*").await;
    world.ana().clicks(shown).await.unwrap();
    world.ana().is_told("This plan was withdrawn").await;
    // Ben is called for nothing that waits, however long it takes.
    world.bot_crashes_and_restarts().await;
    world.minutes_pass(60).await;
    world.card_shows("INC-1", "*@ben has it*").await;
    world.resolves(&redis).await;
    world.resolves(&tape).await;
    world.card_shows("INC-1", "The alert cleared").await;
    world.nobody_was_paged();
    world.thread_of("INC-1").is_uninteresting();
    world.thread_of("INC-2").is_uninteresting();
    world.ends_and_nothing_ran().await;
}

/// The other one would count from nothing what was started for the same alerts.
#[tokio::test(flavor = "multi_thread")]
async fn what_its_own_breaker_stops_is_not_merged_past_it() {
    // A step that fails stops the plan and calls nobody of itself.
    let (name, redis) = shipped!("redis-connection-timeout");
    let text = redis.replace("Failure action: escalate", "Failure action: stop");
    let setup = Setup::default()
        .no_runbooks()
        .runbook((name, text.as_str()))
        .table("[limits]\nactions_per_incident = 1");
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::RedisTimeoutStays);
    world.fires(&Alert::redis_timeout()).await;
    // Whoever is called for the breaker has come before the plan stops.
    world.next_exec(FaultKind::Latency(6_000));
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.a_human_is_paged("the breaker tripped").await;
    world.thread().says("the pager took the page").await;
    world.cluster_did(&[FLUSH, HEALTH, HEALTH]).await;
    world.card("This needs a human").await;
    world.fires(&Alert::tape_jam()).await;
    world.card_shows("INC-2", "no runbook matches").await;
    world.ben().types("merge INC-1 into INC-2").await;
    let told = world
        .ben()
        .is_told("That can't be done: the breaker of INC-1 has tripped")
        .await;
    assert!(told.contains("/runbook unfreeze breaker=INC-1 REASON"), "{told}");
    world
        .ben()
        .types("unfreeze breaker=INC-1 it was the replica")
        .await;
    world.ben().is_told("The breaker is closed again").await;
    world.ben().types("merge INC-1 into INC-2").await;
    world.ben().is_told("its 1 alert is in INC-2 now").await;
    world.card_shows("INC-1", "Merged into INC-2 by @ben").await;
    world.a_human_is_paged("INC-2").await;
    world.thread_of("INC-1").is_uninteresting();
    world.thread_of("INC-2").is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_were_started_by_hand_are_not_merged_and_neither_sends_to_the_other() {
    let world = TestWorld::redis_times_out().await;
    for incident in ["INC-1", "INC-2"] {
        world.ben().types("run redis-connection-timeout").await;
        world.ben().is_told(&format!("{incident} is open")).await;
        world.card_shows(incident, "Waits for 1 approval").await;
    }
    for (from, into) in [("INC-1", "INC-2"), ("INC-2", "INC-1")] {
        world.ben().types(&format!("merge {from} into {into}")).await;
        let told = world
            .ben()
            .is_told(&format!("{from} and {into} were both started by hand"))
            .await;
        assert!(!told.contains("instead"), "{told}");
    }
    world.thread_of("INC-1").is_uninteresting();
    world.thread_of("INC-2").is_uninteresting();
    world.ends_and_nothing_ran().await;
}
