//! `interlock playground`: the doubles and the page alone, for a bot, a kubectl or an SDK that somebody else starts.

use std::path::PathBuf;

use super::outcome::{Ended, Failure};
use super::screen::Screen;
use super::setup::Setup;
use super::show::{self, ShowFolder};
use crate::app::demo::{PlaygroundOptions, Ports, start_playground};
use crate::playground::slack::RequestUrls;
use crate::telemetry::Metrics;

/// Start the Slack workspace, the cluster, the pager and the Prometheus of the demo, and print how to reach them
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: interlock playground --folder play, then: interlock serve --config play/interlock.toml\n\
    Example: kubectl --kubeconfig play/kubeconfig get pods -n production\n\n\
    Example: interlock playground --events-url http://127.0.0.1:3000/slack/events   (a Bolt app of your own)\n\n\
    The control API is on the page's port: GET /api/seen, POST /api/scenarios/NAME, POST /api/press, POST /api/faults,\n\
    POST /api/clock/advance and others; docs/playground.md has them all. Everything listens on loopback alone."
)]
pub(super) struct Playground {
    /// Port of the page and of the control API.
    #[arg(long, default_value_t = 8088, value_name = "PORT")]
    port: u16,
    /// Port of the Slack Web API; a free one without it.
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    slack_port: u16,
    /// Port of the Kubernetes API; a free one without it.
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    cluster_port: u16,
    /// Port of the pager; a free one without it.
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    pager_port: u16,
    /// Port of the Prometheus; a free one without it.
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    prometheus_port: u16,
    /// Port of the Tempo; a free one without it.
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    tempo_port: u16,
    /// Port of the flag service; a free one without it.
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    flags_port: u16,
    /// Where the bot listens, for alerts.
    #[arg(long, default_value = "http://127.0.0.1:8080", value_name = "URL")]
    app: String,
    /// Slack delivers to the bot by signed HTTP instead of Socket Mode: to /slack/events, /slack/interactions and
    /// /slack/commands below --app.
    #[arg(long)]
    http: bool,
    /// Slack delivers by signed HTTP, events to this address (and everything, unless the next two say otherwise).
    #[arg(long, value_name = "URL")]
    events_url: Option<String>,
    /// Clicks and modals go to this address.
    #[arg(long, value_name = "URL")]
    interactivity_url: Option<String>,
    /// Slash commands go to this address.
    #[arg(long, value_name = "URL")]
    commands_url: Option<String>,
    /// Runbooks for the configuration that is written; the shipped ones without it.
    #[arg(long, value_name = "DIR")]
    runbooks: Option<PathBuf>,
    /// Folder for interlock.toml, kubeconfig and playground.json; a fresh one that is removed at the end without it.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl Playground {
    pub fn run(self, _setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let (folder, runtime) = show::prepare("warn", self.folder.clone())?;
        let ended = runtime.block_on(self.show(&folder, screen));
        runtime.shutdown_background();
        ended
    }

    /// Where Slack delivers, if not over Socket Mode. One address alone is the place of everything, as Bolt listens.
    fn urls(&self) -> Option<RequestUrls> {
        let named = [&self.events_url, &self.interactivity_url, &self.commands_url];
        let only = self.events_url.clone().filter(|_| !self.http);
        let below = |place: &str| format!("{}/slack/{place}", self.app.trim_end_matches('/'));
        let or = |url: &Option<String>, place: &str| {
            url.clone()
                .or_else(|| only.clone())
                .unwrap_or_else(|| below(place))
        };
        (self.http || named.into_iter().any(Option::is_some)).then(|| RequestUrls {
            events: or(&self.events_url, "events"),
            interactions: or(&self.interactivity_url, "interactions"),
            commands: or(&self.commands_url, "commands"),
        })
    }

    async fn show(self, folder: &ShowFolder, screen: &mut Screen) -> Result<Ended, Failure> {
        let urls = self.urls();
        let transport = match &urls {
            None => "Slack delivers over Socket Mode.".to_owned(),
            Some(urls) => format!(
                "Slack delivers by signed HTTP, once the first of these answers its challenge: {}, {}, {}",
                urls.events, urls.interactions, urls.commands
            ),
        };
        let options = PlaygroundOptions {
            port: self.port,
            ports: Ports {
                slack: self.slack_port,
                cluster: self.cluster_port,
                pager: self.pager_port,
                prometheus: self.prometheus_port,
                tempo: self.tempo_port,
                flags: self.flags_port,
            },
            folder: folder.path().to_owned(),
            runbooks: self.runbooks,
            app: Some(self.app),
            urls,
            metrics: Metrics::install()?,
        };
        let show = start_playground(options).await?;
        let access = std::fs::read_to_string(&show.files.access).map_err(|source| Failure::Read {
            path: show.files.access.clone(),
            source,
        })?;
        screen.say(&format!(
            "Page and control API: http://{}\nConfiguration for `interlock serve --config`: {}\nKubeconfig: {}\n{transport}\n{access}",
            show.page,
            show.files.config.display(),
            show.files.kubeconfig.display(),
        ))?;
        if let Some(kept) = &show.files.kept {
            screen.say(&format!(
                "Addresses and tokens are new, so the configuration was written anew; what lay there before is {}",
                kept.display()
            ))?;
        }
        screen.flush()?;
        let ended = show::until_stopped().await;
        show.stop().await;
        ended
    }
}
