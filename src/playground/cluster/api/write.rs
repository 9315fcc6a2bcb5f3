//! Create, update, patch and delete, with preconditions, dry runs, and a line in the list of effects for each that took effect.

use std::sync::Arc;

use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::query::Caller;
use super::{Body, ObjectTarget, objects, read, respond, table};
use crate::playground::cluster::admission;
use crate::playground::cluster::json;
use crate::playground::cluster::kinds::Kind;
use crate::playground::cluster::model::Model;
use crate::playground::cluster::patch::{self, PatchKind};
use crate::playground::cluster::shared::Shared;
use crate::playground::cluster::status::ApiError;
use crate::playground::cluster::store::Key;

type Answer = Result<Response<Body>, ApiError>;

fn parse(body: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(body).map_err(|error| {
        let why = format!("couldn't get version/kind; json parse error: {error}");
        ApiError::bad_request(format!(
            "the object provided is unrecognized (must be of type …): {why}"
        ))
    })
}

/// Makes a new object.
pub(super) fn create(shared: &Shared, caller: &Caller, target: &ObjectTarget, body: &[u8]) -> Answer {
    create_as(shared, caller, target, body, "Update")
}

fn create_as(
    shared: &Shared,
    caller: &Caller,
    target: &ObjectTarget,
    body: &[u8],
    operation: &'static str,
) -> Answer {
    let mut object = parse(body)?;
    let sent = object.clone();
    check_identity(target, &object)?;
    if target.kind.info().is_namespaced() {
        json::set(&mut object, &["metadata", "namespace"], json!(target.namespace));
    }
    let stored = shared.change(|model| {
        let home = Key::new(Kind::Namespace, "", &target.namespace);
        if target.kind.info().is_namespaced() && model.store.get(&home).is_none() {
            return Err(ApiError::not_found(Kind::Namespace, &target.namespace));
        }
        if json::text(&object, "/metadata/name").is_empty()
            && !json::text(&object, "/metadata/generateName").is_empty()
        {
            let name = format!(
                "{}{}",
                json::text(&object, "/metadata/generateName"),
                model.ids.suffix()
            );
            json::set(&mut object, &["metadata", "name"], json!(name));
        }
        admission::admit(target.kind, &mut object)?;
        let key = Key::of(target.kind, &object);
        if model.store.get(&key).is_some() {
            return Err(ApiError::already_exists(target.kind, &key.name));
        }
        if target.kind == Kind::Namespace {
            json::set(&mut object, &["status", "phase"], json!("Active"));
        }
        if caller.query.is_dry_run() {
            return Ok((Arc::new(object), false));
        }
        let stored = model.create_by(target.kind, object, caller.writer(operation, target));
        Ok((objects::complete_job(model, &stored), true))
    })?;
    if stored.1 {
        let name = json::text(&stored.0, "/metadata/name");
        objects::note_effect(shared, caller, "create", target, name, Some(&sent));
    }
    Ok(shown(shared, caller, target.kind, StatusCode::CREATED, &stored.0))
}

/// Kind and namespace of the body must be those of the path.
fn check_identity(target: &ObjectTarget, object: &Value) -> Result<(), ApiError> {
    let kind = json::text(object, "/kind");
    let info = target.kind.info();
    if !kind.is_empty() && kind != info.name {
        return Err(ApiError::bad_request(format!(
            "{kind} in version \"{}\" cannot be handled as a {}: converting ({kind}) to ({}): unknown conversion",
            json::text(object, "/apiVersion"),
            info.name,
            info.name
        )));
    }
    let namespace = json::text(object, "/metadata/namespace");
    if !namespace.is_empty() && namespace != target.namespace && info.is_namespaced() {
        let why = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(ApiError::bad_request(why));
    }
    Ok(())
}

/// Replaces an object.
pub(super) fn update(shared: &Shared, caller: &Caller, target: &ObjectTarget, body: &[u8]) -> Answer {
    let sent = parse(body)?;
    check_identity(target, &sent)?;
    let (stored, changed) = shared.change(|model| {
        let old = read::find(model, target)?;
        let writer = caller.writer("Update", target);
        objects::replace(
            model,
            target,
            &old,
            sent.clone(),
            writer,
            caller.query.is_dry_run(),
        )
    })?;
    if changed {
        objects::note_effect(shared, caller, "update", target, target.name(), Some(&sent));
    }
    Ok(shown(shared, caller, target.kind, StatusCode::OK, &stored))
}

/// Changes an object in place.
pub(super) fn patch(shared: &Shared, caller: &Caller, target: &ObjectTarget, body: &[u8]) -> Answer {
    let kind = PatchKind::from_content_type(caller.header("content-type")).ok_or_else(|| {
        ApiError::unsupported_patch(
            "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, \
             application/apply-patch+yaml",
        )
    })?;
    let sent = parse(body)?;
    if kind == PatchKind::Apply && shared.read(|model| read::find(model, target).is_err()) {
        return create_as(shared, caller, target, body, kind.operation());
    }
    let (stored, changed) = shared.change(|model| {
        let old = read::find(model, target)?;
        let mut new = (*old).clone();
        patch::apply(kind, &mut new, &sent).map_err(|why| {
            let problem = format!("the server rejected our request due to an error in our request: {why}");
            ApiError::invalid(target.kind, target.name(), "patch", &problem)
        })?;
        let writer = caller.writer(kind.operation(), target);
        objects::replace(model, target, &old, new, writer, caller.query.is_dry_run())
    })?;
    if changed {
        objects::note_effect(shared, caller, "patch", target, target.name(), Some(&sent));
    }
    Ok(shown(shared, caller, target.kind, StatusCode::OK, &stored))
}

