//! The real binary, killed. It runs against the doubles with real processes, files and sockets; `SIGKILL` comes at random
//! moments and at named ones (just after it said yes to an alert, when a card appears, when a click is on its way, when a
//! command has begun in the cluster, while one hangs there). In one life of three something outside goes wrong as well: Slack,
//! the cluster, the pager or a service of the house refuses, loses its answers or is away; some are killed just when they met
//! it. Some are suspended for longer than what they were permitted holds, and wake up. After each kill what happened outside is counted, changes of every kind, and held against the journal that the dead
//! process left:
//!
//! - an attempt had its effect at most once, none without a start on record that a person had approved, and none of another
//!   kind than its incident's alert asks for;
//! - entry by entry the journal keeps the rules (`law`): a person who may has approved, nothing overtakes, nothing is tried again of
//!   which nobody knows whether it happened, no delivery counts twice;
//! - who is in no row presses as well, who is in one presses a card of another database, what has no signature or token is told so,
//!   what was signed days ago is sent again, and nothing comes of any of it;
//! - no card offers a command that it cuts for approval, and higher risk is asked for twice;
//! - the chain verifies, and the tables beside it are what it leads to;
//! - at the end no alert is lost that was answered with 200, each has one incident and one card, every step has an end or
//!   a person's word on it, and nothing is left to be delivered.
//!
//! `INTERLOCK_KILLS=1000 cargo test --test kills` says how many; `INTERLOCK_KILLS_SEED=7` which.

mod canary;
mod changes;
mod cores;
mod disk;
mod faults;
mod figures;
mod film;
mod forged;
mod hook;
mod lane;
mod law;
mod lines;
#[path = "../common/manifest.rs"]
mod manifest;
mod moments;
mod people;
mod place;
mod power;
mod process;
mod promises;
mod slow;
mod suspended;
mod troubles;
mod verified;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use figures::Figures;
use lane::Lane;
use tokio::task::JoinSet;

/// Kills of one ordinary run.
const KILLS: u32 = 24;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Kills on one database; what is to be looked at after each grows with them.
const OF_A_DATABASE: u32 = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whenever_it_is_killed_nothing_is_done_twice_and_nothing_is_lost() {
    // Another test of this process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let kills = number("INTERLOCK_KILLS").map_or(KILLS, |kills| u32::try_from(kills).unwrap());
    let seed = number("INTERLOCK_KILLS_SEED").unwrap_or(1);
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    // A round is more waiting than work.
    let lanes = (workers * 5).clamp(2, 16);
    let share = OF_A_DATABASE.min(kills.div_ceil(u32::try_from(lanes).unwrap()));
    let databases = kills.div_ceil(share.max(1));
    let next = Arc::new(AtomicU32::new(0));
    let done = Arc::new(AtomicU32::new(0));
    let begun = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..lanes {
        let (next, done) = (next.clone(), done.clone());
        running.spawn(async move {
            // Coming to rest is mostly waiting for Slack's limits: others are killed meanwhile.
            let (mut resting, mut ended) = (JoinSet::new(), Vec::new());
            loop {
                let database = next.fetch_add(1, Ordering::Relaxed);
                if database >= databases {
                    while let Some(rested) = resting.join_next().await {
                        ended.push(rested.expect("a lane that keeps the promises"));
                    }
                    return ended;
                }
                let mine = share.min(kills - database * share);
                let mut lane = Lane::open(database, seed).await;
                lane.die(mine).await;
                resting.spawn(lane.end());
                // A broken promise ends the run at once.
                while let Some(rested) = resting.try_join_next() {
                    ended.push(rested.expect("a lane that keeps the promises"));
                }
                let done = done.fetch_add(mine, Ordering::Relaxed) + mine;
                eprintln!("{done} of {kills} kills, {} s", begun.elapsed().as_secs());
            }
        });
    }
    let mut all = Figures::default();
    while let Some(worker) = running.join_next().await {
        let lanes = worker.expect("lanes that keep the promises");
        lanes.iter().for_each(|figures| all.add(figures));
    }
    eprintln!("{all}");
    assert_eq!(all.kills, kills);
    if kills >= 500 {
        assert_eq!(
            all.shows_everything(),
            Ok(()),
            "the kills no longer reach what they are for"
        );
    }
}
