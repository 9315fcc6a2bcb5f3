//! The handle: start a workspace, ask it what happened, move its clock. What people do is in `people`.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::clock::{Clock, Moment};
use super::core::Core;
use super::deliver::{Delivery, Failure};
use super::eyes;
use super::faults::Faults;
use super::journal::ApiCall;
use super::model::app::{RequestUrls, Transport};
use super::options::SlackOptions;
use super::seed;
use super::server;
use super::view::WorkspaceView;
use super::violations::Violation;

/// Why a double did not start.
#[derive(Debug, Error)]
pub enum StartError {
    #[error("cannot listen on 127.0.0.1:{port}: {reason}; free the port or choose another")]
    Port { port: u16, reason: std::io::Error },
    #[error("a Slack double needs a running tokio runtime; call it from async code")]
    NoRuntime,
}

/// Where a client finds the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Addresses {
    /// `http://127.0.0.1:PORT`, where file paths of views start.
    pub base: String,
    /// `http://127.0.0.1:PORT/api`, without a slash at the end.
    pub api_base: String,
    pub bot_token: String,
    pub app_token: String,
    pub signing_secret: String,
}

/// An uploaded file with what the workspace knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    pub name: String,
    /// What its name's ending says.
    pub mimetype: &'static str,
    pub bytes: bytes::Bytes,
}

/// A running workspace. Clones are handles to the same one; it ends with the last of them.
#[derive(Clone)]
pub struct SlackDouble {
    pub(super) core: Arc<Core>,
    _alive: Arc<Alive>,
}

