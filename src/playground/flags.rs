//! A service of feature flags, as a team runs one beside its applications: `GET` and `PATCH /v1/flags/NAME` over HTTP on
//! loopback. Strict like a real one: an unknown flag is 404, a body of another type 415, one that is not a change 422.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::playground::listening::Listening;

/// A flag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Flag {
    /// Whether customers get what it guards.
    pub enabled: bool,
    /// Why it was changed last; empty before that.
    pub reason: String,
    /// How often it was changed.
    pub changes: u32,
}

/// What a `PATCH` may say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    enabled: bool,
    #[serde(default)]
    reason: String,
}

type Flags = Arc<Mutex<BTreeMap<String, Flag>>>;

/// A running flag service.
pub struct FlagsDouble {
    listening: Listening,
    flags: Flags,
}

impl FlagsDouble {
    /// Starts it with flags that are on, on a free port.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(on: &[&str]) -> std::io::Result<Self> {
        Self::start_at(0, on).await
    }

    /// Starts it with flags that are on, on this port of loopback; 0 takes a free one.
    ///
    /// # Errors
    /// When the port can't be bound.
    pub async fn start_at(port: u16, on: &[&str]) -> std::io::Result<Self> {
        let flag = |name: &&str| {
            let enabled = Flag {
                enabled: true,
                ..Flag::default()
            };
            ((*name).to_owned(), enabled)
        };
        let flags: Flags = Arc::new(Mutex::new(on.iter().map(flag).collect()));
        let router = Router::new()
            .route("/v1/flags/{name}", get(read).patch(write))
            .with_state(flags.clone());
        let listening = Listening::start(port, "the flag service", router).await?;
        Ok(Self { listening, flags })
    }

    /// `127.0.0.1:PORT`, as a list of allowed hosts wants it.
    #[must_use]
    pub fn host(&self) -> String {
        self.listening.address.to_string()
    }

    /// Switches a flag on or off as somebody at the service's own page does; makes it when there is none.
    pub fn set(&self, name: &str, enabled: bool) {
        let mut flags = self.flags.lock();
        let flag = flags.entry(name.to_owned()).or_default();
        flag.enabled = enabled;
        flag.reason.clear();
    }

    /// A flag as it is now.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<Flag> {
        self.flags.lock().get(name).cloned()
    }
}

fn unknown(name: &str) -> Response {
    let body = json!({"error": format!("there is no flag {name}")});
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}

async fn read(State(flags): State<Flags>, Path(name): Path<String>) -> Response {
    match flags.lock().get(&name) {
        Some(flag) => Json(flag).into_response(),
        None => unknown(&name),
    }
}

async fn write(State(flags): State<Flags>, Path(name): Path<String>, Json(change): Json<Change>) -> Response {
    match flags.lock().get_mut(&name) {
        Some(flag) => {
            let Change { enabled, reason } = change;
            let changes = flag.changes + 1;
            *flag = Flag {
                enabled,
                reason,
                changes,
            };
            Json(flag).into_response()
        }
        None => unknown(&name),
    }
}
