//! Tier 3 by people: only where a team wrote a row for it, with the target typed in, a reason, and a second factor.

use std::path::PathBuf;

use interlock::app::totp::{Enrolled, FactorFile, Seed};
use interlock::domain::ceremony::step_at;
use interlock::domain::event::Event;
use interlock::domain::ids::PersonId;
use interlock::playground::cluster::Scenario;
use interlock::playground::slack::Input;
use interlock::render::timeline;
use interlock::store::Store;

use crate::world::{Alert, Setup, Someone, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";
const TARGET: &str = "production/redis-primary";
const WHY: &str = "sessions are poisoned";

/// A protected namespace makes the flush Tier 3, and there is a row for that.
fn guarded(approvals: u8) -> Setup {
    Setup::default()
        .no_approvers()
        .approver("tiers = [0, 1]\ngroups = [\"@sre\"]")
        .approver(&format!(
            "tiers = [3]\ngroups = [\"@sre\"]\napprovals = {approvals}"
        ))
        .table("[protected]\nnamespaces = [\"prod*\"]")
}

async fn redis(approvals: u8) -> TestWorld {
    let world = TestWorld::start(guarded(approvals)).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world
}

fn factors(world: &TestWorld) -> PathBuf {
    world.database().with_extension("totp")
}

fn id(person: Someone<'_>) -> PersonId {
    PersonId {
        team: "T0ACME0001".to_owned(),
        user: person.id(),
    }
}

/// As `interlock totp enroll` does it.
fn enrols(person: Someone<'_>) -> Seed {
    let path = factors(person.world);
    let mut file = FactorFile::read(&path).unwrap();
    let seed = Seed::generate().unwrap();
    let id = id(person);
    let enrolled = Enrolled {
        seed: seed.clone(),
        since: person.world.now(),
    };
    file.enrol(id, enrolled, "root");
    file.write(&path).unwrap();
    seed
}

fn code(world: &TestWorld, seed: &Seed) -> String {
    seed.code(step_at(world.now()))
}

/// One that is none of those that count.
fn wrong(world: &TestWorld, seed: &Seed) -> String {
    let now = step_at(world.now());
    let candidates = ["000000", "111111", "222222", "333333", "444444"];
    let wrong = candidates.iter().find(|code| seed.step_of(code, now).is_none());
    (*wrong.unwrap()).to_owned()
}

/// From the card to the form.
async fn asks(person: Someone<'_>) {
    person.presses("Review plan").await;
    person
        .sees_modal("the target typed in, a reason, and a code of your second factor")
        .await;
    person.submits(&[]).await;
    person.sees_modal(&format!("It acts on `{TARGET}`")).await;
}

async fn fills_in(person: Someone<'_>, target: &str, why: &str, code: &str) {
    let text = |text: &str| Input::Text(text.to_owned());
    person
        .submits(&[
            ("Target", text(target)),
            ("Why?", text(why)),
            ("Code", text(code)),
        ])
        .await;
}

/// All is filled in right, and the story has its good end.
async fn approves_what_then_helps(world: TestWorld, who: fn(&TestWorld) -> Someone<'_>, seed: &Seed) {
    fills_in(who(&world), TARGET, WHY, &code(&world, seed)).await;
    who(&world).is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_with_their_second_factors_approve_what_they_typed() {
    let world = redis(2).await;
    let (ana, ben) = (enrols(world.ana()), enrols(world.ben()));
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 2 approvals").await;
    assert!(
        !world.ana().has_button("Approve"),
        "it is approved from its review"
    );
    world.ben().types("who INC-1").await;
    world
        .ben()
        .is_told("with the target typed, a reason and a second factor")
        .await;

    asks(world.ana()).await;
    let shown = world.ana().sees_modal("# Tier 3 approval").await;
    assert!(
        shown.contains("redis-cli FLUSHDB"),
        "the command stands above the fields: {shown}"
    );
    let why = format!("{WHY}, not by {}", ana.base32());
    fills_in(world.ana(), TARGET, &why, &code(&world, &ana)).await;
    world.ana().is_told("Your approval counts: 1 of 2.").await;
    world
        .thread()
        .says("ana approved with a second factor: sessions are poisoned, not by [redacted: secret of interlock]")
        .await;
    world.nothing_ran();

    asks(world.ben()).await;
    fills_in(world.ben(), &format!(" {TARGET} "), WHY, &code(&world, &ben)).await;
    world.ben().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_filled_in_wrong_is_said_under_its_field_and_nothing_runs() {
    let world = redis(1).await;
    let ana = enrols(world.ana());
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    asks(world.ana()).await;

    let wrong_code = || wrong(&world, &ana);
    fills_in(world.ana(), TARGET, WHY, &wrong_code()).await;
    world
        .ana()
        .sees_modal(
            "! That code is wrong or too old. Type the one that your app shows now; after 4 more wrong ones",
        )
        .await;
    for mistyped in ["production/redis", "Production/redis-primary", "redis-primary"] {
        fills_in(world.ana(), mistyped, WHY, &code(&world, &ana)).await;
        world
            .ana()
            .sees_modal(&format!("! Type {TARGET}, letter for letter"))
            .await;
    }
    fills_in(world.ana(), TARGET, "  ", &code(&world, &ana)).await;
    world
        .ana()
        .sees_modal("! Say why: this approval counts only with a reason.")
        .await;
    world.nothing_ran();

    approves_what_then_helps(world, TestWorld::ana, &ana).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_counts_once_whatever_it_is_for_and_whatever_crashes() {
    let world = redis(1).await;
    let ana = enrols(world.ana());
    world.fires(&Alert::redis_timeout()).await;
    asks(world.ana()).await;
    let used = code(&world, &ana);
    fills_in(world.ana(), TARGET, WHY, &used).await;
    world.ana().is_told("Approved.").await;
    world.card("Fixed and verified.").await;
    world.thread().is_uninteresting();

    world.bot_crashes_and_restarts().await;
    world.ben().types("run redis-connection-timeout").await;
    world.ben().is_told("INC-2 is open").await;
    world.card_shows("INC-2", "Waits for 1 approval").await;
    asks(world.ana()).await;
    fills_in(world.ana(), TARGET, WHY, &used).await;
    world
        .ana()
        .sees_modal("! That code was used already, and each counts once.")
        .await;
    world.cluster_did(&[FLUSH, HEALTH]).await;

    world.clock_moves(std::time::Duration::from_secs(30)).await;
    fills_in(world.ana(), TARGET, WHY, &code(&world, &ana)).await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH, FLUSH, HEALTH]).await;
    world.card_shows("INC-2", "Resolved").await;
    world.thread_of("INC-2").ends_with("Summary of INC-2").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_second_factor_is_told_how_to_get_one() {
    let world = redis(1).await;
    world.fires(&Alert::redis_timeout()).await;
    asks(world.ana()).await;
    fills_in(world.ana(), TARGET, WHY, "123456").await;
    world
        .ana()
        .sees_modal("! You have no second factor yet. On the machine, `interlock totp enroll --person T0ACME0001/U0ANA00001` sets one up")
        .await;
    let file = factors(&world);
    let ana = enrols(world.ana());
    let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(&file, everybody).unwrap();
    fills_in(world.ana(), TARGET, WHY, &code(&world, &ana)).await;
    world
        .ana()
        .sees_modal("! The second factors can't be read, so no code counts.")
        .await;
    world.nothing_ran();

    let owner = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, owner).unwrap();
    approves_what_then_helps(world, TestWorld::ana, &ana).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_used_counts_for_nothing_when_the_clock_jumps_back() {
    let world = redis(1).await;
    let ana = enrols(world.ana());
    world.ben().types("run redis-connection-timeout").await;
    world.ben().is_told("INC-1 is open").await;
    asks(world.ana()).await;
    let used = code(&world, &ana);
    fills_in(world.ana(), TARGET, WHY, &used).await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card_shows("INC-1", "Resolved").await;
    world.clock_goes_back(std::time::Duration::from_secs(30));
    world.ben().types("run redis-connection-timeout").await;
    world.ben().is_told("INC-2 is open").await;
    asks(world.ana()).await;
    for code in [used, code(&world, &ana)] {
        fills_in(world.ana(), TARGET, WHY, &code).await;
        world.ana().sees_modal("! That code was used already").await;
    }
    world.card_shows("INC-2", "Waits for 1 approval").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.thread_of("INC-1").is_uninteresting();
    world.thread_of("INC-2").is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_five_wrong_codes_none_counts_not_even_after_a_restart() {
    let world = redis(1).await;
    let ana = enrols(world.ana());
    world.fires(&Alert::redis_timeout()).await;
    asks(world.ana()).await;
    for left in ["4 more", "3 more", "2 more", "1 more", "it was one too many"] {
        fills_in(world.ana(), TARGET, WHY, &wrong(&world, &ana)).await;
        world.ana().sees_modal(left).await;
    }
    world
        .thread()
        .says(
            "gave one wrong code too many: none of theirs counts for half an hour; somebody else may approve",
        )
        .await;
    let locked = "! There were too many wrong codes: none of yours counts until ";
    fills_in(world.ana(), TARGET, WHY, &code(&world, &ana)).await;
    world.ana().sees_modal(locked).await;
    world.bot_crashes_and_restarts().await;
    world.clock_moves(std::time::Duration::from_secs(30)).await;
    fills_in(world.ana(), TARGET, WHY, &code(&world, &ana)).await;
    world.ana().sees_modal(locked).await;
    world.nothing_ran();

    let ben = enrols(world.ben());
    asks(world.ben()).await;
    approves_what_then_helps(world, TestWorld::ben, &ben).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_for_the_plan_that_it_shows_and_a_bare_click_only_opens_it() {
    let world = redis(1).await;
    let ana = enrols(world.ana());
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.ana().forges_an_approval().await;
    world.ana().sees_modal("# Tier 3 approval").await;
    world.nothing_ran();

    world.ben().leaves_out("2").await;
    world.card("(plan 2, changed from plan 1)").await;
    fills_in(world.ana(), TARGET, WHY, &code(&world, &ana)).await;
    world
        .ana()
        .sees_modal("The plan changed since you saw this card.")
        .await;
    world.nothing_ran();
    world.thread().ends_with("plan 2 proposed").await;
    world.ends().await;
}

/// What the journal has about second factors, without the moments.
fn on_record(world: &TestWorld) -> Vec<String> {
    let mut found = Vec::new();
    let journal = Store::open_to_read(&world.database()).unwrap();
    journal
        .read_after(0, |entry| {
            if matches!(entry.event, Event::SecondFactor { .. }) {
                found.extend(timeline::line_alone(&entry.event));
            }
        })
        .unwrap();
    found
}

/// The bot looks at the file every few seconds.
async fn is_on_record(world: &TestWorld, wanted: &[String]) {
    let patience = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    while on_record(world) != wanted {
        let on_record = on_record(world);
        assert!(
            tokio::time::Instant::now() < patience,
            "it never was {wanted:?}: {on_record:?}"
        );
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_got_or_lost_a_second_factor_is_on_record_and_never_the_secret() {
    let world = TestWorld::without_bot(guarded(1)).await;
    let before = enrols(world.ana());
    world.bot_starts().await;
    let path = factors(&world);
    let got = |user: &str, by: &str| format!("T0ACME0001/{user} got a second factor, {by}");
    let (root, by_hand) = (
        "by root of this machine",
        "by a change of the file that `interlock totp` did not make",
    );
    is_on_record(&world, &[got("U0ANA00001", root)]).await;

    let mut file = FactorFile::read(&path).unwrap();
    file.remove(&id(world.ana()), world.now(), "mia as root");
    file.write(&path).unwrap();
    let ben = Seed::generate().unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let row = format!(
        "{text}\n[people.\"T0ACME0001/U0BEN00001\"]\nsecret = \"{}\"\nsince = \"2026-01-01T00:00:00Z\"\n",
        ben.base32()
    );
    std::fs::write(&path, row).unwrap();
    let wanted = [
        got("U0ANA00001", root),
        "T0ACME0001/U0ANA00001 lost the second factor, by mia as root of this machine".to_owned(),
        got("U0BEN00001", by_hand),
    ];
    is_on_record(&world, &wanted).await;
    world.bot_crashes_and_restarts().await;
    assert_eq!(on_record(&world), wanted, "each once");
    Store::open_to_read(&world.database())
        .unwrap()
        .export(|entry| {
            for seed in [&before, &ben] {
                let payload = entry.payload().unwrap();
                assert!(!payload.contains(&seed.base32()), "{payload}");
            }
            Ok(())
        })
        .unwrap();
    world.ends().await;
}
