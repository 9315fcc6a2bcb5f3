//! The small changes: scale, and delete of one pod.

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams, DynamicObject, Preconditions};
use kube::core::response::StatusSummary;
use serde_json::json;

use super::attempt::{Attempt, Outcome, Same, unchanged};
use super::kinds;
use super::look;
use super::write::{self, Change, another};
use crate::actions::verdict::Verdict;
use crate::domain::action::ObjectRef;

/// `kubectl scale`, through the scale subresource. Refused with 409 when anything changed the object after our reading.
///
/// # Errors
/// The verdict when nothing was changed.
pub async fn scale(attempt: &Attempt<'_>, target: &ObjectRef, replicas: u32) -> Outcome {
    let live = attempt.live(target, Same::Spec).await?;
    let change = |live: &DynamicObject| {
        Change::Scale(json!({
            "metadata": {"resourceVersion": look::version(live)},
            "spec": {"replicas": replicas},
        }))
    };
    let done = format!("{} scaled to {replicas}", kinds::printed(target));
    match write::write(attempt, target, live, change).await {
        Ok(()) => Ok(Verdict::done(format!("{done}\n"))),
        Err(failure) => {
            let evidence =
                |live: &DynamicObject| look::number(&live.data, "/spec/replicas") == i64::from(replicas);
            Ok(attempt.after_write(failure, target, evidence, done).await)
        }
    }
}

/// `kubectl delete pod`, of exactly the pod that was approved. Does not wait until it is gone.
///
/// # Errors
/// The verdict when nothing was changed.
pub async fn delete_pod(attempt: &Attempt<'_>, target: &ObjectRef) -> Outcome {
    let live = attempt.live(target, Same::Object).await?;
    let pods: Api<Pod> = Api::namespaced(attempt.client.clone(), target.namespace.as_str());
    let precondition = Preconditions {
        uid: Some(look::uid(&live).to_owned()),
        resource_version: None,
    };
    let params = DeleteParams {
        preconditions: Some(precondition),
        ..DeleteParams::default()
    };
    match attempt.ask(pods.delete(&target.name, &params)).await {
        // The pod that goes, or a Status once it is gone.
        Ok(answer)
            if answer.as_ref().either(
                |pod| pod.metadata.uid.as_deref() == Some(look::uid(&live)),
                |status| status.status == Some(StatusSummary::Success),
            ) =>
        {
            Ok(Verdict::done(format!("pod \"{}\" deleted\n", target.name)))
        }
        Ok(_) => Ok(Verdict::unknown(format!(
            "{}; the pod may be gone or going",
            another(target)
        ))),
        Err(failure) if failure.leaves_open() => Ok(Verdict::unknown(format!(
            "{failure}; the pod may be gone or going"
        ))),
        Err(failure) => Err(unchanged(failure)),
    }
}
