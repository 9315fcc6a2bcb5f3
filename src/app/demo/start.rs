//! Starting the show: the world, the bot (or a place for one), and the page.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::files::{self, Files};
use super::stage::{Stage, StageParts};
use super::world::{Ports, World, WorldError};
use crate::app::bot::StartError;
use crate::config::{ConfigError, Settings, SlackTransport};
use crate::playground::page;
use crate::playground::slack::{RequestUrls, SlackDouble};
use crate::telemetry::Metrics;

/// The runbooks that ship with Interlock, for a demo that is started away from its repository.
const SHIPPED: &[(&str, &str)] = &[
    (
        "redis-connection-timeout.md",
        include_str!("../../../runbooks/redis-connection-timeout.md"),
    ),
    (
        "bad-deploy-rollback.md",
        include_str!("../../../runbooks/bad-deploy-rollback.md"),
    ),
    (
        "crash-looping-pods.md",
        include_str!("../../../runbooks/crash-looping-pods.md"),
    ),
    (
        "stuck-queue-scale.md",
        include_str!("../../../runbooks/stuck-queue-scale.md"),
    ),
    (
        "disk-pressure-log-rotation.md",
        include_str!("../../../runbooks/disk-pressure-log-rotation.md"),
    ),
    (
        "certificate-renewal.md",
        include_str!("../../../runbooks/certificate-renewal.md"),
    ),
    (
        "feature-flag-off.md",
        include_str!("../../../runbooks/feature-flag-off.md"),
    ),
    (
        "node-not-ready.md",
        include_str!("../../../runbooks/node-not-ready.md"),
    ),
    (
        "high-error-rate.md",
        include_str!("../../../runbooks/high-error-rate.md"),
    ),
];

/// Why the show does not start.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error(transparent)]
    World(#[from] WorldError),
    #[error("the playground's files can't be written to `{folder}`: {reason}; give another folder")]
    Files { folder: String, reason: io::Error },
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Bot(#[from] StartError),
    #[error("the page can't listen on 127.0.0.1:{port}: {reason}; choose another port with --port")]
    Page { port: u16, reason: io::Error },
}

/// How the demo is started.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// Port of the page; 0 takes a free one.
    pub port: u16,
    /// Where the files and the database go. Must be empty or the playground's own.
    pub folder: PathBuf,
    /// Runbooks of one's own; the shipped ones without it.
    pub runbooks: Option<PathBuf>,
    pub metrics: Metrics,
}

/// How the playground alone is started.
#[derive(Clone, Debug)]
pub struct PlaygroundOptions {
    pub port: u16,
    pub ports: Ports,
    pub folder: PathBuf,
    pub runbooks: Option<PathBuf>,
    /// Where the bot listens, for alerts: `http://127.0.0.1:8080`.
    pub app: Option<String>,
    /// Where Slack delivers by signed HTTP; over Socket Mode without it.
    pub urls: Option<RequestUrls>,
    pub metrics: Metrics,
}

/// A running show.
pub struct Show {
    pub stage: Arc<Stage>,
    /// Where the page is.
    pub page: SocketAddr,
    pub files: Files,
    page_task: tokio::task::JoinHandle<()>,
    /// Waits for the app's events URL.
    verifying: Option<tokio::task::JoinHandle<()>>,
}

impl Show {
    /// Ends the bot and the page.
    pub async fn stop(self) {
        self.stage.stop_bot().await;
        self.page_task.abort();
        if let Some(verifying) = self.verifying {
            verifying.abort();
        }
    }
}

/// The whole demo: doubles, page and bot.
///
/// # Errors
/// Whatever did not start, worded with what to do.
pub async fn start_demo(options: DemoOptions) -> Result<Show, DemoError> {
    let world = World::start(Ports::default()).await?;
    let files = write_files(
        &options.folder,
        options.runbooks.as_deref(),
        &world,
        ("127.0.0.1:0", SlackTransport::Socket),
    )?;
    let settings = Settings::load(Some(&files.config), std::iter::empty())?;
    let stage = Stage::new(StageParts {
        world,
        settings: Some(settings),
        metrics: options.metrics,
        app: None,
        folder: options.folder,
    });
    stage.start_bot().await?;
    show(stage, options.port, files).await
}

