//! The scheduler and the kubelet: pods get a node, start, become ready, crash, back off, end and leave, when the clock says so.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{pod_status, pods};
use crate::playground::cluster::json;
use crate::playground::cluster::kinds::Kind;
use crate::playground::cluster::model::{Model, Tone, sim_key};
use crate::playground::cluster::sim::{Ended, Health, ImageBehaviour, Phase};
use crate::playground::cluster::store::Key;

/// How long a poisoned pod runs before it crashes.
const POISON_TAKES: Duration = Duration::from_millis(200);

/// Does everything that is due now, and brings every pod's status up to date.
pub(in crate::playground::cluster) fn step(model: &mut Model) {
    let keys: Vec<Key> = model
        .store
        .list(Kind::Pod, "")
        .map(|(key, _)| key.clone())
        .collect();
    for key in keys {
        let Some(pod) = model.store.get(&key).cloned() else {
            continue;
        };
        let Some(sim) = model.sim(&pod) else { continue };
        if sim.leaves.is_some_and(|leaves| leaves <= model.now) {
            model.sims.remove(&sim_key(&pod));
            model.store.remove(&key);
            continue;
        }
        if sim.phase == Phase::Unscheduled {
            schedule(model, &key, &pod);
        } else if sim.due.is_some_and(|due| due <= model.now) {
            transition(model, &pod, sim.phase);
        }
        pod_status::write(model, &key);
    }
}

/// How many pods with the label `app` are ready.
pub(in crate::playground::cluster) fn ready_pods_of_app(model: &Model, namespace: &str, app: &str) -> u32 {
    let ready = model.store.list(Kind::Pod, namespace).filter(|(_, pod)| {
        let is_app = json::labels(pod)
            .and_then(|labels| labels.get("app"))
            .and_then(Value::as_str)
            == Some(app);
        is_app && pods::is_ready(pod) && pods::is_active(pod)
    });
    u32::try_from(ready.count()).unwrap_or(u32::MAX)
}

/// Whether a node's Ready condition is true.
pub(in crate::playground::cluster) fn node_is_ready(model: &Model, name: &str) -> bool {
    model
        .store
        .get(&Key::new(Kind::Node, "", name))
        .is_some_and(|node| {
            json::list(node, "/status/conditions").iter().any(|condition| {
                json::text(condition, "/type") == "Ready" && json::text(condition, "/status") == "True"
            })
        })
}

fn schedule(model: &mut Model, key: &Key, pod: &Value) {
    let fixed = json::text(pod, "/spec/nodeName").to_owned();
    let node = if fixed.is_empty() {
        emptiest_node(model, pod)
    } else {
        Some(fixed)
    };
    let Some(node) = node else {
        if pod.pointer("/status/conditions").is_none() {
            let message = "0/0 nodes are available: no nodes available to schedule pods.";
            model.event(
                Kind::Pod,
                pod,
                Tone::Warning,
                "FailedScheduling",
                message,
                "default-scheduler",
            );
        }
        return;
    };
    let mut placed = pod.clone();
    json::set(&mut placed, &["spec", "nodeName"], json!(node));
    let placed = model.store.put(Kind::Pod, placed);
    let message = format!("Successfully assigned {}/{} to {node}", key.namespace, key.name);
    model.event(
        Kind::Pod,
        &placed,
        Tone::Normal,
        "Scheduled",
        &message,
        "default-scheduler",
    );
    let due = model.after(model.timings.start);
    enter(model, &placed, Phase::Creating, Some(due));
}

/// The ready node with the fewest pods that has the labels which the pod selects.
fn emptiest_node(model: &Model, pod: &Value) -> Option<String> {
    let wanted = pod.pointer("/spec/nodeSelector").and_then(Value::as_object);
    let fits = |node: &Value| {
        let have = json::labels(node);
        wanted.is_none_or(|wanted| {
            wanted
                .iter()
                .all(|(key, value)| have.and_then(|have| have.get(key)) == Some(value))
        })
    };
    let load = |name: &str| {
        model
            .store
            .list(Kind::Pod, "")
            .filter(|(_, pod)| json::text(pod, "/spec/nodeName") == name)
            .count()
    };
    model
        .store
        .list(Kind::Node, "")
        .filter(|(key, node)| {
            !json::truth(node, "/spec/unschedulable") && fits(node) && node_is_ready(model, &key.name)
        })
        .min_by_key(|(key, _)| load(&key.name))
        .map(|(key, _)| key.name.clone())
}

fn enter(model: &mut Model, pod: &Value, phase: Phase, due: Option<Timestamp>) {
    let now = model.now;
    if let Some(sim) = model.sim_mut(pod) {
        sim.phase = phase;
        sim.due = due;
        sim.ready_since = (phase == Phase::Ready).then_some(now);
    }
}

fn behaviour(model: &Model, pod: &Value) -> ImageBehaviour {
    let poisoned = model.sim(pod).is_some_and(|sim| sim.health == Health::Poisoned);
    if poisoned {
        let log =
            vec!["FATAL: local state is corrupt: /data/session.lock: unexpected end of file".to_owned()];
        return ImageBehaviour::Crashes {
            after: POISON_TAKES,
            exit_code: 1,
            log,
        };
    }
    let images: Vec<&str> = json::list(pod, "/spec/containers")
        .iter()
        .map(|c| json::text(c, "/image"))
        .collect();
    let of = |image: &&str| model.images.get(*image).cloned();
    // The worst of the containers decides for the pod.
    images
        .iter()
        .filter_map(of)
        .find(|behaviour| !matches!(behaviour, ImageBehaviour::Serves { .. }))
        .or_else(|| images.iter().find_map(of))
        .unwrap_or(ImageBehaviour::Serves { log: Vec::new() })
}

