//! What an action takes from the blast-radius budget, and how that is said. Pure: the live figures are an argument.

use super::classify::{ExecClass, classify};
use super::types::{Action, BudgetKey, Cost, Exec};

/// The figures of the live cluster that a cost depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiveFacts {
    /// Desired replicas of the target (for a DaemonSet, the pods it has); 1 for a pod.
    pub replicas: u32,
    /// The policy declares the target to be a cache.
    pub is_cache: bool,
}

impl Action {
    /// What one attempt takes. Empty for an action that only looks.
    #[must_use]
    pub fn cost(&self, live: &LiveFacts) -> Cost {
        if self.only_looks() {
            return Cost::new();
        }
        match self {
            Self::Get(_) | Self::Logs(_) | Self::Describe { .. } | Self::RolloutStatus { .. } => Cost::new(),
            Self::RolloutRestart { .. } => Cost::from([(BudgetKey::MaxPodRestarts, live.replicas)]),
            Self::RolloutUndo { .. } => Cost::from([
                (BudgetKey::MaxPodRestarts, live.replicas),
                (BudgetKey::MaxRollbacks, 1),
            ]),
            Self::DeletePod { .. } => Cost::from([(BudgetKey::MaxPodRestarts, 1)]),
            Self::Scale { replicas, .. } => {
                Cost::from([(BudgetKey::MaxReplicaChanges, replicas.abs_diff(live.replicas))])
            }
            Self::CreateJob { .. } => Cost::from([(BudgetKey::MaxJobs, 1)]),
            Self::Http(_) => Cost::from([(BudgetKey::MaxHttpCalls, 1)]),
            Self::Exec(exec) if is_cache_operation(exec, live) => {
                Cost::from([(BudgetKey::MaxCacheOperations, 1)])
            }
            Self::Exec(_) => Cost::from([(BudgetKey::MaxCommands, 1)]),
        }
    }

    /// The blast radius for people: `restarts 6 of 6 pods`, `changes nothing`.
    #[must_use]
    pub fn blast(&self, live: &LiveFacts) -> String {
        if self.only_looks() {
            return "changes nothing".to_owned();
        }
        let pods = live.replicas;
        let all_pods = format!("{pods} of {}", counted(pods, "pod"));
        match self {
            Self::Get(_) | Self::Logs(_) | Self::Describe { .. } | Self::RolloutStatus { .. } => {
                "changes nothing".to_owned()
            }
            Self::RolloutRestart { .. } => format!("restarts {all_pods}"),
            Self::RolloutUndo { .. } => format!("takes one rollout back and restarts {all_pods}"),
            Self::DeletePod { .. } => "deletes 1 pod".to_owned(),
            Self::Scale { replicas, .. } if *replicas >= pods => {
                format!(
                    "adds {} ({pods} to {replicas})",
                    counted(replicas.saturating_sub(pods), "replica")
                )
            }
            Self::Scale { replicas, .. } => {
                format!(
                    "takes away {} ({pods} to {replicas})",
                    counted(pods.saturating_sub(*replicas), "replica")
                )
            }
            Self::CreateJob { .. } => "starts 1 Job".to_owned(),
            Self::Http(_) => "sends 1 request that may change something".to_owned(),
            Self::Exec(exec) if is_cache_operation(exec, live) => {
                "takes 1 of its cache operations".to_owned()
            }
            Self::Exec(_) => "runs 1 command in 1 pod".to_owned(),
        }
    }
}

fn is_cache_operation(exec: &Exec, live: &LiveFacts) -> bool {
    live.is_cache && matches!(classify(&exec.argv), ExecClass::CacheOperation { .. })
}

pub(super) fn counted(number: u32, what: &str) -> String {
    if number == 1 {
        format!("{number} {what}")
    } else {
        format!("{number} {what}s")
    }
}

impl BudgetKey {
    /// The runbook's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MaxPodRestarts => "max_pod_restarts",
            Self::MaxCacheOperations => "max_cache_operations",
            Self::MaxCommands => "max_commands",
            Self::MaxReplicaChanges => "max_replica_changes",
            Self::MaxRollbacks => "max_rollbacks",
            Self::MaxJobs => "max_jobs",
            Self::MaxHttpCalls => "max_http_calls",
        }
    }
}
