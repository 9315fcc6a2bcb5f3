//! What came in and what it did: the request journal and the list of effects, for counting from outside.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;

/// Requests kept.
const REQUEST_LIMIT: usize = 5_000;
/// Effects kept.
const EFFECT_LIMIT: usize = 20_000;

/// One request that reached the API server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestRecord {
    /// Number, from 1.
    pub seq: u64,
    /// Model time at which it came.
    pub at: Timestamp,
    /// The `Audit-ID` header, or one that the server made up.
    pub audit_id: String,
    /// Name of the user.
    pub user: String,
    /// HTTP method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Kubernetes verb: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`.
    pub verb: String,
    /// `pods`, `pods/exec`, `deployments.apps`, …; empty for what is no resource.
    pub resource: String,
    /// Answer's code; `None` while it is under way and when no answer was given.
    pub code: Option<u16>,
    /// The sender's name for itself.
    pub user_agent: String,
}

/// One change or exec that really took effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Effect {
    /// Number, from 1.
    pub seq: u64,
    /// Model time.
    pub at: Timestamp,
    /// Audit id of the request.
    pub audit_id: String,
    /// Name of the user.
    pub user: String,
    /// `exec`, `create`, `update`, `patch`, `delete`, `scale`.
    pub verb: String,
    /// `pods/exec`, `deployments.apps`, …
    pub resource: String,
    /// Namespace; empty for objects of the whole cluster.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
    /// The argv of an exec; empty otherwise.
    pub argv: Vec<String>,
    /// The value of an annotation whose name begins with `interlock` and ends with `attempt` or `attempt-id`, if the request set one.
    pub attempt: Option<String>,
    /// The `fieldManager` of the request.
    pub field_manager: String,
}

/// Both lists. Each keeps its newest entries.
#[derive(Debug, Default)]
pub(super) struct Journal {
    requests: VecDeque<RequestRecord>,
    effects: VecDeque<Effect>,
    request_count: u64,
    effect_count: u64,
}

impl Journal {
    /// Notes a request and returns its number.
    pub fn request(&mut self, mut record: RequestRecord) -> u64 {
        self.request_count += 1;
        record.seq = self.request_count;
        self.requests.push_back(record);
        if self.requests.len() > REQUEST_LIMIT {
            self.requests.pop_front();
        }
        self.request_count
    }

    /// Notes the answer to a request.
    pub fn answered(&mut self, seq: u64, code: u16) {
        if let Some(record) = self.requests.iter_mut().rev().find(|record| record.seq == seq) {
            record.code = Some(code);
        }
    }

    pub fn effect(&mut self, mut effect: Effect) {
        self.effect_count += 1;
        effect.seq = self.effect_count;
        self.effects.push_back(effect);
        if self.effects.len() > EFFECT_LIMIT {
            self.effects.pop_front();
        }
    }

    pub fn requests(&self) -> Vec<RequestRecord> {
        self.requests.iter().cloned().collect()
    }

    pub fn recent(&self, count: usize) -> Vec<RequestRecord> {
        self.requests.iter().rev().take(count).cloned().collect()
    }

    pub fn effects(&self) -> Vec<Effect> {
        self.effects.iter().cloned().collect()
    }
}
