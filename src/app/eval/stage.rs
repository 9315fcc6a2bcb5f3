//! One scenario on stage: the core on a journal in memory, a clock that moves from one happening to the next, and whatever
//! stands around the core in the true bot: the executor's part, Slack's and the pager's. Nothing sleeps.
//!
//! Invariant: what happens at the same moment happens in the order in which it came about, so a scenario replays exactly.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::advice;
use super::clicks;
use super::prepared::Prepared;
use super::scenario::{AskedFor, Scenario};
use super::world::World;
use crate::domain::alert::Alert;
use crate::domain::command::{Command, Delivered, Drive, Effect, Reply, StartStep};
use crate::domain::event::{Entry, Outcome};
use crate::domain::evidence::Look;
use crate::domain::freeze::FreezeFile;
use crate::domain::ids::{AttemptId, DeliveryKey, IncidentId, PersonId, PlanNo, StepNo};
use crate::domain::incident::MessageRef;
use crate::domain::plan::Plan;
use crate::domain::runbook::Catalog;
use crate::domain::state::State;
use crate::engine::{Core, Knowledge};
use crate::ports::{Ended, Output, Person, Survey};
use crate::render;
use crate::store::Store;

/// More happenings than this are a circle that never ends.
const MOST: usize = 20_000;
/// Nothing that is due later than this after the beginning is waited for.
const HORIZON: SignedDuration = SignedDuration::from_hours(24);
/// Until a busy target is asked for again, as the executor does.
const BUSY_WAIT: SignedDuration = SignedDuration::from_secs(2);

/// Something that happens at a time.
enum Happening {
    Alert(Box<Alert>),
    /// The click of this number.
    Click(usize),
    Drive(Box<Drive>),
    Report {
        attempt: AttemptId,
        ended: Box<Ended>,
        took: SignedDuration,
    },
}

/// A scenario under way.
pub(super) struct Stage<'a> {
    scenario: &'a Scenario,
    core: Core,
    knowledge: Knowledge,
    people: &'a [Person],
    pub world: World<'a>,
    now: Timestamp,
    /// In order of time, then of coming about.
    agenda: BTreeMap<(Timestamp, u64), Happening>,
    numbers: u64,
    done: Vec<i64>,
    /// Entries so far, and the lines that the thread of the first incident has for them.
    pub entries: Vec<Entry>,
    pub story: Vec<String>,
    /// What the advisor was asked for.
    pub asked: Vec<AskedFor>,
}

/// Whose thread is told.
pub(super) const FIRST: IncidentId = IncidentId(1);

impl<'a> Stage<'a> {
    /// # Errors
    /// The journal in memory can't be opened.
    pub fn new(
        scenario: &'a Scenario,
        catalog: &Arc<Catalog>,
        prepared: &'a Prepared,
    ) -> Result<Self, String> {
        let store = Store::in_memory().map_err(|error| error.to_string())?;
        Ok(Self {
            core: Core::open(store).map_err(|error| error.to_string())?,
            knowledge: Knowledge {
                rules: Arc::clone(&prepared.rules),
                catalog: Arc::clone(catalog),
            },
            people: &prepared.people,
            world: World::new(scenario, &prepared.redactor),
            now: scenario.starts,
            agenda: BTreeMap::new(),
            numbers: 0,
            done: Vec::new(),
            entries: Vec::new(),
            story: Vec::new(),
            asked: Vec::new(),
            scenario,
        })
    }

    /// Puts an alert on the agenda.
    pub fn expect_alert(&mut self, after: SignedDuration, alert: Alert) {
        let at = self.moment(after);
        self.plan(at, Happening::Alert(Box::new(alert)));
    }

    /// From the first happening to the last.
    ///
    /// # Errors
    /// The scenario can't be played as it is written.
    pub fn run(&mut self) -> Result<(), String> {
        for (number, click) in self.scenario.clicks.iter().enumerate() {
            let at = self.moment(click.at);
            self.plan(at, Happening::Click(number));
        }
        self.submit(Command::Recover {
            database: String::new(),
            behind: None,
            unsent: false,
        })?;
        for _ in 0..MOST {
            let deadline = self.core.state().next_deadline();
            let next = self.agenda.first_key_value().map(|(key, _)| key.0);
            let Some(at) = deadline.into_iter().chain(next).min() else {
                return Ok(());
            };
            if at.duration_since(self.scenario.starts) > HORIZON {
                return Ok(());
            }
            self.now = self.now.max(at);
            if deadline.is_some_and(|due| due <= self.now) && next.is_none_or(|next| next >= at) {
                self.submit(Command::Tick)?;
            } else if let Some((_, happening)) = self.agenda.pop_first() {
                self.happens(happening)?;
            }
        }
        Err("it never comes to an end".to_owned())
    }

