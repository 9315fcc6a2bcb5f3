//! What the parts share: the clock, the one lock around the workspace, the connections, and the signal that something changed.
//!
//! Invariant: no code waits while it holds the lock; events that a change causes are delivered after the lock is free.

use std::sync::Arc;

use axum::body::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::api;
use super::clock::Clock;
use super::model::workspace::Workspace;
use super::socket::Hub;

pub(super) struct Core {
    pub clock: Clock,
    pub hub: Hub,
    pub runtime: Handle,
    pub cancel: CancellationToken,
    pub http: Client<HttpConnector, Full<Bytes>>,
    pub base: String,
    workspace: Mutex<Workspace>,
    changes: watch::Sender<u64>,
    under_way: watch::Sender<usize>,
}

/// Counts one delivery as under way until it is dropped.
pub(super) struct UnderWay<'a>(&'a watch::Sender<usize>);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

impl Core {
    pub(super) fn new(
        workspace: Workspace,
        clock: Clock,
        http: Client<HttpConnector, Full<Bytes>>,
        runtime: Handle,
    ) -> Self {
        Self {
            clock,
            hub: Hub::default(),
            runtime,
            cancel: CancellationToken::new(),
            http,
            base: workspace.base.clone(),
            workspace: Mutex::new(workspace),
            changes: watch::Sender::new(0),
            under_way: watch::Sender::new(0),
        }
    }

    /// Runs `f` on the workspace; what it changed is announced and its events are sent off.
    pub(super) fn with<R>(self: &Arc<Self>, f: impl FnOnce(&mut Workspace) -> R) -> R {
        let (result, events) = self.collect(f);
        for event in events {
            let core = Arc::clone(self);
            self.under_way.send_modify(|count| *count += 1);
            self.runtime.spawn(async move {
                let _counted = UnderWay(&core.under_way);
                core.deliver_event(event).await
            });
        }
        result
    }

    /// The same, but hands the events to the caller, who wants to see them delivered.
    pub(super) fn collect<R>(&self, f: impl FnOnce(&mut Workspace) -> R) -> (R, Vec<Value>) {
        let mut workspace = self.workspace.lock();
        let result = f(&mut workspace);
        let events = std::mem::take(&mut workspace.pending_events);
        let dirty = std::mem::take(&mut workspace.dirty);
        drop(workspace);
        if dirty {
            self.announce();
        }
        (result, events)
    }

    pub(super) fn under_way(&self) -> UnderWay<'_> {
        self.under_way.send_modify(|count| *count += 1);
        UnderWay(&self.under_way)
    }

    /// Waits until nothing is on its way to the app.
    pub(super) async fn settled(&self) {
        // The sender lives as long as this core, so waiting cannot fail.
        if self
            .under_way
            .subscribe()
            .wait_for(|count| *count == 0)
            .await
            .is_err()
        {
            tracing::debug!("the workspace ended while somebody waited");
        }
    }

    fn announce(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Lets uploads that are due appear, now and whenever the next one is.
    pub(super) fn watch_uploads(self: &Arc<Self>) {
        let now = self.clock.now();
        let Some(next) = self.with(|ws| api::share_when_due(ws, now)) else {
            return;
        };
        let core = Arc::clone(self);
        self.runtime.spawn(async move {
            tokio::select! {
                () = core.clock.sleep_until(next) => core.watch_uploads(),
                () = core.cancel.cancelled() => {}
            }
        });
    }
}
