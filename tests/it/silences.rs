//! A noisy alert is silenced: proposed by one person with what it will hide, approved by another, made once, and watched.

use interlock::playground::alertmanager::{AlertmanagerFaults, Silence};
use interlock::playground::slack::Input;

use crate::world::{Alert, Setup, TestWorld};

const ACTIVE: &str = "*SILENCED until";
const LABELS: [(&str, &str); 4] = [
    ("alertname", "TapeLibraryJammed"),
    ("cluster", "demo"),
    ("namespace", "production"),
    ("service", "archive"),
];

/// An alert of many instances that nobody has a runbook for; a human has it, and too many cards of it.
async fn noisy(setup: Setup) -> TestWorld {
    let world = TestWorld::start(setup.with_alertmanager()).await;
    world.fires(&Alert::tape_jam().severity("low").times(4)).await;
    world.card("no runbook").await;
    world
}

/// Ana proposes one for two hours, as the form suggests.
async fn ana_proposes(world: &TestWorld) {
    world.ana().presses("Propose a silence").await;
    let form = world.ana().sees_modal("Mutes in Alertmanager").await;
    assert!(form.contains("namespace=\"production\""), "{form}");
    assert!(!form.contains("instance"), "it is not the same for all: {form}");
    let why = Input::Text("The robot arm is being replaced".to_owned());
    world.ana().submits(&[("Why?", why)]).await;
    world.ana().is_told("The silence is proposed on the card.").await;
    world.thread().says("ana proposes to silence alertname=").await;
}

