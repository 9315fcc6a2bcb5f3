//! The handle on a running cluster double: start it, reach it, look at it. A clone is the same cluster; the last one dropped ends it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::faults::Faults;
use super::journal::{Effect, RequestRecord};
use super::model::Model;
use super::scenario::Scenario;
use super::shared::{ClusterChange, Shared};
use super::sim::Timings;
use super::tls::{self, TlsError};
use super::users::ClusterUser;
use super::view::{self, ClusterView};
use super::world_handle::World;
use super::{kubeconfig, seed, server};

/// Which real server's exec behaviour is followed; see `kubernetes-exec.md` for the recorded differences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerFlavour {
    /// 1.36 with its defaults: v5, and exec needs `get` and `create`.
    #[default]
    V136,
    /// As 1.30 to 1.34: v5 translated at the API server.
    V130,
    /// As 1.29 and older: v4 only.
    V129,
    /// 1.20: v4 only, older words of the container runtime.
    V120,
}

/// How the model's clock moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// Only through [`ClusterDouble::advance`].
    Stepped,
    /// By itself, so many times as fast as real time (1.0 is real time; clamped to 0.01 to 1000).
    Running(f64),
}

/// How a cluster is started.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// Loopback port; 0 takes a free one.
    pub port: u16,
    /// How its clock moves.
    pub speed: Speed,
    /// The time at which its clock starts.
    pub start: Timestamp,
    /// Which server's exec it speaks.
    pub flavour: ServerFlavour,
    /// API groups that this cluster does not have, for example `policy`.
    pub without_groups: Vec<String>,
    /// How long starting, stopping and backing off take.
    pub timings: Timings,
    /// The state it starts in.
    pub scenario: Scenario,
    /// Seed of generated names.
    pub seed: u64,
}

impl Default for ClusterOptions {
    /// A calm cluster in real time on a free port, speaking as 1.36 does.
    fn default() -> Self {
        Self {
            port: 0,
            speed: Speed::Running(1.0),
            start: Timestamp::now(),
            flavour: ServerFlavour::default(),
            without_groups: Vec::new(),
            timings: Timings::default(),
            scenario: Scenario::Calm,
            seed: 1,
        }
    }
}

/// Why a cluster double did not start.
#[derive(Debug, Error)]
pub enum ClusterError {
    /// The port is taken or may not be used.
    #[error(
        "the cluster can't listen on 127.0.0.1:{port}: {source}; choose another port, or 0 for a free one"
    )]
    Listen {
        /// The port asked for.
        port: u16,
        /// What the system said.
        source: std::io::Error,
    },
    /// No certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A running cluster double.
#[derive(Clone, Debug)]
pub struct ClusterDouble {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    address: SocketAddr,
    ca_pem: String,
    _stop: DropGuard,
}

/// How often a running clock is moved on.
const TICK: Duration = Duration::from_millis(20);

impl ClusterDouble {
    /// Starts a cluster on a loopback port.
    ///
    /// # Errors
    /// When the port can't be listened on, or no certificate can be made.
    pub async fn start(options: ClusterOptions) -> Result<Self, ClusterError> {
        let identity = tls::identity()?;
        let port = options.port;
        let listen = |source| ClusterError::Listen { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let mut model = Model::new(options.start, options.seed, options.timings);
        seed::plant(&mut model);
        let shared = Arc::new(Shared::new(model, options.flavour, options.without_groups));
        let stop = CancellationToken::new();
        tokio::spawn(server::run(
            shared.clone(),
            listener,
            address,
            identity.server,
            stop.clone(),
        ));
        match options.speed {
            Speed::Stepped => {}
            Speed::Running(factor) => {
                tokio::spawn(run_clock(
                    shared.clone(),
                    factor.clamp(0.01, 1000.0),
                    stop.clone(),
                ));
            }
        }
        let inner = Inner {
            shared,
            address,
            ca_pem: identity.ca_pem,
            _stop: stop.drop_guard(),
        };
        let double = Self {
            inner: Arc::new(inner),
        };
        double.world().apply(options.scenario);
        Ok(double)
    }

    /// `https://127.0.0.1:PORT`.
    pub fn api_url(&self) -> String {
        format!("https://{}", self.inner.address)
    }

    /// A kubeconfig for a user, as YAML. It holds the user's token.
    pub fn kubeconfig(&self, user: ClusterUser) -> String {
        let token = self.inner.shared.users.token(user);
        kubeconfig::yaml(&self.api_url(), &self.inner.ca_pem, user.short(), token)
    }

    /// The certificate authority in PEM.
    pub fn ca_pem(&self) -> &str {
        &self.inner.ca_pem
    }

    /// Every token that was issued for an account by now.
    #[must_use]
    pub fn issued_tokens(&self) -> Vec<String> {
        self.inner.shared.users.issued()
    }

    /// A user's bearer token.
    pub fn token(&self, user: ClusterUser) -> &str {
        self.inner.shared.users.token(user)
    }

    /// What is true inside the containers and what the objects are; also the setters for scenarios and programs.
    pub fn world(&self) -> World {
        World::new(self.inner.shared.clone())
    }

    /// How it is made to fail.
    pub fn faults(&self) -> Faults {
        self.inner.shared.faults.clone()
    }

    /// Every change and exec that really took effect, oldest first (the newest 20,000).
    pub fn effects(&self) -> Vec<Effect> {
        self.inner.shared.journal(super::journal::Journal::effects)
    }

    /// Every request that reached the API server, oldest first (the newest 5,000).
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.inner.shared.journal(super::journal::Journal::requests)
    }

    /// Signals that something is to be looked at again. A receiver that lags may lose signals, never the last one.
    pub fn changes(&self) -> broadcast::Receiver<ClusterChange> {
        self.inner.shared.changes()
    }

    /// Everything a page shows, as plain data.
    pub fn snapshot(&self) -> ClusterView {
        view::of(&self.inner.shared)
    }

    /// Moves the model's clock on.
    pub fn advance(&self, span: Duration) {
        self.inner.shared.advance(span);
    }

    /// The model's time.
    pub fn now(&self) -> Timestamp {
        self.inner.shared.read(|model| model.now)
    }
}

async fn run_clock(shared: Arc<Shared>, factor: f64, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut last = tokio::time::Instant::now();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            now = ticks.tick() => {
                shared.advance((now - last).mul_f64(factor));
                last = now;
            }
        }
    }
}
