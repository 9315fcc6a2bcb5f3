//! Socket Mode: slack-morphism keeps the connections (open, ping, reconnect); we read the raw frames ourselves, feed
//! them to the pipeline, and ack only what is stored.
//!
//! Invariant: no payload in an ack that Slack does not accept one for.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use async_trait::async_trait;
use parking_lot::Mutex;
use serde_json::json;
use slack_morphism::clients_manager::{SlackSocketModeClientsManager, SlackSocketModeClientsManagerFactory};
use slack_morphism::listener::SlackClientEventsListenerEnvironment;
use slack_morphism::{
    SlackApiTokenType, SlackClientSocketModeConfig, SlackSocketModeClientListener, SlackSocketModeWssClientId,
};
use tracing::{debug, error, info, warn};

use super::envelope::{Ack, Inbound, Kind, Payload, Retry, Transport};
use super::pipeline::Pipeline;
use super::wire::Frame;
use crate::slack::api::{Api, token};
use crate::slack::settings::{Settings, SettingsError};

type Manager = dyn SlackSocketModeClientsManager + Send + Sync;
type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Which connections are up; cheap to clone.
#[derive(Clone, Default)]
pub struct SocketHealth {
    up: Arc<Mutex<HashSet<SlackSocketModeWssClientId>>>,
}

impl SocketHealth {
    /// Connections over which Slack said hello and which have not ended since.
    #[must_use]
    pub fn connected(&self) -> usize {
        self.up.lock().len()
    }
}

/// Running connections. Dropping it without `stop` leaves them running.
pub struct SocketMode {
    manager: Arc<Manager>,
    health: SocketHealth,
}

impl SocketMode {
    /// Opens the connections and keeps them open; returns at once, connected or not. With Slack away it tries again for
    /// ever; `health` says how it stands.
    ///
    /// # Errors
    /// When there is no app token.
    pub async fn start(settings: &Settings, api: &Api, pipeline: Pipeline) -> Result<Self, SettingsError> {
        let Some(app_token) = settings.app_token.as_deref().filter(|token| !token.is_empty()) else {
            return Err(SettingsError::NoAppToken);
        };
        let client = api.client();
        let environment = Arc::new(SlackClientEventsListenerEnvironment::new(client.clone()));
        let manager = client.http_api.connector.new_clients_manager(environment);
        let health = SocketHealth::default();
        let listener = Arc::new(Listener {
            pipeline,
            manager: OnceLock::new(),
            health: health.clone(),
        });
        let _first = listener.manager.set(Arc::downgrade(&manager));
        let config = SlackClientSocketModeConfig::new()
            .with_max_connections_count(settings.connections.clamp(1, 10))
            .with_initial_backoff_in_seconds(0)
            .with_reconnect_timeout_in_seconds(5);
        manager
            .register_new_token(&config, token(app_token, SlackApiTokenType::App), listener)
            .await
            .map_err(|error| SettingsError::Socket(error.to_string()))?;
        manager.start().await;
        Ok(Self { manager, health })
    }

    #[must_use]
    pub fn health(&self) -> SocketHealth {
        self.health.clone()
    }

    /// Closes the connections.
    pub async fn stop(&self) {
        self.manager.shutdown().await;
        self.health.up.lock().clear();
    }
}

struct Listener {
    pipeline: Pipeline,
    /// Weak: the manager owns us.
    manager: OnceLock<Weak<Manager>>,
    health: SocketHealth,
}

impl Listener {
    async fn renew(&self, id: &SlackSocketModeWssClientId) {
        self.health.up.lock().remove(id);
        if let Some(manager) = self.manager.get().and_then(Weak::upgrade) {
            manager.restart_client(id).await;
        }
    }

    async fn envelope(&self, kind: Kind, frame: &Frame<'_>, received_at: Instant) -> Option<String> {
        let envelope = frame.envelope_id.as_deref()?;
        let payload = frame.payload?;
        let retry = frame
            .retry_attempt
            .filter(|number| *number > 0)
            .map(|number| Retry {
                number,
                reason: frame.retry_reason.as_deref().unwrap_or_default().to_owned(),
            });
        let inbound = Inbound {
            kind,
            transport: Transport::Socket,
            retry,
            payload: Payload::Json(payload.get()),
            received_at,
        };
        match self.pipeline.take(inbound).await {
            Ack::Empty | Ack::Challenge(_) => Some(bare(envelope)),
            Ack::Body(body) if frame.accepts_response_payload => {
                // The body is JSON of our own making; putting the two together as text saves parsing it again.
                Some(format!(
                    "{{\"envelope_id\":{},\"payload\":{body}}}",
                    json!(envelope)
                ))
            }
            Ack::Body(_) => {
                warn!("Slack accepts no payload for this envelope; its answer is lost");
                Some(bare(envelope))
            }
            // It would read no better the next time.
            Ack::Malformed => {
                warn!(kind = ?kind, bytes = payload.get().len(), "a delivery of Slack can't be read; dropped");
                Some(bare(envelope))
            }
            Ack::NotStored => None,
        }
    }
}

fn bare(envelope: &str) -> String {
    json!({ "envelope_id": envelope }).to_string()
}

#[async_trait]
impl SlackSocketModeClientListener for Listener {
    async fn on_message(&self, id: &SlackSocketModeWssClientId, body: String) -> Option<String> {
        let received_at = Instant::now();
        let Ok(frame) = serde_json::from_str::<Frame<'_>>(&body) else {
            warn!(bytes = body.len(), "a frame of Slack can't be read; dropped");
            return None;
        };
        match frame.kind.as_ref() {
            "hello" => {
                self.health.up.lock().insert(id.clone());
                info!(connections = self.health.connected(), "connected to Slack");
                None
            }
            "disconnect" => {
                match frame.reason.as_deref() {
                    Some("link_disabled") => {
                        error!(
                            "Slack has switched Socket Mode off for this app: switch it on again on the app's page"
                        );
                    }
                    reason => debug!(reason, "Slack renews a connection"),
                }
                self.renew(id).await;
                None
            }
            "interactive" => self.envelope(Kind::Interaction, &frame, received_at).await,
            "slash_commands" => self.envelope(Kind::Command, &frame, received_at).await,
            "events_api" => self.envelope(Kind::Event, &frame, received_at).await,
            // Acked, so that a kind from the future is not sent over and over.
            other => {
                debug!(kind = other, "a kind of envelope that we don't know");
                frame.envelope_id.as_deref().map(bare)
            }
        }
    }

    async fn on_error(&self, _error: BoxError) {
        // Its text can hold a whole frame, with people's words in it.
        warn!("a connection of Socket Mode failed; it is opened again by itself. Clicks wait until then");
    }

    async fn on_disconnect(&self, id: &SlackSocketModeWssClientId) {
        self.renew(id).await;
    }
}
