//! What people see in Slack, and where: the review of a plan, answers, the app's home, files, several clusters.

use interlock::domain::event::{AstrayCard, Deed, Event, Refusal};
use interlock::playground::cluster::{Output, Place};
use interlock::playground::slack::{ApiFault, Input, Times};
use interlock::store::Store;

use crate::shipped;
use crate::world::{Alert, Setup, TestWorld};

/// Looks at everything in the namespace: far more than a thread takes.
const LOOK: &str = "# Runbook: Look at all pods\n\
    ## Trigger Conditions\n- Alert contains: \"nothing that fires\"\n\
    ## Blast Radius\n- requires_human_approval: true\n\
    ## Steps\n### Step 1: Read every pod\n```bash\nkubectl get pods -n production -o json\n```\n\
    Expected output: contains \"api-gateway\"\nAttempts: 1\n";

fn careful(expected: &str) -> String {
    format!(
        "# Runbook: Careful restart\n\
        ## Trigger Conditions\n- Alert contains: \"redis\"\n\
        ## Blast Radius\n- max_pod_restarts: 6\n\
        ## Prechecks\n- Nobody deploys api-gateway just now\n\
        ## Steps\n### Step 1: Restart api-gateway\n```bash\nkubectl rollout restart -n production deploy/api-gateway\n```\n\
        Expected output: contains \"{expected}\"\nAttempts: 1\nTimeout: 90s\nFailure action: stop\n\
        Rollback: `kubectl rollout undo -n production deploy/api-gateway`\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_room_on_the_card_is_approved_from_the_review_which_shows_it_whole() {
    let long = "restarted and ".repeat(80);
    let text = careful(long.trim());
    let world = TestWorld::with_only(("careful.md", text.as_str())).await;
    world.fires(&Alert::redis_timeout()).await;
    let card = world.card("Review plan").await;
    assert!(!card.contains("[Approve"), "{card}");
    world.ana().presses("Review plan").await;
    let review = world.ana().sees_modal("# Review plan").await;
    for shown in [
        long.trim(),
        "Nobody deploys api-gateway just now",
        "one attempt",
        "given up after 90 s",
        "if it fails: stop and hand over",
        "kubectl rollout undo -n production deploy/api-gateway",
        "[Approve 1 step]",
    ] {
        assert!(review.contains(shown), "`{shown}` is not in\n{review}");
    }
    world.ends_and_nothing_ran().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_tells_what_is_unusual_about_a_step_and_what_approving_says() {
    let text = careful("restarted");
    let world = TestWorld::with_only(("careful.md", text.as_str())).await;
    world.fires(&Alert::redis_timeout()).await;
    let card = world.card("Waits for 1 approval").await;
    for shown in [
        "By approving you say:* Nobody deploys api-gateway just now",
        "one attempt",
        "given up after 90 s",
        "if it fails: stop and hand over",
        "to take it back: kubectl rollout undo -n production deploy/api-gateway",
        "[Approve 1 step]",
    ] {
        assert!(card.contains(shown), "`{shown}` is not in\n{card}");
    }
    world.ends_and_nothing_ran().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_on_the_card_is_answered_in_the_channel_and_not_in_its_thread() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.thread().says("plan 1 proposed").await;
    world.cleo().presses("Approve 2 steps").await;
    world
        .cleo()
        .is_told_in_the_channel("you are not one of the approvers")
        .await;
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_slack_does_not_reach_in_the_channel_is_answered_through_their_click() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let fault = ApiFault::Error("user_not_in_channel".to_owned());
    world
        .doubles
        .slack
        .faults()
        .on_call("chat.postEphemeral", fault, Times::Once);
    world.cleo().presses("Approve 2 steps").await;
    world
        .cleo()
        .is_told_in_the_channel("you are not one of the approvers")
        .await;
    world.ends_and_nothing_ran().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_did_not_open_says_so_and_what_to_do() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let fault = ApiFault::Error("expired_trigger_id".to_owned());
    world
        .doubles
        .slack
        .faults()
        .on_call("views.open", fault, Times::Once);
    world.ana().presses("Reject").await;
    let told = world.ana().is_told("The form did not open").await;
    assert!(told.contains("Press the button again."), "{told}");
    world.ana().presses("Reject").await;
    world.ana().sees_modal("Why not?").await;
    world.ends_and_nothing_ran().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_from_a_channel_without_the_bot_comes_where_cards_come_and_says_so() {
    let world = TestWorld::start(Setup::default().runbook(shipped!("stuck-queue-scale"))).await;
    world
        .ana()
        .types_in("general", "run stuck-queue-scale replicas=4")
        .await;
    let told = world
        .ana()
        .is_told("INC-1 is open; its card comes in #incidents")
        .await;
    assert!(told.contains("I am not a member of this channel"), "{told}");
    world.channel("incidents").shows_card("--replicas=4").await;
    world
        .ana()
        .types_in("platform", "run stuck-queue-scale replicas=5")
        .await;
    world
        .ana()
        .is_told("INC-2 is open; its card comes in a moment.")
        .await;
    world.channel("platform").shows_card("--replicas=5").await;
    world.cluster_did(&["exec redis-cli LLEN orders"; 2]).await;
    world.thread().is_uninteresting();
    world.thread_of("INC-2").is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_home_tells_what_waits_and_freezes_and_another_person_lifts_it() {
    let world = TestWorld::redis_times_out().await;
    world.ana().opens_home().await;
    world.ana().sees_home("Nothing.").await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.ana().opens_home().await;
    let home = world
        .ana()
        .sees_home("Redis connection timeout on api-gateway")
        .await;
    assert!(home.contains("Waiting for you"), "{home}");
    world.cleo().opens_home().await;
    world.cleo().sees_home("Waiting for somebody else").await;

    world.ana().presses("Freeze everything").await;
    world
        .ana()
        .sees_modal("No step starts anywhere until another person lifts it.")
        .await;
    world
        .ana()
        .submits(&[("Why?", Input::Text("the database is being moved".to_owned()))])
        .await;
    world
        .ana()
        .is_told("Frozen. No step starts until another person lifts it.")
        .await;
    world
        .ana()
        .sees_home("FROZEN by @ana*: the database is being moved")
        .await;
    world.card("FROZEN by @ana").await;

    // Who froze it and who may approve nothing are offered nothing that would be refused.
    assert!(!world.ana().has_button("Lift the freeze"));
    world.cleo().sees_home("FROZEN by @ana").await;
    assert!(!world.cleo().has_button("Lift the freeze"));
    world.ana().types("unfreeze it is done").await;
    world
        .ana()
        .is_told("You froze it, so another person has to lift it.")
        .await;
    world.ben().opens_home().await;
    world.ben().presses("Lift the freeze").await;
    world.ben().sees_modal("Steps may start again.").await;
    world
        .ben()
        .submits(&[("Why?", Input::Text("the move is done".to_owned()))])
        .await;
    world.ben().is_told("The freeze is lifted.").await;
    world.ben().sees_home("Not frozen.").await;
    world.ana().sees_home("Not frozen.").await;
    world.card("[Approve 2 steps]").await;
    world.ends_and_nothing_ran().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_is_open_across_a_restart_says_what_was_frozen_since() {
    let world = TestWorld::redis_times_out().await;
    world.ana().opens_home().await;
    world.ana().sees_home("Not frozen.").await;
    world.bot_crashes_and_restarts().await;
    world.ben().types("freeze the database is being moved").await;
    world.ben().is_told("Frozen").await;
    world.ana().sees_home("FROZEN by @ben").await;
    world.ends_and_nothing_ran().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_output_is_cut_in_the_thread_and_attached_whole() {
    let world = TestWorld::start(Setup::default().runbook(("look.md", LOOK))).await;
    world.ana().types("run look").await;
    world.ana().is_told("INC-1 is open").await;
    world.card("Read every pod").await;
    world.ben().presses("Approve 1 step").await;
    world.ben().is_told("Approved.").await;
    world.thread().says("step 1 succeeded").await;
    let whole = world.thread().has_file().await;
    assert!(whole.len() > 16 * 1024, "{} bytes", whole.len());
    serde_json::from_slice::<serde_json::Value>(&whole).expect("the whole output, and nothing else");
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_output_that_the_journal_has_whole_the_thread_shows_both_ends_and_the_file_all() {
    const INFO: &str = "# Runbook: Look\n## Steps\n### Step 1: Ask Redis\n```bash\nkubectl exec -n production deploy/redis-primary -- redis-cli INFO\n```\n";
    let world = TestWorld::start(Setup::default().runbook(("look.md", INFO))).await;
    let redis = Place::Workload {
        namespace: "production".to_owned(),
        name: "redis-primary".to_owned(),
    };
    let said = format!("the beginning\n{}the end\n", "between\n".repeat(500));
    world
        .doubles
        .cluster
        .world()
        .script(redis, &["redis-cli", "INFO"], Output::stdout(said.as_bytes()));
    world.ana().types("run look").await;
    world.ana().is_told("INC-1 is open").await;
    world.card("Ask Redis").await;
    world.ben().presses("Approve 1 step").await;
    world.ben().is_told("Approved.").await;
    let line = world.thread().says("step 1 succeeded").await;
    for shown in ["the beginning", "the end", "bytes left out …]"] {
        assert!(line.contains(shown), "`{shown}` is not in\n{line}");
    }
    assert_eq!(world.thread().has_file().await, said.as_bytes());
    world.cluster_did(&["exec redis-cli INFO"]).await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_over_two_clusters_names_the_cluster_of_each_target() {
    let both = "# Runbook: Restart in both regions\n\
        ## Trigger Conditions\n- Alert contains: \"redis\"\n\
        ## Blast Radius\n- max_pod_restarts: 20\n\
        ## Steps\n### Step 1: Here\n```bash\nkubectl --context demo rollout restart -n production deploy/api-gateway\n```\n\
        ### Step 2: There\n```bash\nkubectl --context eu rollout restart -n production deploy/api-gateway\n```\n";
    let setup = Setup::default()
        .no_runbooks()
        .runbook(("both.md", both))
        .second_cluster("eu");
    let world = TestWorld::start(setup).await;
    world.fires(&Alert::redis_timeout()).await;
    let card = world.card("Waits for 1 approval").await;
    for shown in [
        "2 steps on production/api-gateway in demo, production/api-gateway in eu",
        "kubectl --context demo rollout restart",
        "kubectl --context eu rollout restart",
    ] {
        assert!(card.contains(shown), "`{shown}` is not in\n{card}");
    }
    world.ends_and_nothing_ran().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_a_person_types_is_neither_shown_nor_stored() {
    const SECRET: &str = "hunter2hunter2";
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world
        .ana()
        .types(&format!("freeze the admin password={SECRET} leaked"))
        .await;
    world.ana().is_told("Frozen.").await;
    let card = world.card("FROZEN by @ana").await;
    assert!(card.contains("leaked") && !card.contains(SECRET), "{card}");
    world.ben().presses("Reject").await;
    world.ben().sees_modal("Why not?").await;
    let reason = format!("we rotate password={SECRET} first");
    world.ben().submits(&[("Why not?", Input::Text(reason))]).await;
    world.ben().is_told("Rejected.").await;
    let card = world.card("*@ben has it* since HH:MM: rejected the plan").await;
    assert!(card.contains("first") && !card.contains(SECRET), "{card}");
    let said = world.thread().says("ben rejected the plan").await;
    assert!(!said.contains(SECRET), "{said}");
    let stored = Store::open_to_read(&world.database()).unwrap();
    stored
        .export(|entry| {
            let payload = entry.payload().unwrap();
            assert!(!payload.contains(SECRET), "{payload}");
            Ok(())
        })
        .unwrap();
    world.ends_and_nothing_ran().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_of_another_database_counts_for_nothing() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let old = world.ana().sees_button("Approve 2 steps").await;
    world.ana().presses("Reject").await;
    world.ana().sees_modal("Nothing of this plan will run").await;

    world.bot_loses_its_database().await;
    world
        .fires(&Alert::redis_timeout().described("It is INC-1 again, and its plan is the same."))
        .await;
    let incidents = world.channel("incidents");
    incidents.shows_card("It is INC-1 again").await;

    world
        .ana()
        .submits(&[("Why not?", Input::Text("it was for the other one".to_owned()))])
        .await;
    world.ana().sees_modal("This card is from another database").await;
    world.ana().clicks(old.clone()).await.unwrap();
    let told = "This card is from another database of Interlock: its incident is not in this one, and nothing was done.";
    world.ana().is_told(told).await;
    world.ana().clicks_unmarked(old).await;
    let told = "This card is from an earlier version of Interlock and does not say of which database, so nothing was done.";
    world.ana().is_told(told).await;
    // The plan of the new one waits, untouched.
    incidents
        .shows_card("its plan is the same.\n*Waits for 1 approval")
        .await;
    // The first card of the channel is the old one. A question in its thread is not answered with what is of the same number here.
    world.ben().writes("INC-1", "@interlock status").await;
    let told = "This card is from another database of Interlock: its incident is not in this one, and nothing was done.";
    world.thread().says(told).await;
    world.ben().writes("INC-1", "@interlock why").await;
    world.thread().ends_with(told).await;
    let journal = Store::open_to_read(&world.database()).unwrap();
    let mut refused = Vec::new();
    journal
        .read_after(0, |entry| {
            if let Event::Refused { deed, refusal, .. } = entry.event {
                refused.push((deed, refusal));
            }
        })
        .unwrap();
    let astray = |card| Refusal::Astray { card };
    assert_eq!(
        refused,
        [
            (Deed::Reject, astray(AstrayCard::OfAnother)),
            (Deed::Approve, astray(AstrayCard::OfAnother)),
            (Deed::Approve, astray(AstrayCard::Unmarked)),
            (Deed::Ask, astray(AstrayCard::OfAnother)),
            (Deed::Ask, astray(AstrayCard::OfAnother)),
        ]
    );
    incidents.threads_are_uninteresting();
    world.nothing_ran();
    world.ends().await;
}
