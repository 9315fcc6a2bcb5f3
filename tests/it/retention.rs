//! Old incidents lose their texts and keep their proof, on the word of a person who is on record for it.

use std::time::Duration;

use interlock::app::{self, ControlReply, ControlRequest, Wanted};
use interlock::playground::cluster::Scenario;
use interlock::playground::slack::{ApiFault, Times};
use interlock::store::{PublicKey, Signer, Store};
use jiff::SignedDuration;

use crate::rewritten::KEYED;
use crate::world::{Alert, Setup, TestWorld};

const DAY: u64 = 24 * 60 * 60;
const CANARY: &str = "the tape of Marguerite Yourcenar is torn";

pub fn setup() -> Setup {
    let user = std::process::Command::new("id")
        .arg("-un")
        .output()
        .unwrap()
        .stdout;
    Setup::default().table(&format!(
        "[[operators]]\nos_user = \"{}\"\nperson = \"T0ACME0001/U0ANA00001\"\n",
        String::from_utf8(user).unwrap().trim()
    ))
}

async fn asked(world: &TestWorld, wanted: Wanted, dry_run: bool) -> ControlReply {
    app::ask_bot(&world.database(), &ControlRequest::Erase { wanted, dry_run })
        .await
        .unwrap()
}

pub async fn closed_by_ana(world: &TestWorld, alert: &Alert) {
    world.fires(alert).await;
    world.ana().presses("Take over").await;
    world.ana().is_told("You have it.").await;
    world.ana().presses("Close").await;
    world.ana().is_told("is closed. Its alert has not resolved").await;
    world.card("Closed by @ana").await;
}

