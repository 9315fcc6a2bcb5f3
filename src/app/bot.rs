//! Starting and stopping everything that `serve` and the demo run, in one order: the journal first, the port before
//! anything that may take long, Slack last. Nothing here waits for Slack or a cluster: both may be away when it starts.
//! Longer than other files, since the order of everything that starts and stops can be read here alone.

mod front;
mod stop;

use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use parking_lot::RwLock;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use super::asked::{Asked, OnceAsked};
use super::charts::Charts;
use super::checkpoints::Refusing;
use super::lifeline::{self, Probe};
use super::looks::Looks;
use super::outbox::{self, Pagers};
use super::outlook::{self, AppOutlook, Recent};
use super::outputs::{Keeping, Outputs};
use super::pulse::{self, Pulse};
use super::retention::Retention;
use super::rollouts::{self, Rollouts};
use super::silences::Silencer;
use super::totp::Factors;
use super::wiring::{clusters, evidence, prometheus, slack_settings, tellers};
use super::{
    advice, backup, channels, checkpoints, greet, knowledge, outage, overpower, rules, socket, space, standby,
};
use crate::actions::http::{HttpActions, HttpSettings};
use crate::actions::redact::Redactor;
use crate::actions::runner::Runner;
use crate::config::runbooks::{LoadError, Runbooks, Watch};
use crate::config::{ConfigError, Settings, SlackCredentials};
use crate::domain::action::Tier;
use crate::domain::incident::Incident;
use crate::domain::leave::Leave;
use crate::engine::{self, EngineParts, Handle, Health, Knowledge, Lanes};
use crate::executor::{Drain, Executor, ExecutorParts};
use crate::ingress::{self, BindError, Limits};
use crate::paging::{OnDutyPeople, PagerDuty};
use crate::ports::{ActionRunner, Clock, Directory, Reader};
use crate::render::{explain, freezing, summary, thread};
use crate::slack::{
    self, Answers, Api, Hints, Homes, Outbound, People, Pipeline, SettingsError, Shared, SocketHealth,
    SocketMode, Words,
};
use crate::store::{Store, StoreError, StoreLock};
use crate::telemetry::Metrics;

/// Why it does not start. Each says what to do.
#[derive(Debug, thiserror::Error, strum::VariantNames)]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Runbooks(#[from] LoadError),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Slack(#[from] SettingsError),
    #[error("the control socket `{path}` can't be made: {reason}; check the folder of store.path")]
    Socket { path: String, reason: String },
    #[error(
        "slack.channel is not set: name the channel for alerts that no [[routes]] row covers, for example \"#incidents\""
    )]
    NoChannel,
    #[error("{0}")]
    TooMuchPower(String),
    #[error("{0}")]
    Setup(String),
}

/// A running Interlock.
pub struct Bot {
    pub engine: Handle,
    /// Where it listens.
    pub address: SocketAddr,
    /// Connections to Slack, with Socket Mode.
    pub socket_health: Option<SocketHealth>,
    drain: Arc<Drain>,
    stop_server: oneshot::Sender<()>,
    socket_mode: Option<SocketMode>,
    tasks: JoinSet<()>,
    standby: Option<Arc<standby::Standby>>,
    _watch: Option<Watch>,
    _lock: StoreLock,
}

/// What the parts share while they are put together.
struct Parts {
    settings: Settings,
    clock: Arc<dyn Clock>,
    knowledge: Arc<ArcSwap<Knowledge>>,
    engine: Handle,
    health: watch::Receiver<Health>,
    pulse: Pulse,
    redactor: Arc<Redactor>,
    outputs: Arc<Outputs>,
    drain: Arc<Drain>,
    tasks: JoinSet<()>,
    standby: Option<Arc<standby::Standby>>,
    troubles: checkpoints::Troubles,
    asked: Arc<Asked>,
}

