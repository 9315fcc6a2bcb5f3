//! Where each kind of object lives in the API, and what people call it.

use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject};

use crate::domain::action::{Kind, ObjectRef};
use crate::domain::ids::Namespace;

/// Whether objects of a kind live in a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Namespaced,
    Cluster,
}

/// The place of a kind: group, version, Kind, plural, scope. HorizontalPodAutoscaler is asked for as `autoscaling/v1`,
/// which every server from 1.20 to 1.36 has; CronJob as `batch/v1` (1.21 and later).
const fn place(kind: Kind) -> (&'static str, &'static str, &'static str, &'static str, Scope) {
    use Scope::{Cluster, Namespaced};
    match kind {
        Kind::Pod => ("", "v1", "Pod", "pods", Namespaced),
        Kind::Deployment => ("apps", "v1", "Deployment", "deployments", Namespaced),
        Kind::StatefulSet => ("apps", "v1", "StatefulSet", "statefulsets", Namespaced),
        Kind::DaemonSet => ("apps", "v1", "DaemonSet", "daemonsets", Namespaced),
        Kind::ReplicaSet => ("apps", "v1", "ReplicaSet", "replicasets", Namespaced),
        Kind::Job => ("batch", "v1", "Job", "jobs", Namespaced),
        Kind::CronJob => ("batch", "v1", "CronJob", "cronjobs", Namespaced),
        Kind::Service => ("", "v1", "Service", "services", Namespaced),
        Kind::ConfigMap => ("", "v1", "ConfigMap", "configmaps", Namespaced),
        Kind::Node => ("", "v1", "Node", "nodes", Cluster),
        Kind::Namespace => ("", "v1", "Namespace", "namespaces", Cluster),
        Kind::Event => ("", "v1", "Event", "events", Namespaced),
        Kind::Ingress => ("networking.k8s.io", "v1", "Ingress", "ingresses", Namespaced),
        Kind::Endpoints => ("", "v1", "Endpoints", "endpoints", Namespaced),
        Kind::HorizontalPodAutoscaler => (
            "autoscaling",
            "v1",
            "HorizontalPodAutoscaler",
            "horizontalpodautoscalers",
            Namespaced,
        ),
        Kind::PersistentVolumeClaim => (
            "",
            "v1",
            "PersistentVolumeClaim",
            "persistentvolumeclaims",
            Namespaced,
        ),
        Kind::PodDisruptionBudget => (
            "policy",
            "v1",
            "PodDisruptionBudget",
            "poddisruptionbudgets",
            Namespaced,
        ),
    }
}

/// The resource as kube's generic API wants it.
#[must_use]
pub fn resource(kind: Kind) -> ApiResource {
    let (group, version, name, plural, _) = place(kind);
    let api_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    ApiResource {
        group: group.to_owned(),
        version: version.to_owned(),
        api_version,
        kind: name.to_owned(),
        plural: plural.to_owned(),
    }
}

/// What of a kind runs: where its pods come from and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// A pod.
    Itself,
    /// Pods of its template; JSON pointers to how many are wanted and how many are ready.
    Pods {
        wanted: &'static str,
        ready: &'static str,
    },
    /// Jobs of its template.
    Jobs,
    Nothing,
}

#[must_use]
pub const fn runs(kind: Kind) -> Runs {
    match kind {
        Kind::Pod => Runs::Itself,
        Kind::Deployment | Kind::StatefulSet | Kind::ReplicaSet => Runs::Pods {
            wanted: "/spec/replicas",
            ready: "/status/readyReplicas",
        },
        Kind::DaemonSet => Runs::Pods {
            wanted: "/status/desiredNumberScheduled",
            ready: "/status/numberReady",
        },
        Kind::Job => Runs::Pods {
            wanted: "/spec/parallelism",
            ready: "/status/ready",
        },
        Kind::CronJob => Runs::Jobs,
        Kind::Service
        | Kind::ConfigMap
        | Kind::Node
        | Kind::Namespace
        | Kind::Event
        | Kind::Ingress
        | Kind::Endpoints
        | Kind::HorizontalPodAutoscaler
        | Kind::PersistentVolumeClaim
        | Kind::PodDisruptionBudget => Runs::Nothing,
    }
}

#[must_use]
pub const fn scope(kind: Kind) -> Scope {
    place(kind).4
}

/// The kind of an owner, where it is one that we know; an owner's version may be another than the one we ask for.
#[must_use]
pub fn of_owner(api_version: &str, name: &str) -> Option<Kind> {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let owners = [
        Kind::ReplicaSet,
        Kind::Deployment,
        Kind::StatefulSet,
        Kind::DaemonSet,
        Kind::Job,
        Kind::CronJob,
    ];
    owners.into_iter().find(|kind| {
        let (known, _, kind_name, _, _) = place(*kind);
        known == group && kind_name == name
    })
}

/// `Deployment`, as manifests write it.
#[must_use]
pub const fn kind_name(kind: Kind) -> &'static str {
    place(kind).2
}

/// `apps`; empty for the core group.
#[must_use]
pub const fn group(kind: Kind) -> &'static str {
    place(kind).0
}

/// `deployments`.
#[must_use]
pub const fn plural(kind: Kind) -> &'static str {
    place(kind).3
}

/// `deployment`, as commands and messages write it.
#[must_use]
pub fn word(kind: Kind) -> String {
    kind_name(kind).to_ascii_lowercase()
}

/// `deployment.apps/redis-primary`, as kubectl prints what it changed.
#[must_use]
pub fn printed(object: &ObjectRef) -> String {
    printed_as(object.kind, &object.name)
}

/// [`printed`], of a kind and a name.
#[must_use]
pub fn printed_as(kind: Kind, name: &str) -> String {
    let group = place(kind).0;
    let dot = if group.is_empty() { "" } else { "." };
    format!("{}{dot}{group}/{name}", word(kind))
}

/// The objects of a kind, in one namespace, or everywhere when it is `None` or the kind has no namespaces.
#[must_use]
pub fn objects(client: Client, kind: Kind, namespace: Option<&Namespace>) -> Api<DynamicObject> {
    let resource = resource(kind);
    match (scope(kind), namespace) {
        (Scope::Namespaced, Some(namespace)) => Api::namespaced_with(client, namespace.as_str(), &resource),
        (Scope::Namespaced, None) | (Scope::Cluster, _) => Api::all_with(client, &resource),
    }
}

/// The objects beside the one named.
#[must_use]
pub fn siblings(client: Client, object: &ObjectRef) -> Api<DynamicObject> {
    objects(client, object.kind, Some(&object.namespace))
}
