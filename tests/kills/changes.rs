//! Everything that a step may change, each by a runbook of its own: which alert asks for it, and how it is recognised in
//! what the outside recorded.

use std::path::Path;

use interlock::playground::cluster::{ClusterDouble, Effect, FaultMatch, Kind};
use serde_json::json;

use super::hook::{Hook, Post};

/// Pods of `cart` that can be deleted.
const CARTS: u64 = 6;

/// One kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    Flush,
    Restart,
    Scale,
    Delete,
    Job,
    Post,
    Undo,
    Rotate,
}

/// One change that the outside recorded.
#[derive(Clone, Debug)]
pub struct Done {
    /// The mark of the attempt that asked for it.
    pub attempt: String,
    pub change: Change,
}

impl Change {
    pub const ALL: [Self; 8] = [
        Self::Flush,
        Self::Restart,
        Self::Scale,
        Self::Delete,
        Self::Job,
        Self::Post,
        Self::Undo,
        Self::Rotate,
    ];

    /// What this alert asks for; they count from 1.
    pub fn of_alert(number: u64) -> Self {
        let kinds = u64::try_from(Self::ALL.len()).unwrap();
        let at = number.saturating_sub(1) % kinds;
        Self::ALL[usize::try_from(at).unwrap()]
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Flush => "exec",
            Self::Restart => "restart",
            Self::Scale => "scale",
            Self::Delete => "pod deleted",
            Self::Job => "job",
            Self::Post => "HTTP POST",
            Self::Undo => "undo",
            Self::Rotate => "exec without a word",
        }
    }

    /// How its alerts are called; a number stands behind it.
    pub fn alert(self) -> &'static str {
        match self {
            Self::Flush => "RedisConnectionTimeout",
            Self::Restart => "SessionsStuck",
            Self::Scale => "OrdersPileUp",
            Self::Delete => "CartHangs",
            Self::Job => "CertificateExpires",
            Self::Post => "MailsWait",
            Self::Undo => "CheckoutFails",
            Self::Rotate => "DiskFills",
        }
    }

    pub fn summary(self) -> &'static str {
        match self {
            Self::Flush => "Redis connection timeout on api-gateway",
            Self::Restart => "stuck sessions",
            Self::Scale => "backlog of orders",
            Self::Delete => "hung cart",
            Self::Job => "certificate expires",
            Self::Post => "waiting mails",
            Self::Undo => "failed deploy",
            Self::Rotate => "disk full of logs",
        }
    }

    /// Whether its approval is asked for a second time, with what it does: Tier 2.
    pub fn is_asked_again(self) -> bool {
        matches!(self, Self::Job | Self::Undo | Self::Rotate)
    }

    /// Whether its command has no room on a card, so that it is approved from its review alone.
    pub fn is_reviewed(self) -> bool {
        self == Self::Post
    }

    /// What the alert of this card asks for; nothing where it tells of no alert.
    pub fn on(card: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|change| card.contains(change.summary()) || card.contains(change.alert()))
    }

    /// Labels that its runbook takes a value from: several targets, so that not everything waits for one.
    pub fn label(self, number: u64) -> Option<(&'static str, String)> {
        let turn = number / u64::try_from(Self::ALL.len()).unwrap();
        match self {
            Self::Restart => {
                let workloads = ["user-service", "log-collector", "queue"];
                let at = usize::try_from(turn).unwrap() % workloads.len();
                Some(("workload", workloads[at].to_owned()))
            }
            Self::Scale => Some(("replicas", (1 + turn % 6).to_string())),
            Self::Delete => Some(("pod", format!("cart-{}", turn % CARTS))),
            Self::Flush | Self::Job | Self::Post | Self::Undo | Self::Rotate => None,
        }
    }

    /// The requests to the cluster that make it.
    pub fn requests(self) -> FaultMatch {
        let on = |verb: Option<&str>, resource: &str| FaultMatch {
            verb: verb.map(str::to_owned),
            resource: Some(resource.to_owned()),
            ..FaultMatch::default()
        };
        match self {
            Self::Flush | Self::Rotate => on(None, "pods/exec"),
            Self::Restart | Self::Undo => on(Some("patch"), "deployments"),
            Self::Scale => on(Some("patch"), "deployments/scale"),
            Self::Delete => on(Some("delete"), "pods"),
            Self::Job => on(Some("create"), "jobs"),
            // None of them does; its verification looks at one.
            Self::Post => on(Some("get"), "deployments"),
        }
    }

    /// What this effect is; nothing is changed by a command that only looks.
    fn of(effect: &Effect) -> Option<Self> {
        let argv: Vec<&str> = effect.argv.iter().map(String::as_str).collect();
        let kind = effect.resource.split('.').next().unwrap_or_default();
        match (effect.verb.as_str(), kind, argv.as_slice()) {
            ("exec", _, ["redis-cli", "FLUSHDB"]) => Some(Self::Flush),
            ("exec", _, ["logrotate", "-f", _]) => Some(Self::Rotate),
            ("exec", _, ["curl", "-s", "localhost:8080/health"] | ["redis-cli", "LLEN", "orders"]) => None,
            ("patch", "deployments", []) if effect.name == "checkout" => Some(Self::Undo),
            ("patch", "deployments", []) => Some(Self::Restart),
            ("scale", _, []) => Some(Self::Scale),
            ("delete", "pods", []) => Some(Self::Delete),
            ("create", "jobs", []) => Some(Self::Job),
            _ => panic!("nobody asked for this: {effect:?}"),
        }
    }
}

