//! The worker of Slack's lane of the outbox. It gives each card and each thread its turns, cards first, and confirms what
//! is done. What fails is kept and tried again; what an earlier process may have sent is looked for before it is sent.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{debug, error, warn};

use super::card::{self, Bench, Turn};
use super::channels::Channels;
use super::complaints::Complaints;
use super::desk::Desk;
use super::hints::Hints;
use super::limits::Limits;
use super::lines::{self, LinesTurn};
use super::notices::{self, Notices};
use crate::domain::command::Effect;
use crate::domain::ids::IncidentId;
use crate::engine::{Lane, OutboxItem};
use crate::slack::api::{Api, Trouble};
use crate::slack::settings::{Around, Shared};

/// Calls on their way at once.
const CALLS: usize = 32;
/// Desks kept after their work is done, for what they remember of their card.
const IDLE: usize = 2000;
/// How often it is asked whether everything is frozen, or broken.
const FREEZE_LOOK: Duration = Duration::from_secs(1);
/// Cards redrawn at each look because of a freeze, while there is room for the edits of others.
const REDRAWN: usize = 4;
/// Effects taken in one go: every desk is looked at after each go, so in a storm few must not be taken at a time.
const TAKEN: usize = 4096;

/// What is left of an incident that the state has let go of.
const GIVEN_UP: &str = "it was closed more than a day ago and is let go of: what was still to be posted of it is given up, and `interlock audit show --incident` has the story";

/// Owns the lane; run it as one task.
pub struct Outbound {
    lane: Lane,
    bench: Arc<Bench>,
    desks: HashMap<IncidentId, Desk>,
    notices: Notices,
    running: JoinSet<Ended>,
    /// What the open cards were drawn with; `None` until they have been looked at once.
    told: Option<Around>,
    /// Open incidents whose cards may say something else.
    stale: VecDeque<IncidentId>,
    look_at: Instant,
    complaints: Complaints,
}

enum Ended {
    Card(IncidentId, Turn),
    Lines(IncidentId, LinesTurn),
    /// With its row.
    Notice(i64),
}

impl Ended {
    fn is_of_a_forgotten_one(&self) -> bool {
        match self {
            Self::Card(_, turn) | Self::Lines(_, LinesTurn { turn, .. }) => matches!(turn, Turn::Forgotten),
            Self::Notice(_) => false,
        }
    }
}

impl Outbound {
    #[must_use]
    pub fn new(lane: Lane, api: Api, hints: Hints, shared: Shared, limits: Arc<Limits>) -> Self {
        let engine = lane.engine().clone();
        let bench = Bench {
            api,
            engine,
            hints,
            shared,
            limits,
            channels: Channels::default(),
        };
        Self {
            lane,
            bench: Arc::new(bench),
            desks: HashMap::new(),
            notices: Notices::default(),
            running: JoinSet::new(),
            told: None,
            stale: VecDeque::new(),
            look_at: Instant::now(),
            complaints: Complaints::default(),
        }
    }

    /// Runs until the engine has stopped and nothing is on its way any more.
    pub async fn run(mut self) {
        let mut open = true;
        while open || !self.running.is_empty() {
            self.follow_freeze().await;
            self.start_turns();
            let wake = self.desks.values().filter_map(Desk::due).min();
            let full = self.running.len() >= CALLS;
            let sleep = tokio::time::sleep_until(wake.unwrap_or(self.look_at).min(self.look_at));
            tokio::select! {
                item = self.lane.next(), if open => match item {
                    Some(item) => {
                        self.accept(item);
                        for _ in 0..TAKEN {
                            let Some(item) = self.lane.try_next() else { break };
                            self.accept(item);
                        }
                    }
                    None => open = false,
                },
                Some(ended) = self.running.join_next() => match ended {
                    Ok(ended) => self.end(ended).await,
                    Err(problem) => error!(%problem, "a turn of the Slack worker broke"),
                },
                () = sleep, if !full => {}
            }
        }
    }

    /// A freeze changes every open card, so does a window that opens, a limit that has room again or a journal that can't be
    /// written, and so may whatever happened while no process ran. These edits go out a few at a time behind those that
    /// something happened to, so that hundreds of them hold up nothing. They need no commit: who can store nothing still
    /// says why nothing starts.
    async fn follow_freeze(&mut self) {
        let now = Instant::now();
        if now < self.look_at {
            return;
        }
        self.look_at = now + FREEZE_LOOK;
        let around = self.bench.shared.outlook.around();
        if self.told.as_ref() != Some(&around)
            && let Ok(open) = self.bench.engine.open_incidents().await
        {
            self.stale = open.into();
            self.told = Some(around);
        }
        let plan_wait = self.bench.shared.settings.plan_wait;
        if !self.bench.limits.has_edit_room(now) {
            return;
        }
        for id in self.stale.drain(..self.stale.len().min(REDRAWN)) {
            let desk = self
                .desks
                .entry(id)
                .or_insert_with(|| Desk::new(id, now, plan_wait));
            desk.redraw();
        }
    }

