//! The world of one seed: the core on its database, what is on its way to and from it, and what happened outside.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use interlock::domain::alert::Alert;
use interlock::domain::command::{Command, Drive, Effect, Intent};
use interlock::domain::ids::{AttemptId, DeliveryKey, IncidentId};
use interlock::engine::{Core, Knowledge};
use interlock::ports::Person;
use interlock::store::{Sealer, Store};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

pub use super::notes::Figures;
use super::notes::{Attempt, From, Sent};
use super::odd::Odd;
use super::outages::Outages;
use super::rng::Rng;
use super::scenery::Cluster;
use super::watch::Watch;
use super::{cast, scenery};

pub struct Sim {
    pub rng: Rng,
    pub odd: Odd,
    sealer: Option<Sealer>,
    pub now: Timestamp,
    pub story: Vec<String>,
    /// `None` only while the process is dead.
    pub core: Option<Core>,
    pub knowledge: Knowledge,
    pub people: Vec<Person>,
    pub cluster: Cluster,
    /// Every alert that was ever sent, as it fired.
    pub alerts: Vec<Alert>,
    /// Deliveries of people, to be delivered again.
    pub clicks: Vec<(DeliveryKey, Person, Intent)>,
    pub last_key: u64,
    pub drives: Vec<Drive>,
    pub attempts: Vec<Attempt>,
    /// Attempts of dead processes, whose results may still come.
    pub old_attempts: Vec<Attempt>,
    /// What the workers of the outbox hold.
    pub outbox: Vec<(i64, Effect)>,
    /// Rows of effects that were delivered; they go with the next commit.
    pub done: Vec<i64>,
    /// How often each attempt changed the world.
    pub effects: BTreeMap<AttemptId, u32>,
    pub permits: BTreeSet<AttemptId>,
    pub outages: Outages,
    pub recovered: bool,
    /// Nothing goes wrong in the world by itself: for stories that are told step by step.
    pub kind_world: bool,
    pub last_reply: Option<String>,
    pub last_error: Option<String>,
    pub watch: Watch,
    pub figures: Figures,
    pub path: PathBuf,
    _folder: TempDir,
}

/// Memory where there is some to write to: what is tested is the order of things, not the disk.
fn folder() -> TempDir {
    let memory = PathBuf::from("/dev/shm");
    let place = std::env::var_os("INTERLOCK_SIM_DIR")
        .map(PathBuf::from)
        .or(memory.is_dir().then_some(memory));
    let made = match place {
        Some(place) => TempDir::new_in(place).or_else(|_| TempDir::new()),
        None => TempDir::new(),
    };
    made.expect("a folder for the database")
}

impl Sim {
    pub fn new(seed: u64) -> Self {
        Self::in_world(seed, Odd::of(seed))
    }

    pub fn in_world(seed: u64, mut odd: Odd) -> Self {
        let folder = folder();
        let path = folder.path().join("interlock.db");
        let mut rng = Rng::new(seed);
        let sealer = odd.sealer();
        let store = Store::open_sealed(&path, sealer.clone()).expect("a new database");
        let core = Core::open(store).expect("an empty journal");
        let mut sim = Self {
            knowledge: odd.knowledge(scenery::knowledge(&mut rng)),
            rng,
            odd,
            sealer,
            now: "2026-03-01T00:00:00Z".parse().expect("a time"),
            story: Vec::new(),
            core: Some(core),
            people: cast::everyone(),
            cluster: Cluster::default(),
            alerts: Vec::new(),
            clicks: Vec::new(),
            last_key: 0,
            drives: Vec::new(),
            attempts: Vec::new(),
            old_attempts: Vec::new(),
            outbox: Vec::new(),
            done: Vec::new(),
            effects: BTreeMap::new(),
            permits: BTreeSet::new(),
            outages: Outages::default(),
            recovered: false,
            kind_world: false,
            last_reply: None,
            last_error: None,
            watch: Watch::open(&path),
            figures: Figures {
                seeds: 1,
                ..Figures::default()
            },
            path,
            _folder: folder,
        };
        sim.tell(format!(
            "{:?}, {:?}, {:?}",
            sim.odd.world, sim.knowledge.rules.mode, sim.knowledge.rules.autonomy
        ));
        sim
    }

    pub fn figures(&self) -> Figures {
        self.figures.clone()
    }

    pub fn tell(&mut self, line: String) {
        self.story
            .push(format!("{} {line}", self.now.strftime("%d %H:%M:%S")));
    }

    pub fn core(&self) -> &Core {
        self.core.as_ref().expect("a living process")
    }

    pub fn live(&mut self, steps: usize) -> Result<(), String> {
        for _ in 0..steps {
            self.figures.steps += 1;
            // Milliseconds pass between any two things; the journal keeps no finer time.
            let moment = i64::try_from(self.rng.below(1_500)).unwrap_or(0);
            let pass = SignedDuration::from_millis(moment).saturating_add(self.minutes_pass());
            self.now = self.now.checked_add(pass).map_err(|e| e.to_string())?;
            self.step()?;
        }
        Ok(())
    }

