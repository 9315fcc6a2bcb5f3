//! One task for each thing to do. A task ends when the engine has stored what became of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::drain::{Drain, Running};
use super::gather::gather;
use super::read_freeze_file;
use crate::domain::advice::{Blanks, Question};
use crate::domain::command::{Command, Drive, Reply, StartStep};
use crate::domain::event::Outcome;
use crate::domain::evidence::Look;
use crate::domain::ids::{IncidentId, PlanNo, StepNo};
use crate::domain::incident::PlanTrack;
use crate::domain::plan::{Plan, PlannedStep};
use crate::engine::{EngineError, Handle};
use crate::planted::{self, Bug, Point};
use crate::ports::{
    ActionRunner, Advisor, Clock, Directory, Ended, EvidenceSource, Order, Output, Person, Reader, Survey,
    SurveyError,
};

/// How long to wait until a step that may not start yet is asked for again.
const BUSY_WAIT: Duration = Duration::from_secs(2);
/// How long to wait until a result is offered again to an engine that could not store it.
const STORE_WAIT: Duration = Duration::from_millis(500);
/// The clock may be moved, so a wait looks at it this often.
const CLOCK_STEP: Duration = Duration::from_millis(200);
/// Looks at targets of one plan at the same time, at most.
const LOOKS_AT_ONCE: usize = 8;
/// An unreachable cluster is asked this often before the plan is given up.
const LOOK_TRIES: u32 = 3;

/// What the executor works with.
#[derive(Clone)]
pub struct ExecutorParts {
    pub engine: Handle,
    pub reader: Arc<dyn Reader>,
    /// `None` where nothing may act: shadow and dry-run are composed without one.
    pub runner: Option<Arc<dyn ActionRunner>>,
    pub directory: Arc<dyn Directory>,
    pub evidence: Arc<dyn EvidenceSource>,
    pub advisor: Option<Arc<dyn Advisor>>,
    pub clock: Arc<dyn Clock>,
    pub freeze_file: Option<PathBuf>,
    /// Whether all of the journal was verified since the process began. Before that nothing is started: a permit would rest on
    /// entries that nobody has looked at.
    pub verified: watch::Receiver<bool>,
    /// Of the process's end.
    pub drain: Arc<Drain>,
}

/// Drives attempts until the engine ends.
pub struct Executor {
    parts: ExecutorParts,
}

/// A step that is to be started.
#[derive(Clone, Copy)]
struct Wanted {
    incident: IncidentId,
    plan: PlanNo,
    step: StepNo,
    attempt: u8,
    not_before: Option<Timestamp>,
}

impl Executor {
    #[must_use]
    pub fn new(parts: ExecutorParts) -> Self {
        Self { parts }
    }

    /// Takes work until there is no more. Dropping the future aborts what runs: its outcome is Unknown then.
    pub async fn run(self, mut drives: UnboundedReceiver<Drive>) {
        let mut tasks = JoinSet::new();
        loop {
            tokio::select! {
                drive = drives.recv() => match drive {
                    Some(drive) => {
                        let parts = self.parts.clone();
                        tasks.spawn(async move { parts.work(drive).await });
                    }
                    None => break,
                },
                Some(ended) = tasks.join_next() => {
                    if let Err(error) = ended {
                        tracing::error!(%error, "a task of the executor ended badly; its step is Unknown after a restart");
                    }
                }
            }
        }
        while tasks.join_next().await.is_some() {}
    }
}

impl ExecutorParts {
    async fn work(&self, drive: Drive) {
        match drive {
            Drive::Survey {
                incident,
                sketch,
                looks,
            } => self.survey(incident, *sketch, &looks).await,
            Drive::Advise { incident, question } => self.advise(incident, &question).await,
            Drive::Fill { incident, blanks } => self.fill(incident, &blanks).await,
            Drive::Recheck { incident, plan } => self.recheck(incident, plan).await,
            Drive::Start {
                incident,
                plan,
                step,
                attempt,
                not_before,
            } => {
                let wanted = Wanted {
                    incident,
                    plan,
                    step,
                    attempt,
                    not_before,
                };
                match &self.runner {
                    Some(runner) => self.start(&**runner, wanted).await,
                    // The engine asks for no start where nothing may act; should it, nothing is there that could.
                    None => {
                        tracing::error!(%incident, %step, "a start was asked for where Interlock only watches")
                    }
                }
            }
        }
    }

