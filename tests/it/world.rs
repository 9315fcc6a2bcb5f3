//! The world of a story: the doubles, the bot in front of them, and steps that read like sentences. Waiting is done by
//! the doubles' own notices of change, with a patience; nothing sleeps for a fixed time.

mod alerts;
mod leftovers;
mod outside;
mod people;
mod reading;
mod setup;
pub mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use interlock::app::{self, Bot};
use interlock::config::Settings;
use interlock::playground::alertmanager::{AlertmanagerDouble, AlertmanagerOptions};
use interlock::playground::cluster::{ClusterDouble, ClusterOptions, Scenario, Speed};
use interlock::playground::pager::{PagerDouble, PagerOptions};
use interlock::playground::prometheus::{PrometheusDouble, PrometheusOptions, Series};
use interlock::playground::slack::view::WorkspaceView;
use interlock::playground::slack::{RequestUrls, SlackDouble, SlackOptions};
use interlock::ports::Clock;
use interlock::telemetry::Metrics;
use jiff::{SignedDuration, Timestamp};
use parking_lot::{Mutex, RwLock};
use tokio::time::{Instant, timeout_at};

use setup::{ALERTMANAGER_TOKEN, PROMETHEUS_TOKEN};

pub use alerts::Alert;
pub use people::{Button, Someone};
pub use setup::{ALERT_TOKEN, Setup, Transport};

/// How long anything may take before the story fails. Far above what anything takes; many stories run at once.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the bot acts in.
pub struct Doubles {
    pub slack: SlackDouble,
    pub cluster: ClusterDouble,
    pub pager: PagerDouble,
    pub prometheus: PrometheusDouble,
    pub alertmanager: AlertmanagerDouble,
}

/// Real time, moved by the story.
#[derive(Debug, Default)]
struct TestClock {
    ahead_ms: AtomicI64,
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_millis(self.ahead_ms.load(Ordering::Acquire));
        Timestamp::now().checked_add(ahead).unwrap()
    }
}

/// What the story has looked at. What is not in here at the end is left over.
#[derive(Default)]
struct Read {
    cards: BTreeSet<String>,
    /// Things said in a thread that were read, by the `ts` of its card.
    threads: BTreeMap<String, usize>,
    told: BTreeSet<(&'static str, String)>,
    pages: BTreeSet<String>,
    effects: usize,
    /// What may be left over, because the story is not about it.
    ignored_threads: BTreeSet<String>,
    slack_rules_broken: bool,
    notices: usize,
}

pub struct TestWorld {
    pub doubles: Doubles,
    setup: Setup,
    clock: Arc<TestClock>,
    pub folder: tempfile::TempDir,
    bot: tokio::sync::Mutex<Option<Bot>>,
    /// Where the bot listens now; it is another port after each start.
    address: Arc<RwLock<Option<SocketAddr>>>,
    webhooks: Arc<AtomicUsize>,
    http: reqwest::Client,
    read: Mutex<Read>,
    ended: AtomicBool,
}

impl TestWorld {
    /// A calm world with the bot in it.
    pub async fn start(setup: Setup) -> Self {
        let world = Self::without_bot(setup).await;
        world.bot_starts().await;
        world
    }

    /// With this runbook and no other.
    pub async fn with_only(file: (&str, &str)) -> Self {
        Self::start(Setup::default().no_runbooks().runbook(file)).await
    }

    /// The default setup, and Redis times out.
    pub async fn redis_times_out() -> Self {
        let world = Self::start(Setup::default()).await;
        world.in_the_cluster(Scenario::RedisTimeout);
        world
    }