/// Ends the server when the last handle goes.
struct Alive(tokio_util::sync::CancellationToken);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl SlackDouble {
    /// Starts a workspace on a loopback port. It serves when this returns.
    ///
    /// # Errors
    /// When the port cannot be had, or outside a tokio runtime.
    pub async fn start(options: SlackOptions) -> Result<Self, StartError> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| StartError::NoRuntime)?;
        let port = options.port.unwrap_or(0);
        let refused = |reason| StartError::Port { port, reason };
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
            .await
            .map_err(refused)?;
        let base = format!("http://{}", listener.local_addr().map_err(refused)?);
        let clock = Clock::start();
        let workspace = seed::workspace(&options, base, clock.now());
        let http = Client::builder(TokioExecutor::new()).build_http();
        let core = Arc::new(Core::new(workspace, clock, http, runtime));
        tokio::spawn(server::run(Arc::clone(&core), listener));
        let alive = Arc::new(Alive(core.cancel.clone()));
        Ok(Self { core, _alive: alive })
    }

    /// Addresses and secrets in one piece.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        let base = self.core.base.clone();
        self.core.with(|ws| Addresses {
            api_base: format!("{base}/api"),
            base,
            bot_token: ws.app.bot_token.clone(),
            app_token: ws.app.app_token.clone(),
            signing_secret: ws.app.signing_secret.clone(),
        })
    }

    /// `http://127.0.0.1:PORT/api`.
    #[must_use]
    pub fn api_base(&self) -> String {
        self.addresses().api_base
    }

    /// The `xoxb-` token.
    #[must_use]
    pub fn bot_token(&self) -> String {
        self.addresses().bot_token
    }

    /// The `xapp-` token.
    #[must_use]
    pub fn app_token(&self) -> String {
        self.addresses().app_token
    }

    /// The secret that signs HTTP deliveries.
    #[must_use]
    pub fn signing_secret(&self) -> String {
        self.addresses().signing_secret
    }

    /// The app's user id, as it is mentioned: `<@U…>`.
    #[must_use]
    pub fn bot_user(&self) -> String {
        self.core.with(|ws| ws.app.bot_user.clone())
    }

    /// The id of a channel by its name (without `#`).
    #[must_use]
    pub fn channel_id(&self, name: &str) -> Option<String> {
        self.core.with(|ws| {
            ws.channels
                .values()
                .find(|channel| channel.name == name)
                .map(|channel| channel.id.clone())
        })
    }

    /// The workspace's id, such as `T0ACME0001`.
    #[must_use]
    pub fn team_id(&self) -> String {
        self.core.with(|ws| ws.team.id.clone())
    }

    /// The id of a person by handle (without `@`).
    #[must_use]
    pub fn user_id(&self, name: &str) -> Option<String> {
        self.core.with(|ws| {
            ws.users
                .values()
                .find(|user| user.name == name)
                .map(|user| user.id.clone())
        })
    }

    /// The app's direct-message channel with a person, made on first use.
    #[must_use]
    pub fn direct_channel(&self, user: &str) -> String {
        let now = self.now();
        self.core.with(|ws| ws.direct_channel(user, now))
    }

    /// Everything a person sees now.
    #[must_use]
    pub fn view_as(&self, user: &str) -> WorkspaceView {
        self.core.with(|ws| eyes::view_as(ws, user))
    }

    /// Fires on each visible change and after each delivery; the value counts them.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.core.changes()
    }

    /// Waits until `seen` holds for what `user` sees, looking again at each change. `None` after `patience` of real time.
    pub async fn wait_for<T>(
        &self,
        user: &str,
        patience: Duration,
        mut seen: impl FnMut(&WorkspaceView) -> Option<T>,
    ) -> Option<T> {
        let mut changes = self.changes();
        let looking = async {
            loop {
                changes.borrow_and_update();
                if let Some(found) = seen(&self.view_as(user)) {
                    return Some(found);
                }
                if changes.changed().await.is_err() {
                    return None;
                }
            }
        };
        tokio::time::timeout(patience, looking).await.unwrap_or_default()
    }

    /// Now, on the workspace's clock.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.core.clock.now()
    }

    /// Waits until no delivery is on its way to the app. Worth calling before [`advance`](Self::advance), which would
    /// otherwise let what is on its way miss its deadline.
    pub async fn settled(&self) {
        self.core.settled().await;
    }

    /// Moves the workspace's clock forward; whatever waits for a moment that has come, wakes.
    pub fn advance(&self, by: Duration) {
        self.core.clock.advance(by);
    }

    /// Every call of a client so far, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<ApiCall> {
        self.core.with(|ws| ws.calls.iter().cloned().collect())
    }

    /// The calls of one method so far, oldest first.
    #[must_use]
    pub fn calls_of(&self, method: &str) -> Vec<ApiCall> {
        self.core.with(|ws| {
            ws.calls
                .iter()
                .filter(|call| call.method == method)
                .cloned()
                .collect()
        })
    }

    /// Every delivery to the app so far, oldest first.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.core.with(|ws| ws.deliveries.iter().cloned().collect())
    }

    /// Every rule the app broke so far.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.core.with(|ws| ws.violations.clone())
    }

    /// Forgets the violations so far; for a test that provokes one on purpose.
    pub fn forgive(&self) {
        self.core.with(|ws| ws.violations.clear());
    }

    /// How many Socket Mode connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.core.hub.count()
    }

    /// The switches that make things fail.
    #[must_use]
    pub fn faults(&self) -> Faults {
        Faults::of(Arc::clone(&self.core))
    }

    /// Delivers to these URLs from now on, once the events URL has answered its challenge.
    ///
    /// # Errors
    /// How the challenge failed; the transport stays as it was.
    pub async fn use_http(&self, urls: RequestUrls) -> Result<(), Failure> {
        self.core.verify_events_url(&urls.events).await?;
        self.core
            .with(|ws| ws.app.settings.transport = Transport::Http(urls));
        Ok(())
    }

    /// An uploaded file.
    #[must_use]
    pub fn file(&self, id: &str) -> Option<Uploaded> {
        self.core.with(|ws| {
            ws.files.get(id).map(|file| Uploaded {
                name: file.name.clone(),
                mimetype: file.mimetype(),
                bytes: file.bytes.clone(),
            })
        })
    }

    /// Changes who is in a user group; the app hears `subteam_members_changed`.
    pub fn set_group(&self, handle: &str, members: &[&str]) {
        let now = self.now();
        self.core
            .with(|ws| super::people::world::set_group(ws, handle, members, now));
    }

    /// Changes an account (deactivates it, makes it a guest …); the app hears `user_change`.
    pub fn set_standing(&self, user: &str, standing: super::Standing) {
        let now = self.now();
        self.core
            .with(|ws| super::people::world::set_standing(ws, user, standing, now));
    }

    /// Ends the server now; handles can still be asked what happened.
    pub fn stop(&self) {
        self.core.cancel.cancel();
    }
}