/// What a delete asks for, from the query and the body.
struct DeleteWish {
    grace: Option<i64>,
    uid: Option<String>,
    version: Option<String>,
    orphan: bool,
    dry_run: bool,
}

impl DeleteWish {
    fn of(caller: &Caller, body: &[u8]) -> Result<Self, ApiError> {
        let options = if body.is_empty() { json!({}) } else { parse(body)? };
        let owned = |pointer: &str| {
            options
                .pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let policy =
            owned("/propagationPolicy").or_else(|| caller.query.get("propagationPolicy").map(str::to_owned));
        let from_query = caller
            .query
            .get("gracePeriodSeconds")
            .and_then(|text| text.parse().ok());
        Ok(Self {
            grace: json::int(&options, "/gracePeriodSeconds").or(from_query),
            uid: owned("/preconditions/uid"),
            version: owned("/preconditions/resourceVersion"),
            orphan: policy.as_deref() == Some("Orphan"),
            dry_run: caller.query.is_dry_run() || json::list(&options, "/dryRun").contains(&json!("All")),
        })
    }

    fn check(&self, kind: Kind, object: &Value) -> Result<(), ApiError> {
        let name = json::text(object, "/metadata/name");
        for (wanted, pointer, word) in [
            (&self.uid, "/metadata/uid", "UID"),
            (&self.version, "/metadata/resourceVersion", "ResourceVersion"),
        ] {
            let have = json::text(object, pointer);
            if let Some(wanted) = wanted.as_deref().filter(|wanted| *wanted != have) {
                let why = format!(
                    "Precondition failed: {word} in precondition: {wanted}, {word} in object meta: {have}"
                );
                return Err(ApiError::conflict(kind, name, &why));
            }
        }
        Ok(())
    }
}

/// Deletes an object.
pub(super) fn delete(shared: &Shared, caller: &Caller, target: &ObjectTarget, body: &[u8]) -> Answer {
    let wish = DeleteWish::of(caller, body)?;
    let last = shared.change(|model| {
        let object = read::find(model, target)?;
        wish.check(target.kind, &object)?;
        if wish.dry_run {
            return Ok(object);
        }
        remove(model, target.kind, &object, &wish);
        Ok::<_, ApiError>(
            model
                .store
                .get(&Key::of(target.kind, &object))
                .cloned()
                .unwrap_or(object),
        )
    })?;
    if !wish.dry_run {
        objects::note_effect(shared, caller, "delete", target, target.name(), None);
    }
    if target.kind == Kind::Pod {
        return Ok(respond::json(StatusCode::OK, &last));
    }
    let info = target.kind.info();
    let mut details =
        json!({"name": target.name(), "kind": info.plural, "uid": json::text(&last, "/metadata/uid")});
    if !info.group.is_empty() {
        details["group"] = json!(info.group);
    }
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details});
    Ok(respond::json(StatusCode::OK, &status))
}

fn remove(model: &mut Model, kind: Kind, object: &Value, wish: &DeleteWish) {
    if wish.orphan {
        objects::orphan(model, json::text(object, "/metadata/uid"));
    }
    if kind == Kind::Namespace {
        let name = json::text(object, "/metadata/name");
        let inside: Vec<Key> = model
            .store
            .all()
            .filter(|(key, _)| key.namespace == name)
            .map(|(key, _)| key.clone())
            .collect();
        for key in inside {
            model.delete(&key, Some(0));
        }
    }
    model.delete(&Key::of(kind, object), wish.grace);
}

/// Deletes what a selector chooses.
pub(super) fn delete_all(shared: &Shared, caller: &Caller, target: &ObjectTarget, body: &[u8]) -> Answer {
    let wish = DeleteWish::of(caller, body)?;
    let chosen = read::Chosen::of(caller)?;
    let gone = shared.change(|model| {
        let found: Vec<Arc<Value>> = model
            .store
            .list(target.kind, &target.namespace)
            .filter(|(_, object)| chosen.matches(object))
            .map(|(_, object)| object.clone())
            .collect();
        if !wish.dry_run {
            for object in &found {
                remove(model, target.kind, object, &wish);
            }
        }
        found
    });
    if !wish.dry_run {
        for object in &gone {
            objects::note_effect(
                shared,
                caller,
                "delete",
                target,
                json::text(object, "/metadata/name"),
                None,
            );
        }
    }
    let list = json!({"kind": format!("{}List", target.kind.info().name), "apiVersion": target.kind.api_version(),
        "metadata": {}, "items": gone.iter().map(|object| &**object).collect::<Vec<_>>()});
    Ok(respond::json(StatusCode::OK, &list))
}

fn shown(shared: &Shared, caller: &Caller, kind: Kind, code: StatusCode, object: &Value) -> Response<Body> {
    if table::is_wanted(caller) {
        let table = shared.read(|model| table::of(model, kind, &[object], caller, table::Header::Shown));
        return respond::json(code, &table);
    }
    respond::json(code, object)
}
