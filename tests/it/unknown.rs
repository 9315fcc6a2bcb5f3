//! Nobody knows whether it happened: it is said so, never run again, and a person decides.

use interlock::domain::ids::IncidentId;
use interlock::domain::touched::Since;
use interlock::playground::cluster::{FaultKind, Scenario};
use interlock::playground::slack::Input;
use interlock::store::Store;

use crate::shipped;
use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";

async fn the_status_of_step_one_is_lost(alert: &Alert) -> TestWorld {
    let world = TestWorld::redis_times_out().await;
    world.next_exec(FaultKind::CutBeforeStatus);
    world.fires(alert).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("nobody knows whether step 1 happened").await;
    world.a_human_is_paged("INC-1").await;
    world.card("A human was paged at HH:MM").await;
    world.thread().says("step 1 ended UNKNOWN").await;
    world
        .thread()
        .says("Interlock froze target demo/production/deployment/redis-primary")
        .await;
    world.cluster_did(&[FLUSH]).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn the_home_says_so_to_who_may_say_what_became_of_it() {
    let world = the_status_of_step_one_is_lost(&Alert::redis_timeout()).await;
    world.ana().opens_home().await;
    let home = world
        .ana()
        .sees_home("*nobody knows whether step 1 happened*")
        .await;
    assert!(
        home.contains("Waiting for you") && !home.contains("Nothing.") && !home.contains("· running"),
        "{home}"
    );
    world.cleo().opens_home().await;
    let home = world.cleo().sees_home("Waiting for somebody else").await;
    assert!(home.contains("Nothing."), "{home}");
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_status_asks_and_goes_on_when_it_worked() {
    let world = the_status_of_step_one_is_lost(&Alert::redis_timeout()).await;
    world.cleo().presses("It worked, go on").await;
    world.cleo().is_told("you are not one of the approvers").await;
    world.cluster_did(&[FLUSH]).await;
    let late = world.ben().sees_button("It failed").await;
    world.ana().presses("It worked, go on").await;
    world.ana().is_told("Noted: it worked. The plan goes on.").await;
    world.ben().clicks(late).await.unwrap();
    world
        .ben()
        .is_told("ana has said already that step 1 worked; nothing was changed.")
        .await;
    world.thread().says("ana says that step 1 worked").await;
    world
        .thread()
        .says("ana lifted the freeze of target demo/production/deployment/redis-primary: step 1 of INC-1 worked")
        .await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    // It is known now: nothing is frozen any more.
    world.ana().types("status").await;
    let told = world.ana().is_told("INC-1").await;
    assert!(!told.to_lowercase().contains("frozen"), "{told}");
    world.card("What was wrong with step 1?").await;
    world.ana().presses("Nothing").await;
    world
        .ana()
        .is_told("Noted. It stands in the journal and in the summary.")
        .await;
    world.card_no_longer_says("What was wrong").await;
    world
        .thread()
        .ends_with("ana says that nothing was wrong with step 1")
        .await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_status_that_failed_follows_the_runbook() {
    let alert = Alert::redis_timeout();
    let world = the_status_of_step_one_is_lost(&alert).await;
    world.ana().presses("It failed").await;
    world
        .ana()
        .is_told("Noted: it did not work. The runbook says what follows.")
        .await;
    // The step may fail (`continue`), and its budget of one cache operation is spent: it is not run a second time.
    world.cluster_did(&[FLUSH, HEALTH]).await;
    let card = world.card("*Verified, although step 1 failed.*").await;
    // What it may have left is looked at by a person: why it is frozen, and how that is lifted, stands where people look.
    let frozen = "*FROZEN by @Interlock*: ana judged that step 1 of INC-1 failed; lift it when its target is whole again.";
    assert!(card.contains(frozen), "{card}");
    let lift = "/runbook unfreeze target demo/production/deployment/redis-primary REASON";
    assert!(
        card.contains(&format!("until a person lifts it with `{lift}`")),
        "{card}"
    );
    world.thread().says("ana says that step 1 did not work").await;
    let stays = world
        .thread()
        .says("target demo/production/deployment/redis-primary stays frozen: ana judged that step 1 of INC-1 failed")
        .await;
    assert!(stays.ends_with(lift), "{stays}");
    world
        .thread()
        .says("it is verified, although step 1 failed")
        .await;
    world.resolves(&alert).await;
    world.card("Resolved").await;
    world.card("*FROZEN by @Interlock*: ana judged").await;
    // It was over before anybody could say what was wrong; the question waits on the card.
    world.card("What was wrong with step 1?").await;
    world.ana().presses("The choice of runbook").await;
    world
        .ana()
        .is_told("Noted. It stands in the journal and in the summary.")
        .await;
    world.card_no_longer_says("What was wrong").await;
    world
        .thread()
        .says("ana says that the choice of runbook was wrong")
        .await;
    world.ana().types("status").await;
    world
        .ana()
        .is_told("ana judged that step 1 of INC-1 failed")
        .await;
    world
        .ana()
        .types("unfreeze target demo/production/deployment/redis-primary I looked, it is whole")
        .await;
    world.ana().is_told("is lifted").await;
    world.card_no_longer_says("FROZEN").await;
    world
        .thread()
        .says(
            "ana lifted the freeze of target demo/production/deployment/redis-primary: I looked, it is whole",
        )
        .await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_broken_is_frozen_first_and_taken_back_through_the_gate() {
    let (name, text) = shipped!("redis-connection-timeout");
    let rollback =
        "Failure action: continue\nRollback: kubectl rollout restart deploy/redis-primary -n production\n";
    let text = text
        .replacen("Failure action: continue", rollback, 1)
        .replace("max_pod_restarts: 0", "max_pod_restarts: 3");
    let world = TestWorld::start(Setup::default().no_runbooks().runbook((name, &text))).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.next_exec(FaultKind::CutBeforeStatus);
    world.fires(&Alert::redis_timeout()).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("Its target is frozen meanwhile").await;
    world.a_human_is_paged("INC-1").await;
    world
        .thread()
        .says("Interlock froze target demo/production/deployment/redis-primary: nobody knows whether step 1 of INC-1 happened")
        .await;
    // Nothing else touches it: a run by hand of the same runbook can't be approved.
    world.ben().types("run redis-connection-timeout").await;
    world.ben().is_told("INC-2 is open").await;
    world
        .card_shows(
            "INC-2",
            "No step starts in target demo/production/deployment/redis-primary",
        )
        .await;
    world.cleo().presses("Take back step 1").await;
    world.cleo().is_told("you are not one of the approvers").await;
    world.ana().presses("Take back step 1").await;
    world
        .ana()
        .is_told("The plan that takes step 1 back is being made; it needs its own approval.")
        .await;
    world
        .card_shows("INC-1", "Take back step 1 of Redis Connection Timeout")
        .await;
    world.thread_of("INC-1").says("Take back step 1").await;
    world.ben().presses("Approve 1 step").await;
    world.ben().is_told("Approved.").await;
    world
        .card_shows("INC-1", "step 1 was taken back; look whether that was enough")
        .await;
    // Both plans have a step 1; each is told with what it ran and by whose leave.
    let packet = world
        .thread_of("INC-1")
        .says("look whether that was enough")
        .await;
    for line in [
        "plan 1, step 1 (kubectl --context demo exec -n production deployment/redis-primary -- redis-cli FLUSHDB): failed after 1 attempt: ana looked and says that it did not work",
        "plan 1, approved by ana",
        "plan 2, step 1 (kubectl --context demo rollout restart -n production deployment/redis-primary): succeeded",
        "plan 2, approved by ben",
    ] {
        assert!(packet.contains(line), "`{line}` is not in\n{packet}");
    }
    world
        .cluster_did(&[FLUSH, "patch deployments.apps/redis-primary"])
        .await;
    // It stays frozen until a person has looked.
    world.card_shows("INC-1", "What was wrong with step 1?").await;
    world.ana().presses("The command").await;
    world
        .ana()
        .is_told("Noted. It stands in the journal and in the summary.")
        .await;
    world
        .thread_of("INC-1")
        .says("ana says that the command of step 1 was wrong")
        .await;
    world
        .ana()
        .types("unfreeze target demo/production/deployment/redis-primary it is whole again")
        .await;
    world
        .ana()
        .is_told("The freeze of target demo/production/deployment/redis-primary is lifted.")
        .await;
    world.card_shows("INC-2", "Waits for 1 approval").await;
    world.thread_of("INC-1").is_uninteresting();
    world.thread_of("INC-2").is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_says_no_more_that_its_target_is_frozen_when_a_person_has_lifted_that() {
    let world = the_status_of_step_one_is_lost(&Alert::redis_timeout()).await;
    world.card("Its target is frozen meanwhile").await;
    world
        .ben()
        .types("unfreeze target demo/production/deployment/redis-primary I looked")
        .await;
    world.ben().is_told("is lifted").await;
    world.card_no_longer_says("Its target is frozen meanwhile").await;
    world.card("nobody knows whether step 1 happened").await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_touched_is_told_with_the_time_of_its_start_however_late_somebody_judges_it() {
    let world = TestWorld::redis_times_out().await;
    world.next_exec(FaultKind::CutBeforeStatus);
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let before = world.now();
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("nobody knows whether step 1 happened").await;
    let after = world.now();
    world.a_human_is_paged("INC-1").await;
    world.minutes_pass(25).await;
    world.ana().presses("It failed").await;
    world.ana().is_told("Noted: it did not work.").await;
    world.card("*Verified, although step 1 failed.*").await;
    let state = Store::open_to_read(&world.database()).unwrap().load().unwrap();
    let calls = state.calls(Since::Incident(IncidentId(1)), world.now());
    let flush = calls.first().unwrap();
    assert!(
        flush.at >= before && flush.at <= after,
        "started between {before} and {after}, told as {}",
        flush.at
    );
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.thread().is_uninteresting();
    world.ends().await;
}

/// What is needed to say what happened stands first: what ran, on what, why nobody knows, and how to find out.
#[tokio::test(flavor = "multi_thread")]
async fn the_card_says_first_what_ran_and_how_to_find_out_whether_it_happened() {
    let world = the_status_of_step_one_is_lost(&Alert::redis_timeout()).await;
    let card = world
        .card("*What ran: step 1, Flush the connection pool* on")
        .await;
    let places = [
        "nobody knows whether step 1 happened",
        "*What ran: step 1,",
        "redis-cli FLUSHDB",
        "*To find out whether it happened*",
        "curl -s localhost:8080/health",
        "2. Verify connections restored: waiting",
    ];
    let at: Vec<Option<usize>> = places.iter().map(|place| card.find(place)).collect();
    assert!(
        at.iter().all(Option::is_some) && at.is_sorted(),
        "{at:?} in\n{card}"
    );
    assert!(!card.contains("Why this runbook"), "{card}");
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_can_not_go_on_because_of_a_freeze_says_so_to_who_judged() {
    let world = the_status_of_step_one_is_lost(&Alert::redis_timeout()).await;
    world.ben().types("freeze we look first").await;
    world.ben().is_told("Frozen. No step starts").await;
    world.card("*FROZEN by @ben*").await;
    world.ana().presses("It worked, go on").await;
    world
        .ana()
        .is_told(
            "Noted: it worked. The plan ends here all the same, and a human goes on: step 2 can't start, since \
             everything is frozen by ben (we look first); another person lifts it with /runbook unfreeze REASON.",
        )
        .await;
    world.thread().says("ana says that step 1 worked").await;
    world.thread().says("ana lifted the freeze of target").await;
    world
        .thread()
        .says("*Handed over to a human:* step 2 was not started: everything is frozen by ben (we look first)")
        .await;
    // Who came for the step is there, and reads the answer.
    world.thread().ends_with("Summary so far of INC-1").await;
    world.ends().await;
}

/// Nothing succeeded and nothing was checked: whoever reads how it ended is told that, and what stays frozen.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_step_without_a_check_is_not_told_as_steps_that_ran() {
    let alert = Alert::redis_timeout();
    let world = TestWorld::redis_times_out().await;
    world.next_exec(FaultKind::CutBeforeStatus);
    world.fires(&alert).await;
    world.ana().presses("Modify").await;
    world.ana().sees_modal("Leave out these steps").await;
    let last = Input::Options(vec!["2".to_owned()]);
    world.ana().submits(&[("Leave out these steps", last)]).await;
    world.ana().sees_modal("WARNING: step 2").await;
    world.ana().submits(&[]).await;
    world
        .ana()
        .is_told("Plan 2 is being made from your changes.")
        .await;
    world.card("(plan 2, changed from plan 1)").await;
    world.ana().presses("Approve 1 step").await;
    world.ana().is_told("Approved.").await;
    let card = world.card("nobody knows whether step 1 happened").await;
    assert!(
        card.contains("2. Verify connections restored: left out"),
        "{card}"
    );
    world.a_human_is_paged("INC-1").await;
    world.resolves(&alert).await;
    world.card("the alert has cleared").await;
    world.ana().presses("It failed").await;
    world.ana().is_told("Noted: it did not work.").await;
    let card = world.card("*The alert cleared* at").await;
    assert!(card.contains("0 of 1 step"), "{card}");
    assert!(
        card.contains("The incident is over; this freeze is not."),
        "{card}"
    );
    world
        .thread()
        .says("no step succeeded, and nothing verified that it helped: verification step 2 was skipped")
        .await;
    assert!(
        !world
            .thread()
            .said()
            .iter()
            .any(|line| line.contains("the steps ran"))
    );
    world.cluster_did(&[FLUSH]).await;
    world.thread().is_uninteresting();
    world.ends().await;
}
