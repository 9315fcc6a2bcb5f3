//! What the panel shows of the cluster, the scenarios and the faults: plain data.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// The clusters at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ClusterPanel {
    pub clusters: Vec<ClusterView>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClusterView {
    pub name: String,
    pub namespaces: Vec<NamespaceView>,
    /// What reached the cluster and changed or ran something, newest first.
    pub activity: Vec<ActivityView>,
    /// Newest first.
    pub events: Vec<EventView>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NamespaceView {
    pub name: String,
    pub workloads: Vec<WorkloadView>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkloadView {
    /// `Deployment`, `StatefulSet`, `CronJob`, `Job`, …
    pub kind: String,
    pub name: String,
    pub health: Health,
    /// One line in words: "ready", "connection pool exhausted", "ImagePullBackOff".
    pub status: String,
    pub ready: u32,
    pub desired: u32,
    /// Image without the registry, for example `api-gateway:2.14.0`.
    pub image: String,
    /// Of deployments: which revision is rolled out.
    pub revision: Option<u64>,
    pub pods: Vec<PodView>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PodView {
    pub name: String,
    /// As `kubectl get pods` words it: `Running`, `CrashLoopBackOff`, `Pending`, …
    pub status: String,
    pub health: Health,
    pub restarts: u32,
    pub started_at: Option<Timestamp>,
}

/// How something is, for its colour and its mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    Good,
    /// On its way: pending, rolling out, terminating.
    Changing,
    Bad,
    /// Finished or scaled to nothing.
    Idle,
}

/// One thing that somebody did to a cluster.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ActivityView {
    pub at: Timestamp,
    /// `exec`, `patch`, `delete`, `create`, …
    pub verb: String,
    /// `production/redis-primary-0`
    pub target: String,
    /// The command of an exec, or what changed.
    pub what: String,
    /// "exit 0", "201 Created", "forbidden".
    pub outcome: String,
    pub ok: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventView {
    pub at: Timestamp,
    pub object: String,
    pub reason: String,
    pub message: String,
    pub warning: bool,
}

/// A story that can be fired.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScenarioInfo {
    pub id: String,
    pub title: String,
    /// What will happen, in a sentence.
    pub story: String,
    /// Whether it is under way.
    pub running: bool,
}

/// One of the doubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Double {
    Slack,
    Cluster,
    Pager,
}

/// One way to fail.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FaultInfo {
    /// `slack.rate_limited`, `cluster.drop_exec`, …
    pub id: String,
    pub double: Double,
    pub title: String,
    pub help: String,
    /// The value that the page's switch sets.
    pub default: Value,
    /// The value in force, when it is on.
    pub active: Option<Value>,
}
