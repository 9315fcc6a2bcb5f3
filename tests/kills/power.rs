//! Power failures. A kill leaves what was written, synced or not; a power failure leaves what was synced, and of the rest
//! any part. The real program runs on a disk that takes notes, is killed and stopped and started again; afterwards, for
//! moments all over its life, the files are made as a failure at that moment may have left them, and what people and
//! machines had been told before it must be in them, under a seal that fits: nobody is told of tampering.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use interlock::config::Settings;
use interlock::playground::slack::{Delivery, DeliveryKind, SlackDouble};
use interlock::store::{Sealer, Signer, Store, parse};
use tokio::time::sleep;

use super::film::{Commit, Film};
use super::lane::{Lane, Rng, Seen};
use super::{number, promises};

/// Failures of one ordinary run, and kills in the life that is filmed.
const FAILURES: u64 = 600;
const KILLS: u32 = 10;
/// On a machine that is busy with other things nobody may have approved anything in so few lives: then it goes on.
const MOST_KILLS: u32 = 60;
/// What is frozen meanwhile: no step acts there.
const NOWHERE: &str = "http/nobody.example";

/// What is looked for after a failure, and the key that the journal is sealed with.
struct Known {
    seen: Seen,
    answered: Vec<Answered>,
    sealer: Sealer,
}

/// A click or command that Slack's double took the acknowledgement of.
struct Answered {
    /// By which the journal knows it.
    key: String,
    deed: Deed,
    /// In nanoseconds since 1970.
    at: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Approve,
    Freeze,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_a_power_failure_leaves_what_was_answered_or_done_is_on_record() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let seed = number("INTERLOCK_KILLS_SEED").unwrap_or(1);
    let failures = number("INTERLOCK_POWER_FAILURES").unwrap_or(FAILURES);
    let mut lane = Lane::open_on_disk(0, seed).await;
    let freezing = tokio::spawn(freeze_nowhere(lane.slack.clone()));
    let mut kills = 0;
    while kills == 0 || (kills < MOST_KILLS && !has_done_something(&lane)) {
        lane.die(KILLS).await;
        kills += KILLS;
    }
    freezing.abort();
    let log = lane.disk.as_ref().expect("a disk").log().to_owned();
    let known = Known {
        seen: lane.seen.lock().clone(),
        answered: lane.slack.deliveries().iter().filter_map(answered).collect(),
        sealer: sealer(&lane.folder.path().join("interlock.toml")),
    };
    let looked = tokio::task::spawn_blocking(move || look(&log, &known, (kills, failures), seed));
    eprintln!("{}", looked.await.expect("every failure keeps the promises"));
}

/// Whether somebody was told that they have approved, and something was changed.
fn has_done_something(lane: &Lane) -> bool {
    let deliveries = lane.slack.deliveries();
    let mut answered = deliveries.iter().filter_map(answered);
    answered.any(|answered| answered.deed == Deed::Approve) && !lane.seen.lock().effects.is_empty()
}

/// Ana freezes a place that nothing runs in, again and again, so that somebody is told of a freeze at every time of its life.
async fn freeze_nowhere(slack: SlackDouble) {
    let ana = slack.user_id("ana").expect("ana works here");
    let channel = slack.channel_id("incidents").expect("a channel");
    for number in 1.. {
        let text = format!("freeze target {NOWHERE} drill {number}");
        // Whether it was acknowledged stands in the deliveries.
        let _ = slack.slash(&ana, &channel, "/runbook", &text).await;
        sleep(Duration::from_millis(250)).await;
    }
}

/// What the delivery was, and when it was acknowledged, if it was and if it says something that must last.
fn answered(delivery: &Delivery) -> Option<Answered> {
    let latency = delivery.latency.filter(|_| delivery.acked)?;
    let trigger = delivery.payload["trigger_id"].as_str()?;
    let (kind, deed) = match delivery.kind {
        DeliveryKind::BlockActions if delivery.payload["actions"][0]["action_id"] == "approve" => {
            ("click", Deed::Approve)
        }
        DeliveryKind::SlashCommand if delivery.payload["text"].as_str()?.starts_with("freeze") => {
            ("slash", Deed::Freeze)
        }
        _ => return None,
    };
    Some(Answered {
        key: format!("{kind}:{trigger}"),
        deed,
        at: delivery.at.plus(latency).micros() * 1_000,
    })
}

