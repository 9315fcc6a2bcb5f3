//! As many seeds as one likes, with a bar meanwhile: `cargo bench --bench sim -- --seeds 100000`. What a seed is and what must
//! hold stands in `main.rs`. Exit code 1 and the story of the seed when one breaks a promise.
#![allow(dead_code, reason = "the stories of `main.rs` use more of these modules")]

mod advice;
mod alarms;
mod asked;
mod beside;
mod calls;
mod cast;
mod clicks;
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
mod spent;
mod stage;
mod steps;
mod tampered;
mod told;
mod watch;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

/// How many seeds show that it starts, which is all that `cargo test --benches` wants to know.
const FEW: u64 = 20;

/// Runs the simulation under many seeds.
#[derive(Parser)]
struct Args {
    /// How many.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Tells the story of this one, whatever becomes of it.
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// What `cargo bench` says to its programs.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let result = match args.seed {
        Some(seed) => seeds::replay(seed),
        None => many(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(story) => {
            eprintln!("{story}");
            ExitCode::FAILURE
        }
    }
}

fn many(args: &Args) -> Result<(), String> {
    let seeds = if args.bench { args.seeds } else { FEW };
    let bar = ProgressBar::new(seeds);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of {len} seeds, {per_sec}, {eta} left") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    let begun = Instant::now();
    let figures = seeds::run_all(args.from, args.from.saturating_add(seeds - 1), || bar.inc(1))?;
    bar.finish_and_clear();
    println!("{figures} in {} s", begun.elapsed().as_secs());
    if figures.shows_everything() {
        Ok(())
    } else {
        Err("the schedules no longer reach everything that they are for".to_owned())
    }
}