/// Starts everything.
///
/// # Errors
/// Whatever keeps it from doing its work, worded with what to do. Slack and the clusters being away is no reason.
pub async fn start(settings: Settings, clock: Arc<dyn Clock>, metrics: Metrics) -> Result<Bot, StartError> {
    let redactor = super::intake::redactor(&settings)?;
    start_with(settings, clock, metrics, redactor).await
}

/// The same with a redactor that others have too: what the bot learns of secrets is taken out of their texts as well.
///
/// # Errors
/// As [`start`].
#[expect(
    clippy::too_many_lines,
    reason = "wiring: each part is made once and handed to the next"
)]
pub async fn start_with(
    settings: Settings,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    redactor: Arc<Redactor>,
) -> Result<Bot, StartError> {
    let credentials = settings.slack.credentials()?;
    if settings.slack.channel.is_none() {
        return Err(StartError::NoChannel);
    }
    if settings.pagerduty.routing_key.is_none() {
        tracing::warn!("no pager is configured: nobody will be paged; set pagerduty.routing_key");
    }
    for gap in rules::gaps(&settings) {
        tracing::warn!("{gap}");
    }
    let standby = standby::take(&settings, clock.clone()).await?;
    let lock = StoreLock::take(&settings.store.path)?;
    let mut store = Store::open_sealed(&settings.store.path, checkpoints::sealer(&settings)?)?;
    if let Some(standby) = &standby {
        let epoch = store.begin_epoch(standby.transitions());
        tracing::info!(epoch, "this Interlock has the Lease");
    }
    let known = checkpoints::Known::of(&settings, &store)?;
    let places = checkpoints::Places::read(&settings, &known, clock.now()).await?;
    let begun = checkpoints::Begun::new(&settings, &store, known, places)?;
    let behind = begun.behind.borrow().clone();
    let runbooks = knowledge::open_runbooks(&settings.runbooks.path)?;
    knowledge::log_refused(&runbooks);
    knowledge::log_catalogue(&settings.backstage);
    let listener = ingress::bind(settings.server.listen.0).await?;
    let address = listener
        .local_addr()
        .map_err(|error| StartError::Setup(error.to_string()))?;
    let knowledge = first_knowledge(&settings, &runbooks);
    let EngineParts {
        handle,
        lanes,
        drives,
        health,
    } = engine::start(store, knowledge.clone(), clock.clone(), behind)?;
    let (pulse, following) = pulse::follow(handle.clone(), health, begun.behind.subscribe());
    let mut parts = Parts {
        clock,
        engine: handle.clone(),
        knowledge: knowledge.clone(),
        health: pulse.health.clone(),
        pulse,
        redactor,
        outputs: Arc::default(),
        drain: Arc::default(),
        tasks: JoinSet::new(),
        standby: standby.clone(),
        troubles: begun.troubles.clone(),
        asked: Arc::default(),
        settings,
    };
    parts.tasks.spawn(following);
    if let Some(standby) = standby.clone() {
        parts.tasks.spawn(async move {
            standby.renew().await;
        });
    }
    let watch = watch_files(&runbooks, &knowledge);
    let slack = parts.slack(&credentials, lanes, begun.behind.subscribe()).await?;
    let runner = parts.executor(&slack, drives)?;
    let refusing = parts.checkpoints(begun)?;
    let socket = slack.socket_mode.as_ref().map(SocketMode::health);
    parts.guards(socket, refusing, runner)?;
    parts.control_socket(&slack)?;
    let router = front::router(&mut parts, slack.router, slack.channels, metrics)?;
    let (stop_server, stopped) = oneshot::channel::<()>();
    let limits = Limits {
        connections: parts.settings.server.max_connections as usize,
        ..Limits::default()
    };
    parts
        .tasks
        .spawn(ingress::serve(listener, router, limits, async move {
            let _ = stopped.await;
        }));
    let socket_health = slack.socket_mode.as_ref().map(SocketMode::health);
    Ok(Bot {
        engine: handle,
        address,
        socket_health,
        drain: parts.drain,
        stop_server,
        socket_mode: slack.socket_mode,
        tasks: parts.tasks,
        standby,
        _watch: watch,
        _lock: lock,
    })
}

