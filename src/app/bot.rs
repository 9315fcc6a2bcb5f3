//! Starting and stopping everything that `serve` and the demo run, in one order: the journal first, the port before
//! anything that may take long, Slack last. Nothing here waits for Slack or a cluster: both may be away when it starts.

mod front;
mod hands;
mod slack_side;
mod stop;

use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use super::asked::Asked;
use super::outputs::Outputs;
use super::pulse::{self, Pulse};
use super::{checkpoints, knowledge, rules, standby};
use crate::actions::redact::Redactor;
use crate::config::runbooks::{LoadError, Runbooks, Watch};
use crate::config::{ConfigError, Settings};
use crate::engine::{self, EngineParts, Handle, Health, Knowledge};
use crate::executor::Drain;
use crate::ingress::{self, BindError, Limits};
use crate::ports::Clock;
use crate::slack::{SettingsError, SocketHealth, SocketMode};
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
    let runner = parts.executor(&slack, drives, begun.verified.subscribe())?;
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