    #[must_use]
    pub fn state(&self) -> &State {
        self.core.state()
    }

    fn moment(&self, after: SignedDuration) -> Timestamp {
        self.scenario.starts.checked_add(after).unwrap_or(Timestamp::MAX)
    }

    fn plan(&mut self, at: Timestamp, happening: Happening) {
        self.numbers += 1;
        self.agenda.insert((at, self.numbers), happening);
    }

    fn happens(&mut self, happening: Happening) -> Result<(), String> {
        match happening {
            Happening::Alert(alert) => self
                .submit(Command::Alerts {
                    source: alert.source.clone(),
                    key: None,
                    alerts: vec![*alert],
                })
                .map(drop),
            Happening::Click(number) => self.click(number),
            Happening::Drive(drive) => self.drive(*drive),
            Happening::Report { attempt, ended, took } => self.report(attempt, *ended, took),
        }
    }

    fn click(&mut self, number: usize) -> Result<(), String> {
        let Some(row) = self.scenario.clicks.get(number) else {
            return Ok(());
        };
        let known = self.people.iter().find(|person| person.name == row.by);
        let person = known.cloned().ok_or_else(|| {
            format!(
                "nobody is called {}: name them in people.toml or [people]",
                row.by
            )
        })?;
        let intent = clicks::intent(row, self.core.state())?;
        for _ in 0..=u8::from(row.twice) {
            self.submit(Command::Act {
                key: Some(DeliveryKey::new(format!("click-{number}"))),
                person: person.clone(),
                channel: None,
                intent: intent.clone(),
            })?;
        }
        Ok(())
    }

    /// One commit, and what leaves with it.
    fn submit(&mut self, command: Command) -> Result<Reply, String> {
        let mut replies = self.commit(command)?;
        Ok(replies.pop().unwrap_or(Reply::Stored))
    }

    fn commit(&mut self, command: Command) -> Result<Vec<Reply>, String> {
        let done = std::mem::take(&mut self.done);
        let committed = self
            .core
            .run(vec![command], &done, &self.knowledge, self.now)
            .map_err(|error| error.to_string())?;
        self.read()?;
        for drive in committed.drives {
            let at = match &drive {
                Drive::Start { not_before, .. } => not_before.unwrap_or(self.now),
                Drive::Survey { .. } | Drive::Recheck { .. } | Drive::Advise { .. } | Drive::Fill { .. } => {
                    self.now
                }
            };
            self.plan(at, Happening::Drive(Box::new(drive)));
        }
        for (row, effect) in committed.effects {
            self.done.push(row);
            if let Some(delivered) = delivered(effect) {
                self.commit(Command::Delivered(delivered))?;
            }
        }
        Ok(committed.replies)
    }

    /// What the last commit recorded, in the words of the thread as they would be posted now.
    fn read(&mut self) -> Result<(), String> {
        let from = self.entries.last().map_or(0, |entry| entry.seq);
        let entries = &mut self.entries;
        let read = self.core.store().read_after(from, |entry| entries.push(entry));
        read.map_err(|error| error.to_string())?;
        let Some(incident) = self.core.state().incident(FIRST) else {
            return Ok(());
        };
        let news = self.entries.iter().filter(|entry| entry.seq > from);
        let ours = news.filter(|entry| entry.event.incident() == Some(FIRST));
        self.story
            .extend(ours.filter_map(|entry| render::thread::line(entry, incident)));
        Ok(())
    }

