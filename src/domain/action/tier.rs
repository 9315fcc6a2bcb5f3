//! How dangerous an action is. The floor comes from the action alone and the few facts below; a runbook's `Tier:` may
//! raise it and never lower it. What is not known counts as the worse.

use serde::{Deserialize, Serialize};

use crate::domain::ids::{ClusterName, Namespace};
use crate::planted::{self, Bug};

use super::classify::{ExecClass, classify};
use super::cost::counted;
use super::types::{Action, Exec, HttpMethod, HttpRequest, Kind, ObjectRef, Tier};

/// Names objects in a policy: `redis-primary` or `redis-*` in one namespace, of one kind or any, in one cluster or any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectPattern {
    /// Absent: every cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterName>,
    pub namespace: Namespace,
    /// Absent: a deployment, statefulset or daemonset; a pod is meant only when it is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// May end in `*`.
    pub name: String,
}

impl ObjectPattern {
    #[must_use]
    pub fn matches(&self, object: &ObjectRef) -> bool {
        let name = match self.name.strip_suffix('*') {
            Some(start) => object.name.starts_with(start),
            None => object.name == self.name,
        };
        let kind = match self.kind {
            Some(kind) => kind == object.kind,
            None => matches!(
                object.kind,
                Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet
            ),
        };
        name && kind
            && self.namespace == object.namespace
            && self
                .cluster
                .as_ref()
                .is_none_or(|cluster| *cluster == object.cluster)
    }
}

/// A line of the policy's irreversible list: its words must all stand in the canonical command line, in this order,
/// in any case (`rollout undo deployment/billing`, `exec psql`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommandPattern(pub String);

impl CommandPattern {
    /// A pattern without words matches everything: an empty line of a list of dangers is no permission.
    #[must_use]
    pub fn matches(&self, action: &Action) -> bool {
        let written: Vec<String> = action
            .canonical_argv()
            .iter()
            .flat_map(|word| word.split_whitespace())
            .map(str::to_lowercase)
            .collect();
        let mut rest = written.iter();
        self.0.split_whitespace().map(str::to_lowercase).all(|wanted| {
            rest.any(|word| *word == wanted || word.rsplit('/').next() == Some(wanted.as_str()))
        })
    }
}

/// What the policy, the runbook and the cluster say that bears on a tier.
#[derive(Clone, Copy, Debug, Default)]
pub struct TierFacts<'a> {
    /// Objects that the policy declares to be caches.
    pub caches: &'a [ObjectPattern],
    /// `max_replica_changes` of the runbook; 0 when it doesn't say.
    pub replica_budget: u32,
    /// Replicas of the target now; `None` before anybody looked.
    pub replicas: Option<u32>,
}

impl Action {
    /// The tier floor and why, for people.
    #[must_use]
    pub fn tier(&self, facts: &TierFacts<'_>) -> (Tier, String) {
        match self {
            Self::Get(_) | Self::Logs(_) | Self::Describe { .. } | Self::RolloutStatus { .. } => {
                (Tier::Zero, "it only looks".to_owned())
            }
            Self::RolloutRestart { .. } => (Tier::One, "it restarts one workload".to_owned()),
            Self::DeletePod { .. } => (
                Tier::One,
                "it deletes one pod, which its workload replaces".to_owned(),
            ),
            Self::Scale { replicas, .. } => scale_tier(*replicas, facts),
            Self::RolloutUndo { .. } => (Tier::Two, "it goes back to an earlier version".to_owned()),
            Self::CreateJob { .. } => (Tier::Two, "it starts a Job with that Job's own rights".to_owned()),
            Self::Http(request) => http_tier(request),
            Self::Exec(exec) => exec_tier(exec, facts),
        }
    }

    /// The floor, raised by what the runbook's `Tier:` says.
    #[must_use]
    pub fn tier_at_least(&self, facts: &TierFacts<'_>, at_least: Option<Tier>) -> (Tier, String) {
        let (floor, why) = self.tier(facts);
        match at_least {
            Some(raised) if raised > floor || planted::is(Bug::TierLowered) => {
                (raised, format!("the runbook raises it ({why})"))
            }
            Some(_) | None => (floor, why),
        }
    }
}

fn scale_tier(replicas: u32, facts: &TierFacts<'_>) -> (Tier, String) {
    let budget = facts.replica_budget;
    match (replicas, facts.replicas) {
        (0, _) => (Tier::Three, "it scales to zero".to_owned()),
        (_, None) => (
            Tier::Two,
            "nobody has looked yet how many replicas there are".to_owned(),
        ),
        (wanted, Some(now)) if wanted.abs_diff(now) <= budget => (
            Tier::One,
            format!(
                "it changes {}, and the runbook allows {budget}",
                counted(wanted.abs_diff(now), "replica")
            ),
        ),
        (wanted, Some(now)) => (
            Tier::Two,
            format!(
                "it changes {}, and the runbook allows only {budget}",
                counted(wanted.abs_diff(now), "replica")
            ),
        ),
    }
}

/// `X-HTTP-Method-Override` and its like.
pub(crate) fn overrides_method(request: &HttpRequest) -> bool {
    request
        .headers
        .iter()
        .any(|(name, _)| name.to_ascii_lowercase().contains("method"))
}

fn http_tier(request: &HttpRequest) -> (Tier, String) {
    match request.method {
        HttpMethod::Get | HttpMethod::Head if overrides_method(request) => (
            Tier::Two,
            "a header may turn the request into another one".to_owned(),
        ),
        HttpMethod::Get | HttpMethod::Head => (Tier::Zero, "it only looks".to_owned()),
        HttpMethod::Post | HttpMethod::Put | HttpMethod::Patch => (
            Tier::Two,
            format!("a {} request may change something", request.method.as_str()),
        ),
        HttpMethod::Delete => (Tier::Three, "a DELETE request deletes something".to_owned()),
    }
}

fn exec_tier(exec: &Exec, facts: &TierFacts<'_>) -> (Tier, String) {
    match classify(&exec.argv) {
        ExecClass::Looks { why } => (Tier::Zero, why),
        ExecClass::CacheOperation { what } => {
            if facts.caches.iter().any(|cache| cache.matches(&exec.target)) {
                (
                    Tier::One,
                    format!("{what}, and the policy declares the target to be a cache"),
                )
            } else {
                (
                    Tier::Three,
                    format!("{what}, and the policy doesn't declare the target to be a cache"),
                )
            }
        }
        ExecClass::Destructive { what } => (Tier::Three, what),
        ExecClass::Unknown { why } => (Tier::Two, why),
    }
}
