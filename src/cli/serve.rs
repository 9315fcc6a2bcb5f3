//! `interlock serve`: the bot, until somebody stops it. Nothing here is slow: an alert may be waiting.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::outcome::{Ended, Failure};
use super::screen::Screen;
use super::setup::Setup;
use crate::app::{self, Bot, Redactor, SystemClock};
use crate::config::{ExecutionMode, Settings};
use crate::domain::runbook::Autonomy;
use crate::telemetry::{self, Metrics};

/// Run the bot: take alerts, propose runbooks in Slack, run what people approve
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: interlock serve --config /etc/interlock/interlock.toml\n\n\
    It runs until SIGINT or SIGTERM, and then waits for steps that run (execution.drain_seconds); a second signal ends it at
    once. Logs go to standard error. Nothing is executed until the configuration says\n\
    execution.mode = \"live\"."
)]
pub(super) struct Serve {}

impl Serve {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let settings = setup.settings()?;
        // Only fails when one is installed already, and then that one is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let redactor = app::redactor(&settings)?;
        telemetry::start_log(&settings.log, app::cleaner(redactor.clone()))?;
        let metrics = Metrics::install()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(Failure::Process)?;
        let ended = runtime.block_on(serve(settings, metrics, redactor, screen));
        // What still blocks a thread must not keep the process from ending.
        runtime.shutdown_background();
        ended
    }
}

async fn serve(
    settings: Settings,
    metrics: Metrics,
    redactor: Arc<Redactor>,
    screen: &mut Screen,
) -> Result<Ended, Failure> {
    let mut signals = Signals::listen()?;
    app::refuse_excess(&settings, &SystemClock).await?;
    // It may wait for another Interlock to end.
    let bot = tokio::select! {
        bot = app::start_with(settings.clone(), Arc::new(SystemClock), metrics, redactor) => match bot {
            Ok(bot) => bot,
            Err(why) => {
                app::page_for_failed_start(&settings, &SystemClock, &why).await;
                return Err(why.into());
            }
        },
        () = signals.next() => return Ok(Ended::Fine),
    };
    screen.say(&first_line(&settings, &bot))?;
    screen.flush()?;
    let (ended, grace) = tokio::select! {
        () = signals.next() => (Ok(Ended::Fine), settings.execution.drain()),
        // Whoever has the Lease now has shut out what runs here.
        why = bot.superseded() => (Err(Failure::Superseded(why)), Duration::ZERO),
    };
    tracing::info!("stopping; a second signal ends it at once");
    tokio::select! {
        () = bot.stop(grace) => ended,
        () = signals.next() => Err(Failure::StoppedHard),
    }
}

/// The signals that end a service.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        // A file that may grow no further is to be an error of the write, as a full disk is, and not the end. What was asked for
        // once is caught from then on.
        let grows_no_further = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
        drop(signal(grows_no_further).map_err(Failure::Process)?);
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(Failure::Process)?,
            terminate: signal(SignalKind::terminate()).map_err(Failure::Process)?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

fn first_line(settings: &Settings, bot: &Bot) -> String {
    let address = format!("http://{}", bot.address);
    let mode = match settings.execution.mode {
        ExecutionMode::DryRun => "DRY RUN",
        ExecutionMode::Live => "LIVE",
    };
    let base = settings
        .public_url
        .as_ref()
        .map_or(address.as_str(), |url| url.as_str());
    let autonomy = autonomy(settings.autonomy.mode);
    format!(
        "Interlock listens on {address}, {mode}, {autonomy}. {}",
        webhooks(settings, base)
    )
}

pub(super) fn autonomy(autonomy: Autonomy) -> &'static str {
    match autonomy {
        Autonomy::Shadow => "shadow",
        Autonomy::Suggest => "suggest",
        Autonomy::Auto => "auto",
    }
}

/// Which sources are served, and where to point them.
fn webhooks(settings: &Settings, base: &str) -> String {
    let hooks = &settings.webhooks;
    if hooks.allow_unauthenticated && settings.server.listen.is_loopback() {
        return format!("Point webhooks at {base}/webhooks/SOURCE; no secret is asked for.");
    }
    let paths: Vec<String> = hooks
        .all()
        .filter(|(_, source)| source.is_guarded())
        .map(|(name, _)| format!("{base}/webhooks/{name}"))
        .collect();
    if paths.is_empty() {
        "No alert can reach it yet: set webhooks.alertmanager.bearer_token, or that of another source."
            .to_owned()
    } else {
        format!("Point webhooks at {}.", paths.join(" or "))
    }
}