fn first_knowledge(settings: &Settings, runbooks: &Arc<Runbooks>) -> Arc<ArcSwap<Knowledge>> {
    let rules = Arc::new(rules::rules(settings, ""));
    Arc::new(ArcSwap::from_pointee(Knowledge {
        rules,
        catalog: runbooks.current(),
    }))
}

fn watch_files(runbooks: &Arc<Runbooks>, knowledge: &Arc<ArcSwap<Knowledge>>) -> Option<Watch> {
    match knowledge::watch_runbooks(runbooks, knowledge.clone()) {
        Ok(watch) => Some(watch),
        Err(error) => {
            tracing::warn!(%error, "changes of runbooks are seen only at the next start");
            None
        }
    }
}

struct SlackSide {
    people: Arc<People>,
    channels: channels::Unusable,
    router: Option<Router>,
    socket_mode: Option<SocketMode>,
}

impl Parts {
    #[expect(
        clippy::too_many_lines,
        reason = "wiring: each part is made once and handed to the next"
    )]
    async fn slack(
        &mut self,
        credentials: &SlackCredentials,
        lanes: Lanes,
        behind: watch::Receiver<Option<String>>,
    ) -> Result<SlackSide, StartError> {
        let settings = Arc::new(slack_settings(&self.settings, credentials));
        let api = Api::new(&settings)?;
        let groups = Arc::new(
            self.knowledge
                .load()
                .rules
                .policy
                .groups()
                .cloned()
                .collect::<Vec<_>>(),
        );
        let people = People::new(api.clone(), Arc::new(ArcSwap::new(groups)));
        if !self.settings.pagerduty.people.is_empty() {
            let pager = PagerDuty::new(&self.settings.pagerduty)
                .map_err(|error| StartError::Setup(error.to_string()))?;
            people.ask_who_is_on_duty(Arc::new(OnDutyPeople {
                pager: Arc::new(pager),
                people: self.settings.pagerduty.people.clone(),
            }));
        }
        let recent = Arc::new(RwLock::new(Recent::default()));
        let absent = Arc::new(RwLock::new(slack::Absent::new()));
        let factors = Factors::new(
            self.settings.totp_file(),
            self.clock.clone(),
            self.redactor.clone(),
        );
        let outlook = AppOutlook {
            clock: self.clock.clone(),
            knowledge: self.knowledge.clone(),
            recent: recent.clone(),
            absent: absent.clone(),
            outputs: self.outputs.clone(),
            redactor: self.redactor.clone(),
            health: self.health.clone(),
            factors: factors.clone(),
            charts: prometheus(&self.settings)?.map(|prometheus| Charts {
                prometheus,
                redactor: self.redactor.clone(),
            }),
            origin: slack::Origin::of(self.engine.database()),
        };
        self.tasks.spawn(factors.follow(self.engine.clone()));
        let words = Words {
            answer: explain::slack_answer,
            line: thread::line,
            crowd: thread::crowd,
            summary: summary::slack,
            notice: freezing::notice,
        };
        let shared = Shared {
            settings: settings.clone(),
            words,
            outlook: Arc::new(outlook),
        };
        let channels = channels::Unusable::default();
        let looks = channels::follow(api.clone(), self.settings.clone(), channels.clone());
        self.tasks.spawn(looks);
        let hints = Hints::new(api.clone(), shared.outlook.origin().clone());
        let limits = Arc::new(slack::Limits::default());
        let (answers, answering) = Answers::new(api.clone(), shared.clone(), limits.clone());
        let homes = Homes::new(
            api.clone(),
            self.engine.clone(),
            people.clone(),
            shared.clone(),
            Some(self.settings.homes_file()),
        );
        let pipeline = Pipeline::new(slack::Parts {
            engine: self.engine.clone(),
            api: api.clone(),
            people: people.clone(),
            answers,
            hints: hints.clone(),
            homes: homes.clone(),
            shared: shared.clone(),
        });
        let (router, socket_mode) = match credentials {
            SlackCredentials::Http { .. } => (Some(slack::router(&settings, pipeline)?), None),
            SlackCredentials::Socket { .. } => {
                self.tasks.spawn(greet::tell_of_app_token(settings.clone()));
                (None, Some(SocketMode::start(&settings, &api, pipeline).await?))
            }
        };
        self.tasks.spawn(answering.run());
        self.tasks.spawn(homes.run());
        self.tasks
            .spawn(Outbound::new(lanes.slack, api, hints, shared, limits).run());
        self.tasks.spawn(greet::learn_team(
            people.clone(),
            self.settings.clone(),
            self.knowledge.clone(),
        ));
        self.tasks.spawn(outlook::follow(
            self.engine.clone(),
            outlook::FreezeFileAt {
                path: self.settings.freeze_file(),
                redactor: self.redactor.clone(),
            },
            recent,
        ));
        let policy = self.knowledge.load().rules.policy.clone();
        self.tasks
            .spawn(outlook::follow_absent(people.clone(), policy, absent));
        self.pagers(lanes.pager, lanes.source, behind)?;
        Ok(SlackSide {
            people,
            channels,
            router,
            socket_mode,
        })
    }

    fn pagers(
        &mut self,
        pager: engine::Lane,
        source: engine::Lane,
        behind: watch::Receiver<Option<String>>,
    ) -> Result<(), StartError> {
        let client =
            PagerDuty::new(&self.settings.pagerduty).map_err(|error| StartError::Setup(error.to_string()))?;
        let client = client.of_database(self.engine.database());
        let client = Arc::new(client);
        let tellers =
            tellers(&self.settings, &client).map_err(|error| StartError::Setup(error.to_string()))?;
        let pagers = Pagers {
            can_page: client.can_page(),
            pagerduty: client,
            clock: self.clock.clone(),
            thread_url: Arc::new(thread_url),
            places: Arc::new(tokio::sync::Semaphore::new(outbox::CALLS)),
            silencer: Silencer::of(&self.settings, &self.clock)
                .map_err(|error| StartError::Setup(format!("alertmanager.url: {error}")))?,
            tellers: Arc::new(tellers),
        };
        if let Some(silencer) = &pagers.silencer {
            self.tasks.spawn(silencer.clone().watch(self.engine.clone()));
        }
        self.tasks.spawn(outbox::pager(pager, pagers.clone()));
        self.tasks.spawn(outbox::source(source, pagers.clone()));
        self.tasks.spawn(outage::older_copy(pagers.clone(), behind));
        self.tasks.spawn(outage::watch(pagers, self.health.clone()));
        self.tasks
            .spawn(outbox::watch_unseen(self.engine.clone(), self.clock.clone()));
        Ok(())
    }

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

    fn executor(
        &mut self,
        slack: &SlackSide,
        drives: tokio::sync::mpsc::UnboundedReceiver<crate::domain::command::Drive>,
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
    fn guards(
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

    fn checkpoints(&mut self, begun: checkpoints::Begun) -> Result<Option<Refusing>, StartError> {
        let (engine, clock) = (self.engine.clone(), self.clock.clone());
        let daily = checkpoints::Daily::new(
            self.settings.clone(),
            engine.clone(),
            clock.clone(),
            begun.behind.clone(),
            begun.troubles.clone(),
        );
        self.tasks.spawn(daily.run());
        let worker = checkpoints::worker(&self.settings, engine, clock, begun)?;
        Ok(worker.map(|worker| {
            let refusing = worker.refusing();
            self.tasks.spawn(worker.run());
            refusing
        }))
    }

    fn control_socket(&mut self, slack: &SlackSide) -> Result<(), StartError> {
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

/// A link to the incident's thread that opens in the Slack app.
fn thread_url(incident: &Incident) -> Option<String> {
    let card = incident.card.as_ref()?;
    Some(format!(
        "https://slack.com/app_redirect?channel={}&message_ts={}",
        card.channel, card.ts
    ))
}
