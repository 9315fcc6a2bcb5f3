//! What an action takes from the blast-radius budget on the live cluster, and the words for it.

use crate::domain::action::{Action, BudgetKey, Cost, HttpMethod};
use crate::ports::TargetState;

/// What the action would take. `target` is the live state of what it names.
#[must_use]
pub fn cost(action: &Action, target: Option<&TargetState>) -> Cost {
    let pods = target.map_or(0, |target| target.replicas);
    match action {
        Action::Exec(_) => Cost::from([(BudgetKey::MaxCommands, 1)]),
        Action::RolloutRestart { .. } => Cost::from([(BudgetKey::MaxPodRestarts, pods)]),
        Action::RolloutUndo { .. } => {
            Cost::from([(BudgetKey::MaxPodRestarts, pods), (BudgetKey::MaxRollbacks, 1)])
        }
        Action::Scale { replicas, .. } => {
            Cost::from([(BudgetKey::MaxReplicaChanges, replicas.abs_diff(pods))])
        }
        Action::DeletePod { .. } => Cost::from([(BudgetKey::MaxPodRestarts, 1)]),
        Action::CreateJob { .. } => Cost::from([(BudgetKey::MaxJobs, 1)]),
        Action::Http(request) => match request.method {
            HttpMethod::Get | HttpMethod::Head => Cost::new(),
            HttpMethod::Post | HttpMethod::Put | HttpMethod::Patch | HttpMethod::Delete => {
                Cost::from([(BudgetKey::MaxHttpCalls, 1)])
            }
        },
        Action::Get(_) | Action::Logs(_) | Action::Describe { .. } | Action::RolloutStatus { .. } => {
            Cost::new()
        }
    }
}

/// The blast for people: `restarts 6 of 6 pods`, `changes nothing`.
#[must_use]
pub fn blast(action: &Action, target: Option<&TargetState>) -> String {
    let (pods, ready) = target.map_or((0, 0), |target| (target.replicas, target.ready));
    match action {
        Action::Exec(_) => "runs one command in 1 pod".to_owned(),
        Action::RolloutRestart { .. } => format!("restarts {pods} of {pods} pods ({ready} ready now)"),
        Action::RolloutUndo { .. } => format!("replaces {pods} of {pods} pods by an earlier revision"),
        Action::Scale { replicas, .. } if *replicas == pods => format!("stays at {pods} replicas"),
        Action::Scale { replicas, .. } => format!("from {pods} to {replicas} replicas"),
        Action::DeletePod { .. } => "1 pod".to_owned(),
        Action::CreateJob { .. } => "1 job".to_owned(),
        Action::Http(request) => match request.method {
            HttpMethod::Get | HttpMethod::Head => "changes nothing".to_owned(),
            HttpMethod::Post | HttpMethod::Put | HttpMethod::Patch | HttpMethod::Delete => {
                "1 request that may change something".to_owned()
            }
        },
        Action::Get(_) | Action::Logs(_) | Action::Describe { .. } | Action::RolloutStatus { .. } => {
            "changes nothing".to_owned()
        }
    }
}
