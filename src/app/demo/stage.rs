//! The stage: the world, the bot in front of it when it is ours, and the stories that are under way.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::{Mutex as AsyncMutex, broadcast};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::faults::ActiveSwitches;
use super::files::ALERT_TOKEN;
use super::scene::Scene;
use super::world::World;
use crate::app::bot::{self, Bot, StartError};
use crate::config::Settings;
use crate::playground::cluster::{FaultKind, FaultMatch};
use crate::playground::press;
use crate::playground::slack::view::MessageView;
use crate::ports::Clock;
use crate::telemetry::Metrics;

/// How often a story looks whether it is over.
const LOOK: Duration = Duration::from_millis(200);
/// A story that is not over by then is left alone.
const STORY_MOST: Duration = Duration::from_secs(3_600);
/// How long the bot stays dead in the story of its crash.
const DEAD_FOR: Duration = Duration::from_millis(1_500);

/// The world with the bot in front of it.
pub struct Stage {
    pub world: World,
    /// What the bot is started with; `None` when the bot is somebody else's process.
    settings: Option<Settings>,
    metrics: Metrics,
    bot: AsyncMutex<Option<Bot>>,
    /// Where alerts are posted: `http://127.0.0.1:PORT`.
    app: Mutex<Option<String>>,
    http: reqwest::Client,
    stories: Mutex<BTreeMap<Scene, Story>>,
    changes: broadcast::Sender<()>,
    /// Switches of the panel that were set.
    pub(super) switches: Mutex<ActiveSwitches>,
    /// Whole seconds that are kept apart so that a second firing of a scene is a new episode.
    last_start: Mutex<Option<Timestamp>>,
    pub folder: PathBuf,
}

struct Story {
    starts_at: Timestamp,
    task: JoinHandle<()>,
}

/// What a stage is made of.
pub struct StageParts {
    pub world: World,
    pub settings: Option<Settings>,
    pub metrics: Metrics,
    pub app: Option<String>,
    pub folder: PathBuf,
}

impl Stage {
    #[must_use]
    pub fn new(parts: StageParts) -> Arc<Self> {
        let StageParts {
            world,
            settings,
            metrics,
            app,
            folder,
        } = parts;
        let (changes, _) = broadcast::channel(64);
        let stage = Arc::new(Self {
            world,
            settings,
            metrics,
            bot: AsyncMutex::new(None),
            app: Mutex::new(app),
            http: reqwest::Client::builder().no_proxy().build().unwrap_or_default(),
            stories: Mutex::default(),
            changes,
            switches: Mutex::default(),
            last_start: Mutex::new(None),
            folder,
        });
        stage.follow_changes();
        stage
    }

