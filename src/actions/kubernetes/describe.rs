//! `kubectl describe`, compact: what an object is, how it does, and what happened to it lately.

use std::fmt::Write as _;

use kube::api::{DynamicObject, ListParams};
use serde_json::Value;

use super::attempt::{Attempt, Outcome, Same};
use super::failure::Failure;
use super::kinds;
use super::look::{self, number, text};
use super::resolve;
use crate::actions::verdict::Verdict;
use crate::domain::action::{Kind, ObjectRef};

/// Events that are shown, the latest.
const EVENTS: usize = 20;
/// Events of a page, and pages that are read.
const PAGE: u32 = 200;
const PAGES: usize = 10;

/// Describes the object.
///
/// # Errors
/// The verdict when it can't be read.
pub async fn run(attempt: &Attempt<'_>, target: &ObjectRef) -> Outcome {
    let live = attempt.live(target, Same::Object).await?;
    let mut text = heading(target, &live);
    state(&mut text, target, &live);
    containers(&mut text, &live.data);
    conditions(&mut text, &live.data);
    events(&mut text, attempt, target, &live).await;
    Ok(Verdict::done(text))
}

/// Writing to a String can't fail; this keeps that in one place.
fn line(text: &mut String, args: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(args);
    text.push('\n');
}

fn heading(target: &ObjectRef, live: &DynamicObject) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("Name:         {}", target.name));
    if kinds::scope(target.kind) == kinds::Scope::Namespaced {
        line(&mut text, format_args!("Namespace:    {}", target.namespace));
    }
    line(
        &mut text,
        format_args!("Kind:         {}", kinds::kind_name(target.kind)),
    );
    if let Some(created) = &live.metadata.creation_timestamp {
        line(&mut text, format_args!("Created:      {}", created.0));
    }
    let labels = live.metadata.labels.iter().flatten();
    let labels: Vec<String> = labels.map(|(key, value)| format!("{key}={value}")).collect();
    line(
        &mut text,
        format_args!(
            "Labels:       {}",
            if labels.is_empty() {
                "<none>".into()
            } else {
                labels.join(", ")
            }
        ),
    );
    text
}

fn state(text_: &mut String, target: &ObjectRef, live: &DynamicObject) {
    let data = &live.data;
    match target.kind {
        Kind::Pod => {
            line(text_, format_args!("Status:       {}", resolve::pod_state(live)));
            line(
                text_,
                format_args!("Node:         {}", text(data, "/spec/nodeName")),
            );
            line(
                text_,
                format_args!("IP:           {}", text(data, "/status/podIP")),
            );
        }
        Kind::Deployment | Kind::StatefulSet | Kind::ReplicaSet | Kind::DaemonSet => {
            workload(text_, target, live)
        }
        Kind::Job => {
            let counts = ["active", "succeeded", "failed"]
                .map(|what| format!("{} {what}", number(data, &format!("/status/{what}"))));
            line(text_, format_args!("Pods:         {}", counts.join(", ")));
        }
        Kind::CronJob => line(
            text_,
            format_args!("Schedule:     {}", text(data, "/spec/schedule")),
        ),
        Kind::Node => {
            let cordoned = data.pointer("/spec/unschedulable").and_then(Value::as_bool) == Some(true);
            line(text_, format_args!("Schedulable:  {}", !cordoned));
            line(
                text_,
                format_args!("Kubelet:      {}", text(data, "/status/nodeInfo/kubeletVersion")),
            );
        }
        Kind::PersistentVolumeClaim | Kind::Namespace => {
            line(
                text_,
                format_args!("Status:       {}", text(data, "/status/phase")),
            );
        }
        Kind::Service
        | Kind::ConfigMap
        | Kind::Event
        | Kind::Ingress
        | Kind::Endpoints
        | Kind::HorizontalPodAutoscaler
        | Kind::PodDisruptionBudget => spec(text_, data),
    }
}

fn workload(text_: &mut String, target: &ObjectRef, live: &DynamicObject) {
    let data = &live.data;
    let seen = look::state(target, live);
    let updated = number(data, "/status/updatedReplicas") + number(data, "/status/updatedNumberScheduled");
    line(
        text_,
        format_args!(
            "Replicas:     {} desired, {updated} updated, {} ready",
            seen.replicas, seen.ready
        ),
    );
    line(
        text_,
        format_args!("Selector:     {}", look::selector(data).unwrap_or_default()),
    );
    line(
        text_,
        format_args!(
            "Generation:   {} ({} observed)",
            seen.generation,
            number(data, "/status/observedGeneration")
        ),
    );
}

/// For kinds without lines of their own: the spec as it stands, a field a line.
fn spec(text: &mut String, data: &Value) {
    let Some(Value::Object(fields)) = data.get("spec") else {
        return;
    };
    line(text, format_args!("Spec:"));
    for (key, value) in fields {
        line(text, format_args!("  {key}: {value}"));
    }
}

