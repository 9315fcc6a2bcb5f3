//! The part of the control API that goes past the page: the doubles' own faults, changes of the workspace under the app's
//! feet, and the record of what reached the doubles.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Body, Playground, done, refusal, shown};
use crate::playground::faults::AnyFault;
use crate::playground::page::{Backend, BackendError};
use crate::playground::slack::{ChangeRefused, DeliveryKind, WorkspaceChange};

/// Entries of a record that are shown when nobody says how many, and the most that are.
const SHOWN: usize = 200;
const SHOWN_MOST: usize = 5_000;

/// The routes.
pub(super) fn router() -> Router<Arc<dyn Backend>> {
    Router::new()
        .route("/api/faults", post(arm))
        .route("/api/faults/armed", get(armed))
        .route("/api/workspace", get(workspace).post(change))
        .route("/api/calls", get(calls))
        .route("/api/deliveries", get(deliveries))
        .route("/api/violations", get(violations).delete(forgive))
        .route("/api/cluster/requests", get(requests))
        .route("/api/cluster/effects", get(effects))
        .route("/api/pager/calls", get(pager_calls))
}

async fn arm(State(b): Playground, Body(fault): Body<AnyFault>) -> Response {
    let armed = b
        .doubles()
        .and_then(|doubles| doubles.arm(fault).map_err(|why| BackendError::Nonsense(why.0)));
    shown(armed.map(|id| json!({ "ok": true, "id": id.map(|id| id.to_string()) })))
}

async fn armed(State(b): Playground) -> Response {
    shown(b.doubles().map(|doubles| doubles.armed()))
}

async fn workspace(State(b): Playground) -> Response {
    shown(b.doubles().map(|doubles| doubles.slack.facts()))
}

async fn change(State(b): Playground, Body(change): Body<WorkspaceChange>) -> Response {
    let slack = match b.doubles() {
        Ok(doubles) => doubles.slack.clone(),
        Err(error) => return refusal(&error),
    };
    let changed = slack.change(change).await.map_err(|error| match error {
        ChangeRefused::Nonsense(why) => BackendError::Nonsense(why.0),
        ChangeRefused::Challenge { .. } => BackendError::Refused(error.to_string()),
    });
    done(changed)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Of {
    method: Option<String>,
    last: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfKind {
    kind: Option<DeliveryKind>,
    last: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Last {
    last: Option<usize>,
}

/// The newest of a record, oldest first.
fn newest<T: Serialize>(all: Vec<T>, last: Option<usize>) -> Vec<T> {
    let keep = last.unwrap_or(SHOWN).min(SHOWN_MOST);
    let skip = all.len().saturating_sub(keep);
    all.into_iter().skip(skip).collect()
}

async fn calls(State(b): Playground, Query(of): Query<Of>) -> Response {
    shown(b.doubles().map(|doubles| {
        let all = match &of.method {
            Some(method) => doubles.slack.calls_of(method),
            None => doubles.slack.calls(),
        };
        newest(all, of.last)
    }))
}

async fn deliveries(State(b): Playground, Query(of): Query<OfKind>) -> Response {
    shown(b.doubles().map(|doubles| {
        let all = doubles.slack.deliveries().into_iter();
        let wanted = all.filter(|delivery| of.kind.is_none_or(|kind| delivery.kind == kind));
        newest(wanted.collect(), of.last)
    }))
}

async fn violations(State(b): Playground) -> Response {
    shown(b.doubles().map(|doubles| doubles.slack.violations()))
}

async fn forgive(State(b): Playground) -> Response {
    done(b.doubles().map(|doubles| doubles.slack.forgive()))
}

async fn requests(State(b): Playground, Query(Last { last }): Query<Last>) -> Response {
    shown(
        b.doubles()
            .map(|doubles| newest(doubles.cluster.requests(), last)),
    )
}

async fn effects(State(b): Playground, Query(Last { last }): Query<Last>) -> Response {
    shown(b.doubles().map(|doubles| newest(doubles.cluster.effects(), last)))
}

async fn pager_calls(State(b): Playground, Query(Last { last }): Query<Last>) -> Response {
    shown(b.doubles().map(|doubles| newest(doubles.pager.calls(), last)))
}
