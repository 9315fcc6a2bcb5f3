//! A real Alertmanager on loopback: its configuration, its API, its figures.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::port;

/// What both sides know.
pub const TOKEN: &str = "s3cret-of-both";

/// How long something may take that takes a second or two. A machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(100);

/// Looks until there is something to see.
///
/// # Panics
/// With `why` when it is not seen in time.
pub async fn until<T>(why: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    let Some(seen) = seen(look).await else {
        panic!("{why}")
    };
    seen
}

/// The same, with nothing when it is not seen in time.
pub async fn seen<T>(mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return Some(seen);
        }
        if Instant::now() >= until {
            return None;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Groups by name of the alert and waits for nobody: a change of a group goes out within a second, and so do repeats.
fn config(to: u16) -> String {
    format!(
        "route:\n  receiver: interlock\n  group_by: [alertname]\n  group_wait: 1s\n  group_interval: 1s\n  \
         repeat_interval: 1s\nreceivers:\n  - name: interlock\n    webhook_configs:\n      \
         - url: http://127.0.0.1:{to}/webhooks/alertmanager\n        send_resolved: true\n        \
         http_config:\n          authorization:\n            credentials: {TOKEN}\n"
    )
}

/// A running Alertmanager. The process ends with this.
pub struct Alertmanager {
    address: String,
    base: String,
    http: reqwest::Client,
    _folder: TempDir,
    _child: Child,
}

impl Alertmanager {
    /// Sends to Interlock on this port.
    pub async fn start(program: &Path, to: u16) -> Self {
        // Another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("alertmanager.yml");
        std::fs::write(&file, config(to)).expect("written");
        let address = format!("127.0.0.1:{}", port::free());
        let child = Command::new(program)
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.path={}", folder.path().display()))
            .arg(format!("--web.listen-address={address}"))
            // Empty: it gossips with nobody.
            .arg("--cluster.listen-address=")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("it starts");
        let this = Self {
            base: format!("http://{address}"),
            address,
            http: reqwest::Client::builder().no_proxy().build().expect("a client"),
            _folder: folder,
            _child: child,
        };
        until("Alertmanager does not get ready", async || {
            let answer = this
                .http
                .get(format!("{}/-/ready", this.base))
                .send()
                .await
                .ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
        this
    }

    /// `127.0.0.1:9093`
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its address, without `/api/v2`.
    pub fn base(&self) -> String {
        self.base.clone()
    }

    /// Somebody ends a silence by hand.
    pub async fn expires(&self, silence: &str) {
        let url = format!("{}/api/v2/silence/{silence}", self.base);
        let answer = self.http.delete(url).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    pub async fn fires(&self, instance: &str) {
        self.says(instance, "2030-01-01T00:00:00Z".parse().expect("a time"))
            .await;
    }

    pub async fn resolves(&self, instance: &str) {
        self.says(instance, jiff::Timestamp::now()).await;
    }

    /// Fires all of these at once: names of rules, and instances.
    pub async fn fires_all(&self, alerts: &[(String, String)]) {
        let alerts: Vec<_> = alerts
            .iter()
            .map(|(name, instance)| {
                json!({
                    "labels": {"alertname": name, "severity": "low", "service": name, "instance": instance},
                    "annotations": {"summary": format!("{instance} is part of a storm")},
                    "startsAt": "2026-11-20T03:00:00Z",
                    "endsAt": "2030-01-01T00:00:00Z",
                })
            })
            .collect();
        let url = format!("{}/api/v2/alerts", self.base);
        let answer = self.http.post(url).json(&alerts).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    async fn says(&self, instance: &str, ends_at: jiff::Timestamp) {
        let alerts = json!([{
            "labels": {"alertname": "RedisConnectionTimeout", "severity": "high", "service": "api-gateway",
                "namespace": "production", "instance": instance},
            "annotations": {"summary": "Redis connection timeout on api-gateway"},
            "startsAt": "2026-11-20T03:00:00Z",
            "endsAt": ends_at.to_string(),
        }]);
        let url = format!("{}/api/v2/alerts", self.base);
        let answer = self.http.post(url).json(&alerts).send().await.expect("an answer");
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap_or_default()
        );
    }

    /// Waits until Interlock took at least this many more deliveries, repeats among them.
    pub async fn delivers(&self, more: u64) {
        let taken = async || self.sent().await - self.failed().await;
        let before = taken().await;
        until("it delivers no more", async || {
            (taken().await >= before + more).then_some(())
        })
        .await;
    }

    /// Waits until it tried and did not get through.
    pub async fn fails(&self) {
        until("it does not even try", async || {
            (self.failed().await > 0).then_some(())
        })
        .await;
    }

    /// Requests to the receiver so far.
    pub async fn sent(&self) -> u64 {
        self.figure("alertmanager_notification_requests_total").await
    }

    /// Those of them that were not answered with a 2xx.
    pub async fn failed(&self) -> u64 {
        self.figure("alertmanager_notification_requests_failed_total")
            .await
    }

    async fn figure(&self, name: &str) -> u64 {
        let url = format!("{}/metrics", self.base);
        let text = self
            .http
            .get(url)
            .send()
            .await
            .expect("an answer")
            .text()
            .await
            .expect("text");
        let of_webhooks = format!("{name}{{integration=\"webhook\"}} ");
        text.lines()
            .find_map(|line| line.strip_prefix(&of_webhooks))
            .and_then(|value| value.parse().ok())
            .unwrap_or_default()
    }
}
