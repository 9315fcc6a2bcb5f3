//! The stories that can be fired: what is wrong in the world, which alerts say so, and when it is over.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::world::{FLAG, World};
use crate::playground::cluster::{ConnectionPool, Scenario};

/// One story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scene {
    RedisTimeout,
    BadDeploy,
    HighErrorRate,
    FeatureFlag,
    FixDoesNotHelp,
    NoRunbook,
    Storm,
    BotCrash,
    DeployMeanwhile,
}

/// Alerts that one cause sends in the storm.
const STORM: usize = 500;

impl Scene {
    pub const ALL: [Self; 9] = [
        Self::RedisTimeout,
        Self::BadDeploy,
        Self::HighErrorRate,
        Self::FeatureFlag,
        Self::FixDoesNotHelp,
        Self::NoRunbook,
        Self::Storm,
        Self::BotCrash,
        Self::DeployMeanwhile,
    ];

    /// Its name on the command line and in the control API.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::RedisTimeout => "redis-timeout",
            Self::BadDeploy => "bad-deploy",
            Self::HighErrorRate => "high-error-rate",
            Self::FeatureFlag => "feature-flag",
            Self::FixDoesNotHelp => "fix-does-not-help",
            Self::NoRunbook => "no-runbook",
            Self::Storm => "storm",
            Self::BotCrash => "bot-crash",
            Self::DeployMeanwhile => "deploy-meanwhile",
        }
    }

    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::RedisTimeout => "Redis times out",
            Self::BadDeploy => "A bad deploy",
            Self::HighErrorRate => "Errors that come from elsewhere",
            Self::FeatureFlag => "A feature that hurts",
            Self::FixDoesNotHelp => "A fix that does not help",
            Self::NoRunbook => "An alert nobody wrote a runbook for",
            Self::Storm => "A storm of 500 alerts",
            Self::BotCrash => "The bot crashes in the middle of a step",
            Self::DeployMeanwhile => "A deploy while a plan waits",
        }
    }

    /// What will happen, in a sentence.
    #[must_use]
    pub fn story(self) -> &'static str {
        match self {
            Self::RedisTimeout => {
                "api-gateway can't reach Redis; two approved steps flush the pool and prove that it is back."
            }
            Self::HighErrorRate => {
                "api-gateway answers 5xx; the evidence says that user-service is the cause, and the plan restarts that (Tier 2)."
            }
            Self::FeatureFlag => {
                "Customers of the new checkout flow give up; an SRE lead approves switching it off over HTTP (Tier 2)."
            }
            Self::BadDeploy => "checkout crashes after a rollout; an SRE lead approves going back (Tier 2).",
            Self::FixDoesNotHelp => {
                "The flush answers OK and nothing gets better: verification fails, and a human is paged at once, with what was tried."
            }
            Self::NoRunbook => {
                "No trigger matches; the card says so. A human is paged if nobody takes it within two minutes."
            }
            Self::Storm => "500 alerts of one cause arrive at once and become one card.",
            Self::BotCrash => {
                "The bot dies while a step runs; after its restart the step is UNKNOWN and a person decides."
            }
            Self::DeployMeanwhile => {
                "As soon as the plan for Redis waits for approval, somebody deploys Redis. Approve it: nothing of it runs, the card says what changed, and a fresh plan waits."
            }
        }
    }

    /// Who may approve what it proposes.
    #[must_use]
    pub fn approver(self) -> &'static str {
        match self {
            Self::BadDeploy | Self::HighErrorRate | Self::FeatureFlag => "ben",
            Self::RedisTimeout
            | Self::FixDoesNotHelp
            | Self::NoRunbook
            | Self::Storm
            | Self::BotCrash
            | Self::DeployMeanwhile => "ana",
        }
    }

    /// Whether its end is a page that nobody has to wait for.
    #[must_use]
    pub fn pages_at_once(self) -> bool {
        match self {
            Self::FixDoesNotHelp => true,
            Self::RedisTimeout
            | Self::BadDeploy
            | Self::HighErrorRate
            | Self::FeatureFlag
            | Self::NoRunbook
            | Self::Storm
            | Self::BotCrash
            | Self::DeployMeanwhile => false,
        }
    }

    /// Whether the story is of a bot that the stage itself starts: another's process it can neither end nor start.
    #[must_use]
    pub fn needs_own_bot(self) -> bool {
        match self {
            Self::BotCrash => true,
            Self::RedisTimeout
            | Self::BadDeploy
            | Self::HighErrorRate
            | Self::FeatureFlag
            | Self::FixDoesNotHelp
            | Self::NoRunbook
            | Self::Storm
            | Self::DeployMeanwhile => false,
        }
    }

    /// Breaks the world.
    pub fn set_up(self, world: &World) {
        let cluster = world.cluster.world();
        match self {
            Self::RedisTimeout | Self::Storm | Self::BotCrash | Self::DeployMeanwhile => {
                cluster.apply(Scenario::RedisTimeout);
            }
            Self::BadDeploy => cluster.apply(Scenario::BadDeploy),
            Self::HighErrorRate => cluster.apply(Scenario::UpstreamFails),
            Self::FixDoesNotHelp => cluster.apply(Scenario::RedisTimeoutStays),
            Self::FeatureFlag => world.flags.set(FLAG, true),
            Self::NoRunbook => {}
        }
    }

    /// Whether what the alert complains about is over.
    #[must_use]
    pub fn is_over(self, world: &World) -> bool {
        let cluster = world.cluster.world();
        match self {
            Self::RedisTimeout
            | Self::Storm
            | Self::BotCrash
            | Self::DeployMeanwhile
            | Self::FixDoesNotHelp => cluster.state().redis.pool == ConnectionPool::Healthy,
            Self::BadDeploy => {
                let pods = cluster.pods_of("production", "checkout");
                !pods.is_empty()
                    && pods
                        .iter()
                        .all(|pod| pod.ready && !pod.image.ends_with(":2.15.0"))
            }
            Self::HighErrorRate => {
                let sick = cluster.state().upstream.sick_pods;
                let pods = cluster.pods_of("production", "user-service");
                !pods.is_empty() && pods.iter().all(|pod| pod.ready && !sick.contains(&pod.uid))
            }
            Self::FeatureFlag => world.flags.flag(FLAG).is_none_or(|flag| !flag.enabled),
            Self::NoRunbook => false,
        }
    }

    /// The alerts as Alertmanager would post them, firing or resolved.
    #[must_use]
    pub fn body(self, starts_at: Timestamp, ends_at: Option<Timestamp>) -> Value {
        match self {
            Self::RedisTimeout | Self::FixDoesNotHelp | Self::BotCrash | Self::DeployMeanwhile => group(
                "RedisConnectionTimeout",
                &[redis("api-gateway-0")],
                starts_at,
                ends_at,
            ),
            Self::BadDeploy => group("CheckoutCrashLooping", &[deploy()], starts_at, ends_at),
            Self::HighErrorRate => group("GatewayErrorRate", &[errors()], starts_at, ends_at),
            Self::FeatureFlag => group("CheckoutConversionDrops", &[conversion()], starts_at, ends_at),
            Self::NoRunbook => group("TapeLibraryJammed", &[tape()], starts_at, ends_at),
            Self::Storm => {
                let alerts: Vec<Labelled> = (0..STORM).map(|n| redis(&format!("api-gateway-{n}"))).collect();
                group("RedisConnectionTimeout", &alerts, starts_at, ends_at)
            }
        }
    }
}

