//! The real binary, killed. It runs against the doubles with real processes, files and sockets; `SIGKILL` comes at random
//! moments and at named ones (just after it said yes to an alert, when a card appears, when a click is on its way, when a
//! command has begun in the cluster, while one hangs there). After each kill what happened outside is counted, and held
//! against the journal that the dead process left:
//!
//! - an attempt had its effect at most once, and none without a start on record that a person had approved;
//! - the chain verifies, and the tables beside it are what it leads to;
//! - at the end no alert is lost that was answered with 200, each has one incident and one card, every step has an end or
//!   a person's word on it, and nothing is left to be delivered.
//!
//! `INTERLOCK_KILLS=1000 cargo test --test kills` says how many; `INTERLOCK_KILLS_SEED=7` which.

mod lane;
mod moments;
mod people;
mod process;
mod promises;

use lane::{Figures, Lane};

/// Kills of one ordinary run.
const KILLS: u32 = 24;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whenever_it_is_killed_nothing_is_done_twice_and_nothing_is_lost() {
    // Another test of this process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let kills = number("INTERLOCK_KILLS").map_or(KILLS, |kills| u32::try_from(kills).unwrap());
    let seed = number("INTERLOCK_KILLS_SEED").unwrap_or(1);
    let lanes = u32::try_from(
        std::thread::available_parallelism()
            .map_or(2, usize::from)
            .clamp(2, 8),
    )
    .unwrap();
    let running = (0..lanes).map(|lane| {
        let share = kills / lanes + u32::from(lane < kills % lanes);
        tokio::spawn(async move { Lane::open(lane, seed).await.live(share).await })
    });
    let mut all = Figures::default();
    for lane in running.collect::<Vec<_>>() {
        all.add(&lane.await.expect("a lane that keeps the promises"));
    }
    eprintln!("{all}");
    assert_eq!(all.kills, kills);
    if kills >= 200 {
        assert!(
            all.shows_everything(),
            "the kills no longer reach what they are for: {all}"
        );
    }
}