    /// One commit: what waits is decided together, as the engine's thread does.
    pub fn submit(&mut self, mut sent: Vec<Sent>, after: After) -> Result<(), String> {
        if !self.recovered {
            sent.insert(
                0,
                Sent {
                    command: Command::Recover {
                        database: "sim".to_owned(),
                        behind: None,
                        unsent: false,
                    },
                    from: From::Engine,
                    line: "recovers".to_owned(),
                },
            );
        }
        if self
            .core()
            .state()
            .next_deadline()
            .is_some_and(|at| at <= self.now)
        {
            sent.push(Sent {
                command: Command::Tick,
                from: From::Engine,
                line: "looks at the clock".to_owned(),
            });
        }
        let done = std::mem::take(&mut self.done);
        if sent.is_empty() && done.is_empty() {
            return Ok(());
        }
        let (commands, rest): (Vec<_>, Vec<_>) = sent
            .into_iter()
            .map(|sent| (sent.command, (sent.from, sent.line)))
            .unzip();
        let (now, knowledge) = (self.now, self.knowledge.clone());
        let mut lists = self.watch.beside().lists.clone();
        lists.delivered(&commands);
        let before = self.core().store().seq();
        let result = self
            .core
            .as_mut()
            .expect("a living process")
            .run(commands, &done, &knowledge, now);
        if result.is_ok() {
            self.watch.beside().lists = lists;
        }
        match result {
            Ok(committed) if after == After::Crash => {
                let lines: Vec<_> = rest.iter().map(|(_, line)| line.as_str()).collect();
                self.tell(format!(
                    "{} | stored, and dies before anybody hears of it",
                    lines.join("; ")
                ));
                drop(committed);
                self.crash()?;
            }
            Ok(committed) => {
                self.recovered = true;
                let told = committed.effects.iter().filter_map(|(_, effect)| match effect {
                    Effect::PageAcknowledge { incident, .. } => Some(*incident),
                    _ => None,
                });
                let told: Vec<IncidentId> = told.collect();
                self.outbox.extend(committed.effects);
                let late = committed.late.into_iter();
                self.outbox.extend(late.map(|(row, effect, _)| (row, effect)));
                self.drives.extend(committed.drives);
                for ((from, line), reply) in rest.into_iter().zip(committed.replies) {
                    self.answered(from, line, reply)?;
                }
                self.watch.follow(self.now, &self.knowledge, &self.people)?;
                self.watch.looked_at_the_clock(self.now, &told)?;
            }
            Err(error) => {
                self.figures.failed_commits += 1;
                self.last_error = Some(error.to_string());
                let lines: Vec<_> = rest.iter().map(|(_, line)| line.as_str()).collect();
                self.tell(format!("{} | not stored: {error}", lines.join("; ")));
                for (from, _) in rest {
                    if let From::Executor(drive) | From::Start(drive, _) = from {
                        self.drives.push(drive);
                    }
                }
                self.done = done;
                let seq = self.watch.follow(self.now, &self.knowledge, &self.people)?;
                if seq != before {
                    return Err("a commit that failed moved the journal".to_owned());
                }
            }
        }
        self.check()
    }

    /// The database, opened as a process opens it.
    pub fn store(&self) -> Result<Store, String> {
        Store::open_sealed(&self.path, self.sealer.clone()).map_err(|error| error.to_string())
    }

    /// The process dies. What it knew is gone; what it sent may still arrive.
    pub fn crash(&mut self) -> Result<(), String> {
        self.figures.crashes += 1;
        self.core = None;
        if self.rng.chance(50) {
            self.watch.forget_snapshot(&self.path)?;
        }
        self.drives.clear();
        self.outbox.clear();
        self.done.clear();
        self.old_attempts.append(&mut self.attempts);
        self.recovered = false;
        let store = self.store()?;
        store.verify().map_err(|error| error.to_string())?;
        self.outbox = store
            .outbox()
            .map_err(|e| e.to_string())?
            .into_iter()
            .map(|(row, it, _)| (row, it))
            .collect();
        let core = Core::open(store).map_err(|error| error.to_string())?;
        self.core = Some(core);
        self.watch.follow(self.now, &self.knowledge, &self.people)?;
        self.watch.beside().calls.nobody_saw();
        self.watch.same_state(self.core().state())?;
        self.tell("starts again".to_owned());
        Ok(())
    }

    /// What must hold after every step.
    pub fn check(&mut self) -> Result<(), String> {
        self.watch.follow(self.now, &self.knowledge, &self.people)?;
        self.watch
            .same_state(self.core.as_ref().ok_or("no process")?.state())?;
        if self.recovered {
            let state = self.core.as_ref().ok_or("no process")?.state();
            self.watch.started_are_known(state, &self.attempts)?;
        }
        self.watch.count(&mut self.figures);
        Ok(())
    }
}

/// What comes after a commit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum After {
    GoOn,
    Crash,
}
