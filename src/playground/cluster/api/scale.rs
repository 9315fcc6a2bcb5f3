//! The scale subresource.

use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::query::Caller;
use super::{Body, ObjectTarget, objects, read, respond};
use crate::playground::cluster::json;
use crate::playground::cluster::kinds::Kind;
use crate::playground::cluster::patch::{self, PatchKind};
use crate::playground::cluster::selector::LabelSelector;
use crate::playground::cluster::shared::Shared;
use crate::playground::cluster::status::ApiError;

fn check_kind(kind: Kind) -> Result<(), ApiError> {
    if kind.info().subresources.contains(&"scale") {
        Ok(())
    } else {
        Err(ApiError::no_such_resource())
    }
}

fn scale_of(object: &Value) -> Value {
    let mut metadata = json!({});
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        metadata[field] = object
            .pointer(&format!("/metadata/{field}"))
            .cloned()
            .unwrap_or(Value::Null);
    }
    let selector =
        LabelSelector::from_object(object.pointer("/spec/selector").unwrap_or(&Value::Null)).to_text();
    json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
        "spec": {"replicas": json::int(object, "/spec/replicas").unwrap_or(0)},
        "status": {"replicas": json::int(object, "/status/replicas").unwrap_or(0), "selector": selector}})
}

/// Reads the scale of a workload.
pub(super) fn read(shared: &Shared, target: &ObjectTarget) -> Result<Response<Body>, ApiError> {
    check_kind(target.kind)?;
    shared.read(|model| {
        Ok(respond::json(
            StatusCode::OK,
            &scale_of(&*read::find(model, target)?),
        ))
    })
}

/// Changes it, by a whole Scale or a patch of one.
pub(super) fn write(
    shared: &Shared,
    caller: &Caller,
    target: &ObjectTarget,
    verb: &str,
    content_type: &str,
    body: &[u8],
) -> Result<Response<Body>, ApiError> {
    check_kind(target.kind)?;
    let sent: Value = serde_json::from_slice(body)
        .map_err(|error| ApiError::bad_request(format!("the body is not JSON: {error}")))?;
    let (stored, changed) = shared.change(|model| {
        let old = read::find(model, target)?;
        let scale = if verb == "patch" {
            let kind = PatchKind::from_content_type(content_type)
                .ok_or_else(|| ApiError::unsupported_patch("application/merge-patch+json"))?;
            let mut scale = scale_of(&old);
            patch::apply(kind, &mut scale, &sent).map_err(ApiError::bad_request)?;
            scale
        } else {
            sent.clone()
        };
        let replicas = json::int(&scale, "/spec/replicas").unwrap_or(0);
        let version = json::text(&scale, "/metadata/resourceVersion");
        let mut new = (*old).clone();
        json::set(&mut new, &["spec", "replicas"], json!(replicas));
        if !version.is_empty() {
            json::set(&mut new, &["metadata", "resourceVersion"], json!(version));
        }
        let whole = ObjectTarget {
            subresource: None,
            ..target.clone()
        };
        let writer = caller.writer("Update", target);
        objects::replace(model, &whole, &old, new, writer, caller.query.is_dry_run())
    })?;
    if changed {
        objects::note_effect(shared, caller, "scale", target, target.name(), Some(&sent));
    }
    Ok(respond::json(StatusCode::OK, &scale_of(&stored)))
}