    pub async fn without_bot(setup: Setup) -> Self {
        // Another story of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = Arc::new(TestClock::default());
        let address = Arc::new(RwLock::new(None));
        let webhooks = Arc::new(AtomicUsize::new(0));
        let webhook = outside::relay(address.clone(), webhooks.clone()).await;
        let slack = SlackOptions {
            app: crate::manifest::installed(),
            ..SlackOptions::default()
        };
        let slack = SlackDouble::start(slack).await.unwrap();
        let cluster = ClusterOptions {
            speed: Speed::Running(setup.cluster_speed),
            flavour: setup.flavour,
            ..ClusterOptions::default()
        };
        let cluster = ClusterDouble::start(cluster).await.unwrap();
        let pager_clock = clock.clone();
        let mut pager = PagerOptions {
            clock: Arc::new(move || pager_clock.now()),
            webhook_url: Some(webhook),
            ..PagerOptions::default()
        };
        pager.services[0].name = "api-gateway".to_owned();
        let pager = PagerDouble::start(pager).await.unwrap();
        let truth = cluster.world();
        let prometheus = PrometheusOptions {
            bearer_token: Some(PROMETHEUS_TOKEN.to_owned()),
            series: Arc::new(move || {
                let mut all = app::demo::series(&truth);
                // Somebody labels by a secret.
                all.push(Series::gauge("sessions", &[("token", ALERT_TOKEN)], 3.0));
                all
            }),
            ..PrometheusOptions::default()
        };
        let prometheus = PrometheusDouble::start(prometheus).await.unwrap();
        let its_clock = clock.clone();
        let alertmanager = AlertmanagerOptions {
            bearer_token: Some(ALERTMANAGER_TOKEN.to_owned()),
            clock: Arc::new(move || its_clock.now()),
            ..AlertmanagerOptions::default()
        };
        let doubles = Doubles {
            slack,
            cluster,
            pager,
            prometheus,
            alertmanager: AlertmanagerDouble::start(alertmanager).await.unwrap(),
        };
        let folder = tempfile::tempdir().unwrap();
        setup.write(folder.path(), &doubles);
        Self {
            doubles,
            setup,
            clock,
            folder,
            bot: tokio::sync::Mutex::new(None),
            address,
            webhooks,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            read: Mutex::default(),
            ended: AtomicBool::new(false),
        }
    }

    /// Starts the bot, and waits until Slack reaches it.
    pub async fn bot_starts(&self) {
        self.bot_starts_alone().await;
        match self.setup.transport {
            Transport::Socket => {
                self.until("the bot is connected to Slack", || {
                    (self.doubles.slack.connections() > 0).then_some(())
                })
                .await;
            }
            Transport::Http => {
                let base = format!("http://{}/slack", self.address.read().unwrap());
                let urls = RequestUrls {
                    events: format!("{base}/events"),
                    interactions: format!("{base}/interactions"),
                    commands: format!("{base}/commands"),
                };
                self.doubles.slack.use_http(urls).await.unwrap();
            }
        }
    }

    /// Starts the bot, whatever Slack does.
    pub async fn bot_starts_alone(&self) {
        let path = self.folder.path().join("interlock.toml");
        let settings = Settings::load(Some(&path), std::iter::empty()).unwrap();
        let bot = app::start(settings, self.clock.clone(), Metrics::apart().unwrap())
            .await
            .unwrap();
        *self.address.write() = Some(bot.address);
        let before = self.bot.lock().await.replace(bot);
        assert!(before.is_none(), "a bot is running already");
    }

    /// Ends the bot as a crash would.
    pub async fn bot_crashes(&self) {
        let bot = self.bot.lock().await.take().expect("a bot is running");
        bot.crash().await;
        self.slack_sees_it_gone().await;
    }

    /// Waits until Slack has noticed that the connections of the one before are gone. Until then the next click may go to one
    /// of them and into the void; that the next one is connected could not be told from that the last one was.
    async fn slack_sees_it_gone(&self) {
        self.until("Slack sees the connections end", || {
            (self.doubles.slack.connections() == 0).then_some(())
        })
        .await;
    }

    pub async fn bot_crashes_and_restarts(&self) {
        self.bot_crashes().await;
        self.bot_starts().await;
    }

    /// The bot comes back with a fresh database, as after a lost volume: the channel keeps its old cards.
    pub async fn bot_loses_its_database(&self) {
        self.bot_stops().await;
        for beside in ["", "-wal", "-shm"] {
            let mut file = self.database().into_os_string();
            file.push(beside);
            let gone = std::fs::remove_file(file);
            assert!(gone.is_ok() || !beside.is_empty(), "{gone:?}");
        }
        self.bot_starts().await;
    }

