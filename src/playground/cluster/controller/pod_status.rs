//! A pod's status as the API shows it, made from the kubelet's record.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{kubelet, pods};
use crate::playground::cluster::json;
use crate::playground::cluster::kinds::Kind;
use crate::playground::cluster::model::{Model, stamp};
use crate::playground::cluster::sim::{Ended, Phase, PodSim, Written};
use crate::playground::cluster::store::Key;

/// Writes the status of one pod, unless it was written from the same before: the kubelet looks at every pod after each change.
pub(in crate::playground::cluster) fn write(model: &mut Model, key: &Key) {
    let Some(pod) = model.store.get(key).cloned() else {
        return;
    };
    let Some(sim) = model.sim(&pod) else {
        return;
    };
    let alive = kubelet::node_is_ready(model, json::text(&pod, "/spec/nodeName"));
    let is_from_this = |before: &Written| Arc::ptr_eq(&before.pod, &pod) && before.from == sim.shown(alive);
    if sim.written.as_ref().is_some_and(is_from_this) {
        return;
    }
    let from = sim.shown(alive);
    let status = status(model, &pod, sim, alive);
    pods::put_status(model, key, status);
    let stored = model.store.get(key).cloned();
    if let (Some(pod), Some(sim)) = (stored, model.sim_mut(&pod)) {
        sim.written = Some(Written { pod, from });
    }
}

fn status(model: &Model, pod: &Value, sim: &PodSim, alive: bool) -> Value {
    let qos = pod
        .pointer("/status/qosClass")
        .cloned()
        .unwrap_or_else(|| json!("BestEffort"));
    if sim.phase == Phase::Unscheduled {
        let why = "0/0 nodes are available: no nodes available to schedule pods.";
        let condition = pods::condition(model, pod, "PodScheduled", false, "Unschedulable", why);
        return json!({"phase": "Pending", "qosClass": qos, "conditions": [condition]});
    }
    let ready = sim.phase == Phase::Ready && alive;
    let ended = matches!(sim.phase, Phase::Succeeded | Phase::Failed);
    let reason = if ready {
        ""
    } else if sim.phase == Phase::Succeeded {
        "PodCompleted"
    } else {
        "ContainersNotReady"
    };
    let names: Vec<&str> = json::list(pod, "/spec/containers")
        .iter()
        .map(|c| json::text(c, "/name"))
        .collect();
    let message = if ready || ended {
        String::new()
    } else {
        format!("containers with unready status: [{}]", names.join(" "))
    };
    let conditions = json!([
        pods::condition(model, pod, "PodReadyToStartContainers", true, "", ""),
        pods::condition(model, pod, "Initialized", true, "", ""),
        pods::condition(model, pod, "Ready", ready, reason, &message),
        pods::condition(model, pod, "ContainersReady", ready, reason, &message),
        pods::condition(model, pod, "PodScheduled", true, "", ""),
    ]);
    let containers: Vec<Value> = json::list(pod, "/spec/containers")
        .iter()
        .map(|container| container_status(pod, container, sim, ready))
        .collect();
    let phase = match sim.phase {
        Phase::Unscheduled | Phase::Creating | Phase::PullBackOff => "Pending",
        Phase::Started | Phase::Ready | Phase::BackOff => "Running",
        Phase::Succeeded => "Succeeded",
        Phase::Failed => "Failed",
    };
    let start = pod
        .pointer("/status/startTime")
        .cloned()
        .unwrap_or_else(|| model.stamp());
    let mut status = json!({"phase": phase, "qosClass": qos, "conditions": conditions, "containerStatuses": containers,
        "hostIP": "10.0.0.1", "hostIPs": [{"ip": "10.0.0.1"}], "startTime": start});
    if sim.started.is_some() && !ended {
        let ip = address(json::text(pod, "/metadata/uid"));
        status["podIP"] = json!(ip);
        status["podIPs"] = json!([{"ip": ip}]);
    }
    status
}