    async fn survey(&self, incident: IncidentId, sketch: Plan, looks: &[Look]) {
        let (results, findings) = tokio::join!(
            self.look_at_targets(incident, &sketch),
            gather(self, incident, looks)
        );
        // Offered until it is stored: nobody else would go on with this incident, and nobody would be paged for it.
        loop {
            let command = Command::Surveyed {
                incident,
                sketch: Box::new(sketch.clone()),
                results: results.clone(),
                findings: findings.clone(),
            };
            match self.engine.submit(command).await {
                Ok(_) | Err(EngineError::Stopped) => return,
                Err(error) => {
                    tracing::warn!(%incident, %error, "what was seen of the targets could not be stored yet");
                    sleep(STORE_WAIT).await;
                }
            }
        }
    }

    /// Asks once. Nothing hangs on it: without an answer the candidates stay as they are.
    async fn advise(&self, incident: IncidentId, question: &Question) {
        let Some(advisor) = &self.advisor else { return };
        let Some(order) = advisor.order(question).await else {
            return;
        };
        if let Err(error) = self.engine.submit(Command::Advised { incident, order }).await {
            tracing::warn!(%incident, %error, "an advised order could not be stored; the candidates stay as they are");
        }
    }

    /// Asks once, and tells in any case: a plan waits for it. The answer is offered until it is stored, as a look is.
    async fn fill(&self, incident: IncidentId, blanks: &Blanks) {
        let values = match &self.advisor {
            Some(advisor) => advisor.fill(blanks).await.unwrap_or_default(),
            None => BTreeMap::new(),
        };
        loop {
            let command = Command::Filled {
                incident,
                runbook: blanks.runbook.clone(),
                values: values.clone(),
            };
            match self.engine.submit(command).await {
                Ok(_) | Err(EngineError::Stopped) => return,
                Err(error) => {
                    tracing::warn!(%incident, %error, "a plan waits: what the advisor said could not be stored yet");
                    sleep(STORE_WAIT).await;
                }
            }
        }
    }

    /// Looks once whether a plan that waits still shows what is so. Nothing hangs on it: every start looks again.
    async fn recheck(&self, id: IncidentId, plan: PlanNo) {
        let Ok(Some(incident)) = self.engine.incident(id).await else {
            return;
        };
        let Some(track) = incident.plan(plan) else { return };
        let command = Command::Rechecked {
            incident: id,
            plan,
            seen: self.look_beside(id, track, None).await,
        };
        if let Err(error) = self.engine.submit(command).await {
            tracing::warn!(incident = %id, %error, "a second look at the targets could not be stored");
        }
    }

    /// The targets of all steps but one, as far as they can be looked at.
    async fn look_beside(
        &self,
        id: IncidentId,
        track: &PlanTrack,
        except: Option<StepNo>,
    ) -> Vec<(StepNo, Survey)> {
        let others: Vec<&PlannedStep> = track
            .plan
            .live_steps()
            .filter(|step| Some(step.no) != except && step.target.is_some())
            .collect();
        let mut seen = Vec::with_capacity(others.len());
        for steps in others.chunks(LOOKS_AT_ONCE) {
            let looks = steps
                .iter()
                .map(|step| async move { Some((step.no, self.look(id, &step.action).await.ok()?)) });
            seen.extend(join_all(looks).await.into_iter().flatten());
        }
        seen
    }

    async fn look_at_targets(&self, incident: IncidentId, sketch: &Plan) -> Vec<Result<Survey, SurveyError>> {
        let mut results = Vec::with_capacity(sketch.steps.len());
        for steps in sketch.steps.chunks(LOOKS_AT_ONCE) {
            results.extend(join_all(steps.iter().map(|step| self.look(incident, &step.action))).await);
        }
        results
    }

