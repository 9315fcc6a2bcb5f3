//! The folder in which a process lives: its configuration, and the alerts that it is sent.

use std::path::Path;

use interlock::playground::cluster::{ClusterDouble, ClusterUser};
use interlock::playground::pager::PagerDouble;
use interlock::playground::slack::SlackDouble;
use interlock::store::Signer;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::changes::{self, Change};
use super::hook::Hook;

/// Ana, who is in `@sre`.
pub const APPROVER: &str = "U0ANA00001";
pub const TOKEN: &str = "alerts-of-the-kills";

pub fn furnish(
    folder: &Path,
    slack: &SlackDouble,
    cluster: &ClusterDouble,
    pager: &PagerDouble,
    hook: &Hook,
    over_http: bool,
) {
    changes::write_runbooks(&folder.join("runbooks"), hook);
    let kubeconfig = cluster.kubeconfig(ClusterUser::Interlock);
    std::fs::write(folder.join("kubeconfig"), kubeconfig).unwrap();
    let transport = if over_http { "http" } else { "socket" };
    std::fs::write(
        folder.join("interlock.toml"),
        settings(slack, pager, hook, transport),
    )
    .unwrap();
}

fn settings(slack: &SlackDouble, pager: &PagerDouble, hook: &Hook, transport: &str) -> String {
    let slack = slack.addresses();
    let key = Signer::generate("interlock.test/kills").unwrap();
    format!(
        r##"settle_seconds = 3600
server.listen = "127.0.0.1:0"
store.path = "interlock.db"
runbooks.path = "runbooks"
execution.mode = "live"
execution.drain_seconds = 1
[slack]
transport = "{transport}"
api_base = "{api}"
bot_token = "{bot}"
app_token = "{app}"
signing_secret = "{secret}"
channel = "#incidents"
[kubernetes.clusters.demo]
kubeconfig = "kubeconfig"
[webhooks.alertmanager]
bearer_token = "{TOKEN}"
[webhooks.grafana]
secret = "nobody-sends-this"
# Signs what was recorded (`data/alerts/pagerduty`).
[webhooks.pagerduty]
secret = "whk_new_secret_0002"
[webhooks.changes.github]
secret = "nor-this"
[pagerduty]
routing_key = "{routing_key}"
events_base = "{events}"
[checkpoints]
key = "{key}"
file = "anchors"
[backup]
file = "backup.db"
[http]
allowed_hosts = ["{house}"]
# Each alert is to have an incident of its own, however fast they come.
[grouping]
storm_alerts_per_minute = 0
same_rule_within_minutes = 0
# A channel sees a change a second, so the story of many incidents is told in three of them.
[[routes]]
labels = {{ team = "1" }}
channel = "#payments"
[[routes]]
labels = {{ team = "2" }}
channel = "#platform"
[[environments]]
name = "production"
cluster = "demo"
namespaces = ["production"]
hosts = ["{house}"]
[[caches]]
cluster = "demo"
namespace = "production"
name = "redis-primary"
[[approvers]]
tiers = [0, 1, 2]
environments = ["production"]
groups = ["@sre"]
"##,
        api = slack.api_base,
        bot = slack.bot_token,
        app = slack.app_token,
        secret = slack.signing_secret,
        routing_key = pager.routing_key(),
        events = pager.events_base(),
        house = hook.host(),
    )
}

/// Where the configuration sends them.
pub const CHANNELS: [&str; 3] = ["incidents", "payments", "platform"];

pub fn name(number: u64) -> String {
    format!("{}{number}", Change::of_alert(number).alert())
}

pub fn alert(number: u64, status: &str) -> Value {
    let name = name(number);
    let starts = Timestamp::from_second(1_795_000_000 + i64::try_from(number).unwrap()).unwrap();
    let ends = match status {
        "resolved" => "2026-12-31T00:00:00Z",
        _ => "0001-01-01T00:00:00Z",
    };
    let change = Change::of_alert(number);
    let mut alert = json!({
        "version": "4", "groupKey": format!("{{}}:{{alertname=\"{name}\"}}"), "truncatedAlerts": 0,
        "status": status, "receiver": "interlock", "groupLabels": {"alertname": name},
        "commonLabels": {"alertname": name}, "commonAnnotations": {}, "externalURL": "http://alertmanager.example",
        "alerts": [{
            "status": status,
            "labels": {
                "alertname": name, "severity": "high", "service": "api-gateway", "namespace": "production", "cluster": "demo",
                "team": (number % 3).to_string(),
            },
            "annotations": {"summary": format!("{}, case {number}", change.summary())},
            "startsAt": starts.to_string(), "endsAt": ends,
            "generatorURL": "http://prometheus.example/graph", "fingerprint": format!("{number:016x}"),
        }],
    });
    if let Some((label, value)) = change.label(number) {
        alert["alerts"][0]["labels"][label] = Value::String(value);
    }
    alert
}

/// A delivery that was recorded, signed with the secret of the configuration.
#[derive(Deserialize)]
pub struct Recorded {
    pub headers: Vec<(String, String)>,
    #[serde(rename = "body_raw")]
    pub body: String,
}

/// What PagerDuty sent on 2026-11-20, which is older than anything that it tries again.
pub fn taken_from_the_wire() -> Recorded {
    let kept = include_str!("../data/alerts/pagerduty/webhook_v3_incident_triggered.json");
    let kept: Value = serde_json::from_str(kept).expect("a recording");
    serde_json::from_value(kept["request"].clone()).expect("a request")
}