impl fmt::Display for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Scene {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::id).join(", ");
        Self::ALL
            .into_iter()
            .find(|scene| scene.id() == text)
            .ok_or_else(|| format!("there is no scenario `{text}`; there are: {}", known()))
    }
}

/// Labels and annotations of one alert.
struct Labelled {
    labels: Value,
    annotations: Value,
}

fn redis(instance: &str) -> Labelled {
    Labelled {
        labels: json!({"alertname": "RedisConnectionTimeout", "severity": "high", "service": "api-gateway", "namespace": "production", "cluster": "demo", "instance": instance}),
        annotations: json!({"summary": "Redis connection timeout on api-gateway", "description": "Connections to redis-primary time out after 5 s; the pool is exhausted."}),
    }
}

fn deploy() -> Labelled {
    Labelled {
        labels: json!({"alertname": "CheckoutCrashLooping", "severity": "high", "service": "checkout", "namespace": "production", "cluster": "demo"}),
        annotations: json!({"summary": "checkout crash loops since the deploy of 2.15.0", "description": "New pods exit with code 1 right after they start."}),
    }
}

fn errors() -> Labelled {
    Labelled {
        labels: json!({"alertname": "GatewayErrorRate", "severity": "high", "service": "api-gateway", "namespace": "production", "cluster": "demo"}),
        annotations: json!({"summary": "5xx error rate of api-gateway is above 5 %", "description": "More than one request in twenty fails."}),
    }
}

fn conversion() -> Labelled {
    Labelled {
        labels: json!({"alertname": "CheckoutConversionDrops", "severity": "high", "service": "checkout", "namespace": "production", "cluster": "demo"}),
        annotations: json!({"summary": "Conversion of the new checkout flow drops", "description": "One customer in three gives up on the payment page; with the old flow one in forty does."}),
    }
}

fn tape() -> Labelled {
    Labelled {
        labels: json!({"alertname": "TapeLibraryJammed", "severity": "high", "service": "archive", "namespace": "production", "cluster": "demo"}),
        annotations: json!({"summary": "Tape library 3 is jammed", "description": "The robot arm has not moved for 20 minutes."}),
    }
}

fn group(name: &str, alerts: &[Labelled], starts_at: Timestamp, ends_at: Option<Timestamp>) -> Value {
    let status = if ends_at.is_some() { "resolved" } else { "firing" };
    // The zero time is what Alertmanager sends for "not ended".
    let ends = ends_at.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), |at| at.to_string());
    let alerts: Vec<Value> = alerts
        .iter()
        .map(|alert| {
            json!({
                "status": status, "labels": alert.labels, "annotations": alert.annotations,
                "startsAt": starts_at.to_string(), "endsAt": ends,
                "generatorURL": "http://prometheus.example/graph", "fingerprint": fingerprint(&alert.labels),
            })
        })
        .collect();
    json!({
        "version": "4", "groupKey": format!("{{}}:{{alertname=\"{name}\"}}"), "truncatedAlerts": 0,
        "status": status, "receiver": "interlock", "groupLabels": {"alertname": name},
        "commonLabels": {"alertname": name}, "commonAnnotations": {},
        "externalURL": "http://alertmanager.example", "alerts": alerts,
    })
}

/// 16 hex digits over the labels, the same for the same alert, as Alertmanager's are.
fn fingerprint(labels: &Value) -> String {
    let digest = Sha256::digest(labels.to_string());
    hex::encode(digest.as_slice().get(..8).unwrap_or_default())
}
