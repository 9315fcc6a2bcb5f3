//! `interlock demo`: the real bot against a Slack workspace, a cluster and a pager in this process, with a page to click in.

use std::path::{Path, PathBuf};

use super::outcome::{Ended, Failure};
use super::screen::Screen;
use super::setup::Setup;
use super::show::{self, ShowFolder};
use crate::app;
use crate::app::demo::{DemoOptions, Played, Scene, play, start_demo};
use crate::config::runbooks::read_folder;
use crate::domain::runbook::{Refused, RefusedLine};
use crate::render::runbooks;
use crate::telemetry::Metrics;

/// Warnings, but for what a demo does on purpose: Slack fails when the page says so, and nobody watches over it or backs it up.
const LOG: &str = "warn,interlock::slack=error,interlock::app::lifeline=error,interlock::app::backup=error,interlock::app::overpower=error";

/// Try Interlock: no Slack, no cluster, no account; open the page it prints
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock demo, then open http://127.0.0.1:8088\n\
    Example: interlock demo --auto --scenario bad-deploy\n\n\
    The bot is the real one. The Slack workspace, the cluster and the pager run in this process, on loopback ports,\n\
    and speak the real protocols. Scenarios: redis-timeout, bad-deploy, fix-does-not-help, no-runbook, storm, bot-crash,\n\
    deploy-meanwhile, high-error-rate, feature-flag.")]
pub(super) struct Demo {
    /// Play a story without a browser: print the thread as it grows, end with its summary.
    #[arg(long)]
    auto: bool,
    /// The story to play with --auto, or to fire at the start without it.
    #[arg(long, value_name = "NAME")]
    scenario: Option<Scene>,
    /// Runbooks of your own instead of the shipped ones.
    #[arg(long, value_name = "DIR")]
    runbooks: Option<PathBuf>,
    /// Port of the page.
    #[arg(long, default_value_t = 8088, value_name = "PORT")]
    port: u16,
    /// Folder for the database, the configuration and a copy of the runbooks; a fresh one that is removed at the end
    /// without it.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Else the demo would show how an alert is that no runbook is for, and say nothing of why.
fn has_runbooks(folder: &Path) -> Result<(), Failure> {
    let refused = |why: &str| {
        Failure::Refused(format!(
            "--runbooks `{}`: {why}; name a folder with your runbooks (files that end in .md), or leave --runbooks out for the shipped ones",
            folder.display()
        ))
    };
    let found = std::fs::metadata(folder).map_err(|error| refused(&error.to_string()))?;
    if !found.is_dir() {
        return Err(refused("it is no folder"));
    }
    let files = read_folder(folder).map_err(|error| refused(&error.to_string()))?;
    if files.files.is_empty() && files.unreadable.is_empty() {
        return Err(refused("no runbook is in it"));
    }
    Ok(())
}

/// Which of them are refused, and whether any is left: else its alert would find none, and nobody would know why.
fn say_refused(folder: &Path, screen: &mut Screen) -> Result<(), Failure> {
    let catalog = app::open_runbooks(folder)?.current();
    let refused: Vec<RefusedLine> = catalog.refused().iter().map(Refused::line).collect();
    for line in runbooks::refused(&refused) {
        screen.say(&line)?;
    }
    if catalog.is_empty() {
        screen.say("No runbook is left that could be used: every alert comes to a human.")?;
    }
    Ok(())
}

impl Demo {
    pub fn run(self, _setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        if let Some(folder) = &self.runbooks {
            has_runbooks(folder)?;
            say_refused(folder, screen)?;
        }
        let (folder, runtime) = show::prepare(LOG, self.folder.clone())?;
        let ended = runtime.block_on(self.show(&folder, screen));
        runtime.shutdown_background();
        ended
    }

    async fn show(self, folder: &ShowFolder, screen: &mut Screen) -> Result<Ended, Failure> {
        let options = DemoOptions {
            // Nobody looks at the page of a story that plays by itself, and two of them may run at once.
            port: if self.auto { 0 } else { self.port },
            folder: folder.path().to_owned(),
            runbooks: self.runbooks.clone(),
            metrics: Metrics::install()?,
        };
        let show = start_demo(options).await?;
        let ended = if self.auto {
            let scene = self.scenario.unwrap_or(Scene::RedisTimeout);
            self.play(&show.stage, scene, screen).await
        } else {
            screen.say(&format!(
                "Open http://{} and act as Ana (on-call engineer) or Ben (SRE lead). Fire a scenario from the panel.\n\
                 Its files are in {}. Ctrl-C ends it.",
                show.page,
                show.files.folder.display()
            ))?;
            screen.flush()?;
            if let Some(scene) = self.scenario {
                show.stage.fire(scene).await.map_err(Failure::Refused)?;
            }
            show::until_stopped().await
        };
        show.stop().await;
        ended
    }

    async fn play(
        &self,
        stage: &std::sync::Arc<crate::app::demo::Stage>,
        scene: Scene,
        screen: &mut Screen,
    ) -> Result<Ended, Failure> {
        let mut written = Ok(());
        let played = play(stage, scene, |line| {
            if written.is_ok() {
                written = screen.say(line).and_then(|()| screen.flush());
            }
        })
        .await
        .map_err(Failure::Refused)?;
        written?;
        match played {
            Played::Summary | Played::HandedOver => Ok(Ended::Fine),
            Played::TimedOut => {
                screen.say("The story did not come to its end within a minute.")?;
                Ok(Ended::Found)
            }
        }
    }
}