    fn drive(&mut self, drive: Drive) -> Result<(), String> {
        let command = match &drive {
            Drive::Survey {
                incident,
                sketch,
                looks,
            } => self.surveyed(*incident, sketch, looks),
            Drive::Advise { incident, question } => {
                self.asked.push(AskedFor::Order);
                match advice::order(&self.scenario.advice, question) {
                    Some(order) => Command::Advised {
                        incident: *incident,
                        order,
                    },
                    None => return Ok(()),
                }
            }
            Drive::Fill { incident, blanks } => {
                self.asked.push(AskedFor::Values);
                Command::Filled {
                    incident: *incident,
                    runbook: blanks.runbook.clone(),
                    values: advice::values(&self.scenario.advice, blanks),
                }
            }
            Drive::Recheck { incident, plan } => Command::Rechecked {
                incident: *incident,
                plan: *plan,
                seen: self.beside(*incident, *plan, None),
            },
            Drive::Start {
                incident,
                plan,
                step,
                attempt,
                ..
            } => match self.request(*incident, *plan, *step, *attempt) {
                Some(request) => Command::StartStep(Box::new(request)),
                None => return Ok(()),
            },
        };
        match self.submit(command)? {
            Reply::Permit(order) => {
                let (ended, took) = self.world.perform(&order);
                let at = self.now.checked_add(took).unwrap_or(self.now);
                let (attempt, ended) = (order.attempt, Box::new(ended));
                self.plan(at, Happening::Report { attempt, ended, took });
            }
            Reply::NotYet { .. } => {
                let at = self.now.checked_add(BUSY_WAIT).unwrap_or(self.now);
                self.plan(at, Happening::Drive(Box::new(drive)));
            }
            Reply::NotStarted { .. } | Reply::Stored | Reply::Answer(_) | Reply::Form(_) => {}
        }
        Ok(())
    }

    fn surveyed(&mut self, incident: IncidentId, sketch: &Plan, looks: &[Look]) -> Command {
        let steps = sketch.steps.iter();
        let results = steps
            .map(|step| self.world.survey(&step.action, self.now))
            .collect();
        let findings = looks.iter().map(|look| self.world.look(look, self.now)).collect();
        Command::Surveyed {
            incident,
            sketch: Box::new(sketch.clone()),
            results,
            findings,
        }
    }

    /// The targets of all steps but one, as far as they can be looked at.
    fn beside(&self, incident: IncidentId, plan: PlanNo, except: Option<StepNo>) -> Vec<(StepNo, Survey)> {
        let known = self.core.state().incident(incident);
        let track = known.and_then(|incident| incident.plan(plan));
        let steps = track.into_iter().flat_map(|track| track.plan.live_steps());
        let others = steps.filter(|step| Some(step.no) != except);
        others
            .filter_map(|step| Some((step.no, self.world.survey(&step.action, self.now).ok()?)))
            .collect()
    }

    /// `None` when the plan is gone.
    fn request(&self, incident: IncidentId, plan: PlanNo, step: StepNo, attempt: u8) -> Option<StartStep> {
        let track = self.core.state().incident(incident)?.plan(plan)?;
        let planned = track.plan.step(step)?;
        let votes = track.approval.votes().iter();
        let beside = match track.run.started_at {
            None => self.beside(incident, plan, Some(step)),
            Some(_) => Vec::new(),
        };
        Some(StartStep {
            incident,
            plan,
            step,
            attempt,
            survey: self.world.survey(&planned.action, self.now),
            beside,
            voters: votes.filter_map(|vote| self.person(&vote.by)).collect(),
            freeze_file: FreezeFile::Absent,
        })
    }

    fn report(&mut self, attempt: AttemptId, ended: Ended, took: SignedDuration) -> Result<(), String> {
        let (outcome, output): (Outcome, Output) = match ended {
            Ended::Done { output } => (Outcome::Succeeded, output),
            Ended::Failed { reason, output } => (Outcome::Failed { reason }, output),
            Ended::Unknown { reason, output } => (Outcome::Unknown { reason }, output),
        };
        let command = Command::StepEnded {
            attempt,
            outcome,
            output,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(0),
        };
        self.submit(command).map(drop)
    }

    fn person(&self, id: &PersonId) -> Option<Person> {
        self.people.iter().find(|person| person.id == *id).cloned()
    }
}

/// What Slack, the pager and the source say when they have taken an effect.
fn delivered(effect: Effect) -> Option<Delivered> {
    let message = |incident: IncidentId| MessageRef {
        channel: "C-EVAL".to_owned(),
        ts: incident.to_string(),
    };
    match effect {
        Effect::Card { incident } => Some(Delivered::Card {
            incident,
            message: message(incident),
        }),
        Effect::Page { incident } => Some(Delivered::Page {
            incident,
            dedup_key: format!("interlock/{incident}"),
        }),
        Effect::SourceResolve { incident, episodes } => Some(Delivered::SourceResolved {
            incident,
            how: "told".to_owned(),
            episodes,
        }),
        Effect::Thread { .. }
        | Effect::SourceAcknowledge { .. }
        | Effect::SourceNote { .. }
        | Effect::Silence { .. }
        | Effect::Chart { .. }
        | Effect::PageAcknowledge { .. }
        | Effect::PageResolve { .. }
        | Effect::Summary { .. }
        | Effect::Attach { .. }
        | Effect::Notice { .. } => None,
    }
}