fn address(uid: &str) -> String {
    let byte = |at: usize| {
        uid.get(at..at + 2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            .unwrap_or(1)
    };
    format!("10.244.{}.{}", byte(0), byte(2).clamp(2, 254))
}

fn container_status(pod: &Value, container: &Value, sim: &PodSim, ready: bool) -> Value {
    let (name, image) = (json::text(container, "/name"), json::text(container, "/image"));
    let uid = json::text(pod, "/metadata/uid").replace('-', "");
    let id = format!("containerd://{uid}{uid}");
    let terminated = |ended: Ended| {
        let reason = if ended.exit_code == 0 {
            "Completed"
        } else {
            "Error"
        };
        json!({"terminated": {"exitCode": ended.exit_code, "reason": reason, "startedAt": stamp(ended.started),
            "finishedAt": stamp(ended.finished), "containerID": id}})
    };
    let state = match (sim.phase, sim.ended, sim.started) {
        (Phase::Started | Phase::Ready, _, Some(started)) => {
            json!({"running": {"startedAt": stamp(started)}})
        }
        (Phase::Succeeded | Phase::Failed, Some(ended), _) => terminated(ended),
        (Phase::BackOff, ..) => json!({"waiting": {"reason": "CrashLoopBackOff",
            "message": format!("back-off restarting failed container={name} pod={}_{}({})",
                json::text(pod, "/metadata/name"), json::text(pod, "/metadata/namespace"), json::text(pod, "/metadata/uid"))}}),
        (Phase::PullBackOff, ..) => json!({"waiting": {"reason": "ImagePullBackOff",
            "message": format!("Back-off pulling image \"{image}\"")}}),
        (
            Phase::Unscheduled
            | Phase::Creating
            | Phase::Started
            | Phase::Ready
            | Phase::Succeeded
            | Phase::Failed,
            ..,
        ) => {
            json!({"waiting": {"reason": "ContainerCreating"}})
        }
    };
    let last = match sim.ended {
        Some(ended) if !matches!(sim.phase, Phase::Succeeded | Phase::Failed) => terminated(ended),
        _ => json!({}),
    };
    let mut status = json!({"name": name, "image": image, "imageID": "", "ready": ready, "restartCount": sim.restarts,
        "started": sim.is_running(), "state": state, "lastState": last});
    if sim.started.is_some() {
        status["containerID"] = json!(id);
        status["imageID"] = json!(format!("{image}@sha256:{uid}{uid}"));
    }
    status
}

/// The word that `kubectl get pods` shows in the STATUS column.
pub(in crate::playground::cluster) fn shown(pod: &Value) -> String {
    if pods::is_leaving(pod) {
        return "Terminating".to_owned();
    }
    for status in json::list(pod, "/status/containerStatuses") {
        for pointer in ["/state/waiting/reason", "/state/terminated/reason"] {
            let reason = json::text(status, pointer);
            if !reason.is_empty() {
                return reason.to_owned();
            }
        }
    }
    json::text(pod, "/status/phase").to_owned()
}

/// How often the containers of a pod were restarted.
pub(in crate::playground::cluster) fn restarts(pod: &Value) -> i64 {
    json::list(pod, "/status/containerStatuses")
        .iter()
        .filter_map(|status| json::int(status, "/restartCount"))
        .sum()
}

/// The kind of owner that a pod hangs under, for finding its workload.
pub(in crate::playground::cluster) fn workload(model: &Model, pod: &Value) -> Option<(Kind, String)> {
    let owner = json::controller(pod)?;
    let (kind, name) = (json::text(owner, "/kind"), json::text(owner, "/name"));
    let namespace = json::text(pod, "/metadata/namespace");
    match kind {
        "ReplicaSet" => {
            let set = model.store.get(&Key::new(Kind::ReplicaSet, namespace, name))?;
            let deployment = json::controller(set)?;
            Some((Kind::Deployment, json::text(deployment, "/name").to_owned()))
        }
        "StatefulSet" => Some((Kind::StatefulSet, name.to_owned())),
        "DaemonSet" => Some((Kind::DaemonSet, name.to_owned())),
        "Job" => Some((Kind::Job, name.to_owned())),
        _ => None,
    }
}
