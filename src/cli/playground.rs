//! `interlock playground`: the doubles and the page alone, for a bot, a kubectl or an SDK that somebody else starts.

use std::path::PathBuf;

use super::outcome::{Ended, Failure};
use super::screen::Screen;
use super::setup::Setup;
use super::show::{self, ShowFolder};
use crate::app::demo::{PlaygroundOptions, Ports, start_playground};
use crate::telemetry::Metrics;

/// Start the Slack workspace, the cluster, the pager and the Prometheus of the demo, and print how to reach them
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: interlock playground --folder play, then: interlock serve --config play/interlock.toml\n\
    Example: kubectl --kubeconfig play/kubeconfig get pods -n production\n\n\
    The control API is on the page's port: GET /api/seen, POST /api/scenarios/NAME, POST /api/press, PUT /api/faults/NAME,\n\
    POST /api/clock/advance and others. Everything listens on loopback alone."
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
    /// Where the bot listens, for alerts.
    #[arg(long, default_value = "http://127.0.0.1:8080", value_name = "URL")]
    app: String,
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

    async fn show(self, folder: &ShowFolder, screen: &mut Screen) -> Result<Ended, Failure> {
        let options = PlaygroundOptions {
            port: self.port,
            ports: Ports {
                slack: self.slack_port,
                cluster: self.cluster_port,
                pager: self.pager_port,
                prometheus: self.prometheus_port,
            },
            folder: folder.path().to_owned(),
            runbooks: self.runbooks,
            app: Some(self.app),
            metrics: Metrics::install()?,
        };
        let show = start_playground(options).await?;
        let access = std::fs::read_to_string(&show.files.access).map_err(|source| Failure::Read {
            path: show.files.access.clone(),
            source,
        })?;
        screen.say(&format!(
            "Page and control API: http://{}\nConfiguration for `interlock serve --config`: {}\nKubeconfig: {}\n{access}",
            show.page,
            show.files.config.display(),
            show.files.kubeconfig.display(),
        ))?;
        screen.flush()?;
        let ended = show::until_stopped().await;
        show.stop().await;
        ended
    }
}