fn only(world: &TestWorld) -> Silence {
    let made = world.doubles.alertmanager.silences();
    assert_eq!(made.len(), 1, "{made:#?}");
    made.into_iter().next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_proposes_another_approves_and_its_end_is_told() {
    let world = noisy(Setup::default()).await;
    ana_proposes(&world).await;
    let card = world.card("*Proposed silence* by @ana, for 2 h").await;
    for shown in [
        "alertname=\"TapeLibraryJammed\", cluster=\"demo\", namespace=\"production\", service=\"archive\"",
        "Why: The robot arm is being replaced",
        "Hides 4 of 4 firing alerts here",
        "May approve: @sre-leads",
    ] {
        assert!(card.contains(shown), "`{shown}` is not in\n{card}");
    }
    // It takes who may approve Tier 2 there.
    world.cleo().presses("Approve silence").await;
    world
        .cleo()
        .is_told("you are not one of the approvers of Tier 2 in production")
        .await;
    assert!(world.doubles.alertmanager.silences().is_empty());
    world.ben().presses("Approve silence").await;
    world.ben().is_told("Approved.").await;
    world.thread().says("ben approved the silence").await;
    world.thread().says("silenced in Alertmanager until").await;
    let card = world.card(ACTIVE).await;
    assert!(card.contains(", approved by @ben"), "{card}");
    let made = only(&world);
    let wanted = LABELS.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(made.matchers, wanted);
    let lasts = made.ends_at.duration_since(made.starts_at);
    // It begins when it arrives, a moment after it was made.
    assert!((7_190..=7_200).contains(&lasts.as_secs()), "{lasts:?}");
    assert_eq!(made.created_by, "ana");
    assert!(
        made.comment
            .starts_with("The robot arm is being replaced (approved by ben) [interlock "),
        "{}",
        made.comment
    );

    world.doubles.alertmanager.fires(&LABELS);
    world.minutes_pass(121).await;
    world
        .thread()
        .ends_with("the silence has ended, and its alert STILL FIRES")
        .await;
    world
        .card("*The silence has ended, and its alert STILL FIRES*")
        .await;
    assert!(!world.card("INC-1").await.contains(ACTIVE));
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_proposes_a_silence_does_not_approve_it() {
    let world = noisy(Setup::default().approver("tiers = [2]\ngroups = [\"@sre\"]")).await;
    ana_proposes(&world).await;
    world.ana().presses("Approve silence").await;
    world
        .ana()
        .is_told("you proposed this silence, so somebody else has to approve it")
        .await;
    assert!(world.doubles.alertmanager.silences().is_empty());
    world.ben().presses("Reject silence").await;
    world.ben().is_told("Nothing is silenced.").await;
    world.thread().ends_with("ben rejected the silence").await;
    // It can be proposed again.
    world.ana().sees_button("Propose a silence").await;
    world.card("INC-1").await;
    assert!(world.doubles.alertmanager.silences().is_empty());
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silence_whose_answer_got_lost_is_not_made_twice_and_its_end_elsewhere_is_told() {
    let world = noisy(Setup::default()).await;
    ana_proposes(&world).await;
    world.doubles.alertmanager.set_faults(AlertmanagerFaults {
        lose_answers: 1,
        ..AlertmanagerFaults::default()
    });
    world.ben().presses("Approve silence").await;
    world.ben().is_told("Approved.").await;
    world.card(ACTIVE).await;
    let made = only(&world);
    world.bot_crashes_and_restarts().await;
    world.doubles.alertmanager.expire(&made.id);
    let told =
        "somebody ended the silence in Alertmanager before its time; none of its alerts fires any more";
    world.thread().ends_with(told).await;
    world.card("Somebody ended the silence").await;
    only(&world);
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_and_a_freeze_silence_nothing() {
    let world = noisy(Setup::default().mode("dry-run")).await;
    ana_proposes(&world).await;
    world.ana().types("freeze looking into it").await;
    world.ana().is_told("Frozen").await;
    world.ben().presses("Approve silence").await;
    world.ben().is_told("everything is frozen by ana").await;
    world.ben().types("unfreeze looked into it").await;
    world.ben().is_told("The freeze is lifted").await;
    world.ben().presses("Approve silence").await;
    world.ben().is_told("Approved.").await;
    world.thread().ends_with("dry run: no silence was made").await;
    world.card("Dry run: no silence was made").await;
    assert!(world.doubles.alertmanager.silences().is_empty());
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_decides_and_the_proposal_ends() {
    let world = noisy(Setup::default()).await;
    ana_proposes(&world).await;
    world.minutes_pass(31).await;
    world
        .thread()
        .ends_with("nobody approved the silence in time")
        .await;
    world.card("Nobody approved the silence in time").await;
    assert!(!world.ben().has_button("Approve silence"));
    assert!(world.doubles.alertmanager.silences().is_empty());
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_alert_offers_no_silence_and_without_an_alertmanager_nothing_does() {
    let quiet = TestWorld::start(Setup::default().with_alertmanager()).await;
    quiet.fires(&Alert::tape_jam().severity("low")).await;
    quiet.card("no runbook").await;
    assert!(!quiet.ana().has_button("Propose a silence"));
    quiet.thread().is_uninteresting();
    quiet.ends().await;

    let without = TestWorld::start(Setup::default()).await;
    without.fires(&Alert::tape_jam().severity("low").times(4)).await;
    without.card("no runbook").await;
    assert!(!without.ana().has_button("Propose a silence"));
    without.thread().is_uninteresting();
    without.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_a_silence_that_waited_is_void_and_can_be_proposed_again() {
    let world = noisy(Setup::default()).await;
    ana_proposes(&world).await;
    let button = world.ben().sees_button("Approve silence").await;
    world.bot_is_restored().await;
    world
        .thread()
        .says("the silence is void, since the database is an older copy; propose it again")
        .await;
    world.card("The silence is void").await;
    world.ben().types("unfreeze I looked at what ran").await;
    world.ben().is_told("The freeze is lifted").await;
    world.ben().clicks(button).await.unwrap();
    world.ben().is_told("That isn't waiting for anybody now").await;
    assert!(world.doubles.alertmanager.silences().is_empty());
    world.ana().sees_button("Propose a silence").await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_else_a_silence_would_hide_is_said_before_it_is_approved() {
    let apart = "[grouping]\nstorm_alerts_per_minute = 0\nsame_rule_within_minutes = 0";
    let world = noisy(Setup::default().table(apart)).await;
    // The same rule at the same place under another group: a card of its own.
    let mut other = Alert::tape_jam().severity("low").label("shelf", "9").firing();
    other["groupKey"] = serde_json::json!("{}:{shelf=\"9\"}");
    for alert in other["alerts"].as_array_mut().unwrap() {
        alert["fingerprint"] = serde_json::json!("00000000000000c9");
    }
    assert_eq!(world.posts(&other).await, 200);
    world.card_shows("INC-2", "no runbook").await;
    ana_proposes(&world).await;
    world
        .card("Hides 4 of 4 firing alerts here; *it hides 1 firing alert of another incident, too: INC-2*")
        .await;
    let said = world.thread().said();
    assert!(
        said.iter()
            .any(|line| line.contains("of another incident, too: INC-2")),
        "{said:#?}"
    );
    world.thread().is_uninteresting();
    world.thread_of("INC-2").is_uninteresting();
    world.ends().await;
}
