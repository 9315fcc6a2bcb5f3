//! The Job controller, reduced: one pod at a time, tried again up to `backoffLimit`, and the finished state. CronJobs are not started
//! by their schedule here; `kubectl create job --from=cronjob/…` makes their Jobs.

use std::sync::Arc;

use serde_json::{Value, json};

use super::pods::{self, NewPod};
use crate::playground::cluster::json;
use crate::playground::cluster::kinds::Kind;
use crate::playground::cluster::model::{Model, Tone};
use crate::playground::cluster::store::Key;

const COMPONENT: &str = "job-controller";

/// Moves one Job on.
pub(in crate::playground::cluster) fn reconcile(model: &mut Model, key: &Key) {
    let Some(job) = model.store.get(key).cloned() else {
        return;
    };
    if json::list(&job, "/status/conditions")
        .iter()
        .any(|condition| json::text(condition, "/type") != "Suspended")
    {
        return;
    }
    let pods = model.owned(Kind::Pod, &key.namespace, json::text(&job, "/metadata/uid"));
    let in_phase = |phase: &str| {
        pods.iter()
            .filter(|pod| json::text(pod, "/status/phase") == phase)
            .count()
    };
    let (succeeded, failed) = (in_phase("Succeeded"), in_phase("Failed"));
    let active = pods.iter().filter(|pod| pods::is_active(pod)).count();
    let wanted = usize::try_from(json::int(&job, "/spec/completions").unwrap_or(1)).unwrap_or(1);
    let allowed = usize::try_from(json::int(&job, "/spec/backoffLimit").unwrap_or(6)).unwrap_or(0);
    if succeeded >= wanted {
        finish(model, key, &job, succeeded, failed, Ending::Complete);
    } else if failed > allowed {
        finish(model, key, &job, succeeded, failed, Ending::Failed);
    } else if active == 0 && !json::truth(&job, "/spec/suspend") {
        start_pod(model, key, &job);
        write_running(model, key, &job, 1, failed);
    } else {
        write_running(model, key, &job, active, failed);
    }
}

enum Ending {
    Complete,
    Failed,
}

fn start_pod(model: &mut Model, key: &Key, job: &Arc<Value>) {
    let prefix = format!("{}-", key.name);
    let name = format!("{prefix}{}", model.ids.suffix());
    let empty = Value::Null;
    let template = job.pointer("/spec/template").unwrap_or(&empty);
    let labels = vec![
        ("batch.kubernetes.io/job-name", key.name.clone()),
        ("job-name", key.name.clone()),
        (
            "batch.kubernetes.io/controller-uid",
            json::text(job, "/metadata/uid").to_owned(),
        ),
        ("controller-uid", json::text(job, "/metadata/uid").to_owned()),
    ];
    let new = NewPod {
        owner: job,
        owner_kind: Kind::Job,
        name,
        generate_name: Some(prefix),
        template,
        labels,
        node: None,
    };
    pods::create(model, new);
}

fn write_running(model: &mut Model, key: &Key, job: &Value, active: usize, failed: usize) {
    let start = job
        .pointer("/status/startTime")
        .cloned()
        .unwrap_or_else(|| model.stamp());
    let ready: Vec<Arc<Value>> = model.owned(Kind::Pod, &key.namespace, json::text(job, "/metadata/uid"));
    let mut status = json!({"startTime": start, "active": active, "ready": pods::count_ready(&ready),
        "terminating": 0, "uncountedTerminatedPods": {}});
    if failed > 0 {
        status["failed"] = json!(failed);
    }
    pods::put_status(model, key, status);
}

fn finish(model: &mut Model, key: &Key, job: &Value, succeeded: usize, failed: usize, ending: Ending) {
    let now = model.stamp();
    let start = job
        .pointer("/status/startTime")
        .cloned()
        .unwrap_or_else(|| now.clone());
    let mut status = json!({"startTime": start, "ready": 0, "terminating": 0, "uncountedTerminatedPods": {}});
    for (name, count) in [("succeeded", succeeded), ("failed", failed)] {
        if count > 0 {
            status[name] = json!(count);
        }
    }
    let condition = |kind: &str, reason: &str, message: &str| {
        json!({"type": kind, "status": "True", "reason": reason, "message": message,
            "lastProbeTime": now, "lastTransitionTime": now})
    };
    match ending {
        Ending::Complete => {
            let (reason, message) = ("CompletionsReached", "Reached expected number of succeeded pods");
            status["completionTime"] = now.clone();
            status["conditions"] = json!([
                condition("SuccessCriteriaMet", reason, message),
                condition("Complete", reason, message)
            ]);
            model.event(
                Kind::Job,
                job,
                Tone::Normal,
                "Completed",
                "Job completed",
                COMPONENT,
            );
        }
        Ending::Failed => {
            let (reason, message) = (
                "BackoffLimitExceeded",
                "Job has reached the specified backoff limit",
            );
            status["conditions"] = json!([
                condition("FailureTarget", reason, message),
                condition("Failed", reason, message)
            ]);
            model.event(Kind::Job, job, Tone::Warning, reason, message, COMPONENT);
        }
    }
    pods::put_status(model, key, status);
}
