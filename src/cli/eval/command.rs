//! The command: reads the folder, plays on every core, shows a bar meanwhile, and writes what came of it.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::super::args::{Format, FormatArg};
use super::super::outcome::{Ended, Failure};
use super::super::screen::Screen;
use super::super::setup::Setup;
use super::{junit, table};
use crate::app::eval::{self, Library, Played};

/// Play the scenarios beside the runbooks, without a bot or a network: exit code 1 when one comes out otherwise than expected
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples: interlock eval runbooks/\n          interlock eval runbooks/ --only redis --story\n          \
    interlock eval runbooks/ --junit eval.xml --json eval.json"
)]
pub(in super::super) struct Eval {
    /// The folder of runbooks, with their scenarios in `scenarios`. Without it: runbooks.path of the configuration.
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Only scenarios whose name holds these words.
    #[arg(long, value_name = "WORDS")]
    only: Option<String>,
    /// Show what happened in each scenario, line by line, and not only in those that missed.
    #[arg(long)]
    story: bool,
    /// Write the results to this file as JUnit XML, too.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write the results to this file as JSON, too: what `--format json` prints.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(flatten)]
    format: FormatArg,
}

#[derive(Serialize)]
struct Answer<'a> {
    scenarios: usize,
    passed: usize,
    took_ms: u64,
    /// Runbooks that no scenario is of.
    without_a_scenario: Vec<String>,
    results: &'a [Played],
}

impl Eval {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let folder = match &self.folder {
            Some(folder) => folder.clone(),
            None => setup.settings()?.runbooks.path,
        };
        let since = Instant::now();
        let mut library = eval::open(&folder, setup.config.as_deref())?;
        if let Some(words) = &self.only {
            library.keep(words);
        }
        if library.is_empty() {
            return Err(Failure::NoScenario(self.only.unwrap_or_default()));
        }
        let played = play_all(&library);
        let took = since.elapsed();
        if let Some(path) = &self.junit {
            write(path, &junit::xml(&played, took))?;
        }
        let passed = played.iter().filter(|one| one.passed()).count();
        let without = if self.only.is_none() {
            library.without_a_scenario()
        } else {
            Vec::new()
        };
        let answer = Answer {
            scenarios: library.len(),
            passed,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            without_a_scenario: without,
            results: &played,
        };
        if let Some(path) = &self.json {
            write(path, &format!("{}\n", serde_json::to_string_pretty(&answer)?))?;
        }
        match self.format.format {
            Format::Json => screen.json(&answer)?,
            Format::Human => table::say(&played, &answer.without_a_scenario, took, self.story, screen)?,
        }
        // Against what there is to play, not against what came back: what a worker left out was not right.
        Ok(if passed == library.len() {
            Ended::Fine
        } else {
            Ended::Found
        })
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|source| Failure::Write {
        path: path.to_owned(),
        source,
    })
}

/// Plays all of them, on every core; results in order.
fn play_all(library: &Library) -> Vec<Played> {
    let bar = bar(library.len());
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let mut played: Vec<(usize, Played)> = std::thread::scope(|scope| {
        let work = || {
            let mut mine = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(one) = library.play(number) else {
                    return mine;
                };
                mine.push((number, one));
                bar.inc(1);
            }
        };
        let spawned: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        // A worker that ended badly leaves its scenarios out; whoever judges counts against the library.
        spawned
            .into_iter()
            .filter_map(|worker| worker.join().ok())
            .flatten()
            .collect()
    });
    bar.finish_and_clear();
    played.sort_by_key(|(number, _)| *number);
    played.into_iter().map(|(_, one)| one).collect()
}

/// On standard error, and only where somebody looks.
fn bar(length: usize) -> ProgressBar {
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(length), target);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of {len} scenarios") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
