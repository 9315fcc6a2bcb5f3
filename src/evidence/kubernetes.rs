//! What was rolled out lately in Kubernetes. "What changed" is the first question of most incidents.
//!
//! Invariant: nothing is left out unsaid. A namespace is read page by page to its end, and one that has more than is ever read
//! says so.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::ReplicaSet;
use kube::api::{Api, ListParams};
use kube::{Client, ResourceExt as _};
use tokio::time::timeout;

use crate::domain::ids::Namespace;

/// A look takes at most this long, all its pages together.
const LIMIT: Duration = Duration::from_secs(5);
/// Objects of a page, as kubectl asks for them, and pages of a look.
const PAGE: u32 = 500;
const PAGES: usize = 20;
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
    #[error("the namespace has more than {0} ReplicaSets; lower `revisionHistoryLimit` of its deployments")]
    TooMany(usize),
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

/// The revisions of all deployments of a namespace that came after a moment, oldest first, each with its deployment. The
/// first revision of a deployment is left out: what is new replaces nothing.
///
/// # Errors
/// The cluster refused, could not be asked within 5 s, or has more than is read.
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
    let late = || LookError::Unreachable("no answer within 5 s".to_owned());
    let sets = timeout(LIMIT, all(&api)).await.map_err(|_| late())??;
    let mut found: Vec<(String, Rollout)> = sets
        .into_iter()
        .filter_map(of)
        .filter(|(_, rollout)| rollout.revision > 1 && rollout.since.is_some_and(|since| since > after))
        .collect();
    found.sort_by_key(|(_, rollout)| rollout.since);
    Ok(found)
}

/// Every page. The server gives them by name, so what is newest may stand on any of them.
async fn all(api: &Api<ReplicaSet>) -> Result<Vec<ReplicaSet>, LookError> {
    let mut found = Vec::new();
    let mut asked = ListParams::default().limit(PAGE);
    for _ in 0..PAGES {
        let page = api.list(&asked).await.map_err(|error| match error {
            kube::Error::Api(status) => LookError::Refused(status.message.clone()),
            error => LookError::Unreachable(error.to_string()),
        })?;
        found.extend(page.items);
        match page.metadata.continue_.filter(|place| !place.is_empty()) {
            Some(place) => asked = asked.continue_token(&place),
            None => return Ok(found),
        }
    }
    Err(LookError::TooMany(found.len()))
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