fn transition(model: &mut Model, pod: &Value, phase: Phase) {
    match phase {
        Phase::Creating | Phase::BackOff | Phase::PullBackOff => start(model, pod),
        Phase::Started => run_on(model, pod),
        Phase::Ready => {
            if let ImageBehaviour::Crashes { exit_code, log, .. } = behaviour(model, pod) {
                crash(model, pod, exit_code, &log);
            } else {
                enter(model, pod, Phase::Ready, None);
            }
        }
        Phase::Unscheduled | Phase::Succeeded | Phase::Failed => enter(model, pod, phase, None),
    }
}

fn start(model: &mut Model, pod: &Value) {
    let image = json::text(pod, "/spec/containers/0/image").to_owned();
    let behaviour = behaviour(model, pod);
    if behaviour == ImageBehaviour::CannotBePulled {
        let message = format!("Failed to pull image \"{image}\": not found");
        model.event(Kind::Pod, pod, Tone::Warning, "Failed", &message, "kubelet");
        let due = model.after(model.timings.back_off);
        enter(model, pod, Phase::PullBackOff, Some(due));
        return;
    }
    let name = json::text(pod, "/spec/containers/0/name").to_owned();
    let pulled = format!("Container image \"{image}\" already present on machine");
    model.event(Kind::Pod, pod, Tone::Normal, "Pulled", &pulled, "kubelet");
    model.event(
        Kind::Pod,
        pod,
        Tone::Normal,
        "Created",
        &format!("Created container: {name}"),
        "kubelet",
    );
    model.event(
        Kind::Pod,
        pod,
        Tone::Normal,
        "Started",
        &format!("Started container {name}"),
        "kubelet",
    );
    let (takes, lines) = match behaviour {
        ImageBehaviour::Serves { log } => (model.timings.ready, log),
        ImageBehaviour::Crashes { after, .. } => (after, Vec::new()),
        ImageBehaviour::Finishes { after, .. } => (after, Vec::new()),
        ImageBehaviour::CannotBePulled => (model.timings.back_off, Vec::new()),
    };
    let (now, due) = (model.now, model.after(takes));
    if let Some(sim) = model.sim_mut(pod) {
        if sim.started.is_some() {
            sim.restarts += 1;
            sim.previous = std::mem::take(&mut sim.log);
        }
        sim.started = Some(now);
        for line in &lines {
            sim.print(now, &name, line);
        }
    }
    enter(model, pod, Phase::Started, Some(due));
}

fn run_on(model: &mut Model, pod: &Value) {
    match behaviour(model, pod) {
        ImageBehaviour::Serves { .. } | ImageBehaviour::CannotBePulled => {
            enter(model, pod, Phase::Ready, None)
        }
        ImageBehaviour::Crashes { exit_code, log, .. } => crash(model, pod, exit_code, &log),
        ImageBehaviour::Finishes { exit_code, log, .. } => finish(model, pod, exit_code, &log),
    }
}

fn end_containers(model: &mut Model, pod: &Value, exit_code: i32, log: &[String]) {
    let now = model.now;
    let name = json::text(pod, "/spec/containers/0/name").to_owned();
    if let Some(sim) = model.sim_mut(pod) {
        for line in log {
            sim.print(now, &name, line);
        }
        sim.ended = Some(Ended {
            started: sim.started.unwrap_or(now),
            finished: now,
            exit_code,
        });
    }
}

fn crash(model: &mut Model, pod: &Value, exit_code: i32, log: &[String]) {
    end_containers(model, pod, exit_code, log);
    if json::text(pod, "/spec/restartPolicy") == "Never" {
        enter(model, pod, Phase::Failed, None);
        return;
    }
    let restarts = model.sim(pod).map_or(0, |sim| sim.restarts);
    let wait = model
        .timings
        .back_off
        .saturating_mul(1 << restarts.min(16))
        .min(model.timings.back_off_limit);
    let name = json::text(pod, "/spec/containers/0/name");
    let message = format!(
        "Back-off restarting failed container {name} in pod {}_{}({})",
        json::text(pod, "/metadata/name"),
        json::text(pod, "/metadata/namespace"),
        json::text(pod, "/metadata/uid")
    );
    model.event(Kind::Pod, pod, Tone::Warning, "BackOff", &message, "kubelet");
    let due = model.after(wait);
    enter(model, pod, Phase::BackOff, Some(due));
}

fn finish(model: &mut Model, pod: &Value, exit_code: i32, log: &[String]) {
    if exit_code != 0 && json::text(pod, "/spec/restartPolicy") != "Never" {
        crash(model, pod, exit_code, log);
        return;
    }
    end_containers(model, pod, exit_code, log);
    let phase = if exit_code == 0 {
        Phase::Succeeded
    } else {
        Phase::Failed
    };
    enter(model, pod, phase, None);
    let renews = json::labels(pod)
        .is_some_and(|labels| labels.get("app").and_then(Value::as_str) == Some("cert-renewal"));
    if phase == Phase::Succeeded && renews {
        model.world.certificate.days_left = 90;
        model.world.certificate.renewals += 1;
    }
}
