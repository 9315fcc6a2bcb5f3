//! What an action is about: its cluster, namespace and object, and the key by which work on one target is serialised.

use crate::domain::ids::{ClusterName, Namespace};

use super::types::{Action, ObjectRef};

impl Action {
    /// The object that the action names; `None` for HTTP and for a `get` of many.
    /// For exec and logs the workload or pod as written, for a Job the CronJob that it is made from.
    #[must_use]
    pub fn names_target(&self) -> Option<ObjectRef> {
        match self {
            Self::Exec(exec) => Some(exec.target.clone()),
            Self::Logs(logs) => Some(logs.target.clone()),
            Self::Get(get) => get.name.as_ref().map(|name| ObjectRef {
                cluster: get.cluster.clone(),
                namespace: get.namespace.clone().unwrap_or_else(|| Namespace::new("")),
                kind: get.kind,
                name: name.clone(),
            }),
            Self::Describe { target }
            | Self::RolloutStatus { target }
            | Self::RolloutRestart { target }
            | Self::RolloutUndo { target, .. }
            | Self::Scale { target, .. }
            | Self::DeletePod { target } => Some(target.clone()),
            Self::CreateJob { from, .. } => Some(from.clone()),
            Self::Http(_) => None,
        }
    }

    /// The host and port that an HTTP action talks to; `None` for every other action.
    #[must_use]
    pub fn host(&self) -> Option<(String, u16)> {
        let Self::Http(request) = self else {
            return None;
        };
        let url = url::Url::parse(&request.url).ok()?;
        Some((url.host_str()?.to_owned(), url.port_or_known_default()?))
    }

    /// `CLUSTER/NAMESPACE/KIND/NAME` of what is written, or `http/HOST:PORT`. What it belongs to is known only once it is
    /// resolved: see [`PlannedStep::target_key`](crate::domain::plan::PlannedStep::target_key).
    /// `None` for what only looks, which needs no turn.
    #[must_use]
    pub fn target_key(&self) -> Option<String> {
        if self.only_looks() {
            return None;
        }
        match self {
            Self::Http(_) => {
                let (host, port) = self.host().unwrap_or_default();
                Some(format!("http/{host}:{port}"))
            }
            Self::Exec(_)
            | Self::Get(_)
            | Self::Logs(_)
            | Self::Describe { .. }
            | Self::RolloutStatus { .. }
            | Self::RolloutRestart { .. }
            | Self::RolloutUndo { .. }
            | Self::Scale { .. }
            | Self::DeletePod { .. }
            | Self::CreateJob { .. } => self.names_target().map(|object| object.key()),
        }
    }

    /// The namespace that the action acts in; `None` for HTTP, cluster-wide kinds and `-A`.
    #[must_use]
    pub fn namespace(&self) -> Option<Namespace> {
        match self {
            Self::Get(get) => get.namespace.clone(),
            Self::Exec(_)
            | Self::Logs(_)
            | Self::Describe { .. }
            | Self::RolloutStatus { .. }
            | Self::RolloutRestart { .. }
            | Self::RolloutUndo { .. }
            | Self::Scale { .. }
            | Self::DeletePod { .. }
            | Self::CreateJob { .. }
            | Self::Http(_) => self
                .names_target()
                .map(|object| object.namespace)
                .filter(|name| !name.as_str().is_empty()),
        }
    }

    /// The cluster; `None` for HTTP.
    #[must_use]
    pub fn cluster(&self) -> Option<ClusterName> {
        match self {
            Self::Get(get) => Some(get.cluster.clone()),
            Self::Exec(_)
            | Self::Logs(_)
            | Self::Describe { .. }
            | Self::RolloutStatus { .. }
            | Self::RolloutRestart { .. }
            | Self::RolloutUndo { .. }
            | Self::Scale { .. }
            | Self::DeletePod { .. }
            | Self::CreateJob { .. }
            | Self::Http(_) => self.names_target().map(|object| object.cluster),
        }
    }
}

impl ObjectRef {
    /// `CLUSTER/NAMESPACE/KIND/NAME`. A cluster's name may hold slashes, but the last three parts can't.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}/{}/{}", self.cluster, self.namespace, self.kind, self.name)
    }
}