/// Every change that the outside recorded.
pub fn done(effects: &[Effect], posts: &[Post]) -> Vec<Done> {
    let in_cluster = effects.iter().filter_map(|effect| {
        Some(Done {
            attempt: effect.audit_id.clone(),
            change: Change::of(effect)?,
        })
    });
    let posted = posts.iter().map(|post| Done {
        attempt: post.attempt.clone(),
        change: Change::Post,
    });
    in_cluster.chain(posted).collect()
}

/// What the runbooks act on that the cluster does not have from the start.
pub fn plant(cluster: &ClusterDouble) {
    let labels = json!({"app": "cart"});
    let container = json!({"name": "cart", "image": "registry.example/valkey:8.0"});
    let template = json!({"metadata": {"labels": labels}, "spec": {"containers": [container]}});
    let spec = json!({"replicas": CARTS, "serviceName": "cart", "podManagementPolicy": "Parallel",
        "selector": {"matchLabels": labels}, "template": template});
    let metadata = json!({"name": "cart", "namespace": "production", "labels": labels});
    let set = json!({"metadata": metadata, "spec": spec});
    cluster.world().plant(Kind::StatefulSet, vec![set]);
}

/// What has no room on a card, which shows 2,800 characters of a command.
fn letter() -> String {
    "Your receipt is on its way. ".repeat(110)
}

pub fn write_runbooks(folder: &Path, hook: &Hook) {
    let runbooks = [
        (
            "redis-connection-timeout.md",
            include_str!("../../runbooks/redis-connection-timeout.md"),
        ),
        ("restart.md", include_str!("runbooks/restart.md")),
        ("scale.md", include_str!("runbooks/scale.md")),
        ("delete.md", include_str!("runbooks/delete.md")),
        ("job.md", include_str!("runbooks/job.md")),
        ("post.md", include_str!("runbooks/post.md")),
        ("undo.md", include_str!("runbooks/undo.md")),
        ("rotate.md", include_str!("runbooks/rotate.md")),
    ];
    std::fs::create_dir_all(folder).unwrap();
    for (name, text) in runbooks {
        let text = text.replace("HOST", &hook.host()).replace("LETTER", &letter());
        std::fs::write(folder.join(name), text).unwrap();
    }
}
