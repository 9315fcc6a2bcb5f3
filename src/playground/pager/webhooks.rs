//! v3 webhooks out: one event per delivery, signed, in order, retried as PagerDuty retries.
//!
//! `X-PagerDuty-Signature: v1=<hmac-sha256 of the body, hex>`, one per secret; `X-Webhook-Id` is the same
//! across retries. Timeouts, connection errors, 429 and 5xx are tried again, any other answer but 2xx drops
//! the delivery. The real one tries for 48 hours, this one [`ATTEMPTS`] times. Plain HTTP only: the receiver
//! is on loopback.

use std::time::Duration;

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::Request;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::sync::mpsc;

use super::model::{Agent, Change, Incident, Model};
use super::shapes;

/// How often one delivery is tried.
pub const ATTEMPTS: u32 = 8;
/// How long the receiver may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The wait before the second attempt; it doubles.
const BACKOFF: Duration = Duration::from_millis(500);

/// A delivery on its way.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// `X-Webhook-Id`.
    pub id: String,
    pub body: Bytes,
}

/// Where deliveries go and how they are signed.
#[derive(Clone, Debug)]
pub struct Subscription {
    pub url: http::Uri,
    /// Active secrets; two during a rotation.
    pub secrets: Vec<String>,
}

/// The event of a change, as the body of a delivery. `serial` makes the ids.
pub fn event(model: &Model, change: &Change, serial: u64, now: Timestamp) -> Value {
    let (kind, agent, data) = match change {
        Change::Triggered(i) => ("incident.triggered", &Agent::Integration, incident(model, i)),
        Change::Acknowledged(i, by) => ("incident.acknowledged", by, incident(model, i)),
        Change::Unacknowledged(i, by) => ("incident.unacknowledged", by, incident(model, i)),
        Change::Resolved(i, by) => ("incident.resolved", by, incident(model, i)),
        Change::Reopened(i, by) => ("incident.reopened", by, incident(model, i)),
        Change::Annotated(i, note) => {
            let data = json!({
                "incident": shapes::reference("incident", &i.id, &i.title),
                "id": note.id,
                "content": note.content,
                "trimmed": false,
                "type": "incident_note",
            });
            ("incident.annotated", &note.by, data)
        }
    };
    json!({ "event": {
        "id": format!("01PLAYGROUND{serial:0>14}"),
        "event_type": kind,
        "resource_type": "incident",
        "occurred_at": now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        "agent": shapes::agent(model, agent),
        "client": { "name": "PagerDuty" },
        "data": data,
    }})
}

/// The incident as webhooks carry it: other field names than the REST API, and no alerts.
fn incident(model: &Model, i: &Incident) -> Value {
    let rest = shapes::incident(model, i);
    let assignees: Vec<Value> = i
        .assignee
        .iter()
        .map(|id| shapes::user_reference(model, id))
        .collect();
    json!({
        "id": i.id,
        "type": "incident",
        "self": rest["self"],
        "html_url": rest["html_url"],
        "number": i.number,
        "status": i.status.name(),
        "incident_key": i.dedup_key,
        "created_at": rest["created_at"],
        "title": i.title,
        "incident_type": { "name": "incident_default" },
        "service": rest["service"],
        "assignees": assignees,
        "escalation_policy": rest["escalation_policy"],
        "teams": [],
        "priority": null,
        "urgency": i.urgency.name(),
        "conference_bridge": null,
        "resolve_reason": null,
    })
}

/// The value of `X-PagerDuty-Signature`.
pub fn signature(secrets: &[String], body: &[u8]) -> String {
    let one = |secret: &String| {
        // HMAC takes keys of any length, so this never fails; an empty value would match nothing.
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map(|mut mac| {
            mac.update(body);
            hex::encode(mac.finalize().into_bytes())
        });
        format!("v1={}", mac.unwrap_or_default())
    };
    secrets.iter().map(one).collect::<Vec<_>>().join(",")
}

/// Sends deliveries one after another until the sender is gone.
pub async fn run(subscription: Subscription, mut queue: mpsc::UnboundedReceiver<Delivery>) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    while let Some(delivery) = queue.recv().await {
        deliver(&client, &subscription, &delivery).await;
    }
}

async fn deliver(client: &Client<HttpConnector, Full<Bytes>>, to: &Subscription, delivery: &Delivery) {
    let mut wait = BACKOFF;
    for attempt in 1..=ATTEMPTS {
        let request = Request::post(to.url.clone())
            .header("content-type", "application/json")
            .header("user-agent", "PagerDuty-Webhook/V3.0")
            .header("x-pagerduty-signature", signature(&to.secrets, &delivery.body))
            .header("x-webhook-id", &delivery.id)
            .body(Full::new(delivery.body.clone()));
        let Ok(request) = request else {
            tracing::error!(id = delivery.id, url = %to.url, "the webhook address can't be called; fix the subscription");
            return;
        };
        match tokio::time::timeout(TIMEOUT, client.request(request)).await {
            Ok(Ok(answer)) if answer.status().is_success() => return,
            Ok(Ok(answer)) if answer.status().is_server_error() || answer.status().as_u16() == 429 => {
                tracing::debug!(
                    id = delivery.id,
                    attempt,
                    status = answer.status().as_u16(),
                    "webhook put off"
                );
            }
            Ok(Ok(answer)) => {
                tracing::warn!(
                    id = delivery.id,
                    status = answer.status().as_u16(),
                    "webhook refused and dropped"
                );
                return;
            }
            Ok(Err(error)) => tracing::debug!(id = delivery.id, attempt, %error, "webhook not delivered"),
            Err(_) => tracing::debug!(id = delivery.id, attempt, "webhook timed out"),
        }
        tokio::time::sleep(wait).await;
        wait = wait.saturating_mul(2);
    }
    tracing::warn!(id = delivery.id, "webhook given up after {ATTEMPTS} attempts");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_stands_for_each_secret() {
        let secrets = ["first".to_owned(), "second".to_owned()];
        let both = signature(&secrets, b"{}");
        let (one, two) = both.split_once(',').expect("two signatures");
        assert_eq!(one, signature(&secrets[..1], b"{}"));
        assert_ne!(one, two);
        assert!(one.len() == 3 + 64 && one.starts_with("v1="));
    }
}
