//! What was changed lately in Kubernetes: revisions that were rolled out, and the config maps that they use. "What changed" is
//! the first question of most incidents.
//!
//! Invariants: nothing is left out unsaid: every list is read page by page to its end, and what could not be read is named
//! beside what could. Of config maps only the metadata is asked for, and of it names, times and managers are kept, never an
//! annotation, which may hold a copy of the values; Secrets are never asked for.
//!
//! Kubernetes keeps no user for a change. What it keeps is the field manager, which is the tool that wrote.

mod config_maps;
mod pages;
mod rollouts;
mod writers;

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::{Metadata, NamespaceResourceScope};
use kube::api::{Api, ListParams, PartialObjectMeta};
use kube::{Client, Resource};
use serde::de::DeserializeOwned;
use tokio::join;

use crate::domain::ids::Namespace;
use rollouts::Template;

pub use config_maps::{Use, Written};
pub use rollouts::Rollout;
pub use writers::By;

/// A list could not be read to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LookError {
    #[error("the cluster refused: {0}")]
    Refused(String),
    #[error("the cluster could not be asked: {0}")]
    Unreachable(String),
    #[error("there are more than {0}, which is as far as is read")]
    TooMany(usize),
    #[error("the cluster forgot the list twice while it was read")]
    Forgotten,
}

/// What rolls out pods.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Workload {
    pub kind: WorkloadKind,
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorkloadKind {
    Deployment,
    StatefulSet,
    DaemonSet,
}

impl WorkloadKind {
    fn of(owner: &str) -> Option<Self> {
        match owner {
            "Deployment" => Some(Self::Deployment),
            "StatefulSet" => Some(Self::StatefulSet),
            "DaemonSet" => Some(Self::DaemonSet),
            _ => None,
        }
    }
}

/// One thing that is looked at; each takes a right of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    DeploymentRollouts,
    SetRollouts,
    DeploymentWriters,
    StatefulSetWriters,
    DaemonSetWriters,
    ConfigMaps,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DeploymentRollouts => "rollouts of Deployments",
            Self::SetRollouts => "rollouts of StatefulSets and DaemonSets",
            Self::DeploymentWriters => "who wrote Deployments",
            Self::StatefulSetWriters => "who wrote StatefulSets",
            Self::DaemonSetWriters => "who wrote DaemonSets",
            Self::ConfigMaps => "config maps",
        })
    }
}

/// What a look at a namespace found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Oldest first.
    pub rollouts: Vec<Rollout>,
    /// Newest first, [`config_maps::MOST`] at most.
    pub config_maps: Vec<Written>,
    /// What this look does not know.
    pub unread: Vec<(Part, LookError)>,
}

/// Looks at a namespace: revisions and writes of config maps after a moment, and the newest revision of every workload, whenever it
/// was made. Takes at most 5 s.
pub async fn look(client: &Client, namespace: &Namespace, after: Timestamp) -> Seen {
    let sets: Api<ReplicaSet> = Api::namespaced(client.clone(), namespace.as_str());
    let revisions: Api<ControllerRevision> = Api::namespaced(client.clone(), namespace.as_str());
    let (sets, revisions, deployments, stateful, daemons, config_maps) = join!(
        pages::all(|asked| whole(sets.clone(), asked)),
        pages::all(|asked| whole(revisions.clone(), asked)),
        metadata::<Deployment>(client, namespace),
        metadata::<StatefulSet>(client, namespace),
        metadata::<DaemonSet>(client, namespace),
        metadata::<ConfigMap>(client, namespace),
    );
    let mut seen = Seen::default();
    let mut templates: Vec<Template> = Vec::new();
    templates.extend(
        seen.take(Part::DeploymentRollouts, sets)
            .into_iter()
            .filter_map(Template::of_set),
    );
    let revisions = seen.take(Part::SetRollouts, revisions);
    templates.extend(revisions.into_iter().filter_map(Template::of_revision));
    let mut owners: BTreeMap<Workload, ObjectMeta> = BTreeMap::new();
    for (part, kind, found) in [
        (Part::DeploymentWriters, WorkloadKind::Deployment, deployments),
        (Part::StatefulSetWriters, WorkloadKind::StatefulSet, stateful),
        (Part::DaemonSetWriters, WorkloadKind::DaemonSet, daemons),
    ] {
        for meta in seen.take(part, found) {
            let name = meta.name.clone().unwrap_or_default();
            owners.insert(Workload { kind, name }, meta);
        }
    }
    let newest = rollouts::newest(&templates);
    let config_maps = seen.take(Part::ConfigMaps, config_maps);
    seen.config_maps = config_maps::written(&config_maps, &newest, after);
    seen.rollouts = rollouts::told(&newest, &templates, &owners, after);
    seen
}

impl Seen {
    /// What was found, or nothing and the reason.
    fn take<T>(&mut self, part: Part, found: Result<Vec<T>, LookError>) -> Vec<T> {
        found.unwrap_or_else(|why| {
            self.unread.push((part, why));
            Vec::new()
        })
    }
}

async fn whole<K>(api: Api<K>, asked: ListParams) -> kube::Result<kube::api::ObjectList<K>>
where
    K: Clone + DeserializeOwned + fmt::Debug,
{
    api.list(&asked).await
}

/// The metadata of all objects of a kind, without what is in them.
async fn metadata<K>(client: &Client, namespace: &Namespace) -> Result<Vec<ObjectMeta>, LookError>
where
    K: Clone + fmt::Debug + DeserializeOwned + Metadata<Ty = ObjectMeta>,
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    let api: Api<K> = Api::namespaced(client.clone(), namespace.as_str());
    let ask = |asked: ListParams| {
        let api = api.clone();
        async move { api.list_metadata(&asked).await }
    };
    let found: Vec<PartialObjectMeta<K>> = pages::all(ask).await?;
    Ok(found.into_iter().map(|object| object.metadata).collect())
}
