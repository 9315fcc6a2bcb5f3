//! Somebody else notices when Interlock dies, and Interlock notices when its alerts do: a heartbeat to a watcher outside,
//! sent only when what Interlock is for was seen working; and an alert that always fires, expected from Prometheus.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use tokio::time::{sleep, timeout};

use super::checkpoints::Refusing;
use super::pulse::Pulse;
use super::{StartError, space};
use crate::actions::runner::Runner;
use crate::config::Settings;
use crate::domain::action::Tier;
use crate::domain::alert::{Alert, AlertStatus, Severity, Told};
use crate::domain::command::Command;
use crate::domain::ids::{EpisodeKey, Fingerprint, Source};
use crate::engine::{Handle, Health};
use crate::ports::Clock;
use crate::slack::SocketHealth;
use crate::tls;

/// The clock is looked at this often, because a clock can be moved.
const LOOK: Duration = Duration::from_secs(1);
/// The engine answers a question in microseconds; a thread that hangs never does.
const ENGINE_WITHIN: Duration = Duration::from_secs(5);
const WATCHER_WITHIN: Duration = Duration::from_secs(10);
/// All clusters together are given this long to give tokens.
const TOKENS_WITHIN: Duration = Duration::from_secs(20);
/// What waits for Slack or a pager for longer than this does not reach anybody in time. Slack's limits make a storm's cards
/// wait for minutes.
const OUTBOX_LAGS: SignedDuration = SignedDuration::from_mins(15);
/// A place for checkpoints may be away for as long as it takes to restart it.
const ANCHOR_REFUSES: SignedDuration = SignedDuration::from_mins(15);

/// What has to work for a heartbeat to be sent.
pub(super) struct Probe {
    pub engine: Handle,
    pub pulse: Pulse,
    /// With Socket Mode.
    pub socket: Option<SocketHealth>,
    pub store: PathBuf,
    /// `None` where no checkpoints are made.
    pub refusing: Option<Refusing>,
    pub runner: Arc<Runner>,
    /// Up to which tier something may be done.
    pub acts_up_to: Tier,
}

impl Probe {
    /// Why Interlock could not do its work now.
    async fn failing(&self, now: Timestamp) -> Result<(), String> {
        if let Health::Broken(reason) = &*self.pulse.health.borrow() {
            return Err(reason.clone());
        }
        if let Some(why) = &*self.pulse.behind.borrow() {
            return Err(why.clone());
        }
        match timeout(ENGINE_WITHIN, self.engine.freeze()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_) => return Err("the engine does not answer".to_owned()),
        }
        if self.socket.as_ref().is_some_and(|socket| socket.connected() == 0) {
            return Err("Slack is not connected".to_owned());
        }
        self.has_room().await?;
        self.delivers(now).await?;
        match timeout(TOKENS_WITHIN, self.runner.gives_tokens(self.acts_up_to)).await {
            Ok(given) => given.map_err(|error| error.to_string()),
            Err(_) => Err("the clusters give no tokens in time".to_owned()),
        }
    }

    /// What is to leave leaves.
    async fn delivers(&self, now: Timestamp) -> Result<(), String> {
        let waits = match timeout(ENGINE_WITHIN, self.engine.waits_since()).await {
            Ok(waits) => waits.map_err(|error| error.to_string())?,
            Err(_) => return Err("the database can't be read in time".to_owned()),
        };
        if let Some(since) = waits.filter(|since| now.duration_since(*since) > OUTBOX_LAGS) {
            return Err(format!(
                "something has waited since {since} to be told to Slack or a pager"
            ));
        }
        let refuses = self.refusing.as_ref().and_then(Refusing::longest);
        match refuses.filter(|(_, since)| now.duration_since(*since) > ANCHOR_REFUSES) {
            Some((name, since)) => Err(format!(
                "checkpoints.{name} has taken no checkpoint since {since}"
            )),
            None => Ok(()),
        }
    }

    async fn has_room(&self) -> Result<(), String> {
        match timeout(ENGINE_WITHIN, space::asked(&self.store))
            .await
            .unwrap_or_else(|error| Err(error.into()))
        {
            Ok(room) if room.is_short() => Err(format!("the disk is nearly full: {room}")),
            Ok(_) => Ok(()),
            Err(error) => Err(format!("nobody knows how much room the disk has left: {error}")),
        }
    }
}

