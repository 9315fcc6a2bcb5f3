//! The engine's thread: takes what waits, decides it together, commits once, then lets answers and effects go.
//! Clicks and the executor come before alerts, so that a storm never delays a decision by more than one batch.
//! Longer than other files, since the order of what one turn of the thread does can be read here alone.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::{mpsc as tokio_mpsc, oneshot, watch};

use super::core::{Core, Knowledge};
use super::eraser::{Eraser, News};
use super::handle::{EngineError, Handle, Message, Question};
use super::lane::{Lane, OutboxItem};
use super::left::Left;
use crate::domain::back::went_back;
use crate::domain::command::{Command, Drive, Effect, Reply};
use crate::ports::Clock;
use crate::store::{Store, StoreError};

/// Urgent messages in one commit at most. A commit costs one fsync however many it holds; more than this delays the first.
const URGENT_MOST: usize = 512;
/// Deliveries of alerts in one commit at most.
const INTAKE_MOST: usize = 128;
/// The thread looks at the clock at least this often, because a clock can be moved.
const NAP: Duration = Duration::from_millis(250);
/// A journal that is broken is tried this often; whoever waits for it looks at a page that says so.
const PROBE_BROKEN: Duration = Duration::from_secs(1);
/// When nothing was written for this long it is tried whether anything could be: a full disk is told before an alert
/// comes, and what is asked at `/readyz` is never much older.
const PROBE_IDLE: Duration = Duration::from_secs(30);
/// Between two looks at whether somebody else writes, while nothing is written here.
const LOOK: Duration = Duration::from_secs(2);
/// Entries after which a snapshot is stored when the thread has nothing else to do.
const SNAPSHOT_EVERY: u64 = 20_000;

/// Whether the journal can be written. Watched by `/readyz` and by what pages directly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    Ready,
    /// Nothing starts and nothing is acknowledged until it can be written again.
    Broken(String),
}

/// Where confirmed-until-done effects go.
pub struct Lanes {
    pub slack: Lane,
    pub pager: Lane,
    pub source: Lane,
}

/// What a running engine consists of.
pub struct EngineParts {
    pub handle: Handle,
    pub lanes: Lanes,
    /// Work for the executor.
    pub drives: tokio_mpsc::UnboundedReceiver<Drive>,
    pub health: watch::Receiver<Health>,
}

struct Senders {
    slack: tokio_mpsc::UnboundedSender<OutboxItem>,
    pager: tokio_mpsc::UnboundedSender<OutboxItem>,
    source: tokio_mpsc::UnboundedSender<OutboxItem>,
}

impl Senders {
    /// What an earlier process left.
    fn resend(&self, effects: Vec<(i64, Effect, Timestamp)>) {
        for (row, effect, created_at) in effects {
            self.send(OutboxItem {
                row,
                effect,
                created_at,
                maybe_sent: true,
            });
        }
    }

    fn send(&self, item: OutboxItem) {
        let lane = match item.effect {
            Effect::Card { .. }
            | Effect::Thread { .. }
            | Effect::Summary { .. }
            | Effect::Chart { .. }
            | Effect::Attach { .. }
            | Effect::Notice { .. } => &self.slack,
            Effect::Page { .. } | Effect::PageAcknowledge { .. } | Effect::PageResolve { .. } => &self.pager,
            Effect::SourceResolve { .. }
            | Effect::SourceAcknowledge { .. }
            | Effect::SourceNote { .. }
            | Effect::Silence { .. } => &self.source,
        };
        // A lane without a worker means that the process is ending; the row stays and is handed out by the next one.
        let _ = lane.send(item);
    }
}

type Waiting = oneshot::Sender<Result<Reply, EngineError>>;

