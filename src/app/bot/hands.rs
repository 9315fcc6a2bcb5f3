//! What looks, what acts, and what looks after Interlock itself.

use std::sync::Arc;

use tokio::sync::watch;

use super::slack_side::SlackSide;
use super::{Parts, StartError};
use crate::actions::http::{HttpActions, HttpSettings};
use crate::actions::runner::Runner;
use crate::app::asked::OnceAsked;
use crate::app::checkpoints::Refusing;
use crate::app::lifeline::{self, Probe};
use crate::app::looks::Looks;
use crate::app::outputs::Keeping;
use crate::app::retention::Retention;
use crate::app::rollouts::{self, Rollouts};
use crate::app::wiring::{clusters, evidence};
use crate::app::{advice, backup, checkpoints, greet, overpower, socket, space};
use crate::domain::action::Tier;
use crate::domain::command::Drive;
use crate::domain::leave::Leave;
use crate::executor::{Executor, ExecutorParts};
use crate::ports::{ActionRunner, Directory, Reader};
use crate::slack::SocketHealth;

impl Parts {
    fn follow_changes(&mut self) {
        if self.settings.kubernetes.follow_rollouts {
            let follower = Rollouts {
                clusters: clusters(&self.settings),
                environments: self.settings.environments.clone(),
                engine: self.engine.clone(),
                redactor: self.redactor.clone(),
                clock: self.clock.clone(),
            };
            self.tasks.spawn(follower.run());
        } else {
            self.tasks.spawn(rollouts::not_followed(self.engine.clone()));
        }
    }

    pub(super) fn executor(
        &mut self,
        slack: &SlackSide,
        drives: tokio::sync::mpsc::UnboundedReceiver<Drive>,
        verified: watch::Receiver<bool>,
    ) -> Result<Arc<Runner>, StartError> {
        let http = HttpSettings {
            allowed_hosts: self.settings.http.allowed_hosts.clone(),
            private_hosts: self.settings.http.private_hosts.clone(),
            secrets: self
                .settings
                .http
                .secrets
                .iter()
                .map(|(name, secret)| (name.clone(), secret.expose().to_owned()))
                .collect(),
        };
        let http = HttpActions::new(http).map_err(|error| StartError::Setup(error.to_string()))?;
        self.tasks
            .spawn(greet::tell_of_clusters(clusters(&self.settings)));
        self.follow_changes();
        let clusters = clusters(&self.settings);
        let runner = Runner::new(
            match &self.standby {
                Some(standby) => standby.binds(clusters),
                None => clusters,
            },
            http,
            self.redactor.clone(),
            self.clock.clone(),
            self.engine.database(),
        );
        let runner = Arc::new(runner);
        let reader: Arc<dyn Reader> = Arc::new(OnceAsked {
            inner: runner.clone(),
            asked: self.asked.clone(),
        });
        let reader = match &self.standby {
            Some(standby) => standby.fences_reader(reader),
            None => reader,
        };
        let looks = Looks::new(
            evidence(&self.settings)?,
            reader.clone(),
            self.redactor.clone(),
            self.clock.clone(),
        );
        let executor = Executor::new(ExecutorParts {
            engine: self.engine.clone(),
            reader,
            runner: self.acts(runner.clone()),
            directory: slack.people.clone() as Arc<dyn Directory>,
            evidence: Arc::new(looks),
            advisor: advice::advisor(&self.settings, self.redactor.clone())?,
            clock: self.clock.clone(),
            freeze_file: Some(self.settings.freeze_file()),
            verified,
            drain: self.drain.clone(),
        });
        self.tasks.spawn(executor.run(drives));
        Ok(runner)
    }

    /// What can act; none where the configuration only lets Interlock watch.
    fn acts(&self, runner: Arc<dyn ActionRunner>) -> Option<Arc<dyn ActionRunner>> {
        self.leave()?;
        let runner = match &self.standby {
            Some(standby) => standby.fences(runner),
            None => runner,
        };
        Some(Arc::new(Keeping {
            runner,
            outputs: self.outputs.clone(),
        }))
    }

    fn leave(&self) -> Option<Leave> {
        let knowledge = self.knowledge.load();
        Leave::of(knowledge.rules.mode, knowledge.rules.autonomy)
    }

    fn retention(&self) -> Retention {
        Retention {
            engine: self.engine.clone(),
            store: self.settings.store.path.clone(),
            clock: self.clock.clone(),
        }
    }

    /// What looks after Interlock itself: its power, its disk, its backups, and a sign of life for others.
    pub(super) fn guards(
        &mut self,
        socket: Option<SocketHealth>,
        refusing: Option<Refusing>,
        runner: Arc<Runner>,
    ) -> Result<(), StartError> {
        let (engine, clock) = (self.engine.clone(), self.clock.clone());
        self.tasks.spawn(overpower::watch(
            self.settings.clone(),
            self.knowledge.clone(),
            engine.clone(),
            clock.clone(),
            self.asked.clone(),
        ));
        let store = self.settings.store.path.clone();
        self.tasks.spawn(space::watch(store.clone(), engine.clone()));
        self.tasks
            .spawn(backup::every(self.settings.clone(), clock.clone()));
        if let Some(days) = self.settings.retention.payloads_days {
            self.tasks.spawn(self.retention().every_day(days));
        }
        let probe = Probe {
            engine,
            pulse: self.pulse.clone(),
            socket,
            store,
            refusing,
            runner,
            acts_up_to: match self.leave() {
                Some(_) => Tier::Three,
                None => Tier::Zero,
            },
        };
        if let Some(beats) = lifeline::heartbeat(&self.settings, probe, clock)? {
            self.tasks.spawn(beats);
        }
        Ok(())
    }

    pub(super) fn checkpoints(&mut self, begun: checkpoints::Begun) -> Result<Option<Refusing>, StartError> {
        let (engine, clock) = (self.engine.clone(), self.clock.clone());
        let daily = checkpoints::Daily::new(self.settings.clone(), engine.clone(), clock.clone(), &begun);
        self.tasks.spawn(daily.run());
        let worker = checkpoints::worker(&self.settings, engine, clock, begun)?;
        Ok(worker.map(|worker| {
            let refusing = worker.refusing();
            self.tasks.spawn(worker.run());
            refusing
        }))
    }

    pub(super) fn control_socket(&mut self, slack: &SlackSide) -> Result<(), StartError> {
        let path = socket::socket_path(&self.settings.store.path);
        let listener = socket::open(&path).map_err(|error| StartError::Socket {
            path: path.display().to_string(),
            reason: error.to_string(),
        })?;
        let control = socket::Control {
            engine: self.engine.clone(),
            directory: slack.people.clone(),
            operators: Arc::new(self.settings.operators.clone()),
            redactor: self.redactor.clone(),
            retention: self.retention(),
            channels: slack.channels.clone(),
        };
        self.tasks.spawn(socket::serve(listener, control));
        Ok(())
    }
}
