//! From an order to the verb that carries it out.

use std::sync::OnceLock;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use super::attempt::{Attempt, Outcome, Same};
use super::clusters::Clusters;
use super::resolve::{self, Want};
use super::{change, create_job, describe, exec, get, logs, restart, rollout_status, undo};

use crate::actions::Mark;
use crate::actions::runner::Task;
use crate::actions::verdict::Verdict;
use crate::domain::action::{Action, Exec};
use crate::ports::TargetState;

/// Time on top of the deadline for a verb to end by itself.
const GRACE: Duration = Duration::from_millis(1900);

/// Carries out a task on its cluster. Gives the target as a change of ours left it, too.
pub(in crate::actions) async fn perform(
    clusters: &Clusters,
    task: &Task,
    mark: Mark,
    deadline: Instant,
    now: Timestamp,
) -> (Verdict, Option<TargetState>) {
    let Some(cluster) = task.action.cluster() else {
        return (Verdict::failed("this action is not one for a cluster"), None);
    };
    let client = match clusters.client_for(&cluster, &mark, task.tier, now).await {
        Ok(client) => client,
        Err(error) => return (Verdict::failed(format!("nothing was sent: {error}")), None),
    };
    let attempt = Attempt {
        client: match &task.permit {
            Some(permit) => permit.clone().guards(client),
            None => client,
        },
        mark,
        target: task.target.as_ref(),
        deadline,
        now,
        left: OnceLock::new(),
    };
    let verdict = match timeout_at(deadline + GRACE, verb(&attempt, &task.action)).await {
        Ok(Ok(verdict) | Err(verdict)) => verdict,
        Err(_) => Verdict::unknown("no answer in time; it may have happened"),
    };
    (verdict, attempt.left.into_inner())
}

async fn verb(attempt: &Attempt<'_>, action: &Action) -> Outcome {
    match action {
        Action::Exec(wanted) => run_command(attempt, wanted).await,
        Action::RolloutRestart { target } => restart::run(attempt, target).await,
        Action::RolloutUndo { target, to_revision } => undo::run(attempt, target, *to_revision).await,
        Action::RolloutStatus { target } => rollout_status::run(attempt, target).await,
        Action::Scale { target, replicas } => change::scale(attempt, target, *replicas).await,
        Action::DeletePod { target } => change::delete_pod(attempt, target).await,
        Action::CreateJob { from, name } => create_job::run(attempt, from, name).await,
        Action::Get(wanted) => get::run(attempt, wanted).await,
        Action::Logs(wanted) => logs::run(attempt, wanted).await,
        Action::Describe { target } => describe::run(attempt, target).await,
        Action::Http(_) => Err(Verdict::failed("this action is not one for a cluster")),
    }
}

async fn run_command(attempt: &Attempt<'_>, wanted: &Exec) -> Outcome {
    let live = attempt.live(&wanted.target, Same::Object).await?;
    let choosing = async {
        let pod = resolve::pod(&attempt.client, &wanted.target, &live, Want::Ready).await?;
        let container = resolve::container(&pod, attempt.container().or(wanted.container.as_deref()))?;
        Ok((pod, container.name))
    };
    let (pod, container) = match timeout_at(attempt.deadline, choosing).await {
        Ok(Ok(chosen)) => chosen,
        Ok(Err(why)) => {
            let why: resolve::Unresolved = why;
            return Err(Verdict::failed(format!("the command was not started: {why}")));
        }
        Err(_) => {
            return Err(Verdict::failed(
                "the command was not started: no pod was found in time",
            ));
        }
    };
    let command = exec::at(&pod, &wanted.target.namespace, &container, &wanted.argv);
    Ok(exec::run(attempt.client.clone(), command, attempt.deadline).await)
}