/// The doubles and the page, for a bot that somebody else starts.
///
/// # Errors
/// Whatever did not start, worded with what to do.
pub async fn start_playground(options: PlaygroundOptions) -> Result<Show, DemoError> {
    let world = World::start(options.ports).await?;
    let listen = options
        .app
        .as_deref()
        .and_then(|url| url.strip_prefix("http://"))
        .unwrap_or("127.0.0.1:8080");
    let transport = match options.urls {
        Some(_) => SlackTransport::Http,
        None => SlackTransport::Socket,
    };
    let how = (listen, transport);
    let files = write_files(&options.folder, options.runbooks.as_deref(), &world, how)?;
    let verifying = options
        .urls
        .map(|urls| tokio::spawn(deliver_by_http(world.slack.clone(), urls)));
    let app = options.app.clone().or_else(|| Some(format!("http://{listen}")));
    let parts = StageParts {
        world,
        settings: None,
        metrics: options.metrics,
        app,
        folder: options.folder,
    };
    let mut show = show(Stage::new(parts), options.port, files).await?;
    show.verifying = verifying;
    Ok(show)
}

/// Asks the app's events URL to answer its challenge until it does: whoever starts the bot does so after the playground.
/// Until then nothing is delivered.
async fn deliver_by_http(slack: SlackDouble, urls: RequestUrls) {
    while let Err(failure) = slack.use_http(urls.clone()).await {
        tracing::debug!(
            ?failure,
            url = urls.events,
            "the events URL did not answer its challenge yet"
        );
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

fn write_files(
    folder: &Path,
    runbooks: Option<&Path>,
    world: &World,
    (listen, transport): (&str, SlackTransport),
) -> Result<Files, DemoError> {
    let failed = |reason| DemoError::Files {
        folder: folder.display().to_string(),
        reason,
    };
    let runbooks = match runbooks {
        Some(own) => std::path::absolute(own).map_err(failed)?,
        None => shipped(folder, world).map_err(failed)?,
    };
    files::write(folder, world, &runbooks, listen, transport).map_err(failed)
}

/// How long after a challenge that was not answered the next one is sent.
const ASK_AGAIN: Duration = Duration::from_millis(500);
/// The flag service of the shipped runbook, under a name that means something inside of a cluster alone.
const FLAG_SERVICE: &str = "feature-flags.production.svc:8080";

/// Writes the shipped runbooks beside the other files, so that they can be changed while the demo runs. The flag service is
/// asked where it listens here. What somebody changed since an earlier start stays as it is, but for that address.
fn shipped(folder: &Path, world: &World) -> io::Result<PathBuf> {
    let runbooks = folder.join("runbooks");
    std::fs::create_dir_all(&runbooks)?;
    let flags = world.flags.host();
    let before = files::flags_before(folder);
    for (name, text) in SHIPPED {
        let path = runbooks.join(name);
        let text = match (std::fs::read_to_string(&path), &before) {
            (Ok(text), Some(before)) => text.replace(before, &flags),
            (Ok(text), None) => text,
            (Err(error), _) if error.kind() == io::ErrorKind::NotFound => text.replace(FLAG_SERVICE, &flags),
            (Err(error), _) => return Err(error),
        };
        std::fs::write(path, text)?;
    }
    Ok(runbooks)
}

async fn show(stage: Arc<Stage>, port: u16, files: Files) -> Result<Show, DemoError> {
    let failed = |reason| DemoError::Page { port, reason };
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(failed)?;
    let page = listener.local_addr().map_err(failed)?;
    let router = page::router(Arc::new(stage.clone()));
    let page_task = tokio::spawn(async move {
        // The page is for one person on this machine; the bot's own server has the limits.
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the page ended");
        }
    });
    Ok(Show {
        stage,
        page,
        files,
        page_task,
        verifying: None,
    })
}
