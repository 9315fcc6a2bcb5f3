//! Get and list, as objects or as tables.

use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::page::{Found, Page};
use super::query::Caller;
use super::{Body, ObjectTarget, respond, table};
use crate::playground::cluster::model::Model;
use crate::playground::cluster::selector::{FieldSelector, LabelSelector};
use crate::playground::cluster::shared::Shared;
use crate::playground::cluster::status::ApiError;
use crate::playground::cluster::store::Key;

/// Which objects of a collection are wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Chosen {
    labels: LabelSelector,
    fields: FieldSelector,
}

impl Chosen {
    pub fn of(caller: &Caller) -> Result<Self, ApiError> {
        let parameter = |name: &str| caller.query.get(name).unwrap_or("");
        Ok(Self {
            labels: LabelSelector::parse(parameter("labelSelector")).map_err(ApiError::bad_request)?,
            fields: FieldSelector::parse(parameter("fieldSelector")).map_err(ApiError::bad_request)?,
        })
    }

    /// Whether no selector narrows it.
    pub fn is_all(&self) -> bool {
        self.labels == LabelSelector::default() && self.fields == FieldSelector::default()
    }

    pub fn matches(&self, object: &Value) -> bool {
        self.labels.matches(object) && self.fields.matches(object)
    }
}

/// Looks an object up.
pub(in crate::playground::cluster) fn find(
    model: &Model,
    target: &ObjectTarget,
) -> Result<std::sync::Arc<Value>, ApiError> {
    let key = Key::new(target.kind, &target.namespace, target.name());
    model
        .store
        .get(&key)
        .cloned()
        .ok_or_else(|| ApiError::not_found(target.kind, target.name()))
}

/// One object.
pub(super) fn get(
    shared: &Shared,
    caller: &Caller,
    target: &ObjectTarget,
) -> Result<Response<Body>, ApiError> {
    shared.read(|model| {
        let object = find(model, target)?;
        if table::is_wanted(caller) {
            let table = table::of(model, target.kind, &[&object], caller, table::Header::Shown);
            return Ok(respond::json(StatusCode::OK, &table));
        }
        if table::is_metadata_wanted(caller) {
            return Ok(respond::json(StatusCode::OK, &table::metadata_of(&object)));
        }
        Ok(respond::json(StatusCode::OK, &object))
    })
}

/// A collection, or a page of one.
pub(super) fn list(
    shared: &Shared,
    caller: &Caller,
    target: &ObjectTarget,
) -> Result<Response<Body>, ApiError> {
    let chosen = Chosen::of(caller)?;
    let page = Page::of(caller)?;
    shared.read(|model| {
        let Found { objects, metadata } = page.list(&model.store, target, &chosen)?;
        let objects: Vec<&Value> = objects.iter().map(|object| &**object).collect();
        if table::is_wanted(caller) {
            let mut table = table::of(model, target.kind, &objects, caller, table::Header::Shown);
            table["metadata"] = metadata;
            return Ok(respond::json(StatusCode::OK, &table));
        }
        if table::is_metadata_wanted(caller) {
            let items: Vec<Value> = objects.into_iter().map(table::metadata_of).collect();
            let list = json!({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
                "metadata": metadata, "items": items});
            return Ok(respond::json(StatusCode::OK, &list));
        }
        let info = target.kind.info();
        let list = json!({"kind": format!("{}List", info.name), "apiVersion": target.kind.api_version(),
            "metadata": metadata, "items": objects});
        Ok(respond::json(StatusCode::OK, &list))
    })
}
