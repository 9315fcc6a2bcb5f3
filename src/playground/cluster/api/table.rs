//! Tables, which `kubectl get` asks for instead of objects.

use serde_json::{Value, json};

use super::columns;
use super::query::Caller;
use crate::playground::cluster::kinds::Kind;
use crate::playground::cluster::model::Model;

/// Whether the column definitions go along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    Shown,
    /// A watch has sent them before.
    Known,
}

/// Whether the client prefers a table.
pub(super) fn is_wanted(caller: &Caller) -> bool {
    preferred(caller).contains("as=Table")
}

/// Whether the client wants to see metadata alone, of one object or of many.
pub(super) fn is_metadata_wanted(caller: &Caller) -> bool {
    preferred(caller).contains("as=PartialObjectMetadata")
}

fn preferred(caller: &Caller) -> &str {
    caller.header("accept").split(',').next().unwrap_or("")
}

/// An object without what is in it.
pub(super) fn metadata_of(object: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]})
}

/// A table of objects of one kind.
pub(super) fn of(model: &Model, kind: Kind, objects: &[&Value], caller: &Caller, header: Header) -> Value {
    let rows: Vec<Value> = objects
        .iter()
        .map(|object| {
            let attached = match caller.query.get("includeObject") {
                Some("Object") => (*object).clone(),
                Some("None") => Value::Null,
                _ => metadata_of(object),
            };
            json!({"cells": columns::cells(model, kind, object), "object": attached})
        })
        .collect();
    let definitions = match header {
        Header::Shown => json!(columns::definitions(kind)),
        Header::Known => Value::Null,
    };
    let version = objects
        .first()
        .and_then(|object| object.pointer("/metadata/resourceVersion"))
        .cloned();
    json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": version.unwrap_or(json!(""))},
        "columnDefinitions": definitions, "rows": rows})
}
