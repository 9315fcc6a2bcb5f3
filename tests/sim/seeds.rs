//! Seeds, one or many.

use std::sync::atomic::{AtomicU64, Ordering};

use super::odd::World;
use super::sim::{Figures, Sim};

/// Steps of one seed.
pub const STEPS: usize = 120;

/// Lives one seed until all has come to rest, or somebody has written to the database.
fn live(sim: &mut Sim) -> Result<(), String> {
    sim.live(STEPS)?;
    match sim.odd.is(World::Tampered) {
        true => sim.tampered(),
        false => sim.rest(),
    }
}

/// Tells the story of one seed and what became of it.
pub fn replay(seed: u64) -> Result<(), String> {
    let mut sim = Sim::new(seed);
    let result = live(&mut sim);
    eprintln!("{}\n{}", sim.story.join("\n"), sim.figures());
    result
}

/// Runs one seed; the story is told when a promise is broken.
fn run(seed: u64) -> Result<Figures, String> {
    let mut sim = Sim::new(seed);
    live(&mut sim).map_err(|broken| {
        let story = sim.story.join("\n");
        format!("{story}\nseed {seed}: {broken}\nreplay with INTERLOCK_SIM_SEED={seed}")
    })?;
    Ok(sim.figures())
}

/// Runs the seeds `from..=to` on every core, until one of them breaks a promise; its story is the error. `lived` hears of each
/// that has kept them.
pub fn run_all(from: u64, to: u64, lived: impl Fn() + Sync) -> Result<Figures, String> {
    let next = AtomicU64::new(from);
    let work = || {
        let mut all = Figures::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > to {
                return Ok(all);
            }
            // The others need not go on once one is broken.
            let one = run(seed).inspect_err(|_| next.store(to + 1, Ordering::Relaxed))?;
            all.add(&one);
            lived();
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let results: Vec<Result<Figures, String>> = std::thread::scope(|scope| {
        let spawned: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        spawned
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| Err("a worker ended".to_owned())))
            .collect()
    });
    let mut all = Figures::default();
    for result in results {
        all.add(&result?);
    }
    Ok(all)
}
