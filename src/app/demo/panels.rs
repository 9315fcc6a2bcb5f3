//! The cluster's own view in the words of the panel.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::playground::cluster::{self, ClusterDouble};
use crate::playground::page::{
    ActivityView, ClusterPanel, ClusterView, EventView, Health, NamespaceView, PodView, WorkloadView,
};

/// Requests that are shown of what reached the cluster.
const ACTIVITY_MOST: usize = 30;

/// The panel of one cluster.
pub fn cluster(double: &ClusterDouble) -> ClusterPanel {
    let view = double.snapshot();
    let mut namespaces: BTreeMap<String, Vec<WorkloadView>> = BTreeMap::new();
    for workload in &view.workloads {
        let pods = view
            .pods
            .iter()
            .filter(|pod| pod.namespace == workload.namespace && pod.workload == workload.name);
        namespaces
            .entry(workload.namespace.clone())
            .or_default()
            .push(row(workload, pods));
    }
    let namespaces = namespaces
        .into_iter()
        .map(|(name, workloads)| NamespaceView { name, workloads })
        .collect();
    ClusterPanel {
        clusters: vec![ClusterView {
            name: "demo".to_owned(),
            namespaces,
            activity: activity(&view),
            events: view.events.iter().map(event).collect(),
        }],
    }
}

fn row<'a>(
    workload: &cluster::WorkloadView,
    pods: impl Iterator<Item = &'a cluster::PodView>,
) -> WorkloadView {
    let pods: Vec<PodView> = pods.map(pod).collect();
    let count = |number: i64| u32::try_from(number).unwrap_or(0);
    let bad = pods
        .iter()
        .find(|pod| pod.health == Health::Bad)
        .map(|pod| pod.status.clone());
    let (health, status) = match (&bad, workload.ready, workload.desired) {
        (Some(status), _, _) => (Health::Bad, status.clone()),
        (None, _, 0) => (Health::Idle, "nothing to run".to_owned()),
        (None, ready, desired) if ready >= desired => (Health::Good, "ready".to_owned()),
        (None, ready, desired) => (Health::Changing, format!("{ready} of {desired} ready")),
    };
    WorkloadView {
        kind: workload.kind.clone(),
        name: workload.name.clone(),
        health,
        status,
        ready: count(workload.ready),
        desired: count(workload.desired),
        image: workload.image.rsplit('/').next().unwrap_or_default().to_owned(),
        revision: workload
            .revision
            .as_ref()
            .and_then(|revision| revision.parse().ok()),
        pods,
    }
}

fn pod(pod: &cluster::PodView) -> PodView {
    let health = match pod.state.as_str() {
        "Running" if pod.ready => Health::Good,
        "Succeeded" | "Completed" => Health::Idle,
        "Running" | "Pending" | "ContainerCreating" | "Terminating" => Health::Changing,
        _ => Health::Bad,
    };
    PodView {
        name: pod.name.clone(),
        status: pod.state.clone(),
        health,
        restarts: u32::try_from(pod.restarts).unwrap_or(0),
        started_at: pod.created.parse().ok(),
    }
}

/// What changed or ran something, newest first; looking is left out.
fn activity(view: &cluster::ClusterView) -> Vec<ActivityView> {
    let mut shown: Vec<ActivityView> = view
        .requests
        .iter()
        .filter(|request| {
            request.path.contains("/exec") || !matches!(request.method.as_str(), "GET" | "HEAD")
        })
        .map(|request| {
            let exec = request.path.contains("/exec");
            let code = request.code.unwrap_or(0);
            ActivityView {
                at: request.at,
                verb: if exec {
                    "exec".to_owned()
                } else {
                    request.method.to_lowercase()
                },
                target: request
                    .path
                    .trim_start_matches("/api/v1/")
                    .trim_start_matches("/apis/")
                    .to_owned(),
                what: request.audit_id.clone(),
                outcome: if code == 0 {
                    "under way".to_owned()
                } else {
                    code.to_string()
                },
                ok: (100..400).contains(&code),
            }
        })
        .collect();
    shown.sort_by_key(|activity| std::cmp::Reverse(activity.at));
    shown.truncate(ACTIVITY_MOST);
    shown
}

fn event(event: &cluster::EventView) -> EventView {
    EventView {
        at: event.at.parse().unwrap_or(Timestamp::UNIX_EPOCH),
        object: event.object.clone(),
        reason: event.reason.clone(),
        message: event.message.clone(),
        warning: event.warning,
    }
}