fn containers(text_: &mut String, data: &Value) {
    let places = [
        "/spec/containers",
        "/spec/template/spec/containers",
        "/spec/jobTemplate/spec/template/spec/containers",
    ];
    let Some(containers) = places.iter().find_map(|place| data.pointer(place)?.as_array()) else {
        return;
    };
    line(text_, format_args!("Containers:"));
    let statuses = data
        .pointer("/status/containerStatuses")
        .and_then(Value::as_array);
    for container in containers {
        let name = text(container, "/name");
        line(text_, format_args!("  {name}: {}", text(container, "/image")));
        let status = statuses.and_then(|all| all.iter().find(|status| text(status, "/name") == name));
        let Some(status) = status else { continue };
        let ready = status["ready"].as_bool().unwrap_or(false);
        line(
            text_,
            format_args!(
                "    state: {}, ready: {ready}, restarts: {}",
                container_state(&status["state"]),
                number(status, "/restartCount")
            ),
        );
        if status["lastState"]
            .as_object()
            .is_some_and(|state| !state.is_empty())
        {
            line(
                text_,
                format_args!("    before: {}", container_state(&status["lastState"])),
            );
        }
    }
}

fn container_state(state: &Value) -> String {
    let Some((word, detail)) = state.as_object().and_then(|state| state.iter().next()) else {
        return "unknown".to_owned();
    };
    let reason = text(detail, "/reason");
    let code = detail
        .get("exitCode")
        .and_then(Value::as_i64)
        .map(|code| format!(", exit code {code}"));
    let reason = if reason.is_empty() {
        String::new()
    } else {
        format!(" ({reason})")
    };
    format!("{word}{reason}{}", code.unwrap_or_default())
}

fn conditions(text_: &mut String, data: &Value) {
    let mut heading = Some("Conditions:");
    for condition in look::conditions(data) {
        if let Some(heading) = heading.take() {
            line(text_, format_args!("{heading}"));
        }
        let (kind, status) = (text(condition, "/type"), text(condition, "/status"));
        let (reason, message) = (text(condition, "/reason"), text(condition, "/message"));
        line(
            text_,
            format_args!("  {}", format!("{kind}={status} {reason} {message}").trim_end()),
        );
    }
}

/// The object's events, oldest first. That they can't be read is said where they would stand: the rest is still good.
async fn events(text_: &mut String, attempt: &Attempt<'_>, target: &ObjectRef, live: &DynamicObject) {
    let (mut found, more) = match all_events(attempt, target, live).await {
        Ok(found) => found,
        Err(failure) => {
            return line(
                text_,
                format_args!("Events:       <could not be read: {failure}>"),
            );
        }
    };
    if found.is_empty() {
        return line(text_, format_args!("Events:       <none>"));
    }
    found.sort_by_cached_key(|event| event_time(event).to_owned());
    line(text_, format_args!("Events:"));
    let skipped = found.len().saturating_sub(EVENTS);
    for event in &found[skipped..] {
        let data = &event.data;
        let (kind, reason) = (text(data, "/type"), text(data, "/reason"));
        let count = number(data, "/count").max(1);
        let message = text(data, "/message").trim();
        line(
            text_,
            format_args!("  {} {kind} {reason} (x{count}) {message}", event_time(event)),
        );
    }
    if more {
        line(
            text_,
            format_args!(
                "  <there are more than {}, and the latest may not be among them>",
                found.len()
            ),
        );
    }
}

/// Every event of the object, and whether there are more than are read. The server gives them by name, so the latest may stand on
/// any page.
async fn all_events(
    attempt: &Attempt<'_>,
    target: &ObjectRef,
    live: &DynamicObject,
) -> Result<(Vec<DynamicObject>, bool), Failure> {
    let api = kinds::objects(attempt.client.clone(), Kind::Event, Some(&target.namespace));
    let mut params = ListParams::default()
        .fields(&format!("involvedObject.uid={}", look::uid(live)))
        .limit(PAGE);
    let mut found = Vec::new();
    for _ in 0..PAGES {
        let page = attempt.ask(api.list(&params)).await?;
        found.extend(page.items);
        match page.metadata.continue_.filter(|place| !place.is_empty()) {
            Some(place) => params = params.continue_token(&place),
            None => return Ok((found, false)),
        }
    }
    Ok((found, true))
}

fn event_time(event: &DynamicObject) -> &str {
    let times = ["/lastTimestamp", "/eventTime", "/firstTimestamp"];
    times
        .iter()
        .map(|pointer| text(&event.data, pointer))
        .find(|time| !time.is_empty())
        .unwrap_or("")
}
