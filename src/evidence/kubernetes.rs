//! What happened lately to a workload in Kubernetes: its events, and the revisions that were rolled out. "What changed"
//! is the first question of most incidents.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::Event;
use kube::api::{Api, ListParams};
use kube::{Client, ResourceExt as _};
use tokio::time::timeout;

use crate::domain::ids::Namespace;

/// A look takes at most this long.
const LIMIT: Duration = Duration::from_secs(5);
/// Objects that are read at most.
const AT_MOST: u32 = 500;
/// The number that the deployment controller gives each ReplicaSet.
const REVISION: &str = "deployment.kubernetes.io/revision";
const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// The cluster could not be asked, or refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LookError {
    #[error("the cluster refused: {0}")]
    Refused(String),
    #[error("the cluster could not be asked: {0}")]
    Unreachable(String),
}

/// One thing that the cluster noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// When last; `None` where the cluster gave no time.
    pub at: Option<Timestamp>,
    /// True for `Warning`.
    pub is_warning: bool,
    /// `Pod redis-primary-5d4…`.
    pub about: String,
    pub reason: String,
    pub message: String,
    /// How often, at least 1.
    pub count: u32,
}

/// One pod template that was rolled out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollout {
    pub revision: i64,
    pub since: Option<Timestamp>,
    pub images: Vec<String>,
    /// What its author wrote as the cause, if anything.
    pub cause: Option<String>,
    /// Pods that run it now.
    pub pods: u32,
}

/// The newest events about a workload, its ReplicaSets and its pods, newest first.
///
/// # Errors
/// The cluster refused or could not be asked within 5 s.
pub async fn events(
    client: &Client,
    namespace: &Namespace,
    workload: &str,
    limit: usize,
) -> Result<Vec<Happened>, LookError> {
    let api: Api<Event> = Api::namespaced(client.clone(), namespace.as_str());
    let mut found: Vec<Happened> = list(api.list(&ListParams::default().limit(AT_MOST)))
        .await?
        .into_iter()
        .filter(|event| is_about(event.involved_object.name.as_deref().unwrap_or(""), workload))
        .map(happened)
        .collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.at));
    found.truncate(limit);
    Ok(found)
}

/// The revisions of all deployments of a namespace that came after a moment, oldest first, each with its deployment. The
/// first revision of a deployment is left out: what is new replaces nothing.
///
/// # Errors
/// The cluster refused or could not be asked within 5 s.
pub async fn rollouts(
    client: &Client,
    namespace: &Namespace,
    after: Timestamp,
) -> Result<Vec<(String, Rollout)>, LookError> {
    let api: Api<ReplicaSet> = Api::namespaced(client.clone(), namespace.as_str());
    let of = |set: ReplicaSet| {
        let mut owners = set.owner_references().iter();
        let owner = owners.find(|owner| owner.kind == "Deployment")?.name.clone();
        Some((owner, rollout(set)))
    };
    let sets = list(api.list(&ListParams::default().limit(AT_MOST))).await?;
    let mut found: Vec<(String, Rollout)> = sets
        .into_iter()
        .filter_map(of)
        .filter(|(_, rollout)| rollout.revision > 1 && rollout.since.is_some_and(|since| since > after))
        .collect();
    found.sort_by_key(|(_, rollout)| rollout.since);
    Ok(found)
}

async fn list<T: Clone>(
    listing: impl Future<Output = Result<kube::api::ObjectList<T>, kube::Error>>,
) -> Result<Vec<T>, LookError> {
    match timeout(LIMIT, listing).await {
        Ok(Ok(list)) => Ok(list.items),
        Ok(Err(kube::Error::Api(status))) => Err(LookError::Refused(status.message.clone())),
        Ok(Err(error)) => Err(LookError::Unreachable(error.to_string())),
        Err(_) => Err(LookError::Unreachable("no answer within 5 s".to_owned())),
    }
}

/// Pods and ReplicaSets carry the workload's name with a generated part behind it.
fn is_about(name: &str, workload: &str) -> bool {
    name.strip_prefix(workload)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn happened(event: Event) -> Happened {
    let object = &event.involved_object;
    let about = format!(
        "{} {}",
        object.kind.as_deref().unwrap_or("?"),
        object.name.as_deref().unwrap_or("?")
    );
    let times = [
        event.last_timestamp.map(|time| time.0),
        event.event_time.map(|time| time.0),
    ];
    Happened {
        at: times
            .into_iter()
            .flatten()
            .next()
            .or(event.first_timestamp.map(|time| time.0)),
        is_warning: event.type_.as_deref() == Some("Warning"),
        about,
        reason: event.reason.unwrap_or_default(),
        message: event.message.unwrap_or_default(),
        count: event
            .count
            .and_then(|count| u32::try_from(count).ok())
            .unwrap_or(1)
            .max(1),
    }
}

fn rollout(set: ReplicaSet) -> Rollout {
    let annotations = set.annotations();
    let revision = annotations
        .get(REVISION)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let cause = annotations.get(CHANGE_CAUSE).cloned();
    let template = set.spec.template.and_then(|template| template.spec);
    let containers = template.map(|spec| spec.containers).unwrap_or_default();
    Rollout {
        revision,
        since: set.metadata.creation_timestamp.map(|time| time.0),
        images: containers
            .into_iter()
            .filter_map(|container| container.image)
            .collect(),
        cause,
        pods: set
            .status
            .map_or(0, |status| u32::try_from(status.replicas).unwrap_or(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_carries_the_workloads_name_is_about_it() {
        assert!(is_about("redis-primary", "redis-primary"));
        assert!(is_about("redis-primary-5d4f-x2x", "redis-primary"));
        assert!(!is_about("redis-primaryx", "redis-primary"));
        assert!(!is_about("redis", "redis-primary"));
    }
}
