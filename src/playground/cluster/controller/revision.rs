//! ControllerRevisions: the remembered templates of StatefulSets and DaemonSets.

use std::sync::Arc;

use serde_json::{Value, json};

use super::pods;
use crate::playground::cluster::ids;
use crate::playground::cluster::json;
use crate::playground::cluster::kinds::Kind;
use crate::playground::cluster::model::Model;
use crate::playground::cluster::store::Key;

/// The label on pods that names their revision.
pub(in crate::playground::cluster) const LABEL: &str = "controller-revision-hash";

/// How many of `have` old revisions are too many; the limit is ten when nothing is said.
pub(in crate::playground::cluster) fn excess(have: usize, limit: Option<i64>) -> usize {
    have.saturating_sub(usize::try_from(limit.unwrap_or(10)).unwrap_or(0))
}

/// Finds or makes the revision of an owner's present template, gives it the highest number, and returns it.
pub(in crate::playground::cluster) fn ensure(
    model: &mut Model,
    owner_kind: Kind,
    owner: &Value,
) -> Arc<Value> {
    let namespace = json::text(owner, "/metadata/namespace");
    let template = owner.pointer("/spec/template").cloned().unwrap_or(Value::Null);
    let mut marked = template.clone();
    // kubectl sends this data back as a strategic merge patch; the mark makes it replace the template whole.
    json::set(&mut marked, &["$patch"], json!("replace"));
    let data = json!({"spec": {"template": marked}});
    let mut known = model.owned(
        Kind::ControllerRevision,
        namespace,
        json::text(owner, "/metadata/uid"),
    );
    known.sort_by_key(|revision| json::int(revision, "/revision"));
    let highest = known
        .last()
        .and_then(|revision| json::int(revision, "/revision"))
        .unwrap_or(0);
    if let Some(same) = known.iter().find(|revision| revision.get("data") == Some(&data)) {
        if json::int(same, "/revision") == Some(highest) {
            return same.clone();
        }
        let mut renumbered = (**same).clone();
        renumbered["revision"] = json!(highest + 1);
        return model.store.put(Kind::ControllerRevision, renumbered);
    }
    forget_old(model, owner, &known);
    let hash = ids::template_hash(&template);
    let name = format!("{}-{hash}", json::text(owner, "/metadata/name"));
    let mut labels = owner
        .pointer("/spec/selector/matchLabels")
        .cloned()
        .unwrap_or_else(|| json!({}));
    json::set(&mut labels, &[LABEL], json!(hash));
    let annotations = owner
        .pointer("/metadata/annotations")
        .cloned()
        .unwrap_or_else(|| json!({}));
    let revision = json!({
        "metadata": {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations,
            "ownerReferences": [pods::owner_reference(owner_kind, owner)]},
        "data": data, "revision": highest + 1,
    });
    model.create(Kind::ControllerRevision, revision)
}

fn forget_old(model: &mut Model, owner: &Value, known: &[Arc<Value>]) {
    let limit = json::int(owner, "/spec/revisionHistoryLimit");
    for revision in known.iter().take(excess(known.len(), limit)) {
        model.delete(&Key::of(Kind::ControllerRevision, revision), None);
    }
}