    /// Looks, and looks again when the cluster did not answer.
    async fn look(
        &self,
        incident: IncidentId,
        action: &crate::domain::action::Action,
    ) -> Result<Survey, SurveyError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.reader.survey(incident, action).await {
                Err(SurveyError::Unreachable(_)) if tries < LOOK_TRIES => sleep(STORE_WAIT).await,
                result => return result,
            }
        }
    }

    async fn start(&self, runner: &dyn ActionRunner, wanted: Wanted) {
        let whole = |verified: &bool| *verified || planted::is(Bug::StartBeforeVerified);
        // Closed when the process ends.
        if self.verified.clone().wait_for(whole).await.is_err() {
            return;
        }
        loop {
            self.wait_until(wanted.not_before).await;
            let Some(request) = self.request(wanted).await else {
                return;
            };
            // Asked for anew by the next process.
            let Some(running) = self.drain.enter() else { return };
            match self.engine.submit(Command::StartStep(Box::new(request))).await {
                Ok(Reply::Permit(order)) => return self.perform(runner, *order, running).await,
                Ok(Reply::NotYet { .. }) => {}
                Ok(_) | Err(EngineError::Stopped) => return,
                Err(error) => {
                    tracing::warn!(incident = %wanted.incident, step = %wanted.step, %error, "the step was not started");
                }
            }
            drop(running);
            sleep(BUSY_WAIT).await;
        }
    }

    async fn wait_until(&self, at: Option<Timestamp>) {
        while at.is_some_and(|at| self.clock.now() < at) {
            sleep(CLOCK_STEP).await;
        }
    }

    /// Everything that the pure core must know of the world. `None` when the incident is gone.
    async fn request(&self, wanted: Wanted) -> Option<StartStep> {
        let incident = self.engine.incident(wanted.incident).await.ok().flatten()?;
        let track = incident.plan(wanted.plan)?;
        let step = track.plan.step(wanted.step)?;
        let votes = track
            .approval
            .votes()
            .iter()
            .map(|vote| self.directory.person(&vote.by));
        let beside = async {
            match track.run.started_at {
                None => self.look_beside(wanted.incident, track, Some(step.no)).await,
                Some(_) => Vec::new(),
            }
        };
        // The step's own target after the others, which may be on a cluster that hangs: a look grows stale in seconds.
        let beside = beside.await;
        let survey = self.look(wanted.incident, &step.action).await;
        // Last: a look at a slow cluster takes many seconds, and meanwhile who approved may leave and the file be put there.
        let voters: Vec<Person> = join_all(votes).await;
        let freeze_file = read_freeze_file(self.freeze_file.as_deref()).await;
        let Wanted {
            incident,
            plan,
            step,
            attempt,
            ..
        } = wanted;
        Some(StartStep {
            incident,
            plan,
            step,
            attempt,
            survey,
            beside,
            voters,
            freeze_file,
        })
    }

    /// Drives an attempt to its end, or until the process has waited for it for as long as it does.
    async fn perform(&self, runner: &dyn ActionRunner, order: Order, running: Running) {
        let attempt = order.attempt;
        planted::reach(Point::Permitted);
        let since = Instant::now();
        let ended = tokio::select! {
            ended = runner.perform(order) => ended,
            waited = self.drain.over() => Ended::Unknown {
                reason: format!("Interlock was told to stop, and the step had not ended {} s later", waited.as_secs()),
                output: Output::default(),
            },
        };
        let (outcome, output) = match ended {
            Ended::Done { output } => (Outcome::Succeeded, output),
            Ended::Failed { reason, output } => (Outcome::Failed { reason }, output),
            Ended::Unknown { reason, output } => (Outcome::Unknown { reason }, output),
        };
        let took_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        planted::reach(Point::Performed);
        self.report(attempt, outcome, output, took_ms).await;
        drop(running);
    }

    /// Offers the result until it is stored. If the process ends first, the step is Unknown.
    async fn report(
        &self,
        attempt: crate::domain::ids::AttemptId,
        outcome: Outcome,
        output: Output,
        took_ms: u64,
    ) {
        loop {
            let command = Command::StepEnded {
                attempt,
                outcome: outcome.clone(),
                output: output.clone(),
                took_ms,
            };
            match self.engine.submit(command).await {
                Ok(_) | Err(EngineError::Stopped) => return,
                Err(error) => {
                    tracing::warn!(%attempt, %error, "the result could not be stored yet");
                    sleep(STORE_WAIT).await;
                }
            }
        }
    }
}
