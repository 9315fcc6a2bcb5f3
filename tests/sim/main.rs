//! The engine and the executor's protocol under seeded schedules: duplicates, reordering, crashes before and after a
//! commit, commits that fail, late results, clocks that jump. No real time and no threads inside a schedule: a seed is a
//! whole story and replays exactly. After every step the journal is read through a second, read-only connection and the
//! promises are checked against it (`promises`); at the end everything must have come to rest (`rest`).
//!
//! `every` goes through all schedules of a small world, instead of some of a large one, as deep as there is time for.
//!
//! `INTERLOCK_SIM_SEED=17 cargo test --test sim` replays one seed and prints its story; `INTERLOCK_SIM_SEEDS=5000` runs
//! more, from `INTERLOCK_SIM_FROM` on; `INTERLOCK_SIM_DIR` says where the databases lie.

mod cast;
mod clicks;
mod every;
mod notes;
mod outbox;
mod promises;
mod quorum;
mod replies;
mod rest;
mod retention;
mod rng;
mod scenery;
mod sim;
mod small;
mod stage;
mod steps;
mod stories;
mod watch;

use std::sync::atomic::{AtomicU64, Ordering};

use sim::Sim;

/// Seeds of one ordinary run.
const SEEDS: u64 = 500;
/// Steps of one seed.
const STEPS: usize = 120;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Runs one seed; the story is told when a promise is broken.
fn run(seed: u64) -> Result<sim::Figures, String> {
    let mut sim = Sim::new(seed);
    let result = sim.live(STEPS).and_then(|()| sim.rest());
    match result {
        Ok(()) => Ok(sim.figures()),
        Err(broken) => {
            let story = sim.story.join("\n");
            Err(format!(
                "{story}\nseed {seed}: {broken}\nreplay with INTERLOCK_SIM_SEED={seed}"
            ))
        }
    }
}

#[test]
fn every_schedule_keeps_the_promises() {
    if let Some(seed) = number("INTERLOCK_SIM_SEED") {
        let mut sim = Sim::new(seed);
        let result = sim.live(STEPS).and_then(|()| sim.rest());
        eprintln!("{}\n{}", sim.story.join("\n"), sim.figures());
        assert_eq!(result, Ok(()), "seed {seed}");
        return;
    }
    let most = number("INTERLOCK_SIM_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(number("INTERLOCK_SIM_FROM").unwrap_or(1));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let results: Vec<Result<sim::Figures, String>> = std::thread::scope(|scope| {
        let spawned: Vec<_> = (0..workers).map(|_| scope.spawn(|| work(&next, most))).collect();
        spawned
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| Err("a worker ended".to_owned())))
            .collect()
    });
    let mut all = sim::Figures::default();
    for result in results {
        match result {
            Ok(figures) => all.add(&figures),
            Err(story) => panic!("{story}"),
        }
    }
    eprintln!("{all}");
    assert!(
        all.shows_everything(),
        "the schedules no longer reach everything that they are for: {all}"
    );
}

fn work(next: &AtomicU64, most: u64) -> Result<sim::Figures, String> {
    let mut all = sim::Figures::default();
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed > most {
            return Ok(all);
        }
        all.add(&run(seed)?);
    }
}