    /// Whether the bot says that another has taken its place.
    pub async fn bot_is_superseded(&self) -> String {
        let bot = self.bot.lock().await;
        let bot = bot.as_ref().expect("a bot is running");
        tokio::time::timeout(PATIENCE, bot.superseded())
            .await
            .expect("it notices")
    }

    /// The bot stops, and comes back on a backup of what it had, as `interlock restore` puts it there.
    pub async fn bot_is_restored(&self) {
        self.bot_stops().await;
        let path = self.folder.path().join("interlock.toml");
        let settings = Settings::load(Some(&path), std::iter::empty()).unwrap();
        let copy = self.folder.path().join("copy.db");
        app::backup(&settings.store.path, &copy).unwrap();
        app::restore(&settings, &copy, self.now()).unwrap();
        self.bot_starts().await;
    }

    /// Told to stop, without time for what runs.
    pub async fn bot_stops(&self) {
        self.bot_stops_within(Duration::ZERO).await;
    }

    /// Told to stop, with this long for steps that run.
    pub async fn bot_stops_within(&self, grace: Duration) {
        let bot = self.bot.lock().await.take().expect("a bot is running");
        bot.stop(grace).await;
        self.slack_sees_it_gone().await;
    }

    /// Another configuration from the next start on.
    pub fn reconfigure(&mut self, setup: Setup) {
        setup.write(self.folder.path(), &self.doubles);
        self.setup = setup;
    }

    /// Where the bot listens now.
    pub fn listens_on(&self) -> SocketAddr {
        self.address.read().expect("a bot is running")
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("interlock.db")
    }

    pub fn ana(&self) -> Someone<'_> {
        self.someone("ana")
    }

    pub fn ben(&self) -> Someone<'_> {
        self.someone("ben")
    }

    pub fn cleo(&self) -> Someone<'_> {
        self.someone("cleo")
    }

    pub fn gus(&self) -> Someone<'_> {
        self.someone("gus")
    }

    pub fn fay(&self) -> Someone<'_> {
        self.someone("fay")
    }

    pub fn someone(&self, name: &'static str) -> Someone<'_> {
        Someone { world: self, name }
    }

    /// The time as the bot sees it.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Moves every clock forward.
    pub async fn clock_moves(&self, by: Duration) {
        self.doubles.slack.settled().await;
        let by_ms = i64::try_from(by.as_millis()).unwrap();
        self.clock.ahead_ms.fetch_add(by_ms, Ordering::AcqRel);
        self.doubles.slack.advance(by);
        self.doubles.cluster.advance(by);
    }

    /// Sets the bot's clock back, as a machine's is that was wrong.
    pub fn clock_goes_back(&self, by: Duration) {
        let by_ms = i64::try_from(by.as_millis()).unwrap();
        self.clock.ahead_ms.fetch_sub(by_ms, Ordering::AcqRel);
    }

    pub async fn minutes_pass(&self, minutes: u64) {
        self.clock_moves(Duration::from_secs(60 * minutes)).await;
    }

    /// Looks again at every change of the world until there is something.
    pub async fn until<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let mut slack = self.doubles.slack.changes();
        let mut cluster = self.doubles.cluster.changes();
        let mut pager = self.doubles.pager.changes();
        let patience = Instant::now() + PATIENCE;
        loop {
            slack.borrow_and_update();
            if let Some(found) = look() {
                return found;
            }
            let change = async {
                tokio::select! {
                    _ = slack.changed() => {}
                    _ = cluster.recv() => {}
                    _ = pager.recv() => {}
                }
            };
            if timeout_at(patience, change).await.is_err() {
                panic!("it never happened that {what}\n{}", self.log());
            }
        }
    }

    /// Everything as somebody sees it who is in every channel.
    fn seen(&self) -> WorkspaceView {
        self.ben().view()
    }
}
