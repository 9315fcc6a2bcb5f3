//! The pager as a server on loopback, and the handle by which tests and the page look inside.
//!
//! One listener serves both APIs: `/v2/…` is the Events API, everything else the REST API ([`super::serve`]).
//! Dropping the handle stops everything.

use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;

use super::calls::Call;
use super::faults::PagerFaults;
use super::model::{Incident, Person, Service};
use super::serve::{self, Shared};
use super::view::PagerView;
use super::webhooks::{self, Subscription};

/// Where the double's time comes from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How to start a pager.
#[derive(Clone)]
pub struct PagerOptions {
    /// The port on 127.0.0.1; 0 picks a free one.
    pub port: u16,
    pub clock: Clock,
    /// In the order of escalation.
    pub people: Vec<Person>,
    pub services: Vec<Service>,
    pub api_token: String,
    /// Where webhooks go, if anywhere. Plain `http` on loopback.
    pub webhook_url: Option<http::Uri>,
    /// Secrets that sign them: one, or two during a rotation.
    pub webhook_secrets: Vec<String>,
}

impl Default for PagerOptions {
    fn default() -> Self {
        let person = |id: &str, name: &str, email: &str| Person {
            id: id.into(),
            name: name.into(),
            email: email.into(),
        };
        let routing_key = "R0PLAYGROUND00000000000000000001".to_owned();
        Self {
            port: 0,
            clock: Arc::new(Timestamp::now),
            people: vec![
                // The on-call engineer and the SRE lead of the Slack workspace, under the same addresses.
                person("PUSR001", "Ana Ferreira", "ana@acme.example"),
                person("PUSR002", "Ben Okafor", "ben@acme.example"),
            ],
            services: vec![Service {
                id: "PSVC001".into(),
                name: "production".into(),
                routing_key,
            }],
            api_token: "u+playgroundtoken0001".to_owned(),
            webhook_url: None,
            webhook_secrets: vec!["playground-webhook-secret".to_owned()],
        }
    }
}

/// An incident to open from inside, as an integration of the service would.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// Service id; the first service when empty.
    pub service: String,
    pub dedup_key: String,
    pub summary: String,
    /// `critical`, `error`, `warning` or `info`.
    pub severity: String,
    pub source: String,
    pub custom_details: Value,
}

/// A running pager.
pub struct PagerDouble {
    address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

impl PagerDouble {
    /// Binds the port and starts serving.
    ///
    /// # Errors
    /// When the port can't be bound.
    pub async fn start(options: PagerOptions) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
        let address = listener.local_addr()?;
        let mut tasks = JoinSet::new();
        let outbox = options.webhook_url.clone().map(|url| {
            let (sender, receiver) = mpsc::unbounded_channel();
            tasks.spawn(webhooks::run(
                Subscription {
                    url,
                    secrets: options.webhook_secrets.clone(),
                },
                receiver,
            ));
            sender
        });
        let shared = Arc::new(Shared::new(options, outbox));
        tasks.spawn(serve::accept(listener, shared.clone()));
        Ok(Self {
            address,
            shared,
            _tasks: tasks,
        })
    }

    /// Base address of the Events API: append `/v2/enqueue`.
    pub fn events_base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Base address of the REST API: append `/incidents`.
    pub fn api_base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The routing key of the first service; empty when there is none.
    pub fn routing_key(&self) -> String {
        self.shared
            .options
            .services
            .first()
            .map(|s| s.routing_key.clone())
            .unwrap_or_default()
    }

    pub fn api_token(&self) -> &str {
        &self.shared.options.api_token
    }

    /// The first secret that signs webhooks; empty when there is none.
    pub fn webhook_secret(&self) -> &str {
        self.shared
            .options
            .webhook_secrets
            .first()
            .map_or("", String::as_str)
    }

    /// All incidents, oldest first.
    pub fn incidents(&self) -> Vec<Incident> {
        self.shared.model.lock().incidents.clone()
    }

    /// All change events accepted, oldest first, as they were sent.
    pub fn change_events(&self) -> Vec<Value> {
        self.shared.model.lock().change_events.clone()
    }

    /// The requests of late, oldest first, at most [`KEPT`](super::calls::KEPT).
    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().iter().cloned().collect()
    }

    pub fn snapshot(&self) -> PagerView {
        self.shared.model.lock().view()
    }

    /// A tick after every change.
    pub fn changes(&self) -> broadcast::Receiver<()> {
        self.shared.tick.subscribe()
    }

    pub fn faults(&self) -> PagerFaults {
        self.shared.faults.lock().clone()
    }

    pub fn set_faults(&self, faults: PagerFaults) {
        *self.shared.faults.lock() = faults;
        self.shared.changed();
    }

    /// Opens an incident as an integration would, and sends its webhook. An open one with the same key gets
    /// another alert.
    pub fn trigger_incident(&self, trigger: Trigger) -> Option<Incident> {
        let now = (self.shared.options.clock)();
        let mut model = self.shared.model.lock();
        let first = model.services.first().map(|s| s.id.clone());
        let service = Some(trigger.service).filter(|s| !s.is_empty()).or(first)?;
        let event = json!({ "payload": {
            "summary": trigger.summary,
            "source": trigger.source,
            "severity": trigger.severity,
            "custom_details": trigger.custom_details,
        }});
        let change = model.trigger(&service, &trigger.dedup_key, event, now);
        let found = model
            .incidents
            .iter()
            .rev()
            .find(|i| i.service == service && i.dedup_key == trigger.dedup_key)
            .cloned();
        self.shared.tell(&model, change.into_iter().collect(), now);
        found
    }
}
