//! From what a command names to the one pod and container it means. The same objects always lead to the same pod.
//!
//! A workload's pods are those that its selector finds and that it owns (for a deployment: through one of its
//! ReplicaSets, the newest preferred); two workloads with overlapping selectors are kept apart that way.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::Client;
use kube::api::{Api, DynamicObject, ListParams};
use serde_json::Value;

use super::failure::Failure;
use super::kinds::{self, Runs};
use super::look;
use crate::domain::action::{Kind, ObjectRef};
use crate::ports::ContainerState;

/// Most objects that are read to find a pod.
const AT_MOST: u32 = 500;
/// What kubectl takes when no container is named.
pub const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

/// Whether a pod has to be able to take a command, or only to have existed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Exec: running and ready.
    Ready,
    /// Logs: the one that tells most of what happens now, ready or not.
    Telling,
}

/// Why no pod or container could be chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, strum::VariantNames)]
pub enum Unresolved {
    #[error(transparent)]
    Failure(#[from] Failure),
    #[error("{0} has no selector that can be followed to its pods")]
    NoSelector(String),
    #[error("{what} has no pod that is ready ({states}); nothing can be run in it")]
    NoReadyPod { what: String, states: String },
    #[error("{0} has no pods")]
    NoPods(String),
    #[error("pod `{pod}` is not ready ({state}); nothing can be run in it")]
    PodNotReady { pod: String, state: String },
    #[error("a {0} has no pods: name a pod, a deployment, a statefulset or a daemonset")]
    NotAWorkload(String),
    #[error("pod `{pod}` has no container `{wanted}`; it has {containers}")]
    NoSuchContainer {
        pod: String,
        wanted: String,
        containers: String,
    },
}

/// The pod of a live object: itself, or one that the workload owns.
///
/// # Errors
/// None is there or ready, or the cluster could not be asked.
pub async fn pod(
    client: &Client,
    object: &ObjectRef,
    live: &DynamicObject,
    want: Want,
) -> Result<DynamicObject, Unresolved> {
    match kinds::runs(object.kind) {
        Runs::Itself if want == Want::Ready && !is_ready(live) => Err(Unresolved::PodNotReady {
            pod: object.name.clone(),
            state: pod_state(live),
        }),
        Runs::Itself => Ok(live.clone()),
        Runs::Pods { .. } => choose(object, owned_pods(client, object, live).await?, want),
        Runs::Jobs | Runs::Nothing => Err(Unresolved::NotAWorkload(kinds::word(object.kind))),
    }
}

/// A pod and the revision number of the ReplicaSet that owns it; 0 for other owners.
struct Owned {
    pod: DynamicObject,
    revision: i64,
}

async fn owned_pods(
    client: &Client,
    object: &ObjectRef,
    live: &DynamicObject,
) -> Result<Vec<Owned>, Unresolved> {
    let selector =
        look::selector(&live.data).ok_or_else(|| Unresolved::NoSelector(kinds::printed(object)))?;
    let owners = match object.kind {
        Kind::Deployment => {
            let sets = kinds::objects(client.clone(), Kind::ReplicaSet, Some(&object.namespace));
            let sets = list(&sets, &selector).await?;
            let own = sets.into_iter().filter(|set| is_owned_by(set, look::uid(live)));
            own.map(|set| (look::uid(&set).to_owned(), revision(&set)))
                .collect()
        }
        Kind::Pod
        | Kind::StatefulSet
        | Kind::DaemonSet
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
        | Kind::PodDisruptionBudget => BTreeMap::from([(look::uid(live).to_owned(), 0)]),
    };
    let pods = kinds::objects(client.clone(), Kind::Pod, Some(&object.namespace));
    let pods = list(&pods, &selector).await?;
    let owned = pods.into_iter().filter_map(|pod| {
        let revision = controller(&pod).and_then(|uid| owners.get(uid)).copied()?;
        Some(Owned { pod, revision })
    });
    Ok(owned.collect())
}

/// For a command: ready before not ready, newest ReplicaSet first, then the pod that has been there longest. For a log: what
/// has started at all, newest ReplicaSet first, then the pod that started last. Then by name.
fn choose(object: &ObjectRef, mut pods: Vec<Owned>, want: Want) -> Result<DynamicObject, Unresolved> {
    pods.sort_by_cached_key(|owned| {
        let created = owned.pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
        let (able, age) = match want {
            Want::Ready => (is_ready(&owned.pod), (created, None)),
            Want::Telling => {
                let started = started(&owned.pod);
                (started.is_some(), (None, Some(Reverse(started.max(created)))))
            }
        };
        (
            Reverse(able),
            Reverse(owned.revision),
            age,
            look::name(&owned.pod).to_owned(),
        )
    });
    let states = || {
        let each: Vec<String> = pods
            .iter()
            .take(5)
            .map(|owned| format!("{}: {}", look::name(&owned.pod), pod_state(&owned.pod)))
            .collect();
        each.join(", ")
    };
    match pods.first() {
        None => Err(Unresolved::NoPods(kinds::printed(object))),
        Some(first) if want == Want::Ready && !is_ready(&first.pod) => Err(Unresolved::NoReadyPod {
            what: kinds::printed(object),
            states: states(),
        }),
        Some(first) => Ok(first.pod.clone()),
    }
}

/// The container that is meant, chosen as kubectl chooses: the one named, the one that the pod says is its default,
/// else the first.
///
/// # Errors
/// The one named isn't there, or the pod has none.
pub fn container(pod: &DynamicObject, wanted: Option<&str>) -> Result<ContainerState, Unresolved> {
    let spec = pod.data.pointer("/spec/containers").and_then(Value::as_array);
    let names: Vec<&str> = spec
        .into_iter()
        .flatten()
        .map(|one| look::text(one, "/name"))
        .collect();
    let default = look::annotation(pod, DEFAULT_CONTAINER).filter(|name| names.contains(name));
    let chosen = match wanted {
        Some(wanted) => names.iter().copied().find(|name| *name == wanted),
        None => default.or(names.first().copied()),
    };
    let Some(chosen) = chosen else {
        return Err(Unresolved::NoSuchContainer {
            pod: look::name(pod).to_owned(),
            wanted: wanted.unwrap_or_default().to_owned(),
            containers: names.join(", "),
        });
    };
    let beside = names.iter().filter(|name| **name != chosen);
    Ok(ContainerState {
        name: chosen.to_owned(),
        beside: beside.map(|name| (*name).to_owned()).collect(),
    })
}

/// Lists by selector, fresh from the store of the cluster. An API that the cluster doesn't have has no objects.
pub async fn list(api: &Api<DynamicObject>, selector: &str) -> Result<Vec<DynamicObject>, Failure> {
    let params = ListParams::default().labels(selector).limit(AT_MOST);
    match api.list(&params).await.map_err(Failure::from) {
        Ok(found) => Ok(found.items),
        Err(Failure::NoSuchApi(_)) => Ok(Vec::new()),
        Err(failure) => Err(failure),
    }
}

/// The owner that controls the object.
#[must_use]
pub fn owner(live: &DynamicObject) -> Option<&OwnerReference> {
    let owners = live.metadata.owner_references.as_deref()?;
    owners.iter().find(|owner| owner.controller == Some(true))
}

/// The uid of the owner that controls the object.
#[must_use]
pub fn controller(live: &DynamicObject) -> Option<&str> {
    owner(live).map(|owner| owner.uid.as_str())
}

#[must_use]
pub fn is_owned_by(live: &DynamicObject, uid: &str) -> bool {
    controller(live) == Some(uid)
}

/// The number that the deployment controller gave a ReplicaSet.
#[must_use]
pub fn revision(set: &DynamicObject) -> i64 {
    let text = look::annotation(set, "deployment.kubernetes.io/revision");
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Running, ready, and not on its way out.
#[must_use]
pub fn is_ready(pod: &DynamicObject) -> bool {
    look::text(&pod.data, "/status/phase") == "Running"
        && pod.metadata.deletion_timestamp.is_none()
        && look::condition(&pod.data, "Ready")
}

/// When a container of the pod was started last; `None` when none ever was, and then there is no log.
fn started(pod: &DynamicObject) -> Option<Timestamp> {
    let statuses = pod.data.pointer("/status/containerStatuses");
    let statuses = statuses.and_then(Value::as_array).into_iter().flatten();
    let of_container = |status: &Value| {
        let pointers = [
            "/state/running/startedAt",
            "/state/terminated/startedAt",
            "/lastState/terminated/startedAt",
        ];
        let times = pointers.map(|pointer| look::text(status, pointer).parse().ok());
        times.into_iter().flatten().max()
    };
    statuses.filter_map(of_container).max()
}

/// One word for the state of a pod: what kubectl shows in its STATUS column.
#[must_use]
pub fn pod_state(pod: &DynamicObject) -> String {
    if pod.metadata.deletion_timestamp.is_some() {
        return "Terminating".to_owned();
    }
    let statuses = pod
        .data
        .pointer("/status/containerStatuses")
        .and_then(Value::as_array);
    for status in statuses.into_iter().flatten() {
        for pointer in ["/state/waiting/reason", "/state/terminated/reason"] {
            let reason = look::text(status, pointer);
            if !reason.is_empty() {
                return reason.to_owned();
            }
        }
    }
    match look::text(&pod.data, "/status/phase") {
        "" => "Unknown".to_owned(),
        "Running" if !look::condition(&pod.data, "Ready") => "Running, not ready".to_owned(),
        phase => phase.to_owned(),
    }
}
