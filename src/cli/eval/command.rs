//! The command: reads the folder, plays, and writes what came of it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use super::super::args::{Format, FormatArg};
use super::super::outcome::{Ended, Failure};
use super::super::screen::Screen;
use super::super::setup::Setup;
use super::workers::each;
use super::{junit, mutate, table};
use crate::app::eval::{self, Played};

/// Play the scenarios beside the runbooks, without a bot or a network: exit code 1 when one comes out otherwise than expected
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples: interlock eval runbooks/\n          interlock eval runbooks/ --only redis --story\n          \
    interlock eval runbooks/ --junit eval.xml --json eval.json\n          \
    interlock eval runbooks/ --mutate"
)]
pub(in super::super) struct Eval {
    /// The folder of runbooks, with their scenarios in `scenarios`. Without it: runbooks.path of the configuration.
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Only scenarios whose path below `scenarios`, or whose `name`, holds these words.
    #[arg(long, value_name = "WORDS")]
    only: Option<String>,
    /// Show what happened in each scenario, line by line, and not only in those that missed.
    #[arg(long)]
    story: bool,
    /// Break the runbooks, or this one, on purpose: each small change of what they mean that no scenario notices is a line, and
    /// the exit code is 1 when there is one.
    #[arg(long, value_name = "RUNBOOK", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    mutate: Option<String>,
    /// Write the results to this file as JUnit XML, too.
    #[arg(long, value_name = "FILE", conflicts_with = "mutate")]
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
        let played = each(library.len(), "scenarios", |number| library.play(number));
        let took = since.elapsed();
        if let Some(path) = &self.junit {
            write(path, &junit::xml(&played, took))?;
        }
        let passed = played.iter().filter(|one| one.passed()).count();
        // What misses as it is would notice everything.
        if let Some(of) = self.mutate.as_deref().filter(|_| passed == library.len()) {
            let of = Some(of).filter(|of| !of.is_empty());
            let outputs = (self.format.format, self.json.as_deref());
            return mutate::run(&library, &played, of, outputs, screen);
        }
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

pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|source| Failure::Write {
        path: path.to_owned(),
        source,
    })
}