/// The thread's own things.
pub struct Engine {
    core: Core,
    knowledge: Arc<ArcSwap<Knowledge>>,
    clock: Arc<dyn Clock>,
    queue: Receiver<Message>,
    intake_count: Arc<AtomicUsize>,
    urgent: VecDeque<Message>,
    intake: VecDeque<(Box<Command>, Waiting)>,
    senders: Senders,
    drives: tokio_mpsc::UnboundedSender<Drive>,
    health: watch::Sender<Health>,
    last_snapshot: u64,
    eraser: Eraser,
    abandoned: Option<oneshot::Sender<()>>,
    /// False until what an earlier process left was picked up and stored.
    recovered: bool,
    /// When it was last seen whether anything can be written.
    proved: Instant,
    /// Why this journal can't be trusted to be the newest.
    behind: Option<String>,
    /// Some of what an earlier process left to be sent can't be sent.
    unsent: bool,
    /// Rows of the outbox that nobody can read.
    set_aside: Vec<i64>,
    /// When it was last looked whether somebody else has written to the database.
    looked: Instant,
    /// The latest that the clock has said since it last went back. Kept here too, since the journal knows the times of its
    /// entries only, and the clock may go back while nothing is written.
    latest: Option<Timestamp>,
}

/// Opens the state and starts the thread. The first thing it does is to recover: what an earlier process left is
/// picked up before anything new is decided. `behind` says why the journal is not the newest there was, when it is not.
///
/// # Errors
/// When the journal can't be read or the thread can't be started.
pub fn start(
    store: Store,
    knowledge: Arc<ArcSwap<Knowledge>>,
    clock: Arc<dyn Clock>,
    behind: Option<String>,
) -> Result<EngineParts, StoreError> {
    let left = Left::of(&store)?;
    let (tx, queue) = channel();
    let handle = Handle::new(tx.clone(), &store);
    let core = Core::open(store)?;
    let (slack, slack_items) = tokio_mpsc::unbounded_channel();
    let (pager, pager_items) = tokio_mpsc::unbounded_channel();
    let (source, source_items) = tokio_mpsc::unbounded_channel();
    let (drives, drive_items) = tokio_mpsc::unbounded_channel();
    let (health, health_seen) = watch::channel(Health::Ready);
    let lane = |items| Lane {
        items,
        handle: handle.clone(),
    };
    let lanes = Lanes {
        slack: lane(slack_items),
        pager: lane(pager_items),
        source: lane(source_items),
    };
    let senders = Senders { slack, pager, source };
    senders.resend(left.effects);
    let (last_snapshot, latest) = (core.state().seq, core.state().latest_at());
    let engine = Engine {
        core,
        knowledge,
        clock,
        queue,
        intake_count: handle.intake.clone(),
        urgent: VecDeque::new(),
        intake: VecDeque::new(),
        senders,
        drives,
        health,
        last_snapshot,
        eraser: Eraser::new(),
        abandoned: None,
        recovered: false,
        proved: Instant::now(),
        behind,
        unsent: left.unsent,
        set_aside: left.set_aside,
        looked: Instant::now(),
        latest,
    };
    wake(&tx);
    thread::Builder::new()
        .name("engine".to_owned())
        .spawn(move || engine.work())
        .map_err(|error| StoreError::Io(format!("the engine's thread can't be started: {error}")))?;
    Ok(EngineParts {
        handle,
        lanes,
        drives: drive_items,
        health: health_seen,
    })
}

/// A first batch at once, even when nobody sends anything.
fn wake(queue: &Sender<Message>) {
    let (reply, _nobody) = oneshot::channel();
    let _ = queue.send(Message::Decide(Box::new(Command::Tick), reply));
}