    fn accept(&mut self, item: OutboxItem) {
        if let Effect::Notice { notice, channels } = item.effect {
            self.notices.accept(notices::Job {
                row: item.row,
                id: format!("{}@{}", item.row, item.created_at.as_millisecond()),
                created: item.created_at.as_second(),
                maybe_sent: item.maybe_sent,
                notice,
                channels,
            });
            return;
        }
        let Some(incident) = item.effect.incident() else {
            return;
        };
        let now = Instant::now();
        let settings = &self.bench.shared.settings;
        let desk = self
            .desks
            .entry(incident)
            .or_insert_with(|| Desk::new(incident, now, settings.plan_wait));
        if self.bench.hints.take_hurry(incident) {
            desk.hurry(now, settings.edit_interval);
        }
        if desk.accept(&item, now) {
            desk.needs_card();
        } else {
            error!(
                row = item.row,
                "an effect that is not for Slack came over its lane; left alone"
            );
        }
    }

    /// Cards before threads: a button that lies is worse than a story that is late.
    fn start_turns(&mut self) {
        let now = Instant::now();
        if let Some(job) = self.notices.next() {
            let bench = self.bench.clone();
            self.running
                .spawn(async move { Ended::Notice(notices::tell(&bench, job).await) });
        }
        for desk in self.desks.values_mut() {
            if self.running.len() >= CALLS {
                return;
            }
            if let Some(job) = desk.card_job(now) {
                let (bench, id) = (self.bench.clone(), desk.incident);
                self.running
                    .spawn(async move { Ended::Card(id, card::turn(&bench, job).await) });
            }
        }
        for desk in self.desks.values_mut() {
            if self.running.len() >= CALLS {
                return;
            }
            if let Some(job) = desk.lines_job(now) {
                let (bench, id) = (self.bench.clone(), desk.incident);
                self.running
                    .spawn(async move { Ended::Lines(id, lines::turn(&bench, job).await) });
            }
        }
    }

    async fn end(&mut self, ended: Ended) {
        let now = Instant::now();
        let interval = self.bench.shared.settings.edit_interval;
        let forgotten = ended.is_of_a_forgotten_one();
        let (id, done) = match ended {
            Ended::Notice(row) => {
                self.notices.ended();
                if let Err(problem) = self.bench.engine.confirm(row, None).await {
                    warn!(row, %problem, "a notice could not be confirmed; it is looked for after a restart");
                }
                return;
            }
            Ended::Card(id, turn) => {
                report(&mut self.complaints, id, &turn);
                let Some(desk) = self.desks.get_mut(&id) else {
                    return;
                };
                let done = desk.card_ended(turn, now, interval);
                // A click that came while the last edit was on its way.
                if self.bench.hints.take_hurry(id) {
                    desk.hurry(now, interval);
                }
                (id, done)
            }
            Ended::Lines(id, LinesTurn { over, turn }) => {
                report(&mut self.complaints, id, &turn);
                let Some(desk) = self.desks.get_mut(&id) else {
                    return;
                };
                (id, desk.lines_ended(over, turn, now))
            }
        };
        if forgotten && !done.is_empty() {
            warn!(incident = %id, messages = done.len(), "{GIVEN_UP}");
        }
        for row in done {
            if let Err(problem) = self.bench.engine.confirm(row, None).await {
                warn!(row, incident = %id, %problem, "a delivery could not be confirmed; it is looked for after a restart");
            }
        }
        if self.desks.len() > IDLE {
            self.desks.retain(|_, desk| !desk.is_idle(now));
        }
    }
}

fn report(complaints: &mut Complaints, incident: IncidentId, turn: &Turn) {
    let (error, setup) = match turn {
        Turn::Failed { error, .. } => (error.to_string(), error.trouble() == Trouble::Setup),
        Turn::NoEngine => ("the engine gave no answer".to_owned(), false),
        Turn::Later(_) => {
            debug!(%incident, "waits for its turn");
            return;
        }
        Turn::Shown { .. } | Turn::Nothing | Turn::Gone | Turn::Forgotten => return,
    };
    match complaints.due(&error, Instant::now()) {
        Some(unsaid) if setup => error!(%incident, %error, unsaid, "Slack does not let us post"),
        Some(unsaid) => warn!(%incident, %error, unsaid, "a call of Slack failed; it is tried again"),
        None => debug!(%incident, %error, "the same once more"),
    }
}
