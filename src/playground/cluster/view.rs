//! What a page shows of the cluster: plain data, newest first where it is a list of happenings.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::controller::deployment::REVISION;
use super::controller::{pod_status, pods};
use super::journal::RequestRecord;
use super::json;
use super::kinds::Kind;
use super::model::Model;
use super::shared::Shared;
use super::world::WorldState;

/// Happenings shown.
const RECENT: usize = 30;

/// The cluster at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClusterView {
    /// The model's time.
    pub now: Timestamp,
    /// Whether the API answers.
    pub api_up: bool,
    /// Nodes, by name.
    pub nodes: Vec<NodeView>,
    /// Deployments, StatefulSets, DaemonSets, Jobs and CronJobs, by namespace and name.
    pub workloads: Vec<WorkloadView>,
    /// Pods, by namespace and name.
    pub pods: Vec<PodView>,
    /// The newest events, newest first.
    pub events: Vec<EventView>,
    /// The newest requests, newest first.
    pub requests: Vec<RequestView>,
    /// What is true inside the containers.
    pub world: WorldState,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct NodeView {
    pub name: String,
    pub ready: bool,
}

/// A workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkloadView {
    /// `Deployment`, `StatefulSet`, …
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Pods that are ready (for Jobs: that succeeded).
    pub ready: i64,
    /// Pods that are wanted.
    pub desired: i64,
    /// Pods of the newest template.
    pub updated: i64,
    /// Revision, where the kind has one.
    pub revision: Option<String>,
    /// Image of the first container.
    pub image: String,
    /// Restarts of its pods, summed.
    pub restarts: i64,
    /// `kubernetes.io/change-cause`, if somebody set it.
    pub change_cause: Option<String>,
}

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PodView {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// uid.
    pub uid: String,
    /// The workload it belongs to; empty when to none.
    pub workload: String,
    /// The word of `kubectl get pods`: `Running`, `CrashLoopBackOff`, `Terminating`, …
    pub state: String,
    /// Whether all its containers are ready.
    pub ready: bool,
    /// Restarts of its containers.
    pub restarts: i64,
    /// Image of the first container.
    pub image: String,
    /// Node it runs on.
    pub node: String,
    /// When it was made.
    pub created: String,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventView {
    /// When it was seen last.
    pub at: String,
    /// Namespace.
    pub namespace: String,
    /// `Pod/name`.
    pub object: String,
    /// Whether it is a Warning.
    pub warning: bool,
    /// Reason.
    pub reason: String,
    /// Message.
    pub message: String,
    /// How often.
    pub count: i64,
}

/// A request; the same as the journal keeps.
pub type RequestView = RequestRecord;

/// Looks at everything.
pub(super) fn of(shared: &Shared) -> ClusterView {
    let requests = shared.journal(|journal| journal.recent(RECENT));
    let api_up = shared.faults.is_api_up();
    shared.read(|model| {
        let mut events = events(model, "");
        events.reverse();
        events.truncate(RECENT);
        ClusterView {
            now: model.now,
            api_up,
            nodes: nodes(model),
            workloads: workloads(model),
            pods: model
                .store
                .list(Kind::Pod, "")
                .map(|(_, object)| pod(model, object))
                .collect(),
            events,
            requests,
            world: model.world.clone(),
        }
    })
}

fn nodes(model: &Model) -> Vec<NodeView> {
    let ready = |name: &str| super::controller::kubelet::node_is_ready(model, name);
    model
        .store
        .list(Kind::Node, "")
        .map(|(key, _)| NodeView {
            name: key.name.clone(),
            ready: ready(&key.name),
        })
        .collect()
}

fn workloads(model: &Model) -> Vec<WorkloadView> {
    let kinds = [
        Kind::Deployment,
        Kind::StatefulSet,
        Kind::DaemonSet,
        Kind::Job,
        Kind::CronJob,
    ];
    let mut all: Vec<WorkloadView> = kinds
        .into_iter()
        .flat_map(|kind| model.store.list(kind, "").map(move |(_, object)| (kind, object)))
        .map(|(kind, object)| workload(model, kind, object))
        .collect();
    all.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    all
}

fn workload(model: &Model, kind: Kind, object: &Value) -> WorkloadView {
    let int = |pointer: &str| json::int(object, pointer).unwrap_or(0);
    let (namespace, name) = (
        json::text(object, "/metadata/namespace"),
        json::text(object, "/metadata/name"),
    );
    let restarts = model
        .store
        .list(Kind::Pod, namespace)
        .filter(|(_, pod)| {
            pod_status::workload(model, pod).is_some_and(|owner| owner == (kind, name.to_owned()))
        })
        .map(|(_, pod)| pod_status::restarts(pod))
        .sum();
    let revision = json::annotation(object, REVISION)
        .or_else(|| object.pointer("/status/updateRevision").and_then(Value::as_str))
        .map(str::to_owned);
    let mut image = json::text(object, "/spec/template/spec/containers/0/image");
    if image.is_empty() {
        image = json::text(object, "/spec/jobTemplate/spec/template/spec/containers/0/image");
    }
    WorkloadView {
        kind: kind.info().name.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        ready: int("/status/readyReplicas") + int("/status/numberReady") + int("/status/succeeded"),
        desired: int("/spec/replicas") + int("/status/desiredNumberScheduled") + int("/spec/completions"),
        updated: int("/status/updatedReplicas") + int("/status/updatedNumberScheduled"),
        revision,
        image: image.to_owned(),
        restarts,
        change_cause: json::annotation(object, "kubernetes.io/change-cause").map(str::to_owned),
    }
}

/// A pod as plain data.
pub(super) fn pod(model: &Model, object: &Value) -> PodView {
    let text = |pointer: &str| json::text(object, pointer).to_owned();
    PodView {
        namespace: text("/metadata/namespace"),
        name: text("/metadata/name"),
        uid: text("/metadata/uid"),
        workload: pod_status::workload(model, object).map_or_else(String::new, |(_, name)| name),
        state: pod_status::shown(object),
        ready: pods::is_ready(object) && !pods::is_leaving(object),
        restarts: pod_status::restarts(object),
        image: text("/spec/containers/0/image"),
        node: text("/spec/nodeName"),
        created: text("/metadata/creationTimestamp"),
    }
}

/// Events, oldest first; namespace empty for all.
pub(super) fn events(model: &Model, namespace: &str) -> Vec<EventView> {
    let version = |event: &Value| {
        json::text(event, "/metadata/resourceVersion")
            .parse::<u64>()
            .unwrap_or(0)
    };
    let mut found: Vec<(u64, EventView)> = model
        .store
        .list(Kind::Event, namespace)
        .map(|(_, event)| {
            let text = |pointer: &str| json::text(event, pointer).to_owned();
            let seen = EventView {
                at: text("/lastTimestamp"),
                namespace: text("/metadata/namespace"),
                object: format!(
                    "{}/{}",
                    text("/involvedObject/kind"),
                    text("/involvedObject/name")
                ),
                warning: json::text(event, "/type") == "Warning",
                reason: text("/reason"),
                message: text("/message"),
                count: json::int(event, "/count").unwrap_or(1),
            };
            (version(event), seen)
        })
        .collect();
    found.sort_by_key(|(version, _)| *version);
    found.into_iter().map(|(_, event)| event).collect()
}
