//! Logs of pods: of now or before the last restart, cut to a tail or an age, with times, followed while they grow.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::mpsc;

use super::query::Caller;
use super::{Body, ObjectTarget, read, respond};
use crate::playground::cluster::controller::pod_status;
use crate::playground::cluster::json;
use crate::playground::cluster::shared::Shared;
use crate::playground::cluster::sim::{LogLine, PodSim};
use crate::playground::cluster::status::ApiError;

const TEXT: &str = "text/plain";

/// The container that a request means: the named one, or the only one.
pub(in crate::playground::cluster) fn container(
    pod: &Value,
    asked: Option<&str>,
) -> Result<String, ApiError> {
    let pod_name = json::text(pod, "/metadata/name");
    let names: Vec<&str> = json::list(pod, "/spec/containers")
        .iter()
        .map(|c| json::text(c, "/name"))
        .collect();
    match (asked.filter(|name| !name.is_empty()), names.as_slice()) {
        (Some(name), names) if names.contains(&name) => Ok(name.to_owned()),
        (Some(name), _) => Err(ApiError::bad_request(format!(
            "container {name} is not valid for pod {pod_name}"
        ))),
        (None, [only]) => Ok((*only).to_owned()),
        (None, names) => Err(ApiError::bad_request(format!(
            "a container name must be specified for pod {pod_name}, choose one of: [{}]",
            names.join(" ")
        ))),
    }
}

struct Wanted {
    container: String,
    previous: bool,
    timestamps: bool,
    tail: Option<usize>,
    since: Option<Timestamp>,
    bytes: Option<usize>,
}

/// The log of one container.
pub(super) fn answer(
    shared: &Arc<Shared>,
    caller: &Caller,
    target: &ObjectTarget,
) -> Result<Response<Body>, ApiError> {
    let query = &caller.query;
    let (wanted, uid, text, seen) = shared.read(|model| {
        let pod = read::find(model, target)?;
        let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
        let seconds = query
            .get("sinceSeconds")
            .and_then(|text| text.parse().ok())
            .map(Duration::from_secs);
        let since_time = query
            .get("sinceTime")
            .and_then(|text| text.parse::<Timestamp>().ok());
        let wanted = Wanted {
            container: container(&pod, query.get("container"))?,
            previous: query.truth("previous"),
            timestamps: query.truth("timestamps"),
            tail: number("tailLines"),
            since: seconds
                .and_then(|span| model.now.checked_sub(span).ok())
                .or(since_time),
            bytes: number("limitBytes"),
        };
        let sim = model
            .sim(&pod)
            .ok_or_else(|| ApiError::not_found(target.kind, target.name()))?;
        check(&pod, sim, &wanted)?;
        let source = if wanted.previous { &sim.previous } else { &sim.log };
        let (text, seen) = (wanted.text(source, 0), source.len());
        Ok((wanted, json::text(&pod, "/metadata/uid").to_owned(), text, seen))
    })?;
    if !query.truth("follow") || wanted.previous {
        return Ok(respond::whole(StatusCode::OK, TEXT, text));
    }
    let (sender, mut receiver) = mpsc::channel(16);
    let (shared, target) = (shared.clone(), target.clone());
    tokio::spawn(follow(shared, target, uid, wanted, seen, text, sender));
    let chunks = futures::stream::poll_fn(move |context| receiver.poll_recv(context));
    Ok(respond::flowing(TEXT, chunks))
}

/// Sends new lines until the pod or the client is gone. A restart begins the log anew.
async fn follow(
    shared: Arc<Shared>,
    target: ObjectTarget,
    uid: String,
    wanted: Wanted,
    mut seen: usize,
    mut text: String,
    sender: mpsc::Sender<Bytes>,
) {
    let mut moves = shared.moves();
    loop {
        if !text.is_empty() && sender.send(Bytes::from(std::mem::take(&mut text))).await.is_err() {
            return;
        }
        tokio::select! {
            moved = moves.changed() => if moved.is_err() { return },
            () = sender.closed() => return,
        }
        let news = shared.read(|model| {
            let pod = read::find(model, &target)
                .ok()
                .filter(|pod| json::text(pod, "/metadata/uid") == uid)?;
            let sim = model.sim(&pod)?;
            if sim.log.len() < seen {
                seen = 0;
            }
            let text = wanted.text(sim.log.get(seen..).unwrap_or(&[]), seen);
            seen = sim.log.len();
            Some(text)
        });
        match news {
            Some(news) => text = news,
            None => return,
        }
    }
}

fn check(pod: &Value, sim: &PodSim, wanted: &Wanted) -> Result<(), ApiError> {
    let pod_name = json::text(pod, "/metadata/name");
    let container = &wanted.container;
    if wanted.previous && sim.restarts == 0 {
        return Err(ApiError::bad_request(format!(
            "previous terminated container \"{container}\" in pod \"{pod_name}\" not found"
        )));
    }
    if sim.started.is_none() {
        let why = match pod_status::shown(pod).as_str() {
            "ImagePullBackOff" => "trying and failing to pull image".to_owned(),
            other => other.to_owned(),
        };
        return Err(ApiError::bad_request(format!(
            "container \"{container}\" in pod \"{pod_name}\" is waiting to start: {why}"
        )));
    }
    Ok(())
}

impl Wanted {
    /// The wanted lines; the tail counts only from the beginning.
    fn text(&self, lines: &[LogLine], from: usize) -> String {
        let mine = lines.iter().filter(|line| line.container == self.container);
        let recent: Vec<&LogLine> = mine
            .filter(|line| self.since.is_none_or(|since| line.at >= since))
            .collect();
        let skip = self
            .tail
            .filter(|_| from == 0)
            .map_or(0, |tail| recent.len().saturating_sub(tail));
        let mut text = String::new();
        for line in recent.into_iter().skip(skip) {
            if self.timestamps {
                text.push_str(&line.at.strftime("%Y-%m-%dT%H:%M:%S.%9fZ ").to_string());
            }
            text.push_str(&line.text);
            text.push('\n');
        }
        if let Some(bytes) = self.bytes {
            let end = (0..=bytes.min(text.len()))
                .rev()
                .find(|at| text.is_char_boundary(*at))
                .unwrap_or(0);
            text.truncate(end);
        }
        text
    }
}
