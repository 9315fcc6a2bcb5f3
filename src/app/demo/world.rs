//! The world that the bot acts in: a Slack workspace, a cluster, a pager, a Prometheus and a Tempo that watch the
//! cluster, and a service of feature flags, each on a loopback port of its own.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::clock::PlayClock;
use super::metrics;
use super::past::Past;
use super::spans;
use crate::playground::cluster::{ClusterDouble, ClusterError, ClusterOptions, Speed};
use crate::playground::faults::Doubles;
use crate::playground::flags::FlagsDouble;
use crate::playground::pager::{PagerDouble, PagerOptions};
use crate::playground::prometheus::{PrometheusDouble, PrometheusOptions, Source};
use crate::playground::slack::{self, AppSettings, SlackDouble, SlackOptions};
use crate::playground::traces::{TempoDouble, TempoOptions};
use crate::ports::Clock;
use crate::slack::surface;

/// Why a double did not start.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    #[error(transparent)]
    Slack(#[from] slack::StartError),
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error("the pager can't listen on 127.0.0.1:{port}: {reason}; choose another port")]
    Pager { port: u16, reason: io::Error },
    #[error("the Prometheus can't listen on 127.0.0.1:{port}: {reason}; choose another port")]
    Prometheus { port: u16, reason: io::Error },
    #[error("the Tempo can't listen on 127.0.0.1:{port}: {reason}; choose another port")]
    Tempo { port: u16, reason: io::Error },
    #[error("the flag service can't listen on 127.0.0.1:{port}: {reason}; choose another port")]
    Flags { port: u16, reason: io::Error },
}

/// Between two looks at the series.
const LOOK: Duration = Duration::from_secs(1);

/// The feature flag that exists, on at the start.
pub const FLAG: &str = "new-checkout-flow";

/// Ports to listen on; 0 takes a free one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ports {
    pub slack: u16,
    pub cluster: u16,
    pub pager: u16,
    pub prometheus: u16,
    pub tempo: u16,
    pub flags: u16,
}

/// The running doubles.
pub struct World {
    pub slack: SlackDouble,
    pub cluster: ClusterDouble,
    pub pager: PagerDouble,
    pub prometheus: PrometheusDouble,
    pub tempo: TempoDouble,
    pub flags: FlagsDouble,
    pub clock: Arc<PlayClock>,
    _looks: JoinSet<()>,
}

impl World {
    /// Starts all six.
    ///
    /// # Errors
    /// When a port can't be had.
    pub async fn start(ports: Ports) -> Result<Self, WorldError> {
        let clock = Arc::new(PlayClock::default());
        let slack_options = SlackOptions {
            port: (ports.slack != 0).then_some(ports.slack),
            app: installed(),
            ..SlackOptions::default()
        };
        let slack = SlackDouble::start(slack_options).await?;
        let cluster_options = ClusterOptions {
            port: ports.cluster,
            speed: Speed::Running(4.0),
            ..ClusterOptions::default()
        };
        let cluster = ClusterDouble::start(cluster_options).await?;
        let pager_clock = clock.clone();
        let pager_options = PagerOptions {
            port: ports.pager,
            clock: Arc::new(move || pager_clock.now()),
            ..PagerOptions::default()
        };
        let pager = PagerDouble::start(pager_options)
            .await
            .map_err(|reason| WorldError::Pager {
                port: ports.pager,
                reason,
            })?;
        let mut looks = JoinSet::new();
        let prometheus_options = PrometheusOptions {
            port: ports.prometheus,
            ..watching(&cluster, clock.clone(), &mut looks)
        };
        let prometheus = PrometheusDouble::start(prometheus_options)
            .await
            .map_err(|reason| WorldError::Prometheus {
                port: ports.prometheus,
                reason,
            })?;
        let tempo = tempo(&cluster, clock.clone(), ports.tempo).await?;
        let flags = FlagsDouble::start_at(ports.flags, &[FLAG])
            .await
            .map_err(|reason| WorldError::Flags {
                port: ports.flags,
                reason,
            })?;
        Ok(Self {
            slack,
            cluster,
            pager,
            prometheus,
            tempo,
            flags,
            clock,
            _looks: looks,
        })
    }

    /// Those that can be made to fail.
    pub fn doubles(&self) -> Doubles<'_> {
        Doubles {
            slack: &self.slack,
            cluster: &self.cluster,
            pager: &self.pager,
        }
    }

    /// Moves every clock forward.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.slack.advance(by);
        self.cluster.advance(by);
    }
}

/// A Prometheus that scrapes the cluster.
fn watching(cluster: &ClusterDouble, clock: Arc<PlayClock>, looks: &mut JoinSet<()>) -> PrometheusOptions {
    let (truth, scraped_at) = (cluster.world(), clock.clone());
    let past = Arc::new(Past::default());
    let kept = past.clone();
    let series: Source = Arc::new(move || {
        let now = scraped_at.now().as_millisecond() as f64 / 1000.0;
        past.look(now, metrics::series(&truth))
    });
    let look = series.clone();
    looks.spawn(async move {
        loop {
            look();
            tokio::time::sleep(LOOK).await;
        }
    });
    PrometheusOptions {
        series,
        history: Arc::new(move |at| kept.at(at)),
        clock: Arc::new(move || clock.now()),
        ..PrometheusOptions::default()
    }
}

/// A Tempo that has the requests of the last minutes.
async fn tempo(cluster: &ClusterDouble, clock: Arc<PlayClock>, port: u16) -> Result<TempoDouble, WorldError> {
    let (truth, at) = (cluster.world(), clock.clone());
    let options = TempoOptions {
        port,
        traces: Arc::new(move || spans::traces(&truth, at.now())),
        clock: Arc::new(move || clock.now()),
        ..TempoOptions::default()
    };
    let started = TempoDouble::start(options).await;
    started.map_err(|reason| WorldError::Tempo { port, reason })
}

/// The app as its manifest installs it: what it was not granted it can't do here either.
fn installed() -> AppSettings {
    let names = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect();
    AppSettings {
        bot_scopes: surface::SCOPES
            .iter()
            .map(|(scope, _)| (*scope).to_owned())
            .collect(),
        commands: names(&[surface::COMMAND]),
        events: names(surface::EVENTS),
        ..AppSettings::default()
    }
}