    /// Every change that somebody could see.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<()> {
        self.changes.subscribe()
    }

    fn follow_changes(self: &Arc<Self>) {
        let mut slack = self.world.slack.changes();
        let mut cluster = self.world.cluster.changes();
        let mut pager = self.world.pager.changes();
        let changes = self.changes.clone();
        tokio::spawn(async move {
            loop {
                let alive = tokio::select! {
                    seen = slack.changed() => seen.is_ok(),
                    seen = cluster.recv() => !matches!(seen, Err(broadcast::error::RecvError::Closed)),
                    seen = pager.recv() => !matches!(seen, Err(broadcast::error::RecvError::Closed)),
                };
                if !alive {
                    return;
                }
                // Nobody listening is no fault.
                let _ = changes.send(());
            }
        });
    }

    /// Starts the bot. Starting it again after it died is the same thing.
    ///
    /// # Errors
    /// As `app::start`.
    pub async fn start_bot(&self) -> Result<(), StartError> {
        let Some(settings) = self.settings.clone() else {
            return Ok(());
        };
        let mut slot = self.bot.lock().await;
        if slot.is_some() {
            return Ok(());
        }
        let clock = self.world.clock.clone() as Arc<dyn Clock>;
        let bot = bot::start(settings, clock, self.metrics.clone()).await?;
        *self.app.lock() = Some(format!("http://{}", bot.address));
        *slot = Some(bot);
        Ok(())
    }

    /// Ends the bot as a crash would: nothing is finished, nothing is tidied up.
    pub async fn crash_bot(&self) {
        if let Some(bot) = self.bot.lock().await.take() {
            bot.crash().await;
        }
    }

    /// Ends the bot as SIGTERM would.
    pub async fn stop_bot(&self) {
        if let Some(bot) = self.bot.lock().await.take() {
            bot.stop(Duration::ZERO).await;
        }
    }

    /// The stories that can be fired here.
    pub fn scenes(&self) -> impl Iterator<Item = Scene> {
        let own_bot = self.settings.is_some();
        Scene::ALL
            .into_iter()
            .filter(move |scene| own_bot || !scene.needs_own_bot())
    }

    /// Whether a story is under way.
    #[must_use]
    pub fn is_running(&self, scene: Scene) -> bool {
        self.stories
            .lock()
            .get(&scene)
            .is_some_and(|story| !story.task.is_finished())
    }

    /// Posts a webhook body to the bot.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn post_alert(&self, source: &str, body: &Value) -> Result<u16, String> {
        let Some(app) = self.app.lock().clone() else {
            return Err("no bot is known: start one, or say where it is with --app".to_owned());
        };
        let url = format!("{app}/webhooks/{source}");
        let request = self.http.post(&url).bearer_auth(ALERT_TOKEN).json(body);
        match timeout(Duration::from_secs(10), request.send()).await {
            Ok(Ok(answer)) => Ok(answer.status().as_u16()),
            Ok(Err(error)) => Err(format!("{url} can't be reached: {error}")),
            Err(_) => Err(format!("{url} did not answer within 10 s")),
        }
    }

    /// Fires a story.
    ///
    /// # Errors
    /// When the bot does not take its alerts.
    pub async fn fire(self: &Arc<Self>, scene: Scene) -> Result<(), String> {
        if let Some(old) = self.stories.lock().remove(&scene) {
            old.task.abort();
        }
        scene.set_up(&self.world);
        let starts_at = self.next_start();
        if scene == Scene::BotCrash {
            self.prepare_crash();
        }
        let status = self
            .post_alert("alertmanager", &scene.body(starts_at, None))
            .await?;
        if !(200..300).contains(&status) {
            return Err(format!("the bot answered {status} to the alert"));
        }
        let stage = self.clone();
        let task = tokio::spawn(async move {
            if scene == Scene::BotCrash {
                stage.crash_in_the_middle().await;
            }
            if scene == Scene::DeployMeanwhile {
                stage.deploy_meanwhile(starts_at).await;
            }
            stage.resolve_when_over(scene, starts_at).await;
        });
        self.stories.lock().insert(scene, Story { starts_at, task });
        Ok(())
    }

    /// When the last firing of a scene began, for tests.
    #[must_use]
    pub fn started_at(&self, scene: Scene) -> Option<Timestamp> {
        self.stories.lock().get(&scene).map(|story| story.starts_at)
    }

    fn next_start(&self) -> Timestamp {
        let now = Timestamp::from_second(self.world.clock.now().as_second()).unwrap_or(Timestamp::UNIX_EPOCH);
        let mut last = self.last_start.lock();
        let after = last.and_then(|last| last.checked_add(jiff::SignedDuration::from_secs(1)).ok());
        let next = after.map_or(now, |after| after.max(now));
        *last = Some(next);
        next
    }

    async fn resolve_when_over(&self, scene: Scene, starts_at: Timestamp) {
        let look = async {
            while !scene.is_over(&self.world) {
                sleep(LOOK).await;
            }
        };
        if timeout(STORY_MOST, look).await.is_err() {
            return;
        }
        // Alertmanager tries again until it is taken; so does this.
        for _ in 0..50 {
            let body = scene.body(starts_at, Some(self.world.clock.now()));
            match self.post_alert("alertmanager", &body).await {
                Ok(status) if (200..300).contains(&status) => return,
                Ok(_) | Err(_) => sleep(LOOK * 5).await,
            }
        }
    }

    /// The command runs and its end never comes back: whoever dies now can't know.
    fn prepare_crash(&self) {
        let on = FaultMatch {
            resource: Some("pods/exec".to_owned()),
            ..FaultMatch::default()
        };
        self.world
            .cluster
            .faults()
            .once(on, FaultKind::HangAfterFrames(1));
    }

    /// Waits until a plan for Redis waits for people, and gives its target another image.
    async fn deploy_meanwhile(&self, starts_at: Timestamp) {
        let shown = async {
            while !self.redis_waits() {
                sleep(LOOK / 4).await;
            }
        };
        if timeout(STORY_MOST, shown).await.is_err() {
            return;
        }
        // Another one each time that the story is fired.
        let tag = format!("7.2.{}", starts_at.as_second().rem_euclid(1_000));
        let image = format!("registry.example/redis:{tag}");
        let cluster = self.world.cluster.world();
        cluster.deploy("production", "redis-primary", &image, &format!("release {tag}"));
    }

    fn redis_waits(&self) -> bool {
        let Some(person) = self.world.slack.user_id(Scene::DeployMeanwhile.approver()) else {
            return false;
        };
        let view = self.world.slack.view_as(&person);
        let waits = |message: &MessageView| {
            let about_redis = message.text.contains("Redis connection timeout");
            about_redis && press::is_on(message, "approve")
        };
        view.channels
            .iter()
            .flat_map(|channel| &channel.messages)
            .any(waits)
    }

    /// Waits until the first exec is on its way, ends the bot, and starts it again a moment later.
    async fn crash_in_the_middle(&self) {
        let before = execs(&self.world);
        let started = async {
            while execs(&self.world) == before {
                sleep(LOOK / 4).await;
            }
        };
        if timeout(STORY_MOST, started).await.is_err() {
            return;
        }
        sleep(LOOK).await;
        self.crash_bot().await;
        sleep(DEAD_FOR).await;
        if let Err(error) = self.start_bot().await {
            tracing::error!(%error, "the bot did not come back");
        }
    }
}

fn execs(world: &World) -> usize {
    world
        .cluster
        .requests()
        .iter()
        .filter(|request| request.path.contains("/exec"))
        .count()
}
