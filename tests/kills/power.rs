//! Power failures. A kill leaves what was written, synced or not; a power failure leaves what was synced, and of the rest
//! any part. The real program runs on a disk that takes notes, is killed and stopped and started again; afterwards, for
//! moments all over its life, the files are made as a failure at that moment may have left them, and what people and
//! machines had been told before it must be in them.

use std::path::Path;

use super::film::Film;
use super::lane::{Lane, Rng, Seen};
use super::{number, promises};
use interlock::store::Store;

/// Failures of one ordinary run, and kills in the life that is filmed.
const FAILURES: u64 = 600;
const KILLS: u32 = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_a_power_failure_leaves_what_was_answered_or_done_is_on_record() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let seed = number("INTERLOCK_KILLS_SEED").unwrap_or(1);
    let failures = number("INTERLOCK_POWER_FAILURES").unwrap_or(FAILURES);
    let mut lane = Lane::open_on_disk(0, seed).await;
    lane.die(KILLS).await;
    let log = lane.disk.as_ref().expect("a disk").log().to_owned();
    let seen = lane.seen.lock().clone();
    let looked = tokio::task::spawn_blocking(move || look(&log, &seen, failures, seed));
    eprintln!("{}", looked.await.expect("every failure keeps the promises"));
}

fn look(log: &Path, seen: &Seen, failures: u64, seed: u64) -> String {
    let film = Film::read(log);
    one_sync_each(&film.syncs_of_commits());
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("interlock.db");
    let (mut images, mut entries, mut told) = (0_u64, 0_u64, 0_usize);
    let many = usize::try_from(failures).unwrap();
    film.failures(many, &mut Rng::new(seed), |at, image| {
        image.put(&database);
        let (found, of) = check(&database, seen, at);
        images += 1;
        entries += found;
        told += of;
    });
    assert!(
        images > failures / 2 && told > 0,
        "{images} failures, and nobody had been told anything"
    );
    format!(
        "{images} power failures over {} writes and syncs ({} syncs): {entries} entries read back, {told} alerts and \
         changes looked for and found",
        film.len(),
        film.syncs()
    )
}

/// What one commit costs: the log is synced behind each, once. Whoever is killed may not have come to it, and before the log is
/// written back into the database it is synced once more.
fn one_sync_each(commits: &[usize]) {
    let kills = usize::try_from(KILLS).unwrap();
    let unsynced = commits.iter().filter(|syncs| **syncs == 0).count();
    let more = commits.iter().filter(|syncs| **syncs > 1).count();
    assert!(commits.len() > kills, "only {} commits were seen", commits.len());
    assert!(
        unsynced <= kills,
        "{unsynced} of {} commits were not synced",
        commits.len()
    );
    assert!(
        more * 20 <= commits.len(),
        "{more} of {} commits were synced again",
        commits.len()
    );
}

/// Opens it as a start would; what was seen before this time is in it. Gives the entries, and how many things were looked
/// for.
fn check(database: &Path, seen: &Seen, at: u64) -> (u64, usize) {
    drop(Store::open(database).expect("it opens after a power failure"));
    let record = promises::record(database);
    let mut told = 0;
    for (name, _) in seen.taken.iter().filter(|(_, when)| *when < at) {
        told += 1;
        assert!(
            record.opened.contains(name),
            "{name} was answered with 200 and is gone"
        );
    }
    for (attempt, _) in seen.effects.iter().filter(|(_, when)| **when < at) {
        told += 1;
        assert!(
            record.started.contains_key(attempt),
            "{attempt} was done and its start is gone"
        );
    }
    (record.entries, told)
}
