//! Freeze: easy to trip, harder to lift, and nothing starts while it stands.

use interlock::playground::cluster::{FaultKind, Scenario};

use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_blocks_the_start_until_another_person_lifts_it() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let approve = world.ana().sees_button("Approve 2 steps").await;
    world.ana().types("freeze the database is being moved").await;
    world
        .ana()
        .is_told("Frozen. No step starts until another person lifts it. Nothing is running now.")
        .await;
    world.card("*FROZEN by @ana*: the database is being moved.").await;
    assert!(!world.ana().has_button("Approve 2 steps"));
    for left in ["Reject", "Modify", "Take over"] {
        assert!(world.ana().has_button(left), "{left} is gone");
    }
    world.ana().clicks(approve.clone()).await.unwrap();
    world
        .ana()
        .is_told("everything is frozen by ana (the database is being moved)")
        .await;

    world.bot_crashes_and_restarts().await;
    world.ben().clicks(approve).await.unwrap();
    world.ben().is_told("everything is frozen by ana").await;
    world.card("FROZEN by @ana").await;
    world.ana().types("unfreeze it is done").await;
    world
        .ana()
        .is_told("You froze it, so another person has to lift it.")
        .await;
    world.ben().types("unfreeze").await;
    world.ben().is_told("Lifting a freeze needs a reason").await;
    world.nothing_ran();

    world.ben().types("unfreeze the move is done").await;
    world.ben().is_told("The freeze is lifted.").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_lets_the_running_step_end_and_starts_no_other() {
    let world = TestWorld::redis_times_out().await;
    world.next_exec(FaultKind::Latency(6_000));
    world.fires(&Alert::redis_timeout()).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("Running step 1").await;
    world.ben().types("freeze stop everything").await;
    world
        .ben()
        .is_told("Still running, and not stopped by this: ")
        .await;
    world.thread().says("step 1 succeeded").await;
    world
        .thread()
        .says("step 2 was not started: everything is frozen by ben (stop everything)")
        .await;
    world.a_human_is_paged("INC-1").await;
    world.card("This needs a human").await;
    world.cluster_did(&[FLUSH]).await;
    world.thread().ends_with("the pager took the page").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_freeze_file_holds_a_start_without_slack_and_costs_no_plan() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let approve = world.ana().sees_button("Approve 2 steps").await;
    let file = world.folder.path().join("freeze");
    std::fs::write(&file, "audit of the year\n").unwrap();
    // Nobody lifts it in Slack: who does, and with what, stands wherever it is told.
    let by_hand =
        "somebody on Interlock's machine lifts it with `interlock unfreeze --file REASON`, which removes /";
    let card = world
        .card("*FROZEN by the freeze file*: audit of the year.")
        .await;
    assert!(
        card.contains(&format!("No step starts until {by_hand}")),
        "{card}"
    );
    assert!(!card.contains("/runbook unfreeze"), "{card}");
    let told = world
        .channel("incidents")
        .tells("*FROZEN by the freeze file:* audit of the year.")
        .await;
    assert!(
        told.contains(by_hand) && told.contains("Nothing is running now."),
        "{told}"
    );
    assert!(!world.ana().has_button("Approve 2 steps"));
    world.ana().clicks(approve).await.unwrap();
    world.ana().is_told("Approved.").await;
    let waits = world
        .thread()
        .says("step 1 waits: everything is frozen by the freeze file (audit of the year)")
        .await;
    assert!(!waits.contains("/runbook"), "{waits}");
    world.ben().types("unfreeze the audit is over").await;
    world
        .ben()
        .is_told("it comes from the freeze file (audit of the year). It stands until somebody on Interlock's machine lifts it")
        .await;
    world.ben().types("status").await;
    world
        .ben()
        .is_told("FROZEN by the freeze file: audit of the year. It stands until")
        .await;
    world.ana().opens_home().await;
    world.ana().sees_home("*FROZEN by the freeze file*").await;
    assert!(
        !world.ana().has_button("Lift the freeze"),
        "it would lift nothing"
    );
    world.nothing_ran();
    world.nobody_was_paged();
    std::fs::remove_file(&file).unwrap();
    world
        .channel("incidents")
        .tells("*The freeze file is gone:*")
        .await;
    assert_eq!(
        world.channel("incidents").notices().len(),
        2,
        "{:#?}",
        world.channel("incidents").notices()
    );
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_told_of_a_freeze_and_of_its_end_once() {
    let route = "[[routes]]\nchannel = \"#payments\"\nservice = \"payments\"\n";
    let world = TestWorld::start(Setup::default().table(route)).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.next_exec(FaultKind::Latency(6_000));
    world.fires(&Alert::redis_timeout()).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("Running step 1").await;
    world.ben().types("freeze stop everything").await;
    world
        .ben()
        .is_told("Still running, and not stopped by this: ")
        .await;
    for channel in ["incidents", "payments"] {
        let told = world
            .channel(channel)
            .tells("*FROZEN by @ben:* everything: stop everything.")
            .await;
        for part in [
            "No step starts until another person lifts it with `/runbook unfreeze REASON`.",
            "Still running, and not stopped by this: INC-1 step 1: kubectl",
        ] {
            assert!(told.contains(part), "{told}");
        }
    }
    world.thread().says("step 1 succeeded").await;
    // Why it stopped is told once, with what had run.
    let packet = world
        .thread()
        .says("step 2 was not started: everything is frozen by ben")
        .await;
    assert!(packet.starts_with("*Handed over to a human:*"), "{packet}");
    world.a_human_is_paged("INC-1").await;
    world.cluster_did(&[FLUSH]).await;
    world.bot_crashes_and_restarts().await;
    world.ana().types("unfreeze all is well").await;
    world.ana().is_told("The freeze is lifted.").await;
    for channel in ["incidents", "payments"] {
        let told = world
            .channel(channel)
            .tells("*No longer frozen:* everything, lifted by @ana: all is well.")
            .await;
        assert!(told.contains("Steps may start again."), "{told}");
        let all = world.channel(channel).notices();
        assert_eq!(all.len(), 2, "{all:#?}");
    }
    world.thread().is_uninteresting();
    world.ends().await;
}

/// In doubt it is frozen: what can't be read may say so.
#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_file_that_can_not_be_read_freezes() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    let approve = world.ana().sees_button("Approve 2 steps").await;
    let file = world.folder.path().join("freeze");
    std::fs::create_dir(&file).unwrap();
    world.ana().clicks(approve).await.unwrap();
    world.ana().is_told("Approved.").await;
    world
        .thread()
        .says("step 1 waits: the freeze file can't be read, which counts as frozen")
        .await;
    world.nothing_ran();
    std::fs::remove_dir(&file).unwrap();
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_freeze_holds_for_too_long_is_handed_over() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    let approve = world.ana().sees_button("Approve 2 steps").await;
    std::fs::write(world.folder.path().join("freeze"), "audit of the year\n").unwrap();
    world.ana().clicks(approve).await.unwrap();
    world.ana().is_told("Approved.").await;
    world.thread().says("step 1 waits: everything is frozen").await;
    world.minutes_pass(45).await;
    world.a_human_is_paged("INC-1").await;
    world
        .card("the plan is void: it was approved, but a freeze held it until the approval ran out")
        .await;
    world.nothing_ran();
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_of_one_runbook_or_namespace_leaves_the_others_alone() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let approve = world.ana().sees_button("Approve 2 steps").await;
    world.ana().types("freeze namespace staging an audit").await;
    world
        .ana()
        .is_told("Frozen: namespace staging. No step starts there")
        .await;
    world
        .ben()
        .types("freeze runbook redis-connection-timeout it is wrong")
        .await;
    world
        .ben()
        .is_told("Frozen: runbook redis-connection-timeout.")
        .await;
    world
        .card("*FROZEN by @ben*: it is wrong. No step starts in runbook redis-connection-timeout until")
        .await;

    world.bot_crashes_and_restarts().await;
    world.ana().clicks(approve).await.unwrap();
    world
        .ana()
        .is_told("Not allowed: runbook redis-connection-timeout is frozen by ben (it is wrong); another person lifts it with /runbook unfreeze runbook redis-connection-timeout REASON.")
        .await;
    world.ben().types("unfreeze it is fine").await;
    world
        .ben()
        .is_told("Several are frozen: namespace staging and runbook redis-connection-timeout. Say which")
        .await;
    world
        .ana()
        .types("unfreeze runbook redis-connection-timeout we looked")
        .await;
    world
        .ana()
        .is_told("The freeze of runbook redis-connection-timeout is lifted. Still frozen: namespace staging.")
        .await;
    // A slip in a name lifts nothing, also where only one thing is frozen.
    for slip in [
        "namespace stagin",
        "cluster=nope",
        "breaker=INC-9",
        "runbook nope",
    ] {
        world.ben().types(&format!("unfreeze {slip} we looked")).await;
        world
            .ben()
            .is_told("That isn't frozen, so there is nothing to lift. Frozen is: namespace staging.")
            .await;
    }
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;

    world.ben().types("freeze cluster demo stop here").await;
    let told = world.ben().is_told("Frozen: cluster demo.").await;
    assert!(
        told.contains("Nothing is running now.\nIn the 60 seconds before:\n• INC-1 step 1: "),
        "{told}"
    );
    assert!(told.contains("FLUSHDB (succeeded)"), "{told}");
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_of_something_that_nobody_knows_freezes_everything() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let approve = world.ben().sees_button("Approve 2 steps").await;
    world.ana().types("freeze cluster demmo the disks").await;
    world
        .ana()
        .is_told("Frozen: everything, since I know no cluster demmo.")
        .await;
    world.ben().clicks(approve).await.unwrap();
    world
        .ben()
        .is_told("everything is frozen by ana (cluster demmo the disks)")
        .await;
    world.card("FROZEN by @ana").await;
    world.thread().ends_with("plan 1 proposed").await;
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_freezes_without_a_word_is_asked_why_and_says_it_afterwards() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.ana().types("freeze").await;
    world
        .ana()
        .is_told("Nothing is running now. Now say why, for those who read it on their cards: /runbook freeze REASON.")
        .await;
    world.card("*FROZEN by @ana*: no reason given.").await;
    world.ben().types("freeze I want it too").await;
    world.ben().is_told("frozen").await;
    world.ana().types("freeze the database is being moved").await;
    world.ana().is_told("Frozen. No step starts").await;
    world.card("*FROZEN by @ana*: the database is being moved.").await;
    world.bot_crashes_and_restarts().await;
    world.card("*FROZEN by @ana*: the database is being moved.").await;
    world.ben().types("status").await;
    let status = world.ben().is_told("FROZEN by ana since").await;
    assert!(status.contains(": the database is being moved"), "{status}");
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

/// Who lifts what somebody froze for their own reason is told of Interlock's first.
#[tokio::test(flavor = "multi_thread")]
async fn a_restore_under_somebodys_freeze_is_told_and_stands_beside_their_reason() {
    let world = TestWorld::redis_times_out().await;
    world.ana().types("freeze looking at the disk").await;
    world.ana().is_told("Frozen. No step starts").await;
    world
        .channel("incidents")
        .tells("*FROZEN by @ana:* everything: looking at the disk.")
        .await;
    world.bot_is_restored().await;
    world
        .channel("incidents")
        .tells("the database was restored from a backup that ends at entry")
        .await;
    world.ben().types("status").await;
    world
        .ben()
        .is_told("looking at the disk; and by Interlock as well: the database was restored from a backup")
        .await;
    // Once is enough, however often it starts.
    world.bot_crashes_and_restarts().await;
    assert_eq!(world.channel("incidents").notices().len(), 2);
    world.ana().types("unfreeze the disk is fine").await;
    world.ana().is_told("another person").await;
    world.ends_and_nothing_ran().await;
}
