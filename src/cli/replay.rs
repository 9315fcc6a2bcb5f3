//! `interlock replay`: recorded incidents against other runbooks and another policy, and what would differ.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::{Format, FormatArg};
use super::journal;
use super::outcome::{Ended, Failure};
use super::screen::{Paint, Screen};
use super::setup::Setup;
use crate::app;
use crate::app::replay::{self, Compared, Course, Ruling};
use crate::domain::event::Entry;
use crate::domain::matching::By;
use crate::render::words;
use crate::store::{ExportLine, parse};

/// Show what other runbooks or another policy would have done with recorded incidents: exit code 1 when something differs
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: interlock replay --journal journal.jsonl --runbooks new/ --policy policy.toml\n\n\
    Nothing runs. Each incident is played by itself up to its proposal, at its own time, with targets and evidence as the journal\n\
    knows them; what it does not know is named. Limits over several incidents take no part. Where the configuration names no\n\
    cluster, clusters and environments are those of the journal."
)]
pub(super) struct Replay {
    /// A database, or an export of one (`interlock audit export`). Without it: store.path of the configuration.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// The folder of runbooks. Without it: runbooks.path of the configuration.
    #[arg(long, value_name = "DIR")]
    runbooks: Option<PathBuf>,
    /// The policy to try, in place of what the configuration and policy.path say.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Show those, too, that would go as they went.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    format: FormatArg,
}

#[derive(Serialize)]
struct Answer {
    incidents: usize,
    differ: usize,
    results: Vec<Compared>,
}

impl Replay {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let mut settings = setup.settings()?;
        if let Some(policy) = &self.policy {
            settings = settings.judged_by(policy)?;
        }
        let runbooks = app::open_runbooks(self.runbooks.as_deref().unwrap_or(&settings.runbooks.path))?;
        let entries = entries(self.journal.as_deref().unwrap_or(&settings.store.path))?;
        let mut results = replay::compare(&entries, &runbooks.current(), &settings)?;
        let incidents = results.len();
        let differ = results.iter().filter(|one| one.differs).count();
        if !self.all {
            results.retain(|one| one.differs || one.votes.iter().any(|vote| !vote.counts));
        }
        match self.format.format {
            Format::Json => screen.json(&Answer {
                incidents,
                differ,
                results,
            })?,
            Format::Human => {
                for one in &results {
                    say(one, screen)?;
                }
                let all = words::counted(incidents, "incident");
                screen.say(&format!("{differ} of {all} would go otherwise."))?;
            }
        }
        Ok(if differ == 0 { Ended::Fine } else { Ended::Found })
    }
}

/// Of a database, or of an export line by line.
fn entries(path: &Path) -> Result<Vec<Entry>, Failure> {
    let unreadable = |source| Failure::Read {
        path: path.to_owned(),
        source,
    };
    if !path.exists() {
        return Err(Failure::NoJournal(path.to_owned()));
    }
    let mut head = [0; 1];
    let read = File::open(path)
        .and_then(|mut file| file.read(&mut head))
        .map_err(unreadable)?;
    let mut entries = Vec::new();
    // A database begins with the word `SQLite`, an export with an object.
    if read == 0 || head != *b"{" {
        journal::open(path)?.read_after(0, |entry| entries.push(entry))?;
        return Ok(entries);
    }
    let lines = BufReader::new(File::open(path).map_err(unreadable)?).lines();
    for (number, line) in (1..).zip(lines) {
        let line = line.map_err(unreadable)?;
        let broken = |problem: String| Failure::NotAnExport {
            path: path.to_owned(),
            line: number,
            problem,
        };
        let stored: ExportLine = serde_json::from_str(&line).map_err(|error| broken(error.to_string()))?;
        entries.push(parse(&stored.entry).map_err(|error| broken(error.to_string()))?);
    }
    Ok(entries)
}

fn say(one: &Compared, screen: &mut Screen) -> Result<(), Failure> {
    let head = format!("{} {:.16}", one.incident, one.opened_at.to_string());
    screen.say_painted(Paint::Strong, &head, &format!("  {}", one.title))?;
    let paint = if one.differs { Paint::Bad } else { Paint::Good };
    screen.say_painted(Paint::Faint, "  then:   ", &told(&one.then))?;
    screen.say_painted(paint, "  now:    ", &told(&one.now))?;
    if one.then.steps != one.now.steps {
        for line in one.then.steps.iter().filter(|line| !one.now.steps.contains(line)) {
            screen.say_painted(Paint::Bad, "    - ", line)?;
        }
        for line in one.now.steps.iter().filter(|line| !one.then.steps.contains(line)) {
            screen.say_painted(Paint::Good, "    + ", line)?;
        }
    }
    for vote in one.votes.iter().filter(|vote| !vote.counts) {
        let line = format!("the approval of {} would not count: {}", vote.by, vote.why_not);
        screen.say_painted(Paint::Bad, "  now:    ", &line)?;
    }
    for line in &one.people {
        screen.say_painted(Paint::Faint, "  people: ", line)?;
    }
    for line in &one.assumed {
        screen.say_painted(Paint::Faint, "  assumed: ", line)?;
    }
    screen.say("")
}

fn told(course: &Course) -> String {
    let by = match course.by {
        Some(By::Trigger) => " by its trigger",
        Some(By::Search) => " by its text",
        None => "",
    };
    let mut parts = Vec::new();
    match (&course.runbook, course.offered.as_slice()) {
        (Some(runbook), _) => parts.push(format!("{runbook}{by}")),
        (None, []) => parts.push("no runbook".to_owned()),
        (None, offered) => parts.push(format!("a choice of {}", words::listed(offered))),
    }
    if !course.steps.is_empty() {
        parts.push(words::counted(course.steps.len(), "step"));
    }
    match &course.ruling {
        Ruling::Nothing => {}
        Ruling::Allowed => parts.push("nobody has to approve".to_owned()),
        Ruling::Approvals { needed } => parts.push(words::counted(usize::from(*needed), "approval")),
        Ruling::Denied { why } => parts.push(format!("nobody may approve ({why})")),
    }
    if course.alone {
        parts.push("runs alone".to_owned());
    }
    parts.extend(course.handed.clone());
    parts.join(", ")
}
