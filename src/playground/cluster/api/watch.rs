//! Watches: the changes of a collection as a stream of JSON lines, from a resource version on.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::query::Caller;
use super::read::Chosen;
use super::{Body, ObjectTarget, respond, table};
use crate::playground::cluster::json;
use crate::playground::cluster::model::Model;
use crate::playground::cluster::shared::Shared;
use crate::playground::cluster::status::ApiError;
use crate::playground::cluster::store::StoreEvent;

/// How long a watch lasts when the client names no limit.
const DEFAULT_LIFE: Duration = Duration::from_secs(1800);
/// Lines that may wait for a slow client.
const BACKLOG: usize = 64;

struct Watch {
    target: ObjectTarget,
    caller: Caller,
    chosen: Chosen,
    version: u64,
    header: table::Header,
}

/// Starts a watch.
pub(super) fn answer(
    shared: &Arc<Shared>,
    caller: &Caller,
    target: &ObjectTarget,
) -> Result<Response<Body>, ApiError> {
    let chosen = Chosen::of(caller)?;
    let asked = caller.query.get("resourceVersion").unwrap_or("");
    let version: Option<u64> = match asked {
        "" | "0" => None,
        text => Some(
            text.parse()
                .map_err(|_| ApiError::bad_request(format!("invalid resource version: {text}")))?,
        ),
    };
    let life = caller
        .query
        .get("timeoutSeconds")
        .and_then(|text| text.parse().ok())
        .map_or(DEFAULT_LIFE, Duration::from_secs);
    let mut watch = Watch {
        target: target.clone(),
        caller: caller.clone(),
        chosen,
        version: version.unwrap_or(0),
        header: table::Header::Shown,
    };
    let first = shared.read(|model| {
        let mut lines = Vec::new();
        if version.is_none() || caller.query.truth("sendInitialEvents") {
            lines = watch.everything(model);
            watch.version = model.store.version();
            if caller.query.truth("sendInitialEvents") {
                lines.push(watch.bookmark());
            }
        } else if model.store.since(watch.version).is_none() {
            return Err(ApiError::expired(watch.version, model.store.version()));
        }
        Ok(lines)
    })?;
    let (sender, mut receiver) = mpsc::channel(BACKLOG);
    let shared = shared.clone();
    tokio::spawn(async move {
        // The client's own limit ends it; a client that leaves ends it too.
        let _ = tokio::time::timeout(life, follow(shared, watch, first, sender)).await;
    });
    let lines = futures::stream::poll_fn(move |context| receiver.poll_recv(context));
    Ok(respond::flowing("application/json", lines))
}

async fn follow(shared: Arc<Shared>, mut watch: Watch, first: Vec<Bytes>, sender: mpsc::Sender<Bytes>) {
    let mut moves = shared.moves();
    let mut lines = first;
    loop {
        for line in lines {
            if sender.send(line).await.is_err() {
                return;
            }
        }
        tokio::select! {
            moved = moves.changed() => if moved.is_err() { return },
            () = sender.closed() => return,
        }
        lines = shared.read(|model| watch.news(model));
    }
}

impl Watch {
    fn everything(&mut self, model: &Model) -> Vec<Bytes> {
        let objects: Vec<Arc<Value>> = model
            .store
            .list(self.target.kind, &self.target.namespace)
            .filter(|(_, object)| self.chosen.matches(object))
            .map(|(_, object)| object.clone())
            .collect();
        objects
            .iter()
            .map(|object| self.line(model, "ADDED", object))
            .collect()
    }

    fn news(&mut self, model: &Model) -> Vec<Bytes> {
        let Some(events) = model.store.since(self.version) else {
            let (_, status) = ApiError::expired(self.version, model.store.version()).into_body();
            let status: Value = serde_json::from_str(&status).unwrap_or(Value::Null);
            self.version = model.store.version();
            return vec![json_line(&json!({"type": "ERROR", "object": status}))];
        };
        let events: Vec<StoreEvent> = events.filter(|event| self.concerns(event)).cloned().collect();
        self.version = model.store.version();
        events
            .iter()
            .filter_map(|event| self.tell(model, event))
            .collect()
    }

    fn concerns(&self, event: &StoreEvent) -> bool {
        event.key.kind == self.target.kind
            && (self.target.namespace.is_empty() || event.key.namespace == self.target.namespace)
    }

    fn tell(&mut self, model: &Model, event: &StoreEvent) -> Option<Bytes> {
        let wanted =
            |object: &Option<Arc<Value>>| object.clone().filter(|object| self.chosen.matches(object));
        match (wanted(&event.old), wanted(&event.new)) {
            (None, Some(new)) => Some(self.line(model, "ADDED", &new)),
            (Some(_), Some(new)) => Some(self.line(model, "MODIFIED", &new)),
            (Some(old), None) => Some(self.line(model, "DELETED", &old)),
            (None, None) => None,
        }
    }

    fn line(&mut self, model: &Model, kind: &str, object: &Value) -> Bytes {
        if table::is_wanted(&self.caller) {
            let table = table::of(model, self.target.kind, &[object], &self.caller, self.header);
            self.header = table::Header::Known;
            return json_line(&json!({"type": kind, "object": table}));
        }
        json_line(&json!({"type": kind, "object": object}))
    }

    fn bookmark(&self) -> Bytes {
        let kind = self.target.kind;
        let mut object = json!({"kind": kind.info().name, "apiVersion": kind.api_version()});
        json::set(
            &mut object,
            &["metadata", "resourceVersion"],
            json!(self.version.to_string()),
        );
        json::set(
            &mut object,
            &["metadata", "annotations", "k8s.io/initial-events-end"],
            json!("true"),
        );
        json_line(&json!({"type": "BOOKMARK", "object": object}))
    }
}

fn json_line(value: &Value) -> Bytes {
    Bytes::from(format!("{value}\n"))
}
