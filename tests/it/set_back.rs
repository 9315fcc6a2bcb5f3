//! A database that was put back to an older copy has forgotten what was done since. Whoever keeps something of it tells: then
//! nothing starts, no approval counts, and nothing more is signed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::http::HeaderMap;
use interlock::domain::event::Event;
use interlock::store::{Checkpoint, Signer, Store};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::bucket::{Reads, bucket, with_bucket};
use crate::world::{Alert, Setup, TestWorld};

/// How many entries the newest checkpoint in the file covers.
fn kept(file: &std::path::Path, signer: &Signer) -> u64 {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let notes = text.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        let note = line["note"].as_str().unwrap();
        Checkpoint::open(note, &signer.public()).unwrap().size
    });
    notes.max().unwrap_or(0)
}

/// A copy of the database as it stands, and how many entries it has.
fn copied(world: &TestWorld, folder: &Path) -> (PathBuf, u64) {
    let copy = folder.join("older.db");
    let all_of_it = format!("VACUUM INTO '{}'", copy.display());
    rusqlite::Connection::open(world.database())
        .unwrap()
        .execute_batch(&all_of_it)
        .unwrap();
    let entries = Store::open_to_read(&copy).unwrap().seq();
    (copy, entries)
}

fn put_back(world: &TestWorld, copy: &Path) {
    for beside in ["db-wal", "db-shm"] {
        // Gone with the last connection, as a rule.
        let _ = std::fs::remove_file(world.database().with_extension(beside));
    }
    std::fs::copy(copy, world.database()).unwrap();
}

/// What `/readyz` says.
async fn readyz(world: &TestWorld) -> String {
    let url = format!("http://{}/readyz", world.listens_on());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.get(url).send().await.unwrap().text().await.unwrap()
}

/// Checkpoints that the journal holds of itself.
fn signed(world: &TestWorld) -> usize {
    let mut signed = 0;
    let store = Store::open_to_read(&world.database()).unwrap();
    store
        .read_after(0, |entry| {
            signed += usize::from(matches!(entry.event, Event::Checkpointed { .. }))
        })
        .unwrap();
    signed
}