fn holds(world: &TestWorld, text: &str) -> bool {
    ["", "-wal"].iter().any(|suffix| {
        let mut name = world.database().into_os_string();
        name.push(suffix);
        let bytes = std::fs::read(name).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_incident_is_erased_on_the_word_of_a_person_and_stays_proved() {
    let world = TestWorld::start(setup()).await;
    closed_by_ana(&world, &Alert::tape_jam().described(CANARY)).await;
    let young = asked(&world, Wanted::Incident(1), false).await;
    assert!(
        !young.done
            && young
                .text
                .starts_with("INC-1 can't be erased: it was closed less than 31 days ago"),
        "{}",
        young.text
    );
    let soon = asked(
        &world,
        Wanted::Before(world.now() - SignedDuration::from_hours(48)),
        false,
    )
    .await;
    assert!(
        !soon.done && soon.text.contains("31 days at least"),
        "{}",
        soon.text
    );

    world.clock_moves(Duration::from_secs(40 * DAY)).await;
    world
        .fires(&Alert::bad_deploy().described("this one is open"))
        .await;
    world.card_shows("INC-2", "this one is open").await;
    world.outbox_is_empty().await;
    // Forty days by the clock of the bot, and none by that of the machine.
    let long_ago = Wanted::OlderThan(39 * DAY.cast_signed());
    let would = asked(&world, long_ago, true).await;
    assert!(would.done && would.text.contains("INC-1"), "{}", would.text);
    let soon = asked(&world, Wanted::OlderThan(2 * DAY.cast_signed()), true).await;
    assert!(soon.text.contains("31 days at least"), "{}", soon.text);
    let would = asked(&world, Wanted::Incident(1), true).await;
    assert!(
        would.done && would.text.starts_with("Would be erased for good: INC-1, "),
        "{}",
        would.text
    );
    assert!(holds(&world, CANARY), "a look erases nothing");
    let gone = asked(&world, Wanted::Incident(1), false).await;
    assert!(
        gone.done && gone.text.starts_with("Erased for good: INC-1, ") && gone.text.contains("Backups"),
        "{}",
        gone.text
    );
    assert!(!holds(&world, CANARY), "in the file or its log");
    assert!(holds(&world, "this one is open"));
    let again = asked(&world, Wanted::Incident(1), false).await;
    assert!(
        again.text.starts_with("INC-1 is erased already"),
        "{}",
        again.text
    );
    let open = asked(&world, Wanted::Incident(2), false).await;
    assert!(
        open.text.starts_with("INC-2 can't be erased: it is still open"),
        "{}",
        open.text
    );

    let absent = asked(&world, Wanted::Incident(3), false).await;
    assert_eq!(absent.text, "INC-3 can't be erased: there is no such incident");

    let store = Store::open_to_read(&world.database()).unwrap();
    assert_eq!(store.tables_fit().unwrap(), Ok(()));
    let by = store
        .erased_by(interlock::domain::ids::IncidentId(1))
        .unwrap()
        .unwrap()
        .1;
    assert_eq!(by.unwrap().name, "ana");
    world.bot_crashes_and_restarts().await;
    assert_eq!(store.tables_fit().unwrap(), Ok(()));
    world.channel("incidents").threads_are_uninteresting();
    world.ends().await;
}

/// Waits until a checkpoint covers so many entries. The database has nobody to tell about a change.
async fn signed_up_to(world: &TestWorld, key: &PublicKey, entries: u64) {
    for _ in 0..400 {
        let store = Store::open_to_read(&world.database()).unwrap();
        let last = store.last_checkpoint(key).unwrap();
        if last.is_some_and(|(last, _)| last.size >= entries) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no checkpoint covers {entries} entries\n{}", world.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_right_after_an_erasure_is_not_taken_for_tampering() {
    let key = Signer::generate("interlock.test/retention").unwrap();
    let public = Signer::parse(&key).unwrap().public();
    let world = TestWorld::start(setup().table(&KEYED.replace("KEY", &key))).await;
    closed_by_ana(&world, &Alert::tape_jam().described(CANARY)).await;
    world.outbox_is_empty().await;
    let texts = Store::open_to_read(&world.database()).unwrap().seq();
    world.clock_moves(Duration::from_secs(40 * DAY)).await;
    signed_up_to(&world, &public, texts).await;
    let gone = asked(&world, Wanted::Incident(1), false).await;
    assert!(
        gone.done && gone.text.starts_with("Erased for good: INC-1, "),
        "{}",
        gone.text
    );
    world.bot_crashes().await;
    assert!(!holds(&world, CANARY));
    let wanted = interlock::store::Wanted {
        keys: vec![public],
        ..interlock::store::Wanted::default()
    };
    let verdict = Store::open_to_read(&world.database())
        .unwrap()
        .check(wanted)
        .unwrap();
    assert!(verdict.whole && verdict.erased > 0, "{verdict:?}");

    world.bot_starts().await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world.card_shows("INC-2", "Waits for 1 approval").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world
        .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
        .await;
    world.card_shows("INC-2", "Fixed and verified.").await;
    world.channel("incidents").threads_are_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_slack_never_took_of_an_incident_that_is_let_go_of_is_given_up() {
    let world = TestWorld::start(setup()).await;
    closed_by_ana(&world, &Alert::tape_jam()).await;
    world
        .fires(&Alert::new("DiskSlow", "storage", "The disk is slow"))
        .await;
    world.card_shows("INC-2", "The disk is slow").await;
    world.outbox_is_empty().await;
    let faults = world.doubles.slack.faults();
    faults.on_call("chat.postMessage", ApiFault::Status(503), Times::Always);
    faults.on_call("chat.update", ApiFault::Status(503), Times::Always);
    let close = ControlRequest::Close {
        incident: 2,
        reason: "it is replaced".to_owned(),
    };
    let closed = app::ask_bot(&world.database(), &close).await.unwrap();
    assert!(closed.done, "{}", closed.text);
    world.bot_crashes().await;
    world.clock_moves(Duration::from_secs(40 * DAY)).await;
    world.bot_starts().await;
    let waiting = Store::open_to_read(&world.database()).unwrap().outbox().unwrap();
    assert!(waiting.len() > 1, "{waiting:?}");
    let gone = asked(&world, Wanted::Incident(1), false).await;
    assert!(
        gone.done && gone.text.starts_with("Erased for good: INC-1, "),
        "{}",
        gone.text
    );
    faults.clear();
    world.outbox_is_empty().await;
    // Nothing of it waits any more, so it can go too.
    let gone = asked(&world, Wanted::Incident(2), false).await;
    assert!(
        gone.done && gone.text.starts_with("Erased for good: INC-2, "),
        "{}",
        gone.text
    );
    world.channel("incidents").threads_are_uninteresting();
    world.nothing_ran();
    world.ends().await;
}
