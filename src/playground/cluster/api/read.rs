//! Get and list, as objects or as tables.

use http::{Response, StatusCode};
use serde_json::{Value, json};

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
        Ok(respond::json(StatusCode::OK, &object))
    })
}

/// A collection. `limit` cuts it; `continue` carries the place where the next part begins.
pub(super) fn list(
    shared: &Shared,
    caller: &Caller,
    target: &ObjectTarget,
) -> Result<Response<Body>, ApiError> {
    let chosen = Chosen::of(caller)?;
    let limit = caller
        .query
        .get("limit")
        .and_then(|text| text.parse::<usize>().ok())
        .filter(|limit| *limit > 0);
    let from = caller
        .query
        .get("continue")
        .filter(|text| !text.is_empty())
        .map(decode_place)
        .transpose()?;
    shared.read(|model| {
        let mut found: Vec<_> = model
            .store
            .list(target.kind, &target.namespace)
            .filter(|(key, _)| {
                from.as_ref()
                    .is_none_or(|place| (&key.namespace, &key.name) > (&place.0, &place.1))
            })
            .filter(|(_, object)| chosen.matches(object))
            .collect();
        let mut metadata = json!({"resourceVersion": model.store.version().to_string()});
        if let Some(limit) = limit.filter(|limit| found.len() > *limit) {
            metadata["remainingItemCount"] = json!(found.len() - limit);
            found.truncate(limit);
            if let Some((key, _)) = found.last() {
                metadata["continue"] = json!(hex::encode(format!("{}/{}", key.namespace, key.name)));
            }
        }
        let objects: Vec<&Value> = found.iter().map(|(_, object)| &***object).collect();
        if table::is_wanted(caller) {
            let mut table = table::of(model, target.kind, &objects, caller, table::Header::Shown);
            table["metadata"] = metadata;
            return Ok(respond::json(StatusCode::OK, &table));
        }
        let info = target.kind.info();
        let list = json!({"kind": format!("{}List", info.name), "apiVersion": target.kind.api_version(),
            "metadata": metadata, "items": objects});
        Ok(respond::json(StatusCode::OK, &list))
    })
}

fn decode_place(text: &str) -> Result<(String, String), ApiError> {
    let refused = || ApiError::bad_request("continue key is not valid");
    let bytes = hex::decode(text).map_err(|_| refused())?;
    let place = String::from_utf8(bytes).map_err(|_| refused())?;
    let (namespace, name) = place.split_once('/').ok_or_else(refused)?;
    Ok((namespace.to_owned(), name.to_owned()))
}