/// A plan that waits for one person; a copy of the database, and then Ana takes over, which a bucket keeps.
async fn forgotten_by_a_copy(
    world: &TestWorld,
    kept: &mut mpsc::UnboundedReceiver<(String, HeaderMap, Value)>,
    folder: &Path,
) -> PathBuf {
    world.in_the_cluster(interlock::playground::cluster::Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.thread().says("plan 1 proposed").await;
    let (copy, entries) = copied(world, folder);
    world.ana().presses("Take over").await;
    world.ana().is_told("You have it").await;
    world.clock_moves(Duration::from_secs(120)).await;
    while kept.recv().await.unwrap().2["size"].as_u64().unwrap() <= entries {}
    world.bot_stops().await;
    put_back(world, &copy);
    copy
}

async fn everything_stops(world: &TestWorld, why: &str) {
    world
        .a_human_is_paged("Interlock's database can't be trusted, so nothing runs")
        .await;
    world.a_human_is_paged("INC-1").await;
    world.card("no approval in it counts").await;
    world.ben().opens_home().await;
    let home = world.ben().sees_home("FROZEN by @Interlock").await;
    assert!(home.contains(why), "{home}");
    assert!(!world.ana().has_button("Approve"));
    assert!(readyz(world).await.contains("the database can't be trusted"));
    world.nothing_ran();
    world.thread().is_uninteresting();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_alone_tells_that_the_database_was_put_back_and_nothing_more_is_signed() {
    let (url, mut kept, _) = bucket().await;
    let key = Signer::generate("interlock.test/story").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let world = TestWorld::start(with_bucket(&key, &url)).await;
    forgotten_by_a_copy(&world, &mut kept, folder.path()).await;
    let before = signed(&world);
    world.bot_starts().await;
    everything_stops(&world, "the bucket proofs holds a checkpoint over").await;
    world.clock_moves(Duration::from_secs(7_200)).await;
    world.ben().opens_home().await;
    assert_eq!(
        signed(&world),
        before,
        "there would be two histories under one key"
    );
    assert!(kept.try_recv().is_err());
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_answers_late_stops_everything_then_and_nothing_is_signed_before() {
    let (url, mut kept, how) = bucket().await;
    let key = Signer::generate("interlock.test/story").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let world = TestWorld::start(with_bucket(&key, &url)).await;
    forgotten_by_a_copy(&world, &mut kept, folder.path()).await;
    let before = signed(&world);
    *how.lock() = Reads::IsAway;
    world.bot_starts().await;
    let said = readyz(&world).await;
    assert!(
        said.contains("what checkpoints.s3 holds could not be compared with the journal"),
        "{said}"
    );
    world.clock_moves(Duration::from_secs(35)).await;
    *how.lock() = Reads::Answers;
    world.clock_moves(Duration::from_secs(35)).await;
    everything_stops(&world, "the bucket proofs holds a checkpoint over").await;
    assert_eq!(signed(&world), before);
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_may_not_be_read_is_written_to_and_said_to_be_blind() {
    let (url, mut kept, how) = bucket().await;
    *how.lock() = Reads::Refuses;
    let key = Signer::generate("interlock.test/story").unwrap();
    let world = TestWorld::start(with_bucket(&key, &url)).await;
    world.clock_moves(Duration::from_secs(70)).await;
    kept.recv().await.expect("it is written to");
    let said = readyz(&world).await;
    assert!(
        said.contains("what checkpoints.s3 holds could not be compared with the journal"),
        "{said}"
    );
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_knows_more_tells_that_the_database_was_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup.db");
    let table = format!("[backup]\nfile = \"{}\"", backup.display());
    let world = TestWorld::start(Setup::default().table(&table)).await;
    world.in_the_cluster(interlock::playground::cluster::Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.thread().says("plan 1 proposed").await;
    let (copy, _) = copied(&world, folder.path());
    world.ana().presses("Take over").await;
    world.ana().is_told("You have it").await;
    world.bot_stops().await;
    interlock::app::backup(&world.database(), &backup).unwrap();
    put_back(&world, &copy);
    world.bot_starts().await;
    everything_stops(&world, "and the backup").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_takes_nothing_is_told_to_the_channel_once() {
    let key = Signer::generate("interlock.test/story").unwrap();
    let table = format!("[checkpoints]\nkey = \"{key}\"\nfile = \"/nowhere/at/all/anchors.jsonl\"");
    let world = TestWorld::start(Setup::default().table(&table)).await;
    let patience = tokio::time::Instant::now() + Duration::from_secs(20);
    let told = || {
        let notices = world.channel("incidents").notices();
        let about = |said: &&String| said.contains("`checkpoints.file` takes no checkpoint of the journal");
        notices.iter().filter(about).count()
    };
    while told() == 0 {
        assert!(tokio::time::Instant::now() < patience, "nobody is told");
        world.clock_moves(Duration::from_secs(30)).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    world.clock_moves(Duration::from_secs(1_200)).await;
    world.ben().opens_home().await;
    assert_eq!(told(), 1);
    let said = readyz(&world).await;
    assert!(
        said.contains("checkpoints.file takes no checkpoint since"),
        "{said}"
    );
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_put_back_starts_nothing_and_voids_its_approvals() {
    let key = Signer::generate("interlock.test/story").unwrap();
    let signer = Signer::parse(&key).unwrap();
    let anchors = tempfile::tempdir().unwrap();
    let file = anchors.path().join("anchors.jsonl");
    let world = TestWorld::start(Setup::default().table(&format!(
        "[checkpoints]\nkey = \"{key}\"\nfile = \"{}\"",
        file.display()
    )))
    .await;
    world.in_the_cluster(interlock::playground::cluster::Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.thread().says("plan 1 proposed").await;
    let (copy, entries) = copied(&world, anchors.path());

    // Ana takes over; that is anchored at once, and then forgotten.
    world.ana().presses("Take over").await;
    world.ana().is_told("You have it").await;
    let patience = tokio::time::Instant::now() + Duration::from_secs(20);
    let soon = |what: &str| {
        assert!(tokio::time::Instant::now() < patience, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20))
    };
    while kept(&file, &signer) <= entries {
        soon("it is anchored").await;
    }
    world.bot_crashes().await;
    put_back(&world, &copy);
    world.bot_starts().await;
    world
        .a_human_is_paged("Interlock's database can't be trusted, so nothing runs")
        .await;
    world.a_human_is_paged("INC-1").await;
    world.card("no approval in it counts").await;
    world.ben().opens_home().await;
    let home = world.ben().sees_home("FROZEN by @Interlock").await;
    assert!(home.contains("an older copy was put in place"), "{home}");
    assert!(!world.ana().has_button("Approve"));
    world.nothing_ran();
    let says = |text: &str| text.contains("nothing starts until a person has lifted the freeze");
    // Alerts are taken and people paged all the same, so whoever routes by it is not turned away.
    let readiness = world.readiness().await;
    assert!(
        readiness.starts_with("ready, but ") && says(&readiness),
        "{readiness}"
    );
    world.ben().types("unfreeze I looked at the audit logs").await;
    world.ben().is_told("The freeze is lifted.").await;
    while says(&world.readiness().await) {
        soon("it is no longer said").await;
    }
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_checkpoints_that_is_gone_is_missed_and_nothing_runs() {
    let key = Signer::generate("interlock.test/story").unwrap();
    let signer = Signer::parse(&key).unwrap();
    let anchors = tempfile::tempdir().unwrap();
    let file = anchors.path().join("anchors.jsonl");
    let table = format!("[checkpoints]\nkey = \"{key}\"\nfile = \"{}\"", file.display());
    let world = TestWorld::start(Setup::default().table(&table)).await;
    world.in_the_cluster(interlock::playground::cluster::Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.thread().says("plan 1 proposed").await;
    // The second of them says of itself where the first one is.
    for reason in ["one", "two"] {
        let before = kept(&file, &signer);
        world.ana().types(&format!("freeze {reason}")).await;
        world.ana().is_told("Frozen. No step starts").await;
        world.ben().types("unfreeze it was nothing").await;
        world.ben().is_told("The freeze is lifted.").await;
        let patience = tokio::time::Instant::now() + Duration::from_secs(20);
        while kept(&file, &signer) <= before + 1 {
            assert!(tokio::time::Instant::now() < patience, "it is anchored");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    world.bot_stops().await;
    std::fs::remove_file(&file).unwrap();
    world.bot_starts().await;
    everything_stops(
        &world,
        "has kept checkpoints, as the journal says, and holds none",
    )
    .await;
    assert!(!file.exists(), "nothing is begun in its place");
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_or_another_key_freezes_once_and_no_later_start_does_whatever_kills_it() {
    let with = |key: &str| Setup::default().table(&format!("[checkpoints]\nkey = \"{key}\""));
    let mut world = TestWorld::start(Setup::default()).await;
    world.in_the_cluster(interlock::playground::cluster::Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.thread().says("plan 1 proposed").await;
    let mut paged = 0;
    for name in ["interlock.test/first", "interlock.test/second"] {
        world.bot_stops().await;
        world.reconfigure(with(&Signer::generate(name).unwrap()));
        world.bot_starts().await;
        let page = world
            .a_human_is_paged("Interlock's database can't be trusted, so nothing runs")
            .await;
        world.someone_sets_at_the_pager(&page.id, "resolved").await;
        world.ben().opens_home().await;
        world.ben().sees_home("FROZEN by @Interlock").await;
        world.ben().types("unfreeze the key was set just now").await;
        world.ben().is_told("The freeze is lifted.").await;
        world.outbox_is_empty().await;
        for _ in 0..2 {
            world.bot_crashes().await;
            world.bot_starts().await;
            // What it verified, and what it did not start while it did, shows by then.
            world.fires(&Alert::tape_jam()).await;
            world.outbox_is_empty().await;
            world.ben().opens_home().await;
            world.ben().sees_home_without("FROZEN").await;
        }
        let pages = world.pages();
        let again = pages
            .iter()
            .filter(|page| page.starts_with("Interlock's database"));
        paged += 1;
        assert_eq!(again.count(), paged, "{pages:?}");
        assert_eq!(world.readiness().await, "ready\n");
    }
    world.ends_with_what_is_left().await;
}
