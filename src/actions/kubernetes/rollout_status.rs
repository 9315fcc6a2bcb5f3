//! `kubectl rollout status`: waits until a rollout is through. Worded as kubectl words it.

use std::time::Duration;

use kube::api::DynamicObject;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::attempt::{Attempt, Outcome, Same};
use super::look::{self, number, text};
use crate::actions::verdict::{Raw, Verdict};
use crate::domain::action::{Kind, ObjectRef};

/// Time between two looks.
const EVERY: Duration = Duration::from_millis(500);

/// How far a rollout is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    Complete(String),
    Waiting(String),
    /// It will not complete by waiting.
    Stuck(String),
}

/// Looks until it is through, stuck, or the time is up.
///
/// # Errors
/// The verdict when it is stuck or not through in time.
pub async fn run(attempt: &Attempt<'_>, target: &ObjectRef) -> Outcome {
    let mut said = String::new();
    loop {
        let live = attempt
            .live(target, Same::Object)
            .await
            .map_err(|verdict| add(verdict, &said))?;
        let waiting = match progress(target.kind, &live) {
            Progress::Complete(line) => return Ok(Verdict::done(format!("{said}{line}\n"))),
            Progress::Stuck(reason) => {
                return Err(Verdict::Failed {
                    reason,
                    raw: Raw::text(said),
                });
            }
            Progress::Waiting(line) => format!("{line}\n"),
        };
        if !said.ends_with(&waiting) {
            said.push_str(&waiting);
        }
        let next = Instant::now() + EVERY;
        if next >= attempt.deadline {
            let reason = format!("the rollout is not through in time: {}", waiting.trim_end());
            return Err(Verdict::Failed {
                reason,
                raw: Raw::text(said),
            });
        }
        sleep_until(next).await;
    }
}

fn add(verdict: Verdict, said: &str) -> Verdict {
    match verdict {
        Verdict::Failed { reason, .. } => Verdict::Failed {
            reason,
            raw: Raw::text(said),
        },
        other @ (Verdict::Done(_) | Verdict::Unknown { .. }) => other,
    }
}

/// How far the rollout of a workload is.
#[must_use]
pub fn progress(kind: Kind, live: &DynamicObject) -> Progress {
    let observed = number(&live.data, "/status/observedGeneration");
    let is_observed = observed > 0 && live.metadata.generation.unwrap_or(0) <= observed;
    let name = look::name(live);
    match kind {
        Kind::Deployment if is_observed => deployment(name, &live.data),
        Kind::DaemonSet if is_observed => daemon_set(name, &live.data),
        Kind::StatefulSet if is_observed => stateful_set(&live.data),
        Kind::Deployment => {
            Progress::Waiting("Waiting for deployment spec update to be observed...".to_owned())
        }
        Kind::DaemonSet => {
            Progress::Waiting("Waiting for daemon set spec update to be observed...".to_owned())
        }
        Kind::StatefulSet => {
            Progress::Waiting("Waiting for statefulset spec update to be observed...".to_owned())
        }
        Kind::Pod
        | Kind::ReplicaSet
        | Kind::Job
        | Kind::CronJob
        | Kind::Service
        | Kind::ConfigMap
        | Kind::Node
        | Kind::Namespace
        | Kind::Event
        | Kind::Ingress
        | Kind::Endpoints
        | Kind::HorizontalPodAutoscaler
        | Kind::PersistentVolumeClaim
        | Kind::PodDisruptionBudget => {
            Progress::Stuck(format!("a {} has no rollout", super::kinds::word(kind)))
        }
    }
}

fn deployment(name: &str, data: &Value) -> Progress {
    let is_late = look::conditions(data).any(|entry| {
        text(entry, "/type") == "Progressing" && text(entry, "/reason") == "ProgressDeadlineExceeded"
    });
    if is_late {
        return Progress::Stuck(format!("deployment \"{name}\" exceeded its progress deadline"));
    }
    let desired = number(data, "/spec/replicas");
    let (all, updated) = (
        number(data, "/status/replicas"),
        number(data, "/status/updatedReplicas"),
    );
    let available = number(data, "/status/availableReplicas");
    let waiting = |what: String| {
        Progress::Waiting(format!(
            "Waiting for deployment \"{name}\" rollout to finish: {what}..."
        ))
    };
    if updated < desired {
        return waiting(format!(
            "{updated} out of {desired} new replicas have been updated"
        ));
    }
    if all > updated {
        return waiting(format!("{} old replicas are pending termination", all - updated));
    }
    if available < updated {
        return waiting(format!("{available} of {updated} updated replicas are available"));
    }
    Progress::Complete(format!("deployment \"{name}\" successfully rolled out"))
}

fn daemon_set(name: &str, data: &Value) -> Progress {
    if text(data, "/spec/updateStrategy/type") == "OnDelete" {
        return Progress::Stuck(
            "rollout status is only available for RollingUpdate strategy type".to_owned(),
        );
    }
    let desired = number(data, "/status/desiredNumberScheduled");
    let updated = number(data, "/status/updatedNumberScheduled");
    let available = number(data, "/status/numberAvailable");
    let waiting = |what: String| {
        Progress::Waiting(format!(
            "Waiting for daemon set \"{name}\" rollout to finish: {what}..."
        ))
    };
    if updated < desired {
        return waiting(format!("{updated} out of {desired} new pods have been updated"));
    }
    if available < desired {
        return waiting(format!("{available} of {desired} updated pods are available"));
    }
    Progress::Complete(format!("daemon set \"{name}\" successfully rolled out"))
}

fn stateful_set(data: &Value) -> Progress {
    if text(data, "/spec/updateStrategy/type") == "OnDelete" {
        return Progress::Stuck(
            "rollout status is only available for RollingUpdate strategy type".to_owned(),
        );
    }
    let (desired, ready) = (
        number(data, "/spec/replicas"),
        number(data, "/status/readyReplicas"),
    );
    let updated = number(data, "/status/updatedReplicas");
    if ready < desired {
        return Progress::Waiting(format!("Waiting for {} pods to be ready...", desired - ready));
    }
    let partition = number(data, "/spec/updateStrategy/rollingUpdate/partition");
    if partition > 0 {
        let wanted = (desired - partition).max(0);
        return match updated < wanted {
            true => Progress::Waiting(format!(
                "Waiting for partitioned roll out to finish: {updated} out of {wanted} new pods have been updated..."
            )),
            false => Progress::Complete(format!(
                "partitioned roll out complete: {updated} new pods have been updated..."
            )),
        };
    }
    let (update, current) = (
        text(data, "/status/updateRevision"),
        text(data, "/status/currentRevision"),
    );
    if update != current {
        return Progress::Waiting(format!(
            "waiting for statefulset rolling update to complete {updated} pods at revision {update}..."
        ));
    }
    let pods = number(data, "/status/currentReplicas");
    Progress::Complete(format!(
        "statefulset rolling update complete {pods} pods at revision {current}..."
    ))
}