impl Engine {
    fn work(mut self) {
        loop {
            match self.queue.recv_timeout(self.nap()) {
                Ok(message) => self.sort(message),
                Err(RecvTimeoutError::Timeout) => self.snapshot_if_due(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.probe_if_due();
            self.look_if_due();
            self.eraser.go_on(&mut self.core);
            loop {
                while let Ok(message) = self.queue.try_recv() {
                    self.sort(message);
                }
                if let Some(told) = self.abandoned.take() {
                    // The database is closed before anybody is told that it may be opened again.
                    drop(self);
                    let _ = told.send(());
                    return;
                }
                if let Some(stopped) = self.batch() {
                    if let Err(error) = self.core.save_snapshot() {
                        tracing::warn!(%error, "no snapshot was stored; the next start reads the journal");
                    }
                    if let Err(error) = self.core.store().write_log() {
                        tracing::warn!(%error, "the write-ahead log was not written into the database; the next start reads both");
                    }
                    // As above.
                    drop(self);
                    let _ = stopped.send(());
                    return;
                }
                if self.urgent.is_empty() && self.intake.is_empty() {
                    break;
                }
            }
        }
    }

    fn nap(&self) -> Duration {
        if self.eraser.is_busy() {
            return Duration::ZERO;
        }
        let until = self
            .core
            .state()
            .next_deadline()
            .map(|at| at.duration_since(self.now()));
        match until.and_then(|left| Duration::try_from(left).ok()) {
            Some(left) => left.min(NAP),
            None if self.core.state().next_deadline().is_some() => Duration::ZERO,
            None => NAP,
        }
    }

    /// Milliseconds are what the journal stores; anything finer would make the fold differ from the state in memory.
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.clock.now().as_millisecond()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// What the clock had said before, when it went back.
    fn went_back_from(&self, now: Timestamp) -> Option<Timestamp> {
        self.latest.filter(|latest| went_back(*latest, now))
    }

    fn sort(&mut self, message: Message) {
        match message {
            Message::Decide(command, reply) if command.is_intake() => {
                self.intake.push_back((command, reply));
            }
            Message::Abandon(told) => self.abandoned = Some(told),
            Message::Decide(..) | Message::Ask(_) | Message::Done(_) | Message::Stop(_) => {
                self.urgent.push_back(message);
            }
        }
    }

    /// One commit. Gives the sender of a `Stop` when there was one.
    fn batch(&mut self) -> Option<oneshot::Sender<()>> {
        let now = self.now();
        let mut commands = Vec::new();
        let mut waiting: Vec<Option<Waiting>> = Vec::new();
        if !self.recovered {
            commands.push(Command::Recover {
                database: self.core.store().name().to_owned(),
                behind: self.behind.clone(),
                unsent: self.unsent,
            });
            waiting.push(None);
        }
        // Before anything else is decided by a clock that can't be trusted.
        if let Some(from) = self.went_back_from(now) {
            commands.push(Command::ClockWentBack { from });
            waiting.push(None);
        } else {
            self.latest = self.latest.max(Some(now));
        }
        let mut questions = Vec::new();
        let mut done = std::mem::take(&mut self.set_aside);
        let mut stop = None;
        for message in self.urgent.drain(..self.urgent.len().min(URGENT_MOST)) {
            match message {
                Message::Decide(command, reply) => {
                    commands.push(*command);
                    waiting.push(Some(reply));
                }
                Message::Ask(question) => questions.push(question),
                Message::Done(row) => done.push(row),
                Message::Stop(sender) => stop = Some(sender),
                Message::Abandon(told) => self.abandoned = Some(told),
            }
        }
        let take = self.intake.len().min(INTAKE_MOST);
        for (command, reply) in self.intake.drain(..take) {
            commands.push(*command);
            waiting.push(Some(reply));
        }
        self.intake_count.fetch_sub(take, Ordering::AcqRel);
        if self.core.state().next_deadline().is_some_and(|at| at <= now) {
            commands.push(Command::Tick);
            waiting.push(None);
        }
        self.commit(commands, waiting, &done, now);
        for question in questions {
            self.answer(question);
        }
        stop
    }

    fn commit(
        &mut self,
        commands: Vec<Command>,
        waiting: Vec<Option<Waiting>>,
        done: &[i64],
        now: Timestamp,
    ) {
        if commands.is_empty() && done.is_empty() {
            return;
        }
        let knowledge = self.knowledge.load_full();
        let news = News::of(&commands);
        match self.core.run(commands, done, &knowledge, now) {
            Ok(committed) => {
                self.recovered = true;
                self.eraser.hears(news);
                // It counts from the new time only once that is on record.
                if self.went_back_from(now).is_some() {
                    self.latest = Some(now);
                }
                if committed.wrote {
                    self.well();
                }
                for (reply, waiting) in committed.replies.into_iter().zip(waiting) {
                    if let Some(waiting) = waiting {
                        let _ = waiting.send(Ok(reply));
                    }
                }
                for (row, effect) in committed.effects {
                    self.senders.send(OutboxItem {
                        row,
                        effect,
                        created_at: now,
                        maybe_sent: false,
                    });
                }
                for (row, effect, created_at) in committed.late {
                    self.senders.send(OutboxItem {
                        row,
                        effect,
                        created_at,
                        maybe_sent: false,
                    });
                }
                for drive in committed.drives {
                    let _ = self.drives.send(drive);
                }
            }
            Err(error) => self.fail(&error, waiting),
        }
    }

    /// Something was written and synced.
    fn well(&mut self) {
        self.proved = Instant::now();
        let mend = |health: &mut Health| std::mem::replace(health, Health::Ready) != Health::Ready;
        if self.health.send_if_modified(mend) {
            tracing::info!("the journal can be written again");
        }
    }

    /// Whether anything can be written is seen by writing, and by nothing else: a commit that had nothing to write says
    /// nothing about it.
    fn probe_if_due(&mut self) {
        let ready = *self.health.borrow() == Health::Ready;
        let every = if ready { PROBE_IDLE } else { PROBE_BROKEN };
        if self.proved.elapsed() < every {
            return;
        }
        match self.core.probe() {
            Ok(()) => {
                self.well();
                // What landed by a commit that failed, and what an earlier process left, is picked up now.
                if !ready {
                    let (reply, _nobody) = oneshot::channel();
                    self.urgent
                        .push_back(Message::Decide(Box::new(Command::Tick), reply));
                }
            }
            Err(error) => self.fail(&error, Vec::new()),
        }
    }

    /// Whether somebody else writes, or has moved the file away, while nothing is written here.
    fn look_if_due(&mut self) {
        if self.looked.elapsed() < LOOK {
            return;
        }
        self.looked = Instant::now();
        let ready = *self.health.borrow() == Health::Ready;
        if let Some(error) = self.core.look().err().filter(|_| ready) {
            self.fail(&error, Vec::new());
        }
    }

    fn fail(&mut self, error: &StoreError, waiting: Vec<Option<Waiting>>) {
        self.proved = Instant::now();
        tracing::error!(%error, "the journal can't be written; nothing starts");
        let reason = error.to_string();
        // Watchers hear of the outage, not of every command that fails in it; whoever looks reads the newest reason.
        self.health.send_if_modified(|health| {
            let was = std::mem::replace(health, Health::Broken(reason.clone()));
            was == Health::Ready
        });
        for waiting in waiting.into_iter().flatten() {
            let _ = waiting.send(Err(EngineError::NotStored {
                reason: reason.clone(),
            }));
        }
        // A deadline that is due would be tried again at once, for ever.
        thread::sleep(Duration::from_millis(100));
    }

    fn answer(&self, question: Question) {
        let state = self.core.state();
        match question {
            Question::Incident(id, reply) => {
                let _ = reply.send(state.incident(id).cloned().map(Box::new));
            }
            Question::ByCard(card, reply) => {
                let _ = reply.send(state.by_card(&card));
            }
            Question::Open(reply) => {
                let _ = reply.send(state.open_by_need().iter().map(|incident| incident.id).collect());
            }
            Question::Unseen(before, reply) => {
                let _ = reply.send(state.unseen(before));
            }
            Question::Silences(reply) => {
                let _ = reply.send(state.silences());
            }
            Question::Freeze(reply) => {
                let _ = reply.send(state.freeze.clone());
            }
            Question::Glass(reply) => {
                let _ = reply.send(state.glass.clone());
            }
            Question::Started(reply) => {
                let _ = reply.send(state.started());
            }
        }
    }

    fn snapshot_if_due(&mut self) {
        let seq = self.core.state().seq;
        if seq < self.last_snapshot + SNAPSHOT_EVERY {
            return;
        }
        self.last_snapshot = seq;
        if let Err(error) = self.core.save_snapshot() {
            tracing::warn!(%error, "no snapshot was stored; the next start reads more of the journal");
        }
    }
}
