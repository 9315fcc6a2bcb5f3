//! A disk that fails: one of the first reads, writes or syncs after a click, once or from then on, with an I/O error, as full
//! or as read-only. Nothing may run that is not on record, and when the disk works again everything goes on. While writes or
//! syncs go on failing, senders are told to come again and a human is paged without the database. Of reads that go on failing
//! that is not asked: what is read stands in memory for the most part, and work goes on.
//!
//! `INTERLOCK_DISK_FAULTS=2000 INTERLOCK_DISK_SEED=7 cargo test --test kills whatever_the_disk` tries more, and others.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::disk::{Call, Error, Fault};
use super::lane::{Lane, Rng};
use super::process::Process;
use super::{number, people};

/// Faults of one ordinary run.
const FAULTS: u64 = 16;
const SEED: u64 = 1;
/// Something that must come comes within this time, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(20);

/// The calls after a click of which one is drawn to fail. A commit is a dozen writes and one sync, and a click leads to some ten
/// commits.
const CALLS: u64 = 24;
const SYNCS: u64 = 12;

/// Every kind of fault in turn, each at a call that is drawn: the first ones, which record the click, more often than later ones.
fn all(seed: u64) -> impl Iterator<Item = Fault> {
    let kinds = [
        (Call::Sync, Error::Io),
        (Call::Write, Error::Full),
        (Call::Write, Error::Io),
        (Call::Read, Error::Io),
        (Call::Write, Error::ReadOnly),
        (Call::Sync, Error::Full),
    ];
    let mut rng = Rng::new(seed);
    let each = kinds
        .into_iter()
        .flat_map(|(call, error)| [true, false].map(|stays| (call, error, stays)));
    let each: Vec<_> = each.collect();
    each.into_iter().cycle().map(move |(call, error, stays)| {
        let most = if call == Call::Sync { SYNCS } else { CALLS };
        let most = 1 + rng.below(most);
        Fault {
            call,
            error,
            nth: 1 + rng.below(most),
            stays,
        }
    })
}

/// At which calls faults were to happen, and did: of reads, writes and syncs.
#[derive(Default)]
struct Met {
    tried: BTreeMap<Call, Vec<u64>>,
    met: BTreeMap<Call, Vec<u64>>,
}

impl Met {
    fn note(&mut self, fault: Fault, met: bool) {
        self.tried.entry(fault.call).or_default().push(fault.nth);
        self.met
            .entry(fault.call)
            .or_default()
            .extend(met.then_some(fault.nth));
    }

    fn add(&mut self, other: &Self) {
        for (mine, theirs) in [(&mut self.tried, &other.tried), (&mut self.met, &other.met)] {
            for (call, nth) in theirs {
                mine.entry(*call).or_default().extend(nth);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_the_disk_refuses_nothing_runs_unrecorded_and_a_human_is_paged() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let many = usize::try_from(number("INTERLOCK_DISK_FAULTS").unwrap_or(FAULTS)).unwrap();
    let seed = number("INTERLOCK_DISK_SEED").unwrap_or(SEED);
    let lanes = 4;
    let running = (0..lanes).map(|lane| {
        let faults: Vec<Fault> = all(seed).take(many).skip(lane).step_by(lanes).collect();
        tokio::spawn(async move { trials(u32::try_from(lane).unwrap(), faults).await })
    });
    let mut figures = Met::default();
    for lane in running.collect::<Vec<_>>() {
        figures.add(&lane.await.expect("a lane that keeps the promises"));
    }
    let Met { tried, met } = figures;
    let reached = met.values().map(Vec::len).sum::<usize>();
    eprintln!("{many} faults of the disk, {reached} of them met by a call: {met:?} of {tried:?}");
    assert!(reached * 2 > many, "the faults no longer reach what they are for");
    for (call, nth) in &tried {
        assert!(
            nth.len() < 4 || !met[call].is_empty(),
            "no {call:?} meets a fault any more"
        );
    }
}

/// One process, and one fault after the other under it.
async fn trials(number: u32, faults: Vec<Fault>) -> Met {
    // Over HTTP a click without an ack is seen as such.
    let mut lane = Lane::open_on_disk(number, 7).await;
    let process = lane.start(Vec::new()).await.expect("it starts");
    let mut figures = Met::default();
    for fault in faults {
        let met = trial(&mut lane, &process, fault).await;
        figures.note(fault, met);
        assert!(!process.has_ended(), "{fault:?} ended it");
    }
    process.kill();
    lane.end().await;
    figures
}

async fn trial(lane: &mut Lane, process: &Process, fault: Fault) -> bool {
    // What is approved from its review wants more than one press.
    if lane.asked_next().is_reviewed() {
        lane.fire(process).await;
    }
    lane.fire(process).await;
    until("a card can be approved", || {
        people::press_all(&lane.slack, &["worked"]);
        people::offers(&lane.slack, "approve")
    })
    .await;
    let disk = lane.disk.as_ref().expect("a disk");
    let before = disk.failed();
    disk.fail(fault);
    people::press_all(&lane.slack, &["approve"]);
    let end = Instant::now() + Duration::from_secs(2);
    while disk.failed() == before && Instant::now() < end {
        sleep(LOOK).await;
    }
    let reached = disk.failed() > before;
    if reached && fault.stays && fault.call != Call::Read {
        until("a human is paged without the database", || is_paged(lane)).await;
        let taken = lane.post(process, 1_000_000 + fault.nth, "firing").await;
        assert!(
            !taken,
            "{fault:?}: an alert was answered with 200 that can't be stored"
        );
        people::press_all(&lane.slack, &["approve"]);
        sleep(Duration::from_millis(300)).await;
        // What had its start on record before may still end; nothing else may run, and nothing can be put on record now.
        lane.at_most_once();
    }
    lane.disk.as_ref().expect("a disk").mend();
    let url = format!("http://{}/readyz", process.address);
    let end = Instant::now() + PATIENCE;
    while !lane.answers_well(&url).await {
        assert!(Instant::now() < end, "{fault:?}: it is not ready again");
        sleep(LOOK).await;
    }
    lane.at_most_once();
    reached
}

/// A disk that neither takes a write nor refuses it: nobody would ever hear of it from the engine.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_the_disk_hangs_it_is_not_ready_and_a_human_is_paged_without_the_database() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let lane = Lane::open_on_disk(1, 13).await;
    let process = lane.start(Vec::new()).await.expect("it starts");
    let url = format!("http://{}/readyz", process.address);
    assert!(lane.answers_well(&url).await);
    let disk = lane.disk.as_ref().expect("a disk");
    disk.fail(Fault {
        call: Call::Sync,
        error: Error::Hang,
        nth: 1,
        stays: true,
    });
    assert!(
        !lane.post(&process, 1, "firing").await,
        "nobody may say that it is stored"
    );
    until("a human is paged without the database", || is_paged(&lane)).await;
    assert!(!lane.answers_well(&url).await, "it can do nothing");
    disk.mend();
    let end = Instant::now() + PATIENCE;
    while !lane.answers_well(&url).await {
        assert!(Instant::now() < end, "it is not ready again");
        sleep(LOOK).await;
    }
    assert!(lane.post(&process, 2, "firing").await);
}

fn is_paged(lane: &Lane) -> bool {
    let incidents = lane.pager.incidents();
    let text = format!("{incidents:?}");
    text.contains("can't write its journal")
}

async fn until(what: &str, mut come: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !come() {
        assert!(Instant::now() < end, "never: {what}");
        sleep(LOOK).await;
    }
}
