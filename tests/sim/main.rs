//! The engine and the executor's protocol under seeded schedules: duplicates, reordering, crashes before and after a
//! commit, commits that fail, late results, clocks that jump, Slack or the cluster away for hours. No real time and no threads inside a schedule: a seed is a
//! whole story and replays exactly. After every step the journal is read through a second, read-only connection and the
//! promises are checked against it (`promises`); at the end everything must have come to rest (`rest`). Some worlds are odd
//! (`odd`): budgets that let no pod go, senders that leave alerts out, a model that fills in values, a database that somebody
//! has written to.
//!
//! `every` goes through all schedules of a small world, instead of some of a large one, as deep as there is time for.
//!
//! `INTERLOCK_SIM_SEED=17 cargo test --test sim` replays one seed and prints its story; `INTERLOCK_SIM_SEEDS=5000` runs
//! so many, from `INTERLOCK_SIM_FROM` on; `INTERLOCK_SIM_DIR` says where the databases lie. `cargo bench --bench sim -- --seeds 100000`
//! does the same with optimisation and a bar (`many.rs`).

mod advice;
mod alarms;
mod asked;
mod beside;
mod calls;
mod cast;
mod clicks;
mod every;
mod glass;
mod guards;
mod lists;
mod never;
mod notes;
mod odd;
mod outages;
mod outbox;
mod promises;
mod quorum;
mod replies;
mod rest;
mod retention;
mod rewritten;
mod rng;
mod scenery;
mod seeds;
mod sim;
mod small;
mod spent;
mod stage;
mod steps;
mod stories;
mod tampered;
mod told;
mod watch;

/// Seeds of one ordinary run.
const SEEDS: u64 = 2_000;

/// Each of these found a defect once, and is tried in every run: a critical incident that rang nobody once what somebody had was
/// over (4615, 58487), an erasure that was refused (24259, 35687, 36163, 47483), who changed a plan and could approve it
/// (27821), a plan whose rest was approved for as much longer as the clock was set back (91279), and a deadline that came
/// sooner by that and was not looked for (7707). What a seed draws changes with the simulation, so the stories that tell of these
/// stand elsewhere as well.
const FOUND: [u64; 9] = [
    4_615, 7_707, 24_259, 27_821, 35_687, 36_163, 47_483, 58_487, 91_279,
];

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn every_schedule_keeps_the_promises() {
    if let Some(seed) = number("INTERLOCK_SIM_SEED") {
        assert_eq!(seeds::replay(seed), Ok(()), "seed {seed}");
        return;
    }
    let from = number("INTERLOCK_SIM_FROM").unwrap_or(1);
    let to = from - 1 + number("INTERLOCK_SIM_SEEDS").unwrap_or(SEEDS);
    let all = seeds::run_all(from, to, || {}).unwrap_or_else(|story| panic!("{story}"));
    eprintln!("{all}");
    assert!(
        all.shows_everything(),
        "the schedules no longer reach everything that they are for: {all}"
    );
}

#[test]
fn schedules_that_found_something_once_keep_the_promises() {
    for seed in FOUND {
        if let Err(story) = seeds::run_all(seed, seed, || {}) {
            panic!("{story}");
        }
    }
}
