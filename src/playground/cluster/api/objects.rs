//! What all writes share: replacing an object under its rules, and the line in the list of effects.

use std::sync::Arc;

use serde_json::{Value, json};

use super::ObjectTarget;
use super::query::Caller;
use crate::playground::cluster::admission;
use crate::playground::cluster::journal::Effect;
use crate::playground::cluster::json;
use crate::playground::cluster::kinds::Kind;
use crate::playground::cluster::managed::Writer;
use crate::playground::cluster::model::Model;
use crate::playground::cluster::shared::Shared;
use crate::playground::cluster::status::ApiError;
use crate::playground::cluster::store::Key;

/// Puts `new` in the place of `old`: versions checked, identity kept, defaults filled in, generation counted. Says whether anything was
/// stored.
pub(super) fn replace(
    model: &mut Model,
    target: &ObjectTarget,
    old: &Arc<Value>,
    mut new: Value,
    writer: Writer<'_>,
    dry_run: bool,
) -> Result<(Arc<Value>, bool), ApiError> {
    let kind = target.kind;
    let sent_version = json::text(&new, "/metadata/resourceVersion");
    if !sent_version.is_empty() && sent_version != json::text(old, "/metadata/resourceVersion") {
        return Err(ApiError::modified(kind, target.name()));
    }
    let (sent_uid, uid) = (
        json::text(&new, "/metadata/uid"),
        json::text(old, "/metadata/uid"),
    );
    if !sent_uid.is_empty() && sent_uid != uid {
        let why = format!("Precondition failed: UID in precondition: {sent_uid}, UID in object meta: {uid}");
        return Err(ApiError::conflict(kind, target.name(), &why));
    }
    if json::text(&new, "/metadata/name") != target.name() {
        let why = "the name of the object does not match the name on the URL";
        return Err(ApiError::bad_request(format!("{why} ({})", target.name())));
    }
    if target.subresource.as_deref() == Some("status") {
        let status = new.get("status").cloned().unwrap_or(Value::Null);
        new = (**old).clone();
        json::set(&mut new, &["status"], status);
    } else {
        keep_identity(old, &mut new);
    }
    admission::admit(kind, &mut new)?;
    admission::check_immutable(kind, old, &new)?;
    if kind.counts_generations() && new.get("spec") != old.get("spec") {
        let generation = json::int(old, "/metadata/generation").unwrap_or(1) + 1;
        json::set(&mut new, &["metadata", "generation"], json!(generation));
    }
    if dry_run {
        return Ok((Arc::new(new), false));
    }
    Ok((model.put_by(kind, old, new, writer), true))
}

/// What a client can't change: names, ids, times, and the status.
fn keep_identity(old: &Value, new: &mut Value) {
    for field in [
        "name",
        "namespace",
        "uid",
        "creationTimestamp",
        "generation",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "managedFields",
    ] {
        match old.pointer(&format!("/metadata/{field}")) {
            Some(value) => json::set(new, &["metadata", field], value.clone()),
            None => json::remove(new, &["metadata", field]),
        }
    }
    for field in ["kind", "apiVersion", "status"] {
        if let Some(value) = old.get(field) {
            json::set(new, &[field], value.clone());
        }
    }
}

/// A Job's selector and labels name its uid, which is known only once it is stored.
pub(super) fn complete_job(model: &mut Model, stored: &Arc<Value>) -> Arc<Value> {
    if json::text(stored, "/kind") != Kind::Job.info().name {
        return stored.clone();
    }
    let mut job = (**stored).clone();
    let uid = json!(json::text(stored, "/metadata/uid"));
    let name = json!(json::text(stored, "/metadata/name"));
    json::set(
        &mut job,
        &[
            "spec",
            "selector",
            "matchLabels",
            "batch.kubernetes.io/controller-uid",
        ],
        uid.clone(),
    );
    for (key, value) in [
        ("batch.kubernetes.io/controller-uid", &uid),
        ("controller-uid", &uid),
        ("batch.kubernetes.io/job-name", &name),
        ("job-name", &name),
    ] {
        json::set(
            &mut job,
            &["spec", "template", "metadata", "labels", key],
            value.clone(),
        );
    }
    model.store.put(Kind::Job, job)
}

/// Takes the references to an owner away, so that what it owned stays.
pub(super) fn orphan(model: &mut Model, uid: &str) {
    let owned: Vec<Key> = model
        .store
        .all()
        .filter(|(_, object)| {
            json::list(object, "/metadata/ownerReferences")
                .iter()
                .any(|o| json::text(o, "/uid") == uid)
        })
        .map(|(key, _)| key.clone())
        .collect();
    for key in owned {
        if let Some(mut object) = model.copy(&key) {
            let left: Vec<Value> = json::list(&object, "/metadata/ownerReferences")
                .iter()
                .filter(|owner| json::text(owner, "/uid") != uid)
                .cloned()
                .collect();
            json::set(&mut object, &["metadata", "ownerReferences"], json!(left));
            model.store.put(key.kind, object);
        }
    }
}

/// Writes down that a request took effect.
pub(super) fn note_effect(
    shared: &Shared,
    caller: &Caller,
    verb: &str,
    target: &ObjectTarget,
    name: &str,
    sent: Option<&Value>,
) {
    let group = target.kind.info().group;
    let resource = target.resource();
    shared.note_effect(Effect {
        seq: 0,
        at: shared.read(|model| model.now),
        audit_id: caller.audit_id.clone(),
        user: caller.identity.name().to_owned(),
        verb: verb.to_owned(),
        resource: if group.is_empty() {
            resource
        } else {
            format!("{resource}.{group}")
        },
        namespace: target.namespace.clone(),
        name: name.to_owned(),
        argv: Vec::new(),
        attempt: sent.and_then(attempt),
        field_manager: caller.query.get("fieldManager").unwrap_or("").to_owned(),
    });
}

/// The attempt id that a caller left in an annotation, wherever in the body the annotation stands.
fn attempt(sent: &Value) -> Option<String> {
    match sent {
        Value::Object(map) => map.iter().find_map(|(key, value)| match value {
            Value::String(text) if is_attempt_key(key) => Some(text.clone()),
            Value::Object(_) | Value::Array(_) => attempt(value),
            _ => None,
        }),
        Value::Array(items) => items.iter().find_map(attempt),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn is_attempt_key(key: &str) -> bool {
    key.starts_with("interlock") && (key.ends_with("attempt") || key.ends_with("attempt-id"))
}
