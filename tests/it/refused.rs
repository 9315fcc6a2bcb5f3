//! Runbooks that were refused: they match nothing and can't be run, and whoever would have needed one hears of it.

use std::time::Duration;

use crate::shipped;
use crate::world::{Alert, Setup, TestWorld};

/// Between looks at the list. The folder has nobody to tell that it was read again.
const LOOK: Duration = Duration::from_millis(20);
/// Looks before the story fails.
const LOOKS: usize = 500;

/// The Redis runbook with a step that nobody understands.
fn broken() -> (&'static str, String) {
    let (name, text) = shipped!("redis-connection-timeout");
    (
        name,
        text.replace("Failure action: escalate", "Failure action: explode"),
    )
}

/// Somebody saves the file; what `/runbook list` says once it has been read again.
async fn saves(world: &TestWorld, text: &str, refused: bool) -> String {
    let (name, _) = shipped!("redis-connection-timeout");
    std::fs::write(world.folder.path().join("runbooks").join(name), text).unwrap();
    for _ in 0..LOOKS {
        world.ana().types("list").await;
        let list = world.ana().is_told("redis-connection-timeout").await;
        if list.contains("REFUSED redis-connection-timeout") == refused {
            return list;
        }
        tokio::time::sleep(LOOK).await;
    }
    panic!("the file is never read again\n{}", world.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runbook_that_is_broken_in_place_is_named_by_the_alert_that_it_was_meant_for() {
    let world = TestWorld::start(Setup::default()).await;
    let (_, whole) = shipped!("redis-connection-timeout");
    let list = saves(&world, &broken().1, true).await;
    let place = "REFUSED redis-connection-timeout: redis-connection-timeout.md:22:17: ";
    assert!(list.contains(place), "{list}");
    assert!(list.contains("not even as it was before"), "{list}");

    world.fires(&Alert::redis_timeout().severity("critical")).await;
    let said = "no runbook matches: 'redis-connection-timeout' (redis-connection-timeout.md:22:17: ";
    let card = world.card(said).await;
    assert!(
        card.contains(") would have matched, but was refused; 'interlock check' shows what is wrong"),
        "{card}"
    );
    let page = world.a_human_is_paged("INC-1").await;
    let reason = &page.alerts[0].event["payload"]["custom_details"]["reason"];
    assert!(
        reason
            .as_str()
            .unwrap()
            .contains("would have matched, but was refused"),
        "{reason}"
    );
    world.thread().says("would have matched, but was refused").await;
    world.ana().types("status").await;
    world.ana().is_told(place).await;
    world.ana().types("run redis-connection-timeout").await;
    world
        .ana()
        .is_told("The runbook 'redis-connection-timeout' was refused: redis-connection-timeout.md:22:17: ")
        .await;

    saves(&world, whole, false).await;
    world.ana().types("status").await;
    let told = world.ana().is_told("INC-1").await;
    assert!(!told.contains("REFUSED"), "{told}");
    // Its file is mended while the card is open: the plan that there would have been can be had now.
    world
        .card("A runbook is for it now: propose again, or take over.")
        .await;
    world.ana().presses("Propose again").await;
    world.ana().is_told("The plan is being made again").await;
    world.card("Waits for 1 approval").await;
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_home_names_the_refused_runbooks() {
    let (name, text) = broken();
    let world = TestWorld::with_only((name, &text)).await;
    world.ana().opens_home().await;
    let home = world.ana().sees_home("REFUSED redis-connection-timeout: ").await;
    assert!(home.contains("redis-connection-timeout.md:22:17: "), "{home}");
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_another_runbook_takes_the_alert_the_card_says_that_a_refused_one_was_meant_as_well() {
    let (name, text) = broken();
    let page = "# Runbook: Any timeout\n## Trigger Conditions\n- Alert contains: \"timeout\"\n## Mitigation\n- Look at it\n";
    let setup = Setup::default()
        .no_runbooks()
        .runbook((name, &text))
        .runbook(("any-timeout.md", page));
    let world = TestWorld::start(setup).await;
    world.fires(&Alert::redis_timeout()).await;
    let card = world.card("Look at it").await;
    assert!(
        card.contains("*Refused runbook:* 'redis-connection-timeout' (redis-connection-timeout.md:22:17: "),
        "{card}"
    );
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_without_a_match_names_the_refused_runbooks_of_which_nobody_can_tell() {
    let unreadable = "# Runbook: Robot\n## Trigger Conditionz\n- Alert contains: \"tape\"\n## Steps\n### Step 1: Look\n\
                      ```bash\nkubectl get pods -n production\n```\n";
    let world = TestWorld::start(Setup::default().runbook(("robot.md", unreadable))).await;
    world.fires(&Alert::tape_jam()).await;
    let card = world.card("no runbook matches: 'robot' (robot.md:2:4: ").await;
    assert!(
        card.contains(") was refused, and nobody can tell whether it was meant"),
        "{card}"
    );
    world.ends_and_nothing_ran().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_refused_one_was_meant_as_well_nothing_runs_without_a_person() {
    let (_, text) = broken();
    let setup = Setup::default()
        .autonomy("auto")
        .runbook(("redis-careful.md", &text));
    let world = TestWorld::start(setup).await;
    world.fires(&Alert::redis_timeout()).await;
    let card = world.card("Waits for 1 approval").await;
    assert!(
        card.contains("*Refused runbook:* 'redis-careful' (redis-careful.md:22:17: "),
        "{card}"
    );
    world.thread().ends_with("plan 1 proposed").await;
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_no_incident_can_have_keeps_nothing_from_being_stored() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    for number in ["18446744073709551615", "9223372036854775808"] {
        for what in [
            "close INC-{} x",
            "merge INC-{} into INC-1",
            "break-glass INC-{} x",
            "reviewed INC-{} x",
        ] {
            let answered = world.ana().types(&what.replace("{}", number)).await;
            assert!(answered.acked, "{answered:?}");
        }
    }
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("Fixed and verified.").await;
    assert_eq!(world.readiness().await, "ready\n");
    world.nobody_was_paged();
    world.ends_with_what_is_left().await;
}