/// Sends heartbeats, until the process ends. `None` when no watcher is configured.
///
/// # Errors
/// No HTTP client can be made.
pub(super) fn heartbeat(
    settings: &Settings,
    probe: Probe,
    clock: Arc<dyn Clock>,
) -> Result<Option<impl Future<Output = ()> + Send + use<>>, StartError> {
    let Some(url) = settings.heartbeat.url.clone() else {
        tracing::warn!("heartbeat.url is not set: nobody outside notices when Interlock dies");
        return Ok(None);
    };
    let client = tls::http_client(|client| {
        client
            .timeout(WATCHER_WITHIN)
            .redirect(reqwest::redirect::Policy::none())
    })
    .map_err(|error| StartError::Setup(error.to_string()))?;
    let every = SignedDuration::from_secs(i64::from(settings.heartbeat.every_seconds));
    Ok(Some(async move {
        let mut last: Option<Timestamp> = None;
        loop {
            let now = clock.now();
            if last.is_none_or(|last| now.duration_since(last).abs() >= every) {
                last = Some(now);
                match probe.failing(now).await {
                    Ok(()) => beat(&client, url.expose()).await,
                    Err(why) => tracing::error!(why, "no heartbeat is sent: the watcher outside will notice"),
                }
            }
            sleep(LOOK).await;
        }
    }))
}

async fn beat(client: &reqwest::Client, url: &str) {
    match client.get(url).send().await {
        Ok(answer) if answer.status().is_success() => {
            metrics::counter!("interlock_heartbeats_total").increment(1);
        }
        Ok(answer) => tracing::warn!(
            status = answer.status().as_u16(),
            "the watcher refuses the heartbeat"
        ),
        Err(error) => tracing::warn!(error = %error.without_url(), "the watcher can't be reached"),
    }
}

/// The alert that always fires: as long as it comes, alerts reach Interlock.
pub(super) struct Watchdog {
    name: String,
    within: SignedDuration,
    clock: Arc<dyn Clock>,
    seen: Mutex<Timestamp>,
}

impl Watchdog {
    /// `None` when none is expected.
    pub fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Option<Arc<Self>> {
        let wanted = &settings.watchdog;
        (wanted.within_seconds > 0).then(|| {
            Arc::new(Self {
                name: wanted.alert.clone(),
                within: SignedDuration::from_secs(i64::from(wanted.within_seconds)),
                seen: Mutex::new(clock.now()),
                clock,
            })
        })
    }

    /// Takes the watchdog out of a delivery: it says that all is well, and opens nothing.
    pub fn hear(&self, alerts: &mut Vec<Alert>) {
        alerts.retain(|alert| {
            let own = alert.name == self.name;
            // One that resolved is how a dying Prometheus says good-bye.
            if own && matches!(alert.status, AlertStatus::Firing | AlertStatus::Reopened) {
                *self.seen.lock() = self.clock.now();
            }
            !own
        });
    }

    /// Opens an incident when it falls silent, and says when it is back.
    pub async fn watch(self: Arc<Self>, engine: Handle) {
        let mut silent: Option<Timestamp> = None;
        loop {
            let seen = *self.seen.lock();
            let late = self.clock.now().duration_since(seen) > self.within;
            let news = match (silent, late) {
                (None, true) => Some((seen, AlertStatus::Firing)),
                (Some(since), false) => Some((since, AlertStatus::Resolved)),
                (None, false) | (Some(_), true) => None,
            };
            if let Some((since, status)) = news {
                let alerts = vec![self.alert(since, status)];
                let source = Source::new("interlock");
                let told = engine
                    .submit(Command::Alerts {
                        source,
                        key: None,
                        alerts,
                    })
                    .await;
                if told.is_ok() {
                    silent = (status == AlertStatus::Firing).then_some(since);
                }
            }
            sleep(LOOK).await;
        }
    }

    fn alert(&self, since: Timestamp, status: AlertStatus) -> Alert {
        let minutes = self.within.as_mins();
        Alert {
            source: Source::new("interlock"),
            episode: EpisodeKey::new(format!("watchdog/{}", since.as_millisecond())),
            fingerprint: Fingerprint::new("interlock/watchdog"),
            group: None,
            status,
            name: "InterlockHearsNothing".to_owned(),
            title: format!("The alert {} has not come for {minutes} min: alerts may not reach Interlock", self.name),
            description: "It always fires while Prometheus and Alertmanager work. Look at both, and at the way from them to \
                          Interlock."
                .to_owned(),
            severity: Severity::Critical,
            severity_word: String::new(),
            service: None,
            labels: std::collections::BTreeMap::new(),
            annotations: std::collections::BTreeMap::new(),
            links: Vec::new(),
            starts_at: Some(since),
            ends_at: None,
            source_ref: None,
            dedup_key: None,
            told: Told::default(),
        }
    }
}
