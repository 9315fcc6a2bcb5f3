//! What a command was, for its answer and for the story.

use interlock::domain::command::{Command, Drive, Intent};
use interlock::domain::ids::{AttemptId, EpisodeKey, Source};
use interlock::ports::Person;

/// A command with what its answer means to whoever sent it.
pub struct Sent {
    pub command: Command,
    pub from: From,
    pub line: String,
}

pub enum From {
    /// An alerting system or a person: the answer is theirs.
    Outside,
    /// A person who clicks for the first time, and what had to be typed for that by what was shown.
    Click(Box<(Person, Intent)>, Option<String>),
    /// A source that says that somebody there has this alert.
    Acknowledged(Source, EpisodeKey),
    /// The clock, which went back.
    Clock,
    /// The executor, about this drive. It asks again until it is answered.
    Executor(Drive),
    /// The same, about a start, with what it saw that speaks against it. One drive may be asked about twice at once.
    Start(Drive, Option<&'static str>),
    /// The executor's report of this attempt; offered until it is stored.
    Report(AttemptId),
    /// A worker of the outbox: this row is done once the command is stored.
    Worker(i64),
    /// The engine itself.
    Engine,
}

/// An attempt that a permit was given for.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub id: AttemptId,
    pub performed: bool,
}

/// How often things happened, so that a schedule that no longer reaches them is noticed.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    pub seeds: u64,
    pub steps: u64,
    pub entries: u64,
    pub started: u64,
    pub unknown: u64,
    pub judged: u64,
    pub crashes: u64,
    pub failed_commits: u64,
    pub frozen: u64,
    pub refused: u64,
    pub closed: u64,
    pub late: u64,
    pub erased: u64,
    pub outages: u64,
}

impl Figures {
    pub fn add(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.steps += other.steps;
        self.entries += other.entries;
        self.started += other.started;
        self.unknown += other.unknown;
        self.judged += other.judged;
        self.crashes += other.crashes;
        self.failed_commits += other.failed_commits;
        self.frozen += other.frozen;
        self.refused += other.refused;
        self.closed += other.closed;
        self.late += other.late;
        self.erased += other.erased;
        self.outages += other.outages;
    }

    /// Every kind of trouble was met.
    pub fn shows_everything(&self) -> bool {
        let all = [
            self.started,
            self.unknown,
            self.judged,
            self.crashes,
            self.failed_commits,
            self.frozen,
            self.refused,
            self.closed,
            self.late,
            self.erased,
            self.outages,
        ];
        self.seeds < 100 || all.iter().all(|count| *count > 0)
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} seeds, {} steps, {} entries: {} starts, {} unknown, {} judged, {} late results, {} crashes, \
             {} failed commits, {} freezes, {} refused starts, {} closed, {} erased, {} outages",
            self.seeds,
            self.steps,
            self.entries,
            self.started,
            self.unknown,
            self.judged,
            self.late,
            self.crashes,
            self.failed_commits,
            self.frozen,
            self.refused,
            self.closed,
            self.erased,
            self.outages
        )
    }
}
