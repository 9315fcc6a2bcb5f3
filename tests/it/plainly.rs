//! What people read when something goes wrong: the cause, what ran, which incident it is about, and who goes on.

use interlock::playground::cluster::{Fault, FaultKind, FaultMatch, Scenario};

use crate::shipped;
use crate::world::{Alert, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";

fn no_answer(resource: &str) -> Fault {
    let message = "etcdserver: request timed out".to_owned();
    Fault {
        on: FaultMatch {
            resource: Some(resource.to_owned()),
            ..FaultMatch::default()
        },
        kind: FaultKind::Refuse { code: 503, message },
        times: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_does_not_answer_is_named_on_the_card_with_what_ran() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.doubles.cluster.faults().add(no_answer("deployments"));
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("INC-1: Approved.").await;
    let card = world
        .card("step 1 was not started: its target could not be looked at: ")
        .await;
    assert!(card.contains("etcdserver: request timed out"), "{card}");
    assert!(card.contains("; nothing ran"), "{card}");
    assert!(!card.contains("everything was checked again"), "{card}");
    world.a_human_is_paged("INC-1").await;
    world
        .thread()
        .says("Handed over to a human:* step 1 was not started")
        .await;
    let summary = world.thread().says("Summary so far of INC-1").await;
    assert!(
        summary.contains("*Result:* handed over: step 1 was not started"),
        "{summary}"
    );
    assert!(
        !summary.contains("*Handoff:*"),
        "the same is not said twice: {summary}"
    );
    world.ends_and_nothing_ran().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ran_before_the_cluster_was_gone_stands_on_the_card() {
    let (name, text) = shipped!("redis-connection-timeout");
    let text = text.replace("| jq .redis\n```", "| jq .redis\n```\nWait: 60s");
    let world = TestWorld::with_only((name, &text)).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("INC-1: Approved.").await;
    world.thread().says("step 1 succeeded").await;
    world.doubles.cluster.faults().add(no_answer("deployments"));
    world.minutes_pass(2).await;
    let card = world.card("step 2 was not started").await;
    assert!(card.contains("; before it, step 1 succeeded"), "{card}");
    world.a_human_is_paged("INC-1").await;
    world.cluster_did(&[FLUSH]).await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_says_which_incident_it_is_about() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.cleo().presses("Approve 2 steps").await;
    world
        .cleo()
        .is_told("INC-1: Not allowed: you are not one of")
        .await;
    world.ben().presses("Modify").await;
    world.ben().sees_modal("Plan 1 of INC-1").await;
    world.ana().presses("Reject").await;
    world.ana().sees_modal("plan 1 of INC-1").await;
    world.ana().submits(&[]).await;
    world.ana().is_told("INC-1: Rejected.").await;
    // What comes too late is told in the form, which says of what.
    world.ben().submits(&[]).await;
    world.ben().sees_modal("INC-1: Already rejected by ana").await;
    world.ana().types("close INC-7 it is over").await;
    world.ana().is_told("INC-7: There is no such incident").await;
    world.ends_and_nothing_ran().await;
}

const NOWHERE: &str = "# Runbook: Nowhere\n## Trigger Conditions\n- Alert contains: \"nowhere\"\n## Steps\n### Step 1: Anew\n\
                       ```bash\nkubectl rollout restart deploy/nowhere -n production\n```\n";

#[tokio::test(flavor = "multi_thread")]
async fn who_starts_a_run_and_may_decide_nothing_is_not_the_one_who_gets_it() {
    let world = TestWorld::with_only(("nowhere.md", NOWHERE)).await;
    world.cleo().types("run nowhere").await;
    world.cleo().is_told("INC-1 is open").await;
    world.card("This needs a human").await;
    let told = world.thread().says("started this and may not take it").await;
    assert!(told.contains("*For @sre or @sre-leads:*"), "{told}");
    assert!(!told.contains("yours now"), "{told}");
    world.ana().types("run nowhere").await;
    world.ana().is_told("INC-2 is open").await;
    world.card_shows("INC-2", "This needs a human").await;
    world
        .thread_of("INC-2")
        .says("you started this, so it is yours now")
        .await;
    world.thread().is_uninteresting();
    world.thread_of("INC-2").is_uninteresting();
    world.ends_and_nothing_ran().await;
}

const LOST: &str = "# Runbook: Lost\n## Trigger Conditions\n- Alert contains: \"tape\"\n## Blast Radius\n- max_pod_restarts: 9\n\
                    ## Steps\n### Step 1: Look\n```bash\nkubectl describe deploy/lost -n production\n```\n\
                    ### Step 2: Anew\n```bash\nkubectl rollout restart deploy/lost -n production\n```\n\
                    ### Step 3: The other\n```bash\nkubectl rollout restart deploy/gone -n production\n```\n";

#[tokio::test(flavor = "multi_thread")]
async fn targets_that_are_not_there_are_named_once_each_on_a_line_of_its_own() {
    let world = TestWorld::with_only(("lost.md", LOST)).await;
    world.fires(&Alert::tape_jam()).await;
    let card = world.card("no plan could be made\n• steps 1 and 2: ").await;
    assert_eq!(card.matches("has no deployment 'lost'").count(), 1, "{card}");
    assert!(
        card.contains("\n• step 3: namespace 'production' has no deployment 'gone'; it has "),
        "{card}"
    );
    assert!(
        card.contains("\nThe runbook is *lost*: what it says can be done by hand."),
        "{card}"
    );
    world.a_human_is_paged("INC-1").await;
    world.ends_and_nothing_ran().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_is_no_time_loses_no_alert_and_its_card_says_so() {
    let world = TestWorld::redis_times_out().await;
    let alert = Alert::redis_timeout();
    let with_start = |mut body: serde_json::Value| {
        body["alerts"][0]["startsAt"] = "yesterday".into();
        body
    };
    assert_eq!(world.posts(&with_start(alert.firing())).await, 200);
    let card = world.card("Waits for 1 approval").await;
    assert!(
        card.contains("since HH:MM · when it came; its sender's own start, \"yesterday\", is no time"),
        "{card}"
    );
    // It is the same alert all the same.
    assert_eq!(world.posts(&with_start(alert.firing())).await, 200);
    assert_eq!(world.posts(&with_start(alert.resolved(world.now()))).await, 200);
    world.card("nothing was executed").await;
    assert_eq!(world.channel("incidents").cards(), 1);
    world.ends_and_nothing_ran().await;
}