/// Of the key in the configuration, as the bot makes it.
fn sealer(configuration: &Path) -> Sealer {
    let settings = Settings::load(Some(configuration), []).expect("its configuration");
    let key = settings.checkpoints.key.expect("a key");
    Signer::parse(key.expose()).expect("a key").sealer()
}

fn look(log: &Path, known: &Known, (kills, failures): (u32, u64), seed: u64) -> String {
    let film = Film::read(log);
    let costs = one_sync_each(&film.commits(), kills);
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("interlock.db");
    let (mut images, mut entries, mut told) = (0_u64, 0_u64, Found::default());
    let many = usize::try_from(failures).unwrap();
    film.failures(many, &mut Rng::new(seed), |at, image| {
        image.put(&database);
        entries += check(&database, known, at, &mut told);
        images += 1;
    });
    assert!(
        images > failures / 2 && told.taken > 0 && told.effects > 0 && told.approvals > 0 && told.freezes > 0,
        "{images} failures, and not everybody had been told something: {told:?}"
    );
    format!(
        "{images} power failures over {} writes and syncs ({} syncs; {costs}): {entries} entries read back, none of them in \
         doubt, and found: {told:?}",
        film.len(),
        film.syncs()
    )
}

/// What had been told before a failure and was found after it.
#[derive(Debug, Default)]
struct Found {
    /// Alerts that were answered with 200.
    taken: usize,
    /// Changes that were made outside.
    effects: usize,
    /// Clicks on Approve that were acknowledged.
    approvals: usize,
    /// Freezes, likewise.
    freezes: usize,
}

/// What one commit costs: the log is synced behind each, once. The last one of a process may go without: whoever is killed may not
/// have come to it, and has told nobody of it then, which `check` sees. Before the log is written back into the database, as
/// when a process is stopped, it is synced once more.
fn one_sync_each(commits: &[Commit], kills: u32) -> String {
    let kills = usize::try_from(kills).unwrap();
    assert!(commits.len() > kills, "only {} commits were seen", commits.len());
    for (number, commit) in (1..).zip(commits) {
        assert!(
            commit.syncs > 0 || commit.last,
            "commit {number} of {} was not synced, and its process went on",
            commits.len()
        );
    }
    let cut_off = commits.iter().filter(|commit| commit.syncs == 0).count();
    let more = commits.iter().filter(|commit| commit.syncs > 1).count();
    assert!(
        more <= kills.max(commits.len() / 20),
        "{more} of {} commits were synced again",
        commits.len()
    );
    format!(
        "{} commits, {cut_off} of them killed before their sync",
        commits.len()
    )
}

/// Opens it as a start would, with the key of the journal: it fits its seal, and what was seen before this time is in it. Gives
/// the entries.
fn check(database: &Path, known: &Known, at: u64, found: &mut Found) -> u64 {
    let store = Store::open_sealed(database, Some(known.sealer.clone()));
    let store = store.expect("it opens after a power failure");
    let doubt = store.doubt().expect("it can be read");
    assert_eq!(doubt, None, "a power failure is taken for tampering");
    assert!(!store.outbox_is_forged(), "what waits is taken for forged");
    drop(store);
    let record = promises::record(database);
    for (name, _) in known.seen.taken.iter().filter(|(_, when)| *when < at) {
        found.taken += 1;
        assert!(
            record.opened.contains(name),
            "{name} was answered with 200 and is gone"
        );
    }
    for (attempt, _) in known.seen.effects.iter().filter(|(_, when)| **when < at) {
        found.effects += 1;
        assert!(
            record.started.contains_key(attempt),
            "{attempt} was done and its start is gone"
        );
    }
    let keys = keys(database);
    for Answered { key, deed, .. } in known.answered.iter().filter(|answered| answered.at < at) {
        match deed {
            Deed::Approve => found.approvals += 1,
            Deed::Freeze => found.freezes += 1,
        }
        assert!(keys.contains(key), "{deed:?} {key} was acknowledged and is gone");
    }
    record.entries
}

/// Of every delivery that the journal has an entry of.
fn keys(database: &Path) -> BTreeSet<String> {
    let store = Store::open_to_read(database).expect("the journal opens");
    let mut keys = BTreeSet::new();
    store
        .export(|stored| {
            let entry = parse(&stored).expect("an entry of ours");
            keys.extend(entry.key.map(|key| key.as_str().to_owned()));
            Ok(())
        })
        .expect("it can be read");
    keys
}
