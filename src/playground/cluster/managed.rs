//! Who wrote which field: `metadata.managedFields`, as the API server keeps it (Kubernetes, "Server-Side Apply", Field management). A
//! manager owns what it wrote last; a write that changes nothing of a field leaves its owner, and one that only takes fields
//! away names nobody, as on the real server.
//!
//! Absent on purpose: conflicts of server-side apply, and entries for what the controllers write after they made an object.

use serde_json::{Map, Value, json};

use super::json;
use super::patch::merge_keys;

/// Who writes, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writer<'a> {
    pub manager: &'a str,
    /// `Update`, or `Apply` for server-side apply.
    pub operation: &'static str,
    /// Empty for the object itself.
    pub subresource: &'a str,
}

impl<'a> Writer<'a> {
    pub fn updates(manager: &'a str) -> Self {
        Self {
            manager,
            operation: "Update",
            subresource: "",
        }
    }

    fn is(&self, entry: &Value) -> bool {
        json::text(entry, "/manager") == self.manager
            && json::text(entry, "/operation") == self.operation
            && json::text(entry, "/subresource") == self.subresource
    }
}

/// Metadata that belongs to whoever writes it; the rest is the server's own.
const OF_WRITERS: [&str; 4] = ["annotations", "finalizers", "labels", "ownerReferences"];

/// Notes in `new` what its writer changed of `old`, at a time as Kubernetes writes times.
pub(super) fn note(old: Option<&Value>, new: &mut Value, writer: Writer<'_>, at: &Value) {
    let written = changed(old, new, writer.subresource);
    let mut entries = json::list(old.unwrap_or(&Value::Null), "/metadata/managedFields").to_vec();
    for entry in &mut entries {
        let others = !writer.is(entry);
        if let Some(fields) = entry.get_mut("fieldsV1").filter(|_| others) {
            take_away(fields, &written);
        }
        keep_existing(entry.get_mut("fieldsV1"), new);
    }
    if !written.is_empty() {
        let mut fields = Value::Object(written);
        entries.retain(|entry| {
            let same = writer.is(entry);
            if same {
                join(&mut fields, &entry["fieldsV1"]);
            }
            !same
        });
        let mut entry = json!({"manager": writer.manager, "operation": writer.operation,
            "apiVersion": json::text(new, "/apiVersion"), "time": at, "fieldsType": "FieldsV1", "fieldsV1": fields});
        if !writer.subresource.is_empty() {
            entry["subresource"] = json!(writer.subresource);
        }
        entries.push(entry);
    }
    entries.retain(|entry| {
        entry["fieldsV1"]
            .as_object()
            .is_some_and(|fields| !fields.is_empty())
    });
    match entries.is_empty() {
        true => json::remove(new, &["metadata", "managedFields"]),
        false => json::set(new, &["metadata", "managedFields"], Value::Array(entries)),
    }
}

/// The fields that are new or have another value, as a FieldsV1 set.
fn changed(old: Option<&Value>, new: &Value, subresource: &str) -> Map<String, Value> {
    let mut set = Map::new();
    let Value::Object(fields) = new else { return set };
    for (key, value) in fields {
        let before = old.and_then(|old| old.get(key));
        let inner = match (key.as_str(), subresource) {
            ("apiVersion" | "kind", _) => None,
            ("status", "status") => within(key, before, value),
            ("status", _) | (_, "status") => None,
            ("metadata", _) => {
                let own = |object: &Value| {
                    let fields = OF_WRITERS
                        .iter()
                        .filter_map(|name| Some((*name, object.get(name)?.clone())));
                    fields.map(|(name, value)| (name.to_owned(), value)).collect()
                };
                let before = before.map(|before| Value::Object(own(before)));
                within(
                    key,
                    Some(&before.unwrap_or_else(|| json!({}))),
                    &Value::Object(own(value)),
                )
            }
            (_, _) => within(key, before, value),
        };
        set.extend(inner.map(|inner| (format!("f:{key}"), inner)));
    }
    set
}

fn within(name: &str, old: Option<&Value>, new: &Value) -> Option<Value> {
    if old == Some(new) {
        return None;
    }
    let mut set = Map::new();
    match (new, keyed_by(name, new)) {
        (Value::Object(fields), _) if !fields.is_empty() => {
            if !old.is_some_and(Value::is_object) {
                set.insert(".".to_owned(), json!({}));
            }
            for (key, value) in fields {
                let inner = within(key, old.and_then(|old| old.get(key)), value);
                set.extend(inner.map(|inner| (format!("f:{key}"), inner)));
            }
        }
        (Value::Array(items), Some(key)) => {
            for item in items {
                let before =
                    old.and_then(|old| old.as_array()?.iter().find(|one| one.get(key) == item.get(key)));
                let inner = within("", before, item);
                set.extend(inner.map(|inner| (element(key, item), inner)));
            }
        }
        (_, _) => return Some(json!({})),
    }
    (!set.is_empty()).then_some(Value::Object(set))
}

/// What tells the elements of a list apart; `None` for a list that is one value.
fn keyed_by(name: &str, list: &Value) -> Option<&'static str> {
    let items = list.as_array().filter(|items| !items.is_empty())?;
    let has = |key: &&&str| items.iter().all(|item| item.get(**key).is_some());
    merge_keys(name).iter().find(has).copied()
}

/// `k:{"name":"main"}`.
fn element(key: &str, item: &Value) -> String {
    format!("k:{}", json!({key: item.get(key)}))
}

/// Takes the leaves of a set out of another.
fn take_away(from: &mut Value, what: &Map<String, Value>) {
    let Value::Object(fields) = from else { return };
    for (key, inner) in what {
        let Some(have) = fields.get_mut(key) else { continue };
        match inner.as_object().filter(|inner| !inner.is_empty()) {
            Some(inner) => take_away(have, inner),
            None => *have = json!({}),
        }
        if have.as_object().is_some_and(Map::is_empty) {
            fields.remove(key);
        }
    }
}

/// Takes out what the object has no more.
fn keep_existing(fields: Option<&mut Value>, object: &Value) {
    let Some(Value::Object(fields)) = fields else {
        return;
    };
    fields.retain(|key, inner| {
        let place = match (key.strip_prefix("f:"), key.strip_prefix("k:")) {
            (Some(field), _) => object.get(field),
            (_, Some(element)) => {
                let wanted: Option<Map<String, Value>> = serde_json::from_str(element).ok();
                let same = |item: &&Value| {
                    let mut wanted = wanted.iter().flatten();
                    wanted.all(|(key, value)| item.get(key) == Some(value))
                };
                object.as_array().and_then(|items| items.iter().find(same))
            }
            (None, None) => Some(object),
        };
        let was_leaf = inner.as_object().is_some_and(Map::is_empty);
        if let Some(place) = place {
            keep_existing(Some(inner), place);
        }
        place.is_some() && (was_leaf || inner.as_object().is_some_and(|inner| !inner.is_empty()))
    });
}

fn join(into: &mut Value, other: &Value) {
    if let (Value::Object(into), Value::Object(other)) = (into, other) {
        for (key, value) in other {
            join(into.entry(key.clone()).or_insert_with(|| json!({})), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn managers(object: &Value) -> Vec<(&str, &str, &Value)> {
        let entries = json::list(object, "/metadata/managedFields").iter();
        entries
            .map(|entry| {
                (
                    json::text(entry, "/manager"),
                    json::text(entry, "/time"),
                    &entry["fieldsV1"],
                )
            })
            .collect()
    }

    fn settings(level: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "labels": {"app": "shop"}},
            "data": {"level": level, "url": "a"}})
    }

    #[test]
    fn who_changes_a_field_owns_it_and_the_others_keep_theirs_with_their_time() {
        let mut first = settings("info");
        note(
            None,
            &mut first,
            Writer::updates("helm"),
            &json!("2026-03-02T08:00:00Z"),
        );
        let mut second = settings("debug");
        note(
            Some(&first),
            &mut second,
            Writer::updates("kubectl-edit"),
            &json!("2026-03-02T09:00:00Z"),
        );
        let labels = json!({"f:labels": {".": {}, "f:app": {}}});
        assert_eq!(
            managers(&second),
            [
                (
                    "helm",
                    "2026-03-02T08:00:00Z",
                    &json!({"f:data": {".": {}, "f:url": {}}, "f:metadata": labels})
                ),
                (
                    "kubectl-edit",
                    "2026-03-02T09:00:00Z",
                    &json!({"f:data": {"f:level": {}}})
                ),
            ]
        );
        let mut same = settings("debug");
        note(
            Some(&second),
            &mut same,
            Writer::updates("flux"),
            &json!("2026-03-02T10:00:00Z"),
        );
        assert_eq!(managers(&same), managers(&second));
    }

    #[test]
    fn a_field_that_is_taken_away_has_no_owner_and_names_nobody() {
        let mut first = settings("info");
        note(
            None,
            &mut first,
            Writer::updates("helm"),
            &json!("2026-03-02T08:00:00Z"),
        );
        let mut second = settings("info");
        json::remove(&mut second, &["data", "url"]);
        note(
            Some(&first),
            &mut second,
            Writer::updates("kubectl-edit"),
            &json!("2026-03-02T09:00:00Z"),
        );
        let left = managers(&second);
        assert_eq!(
            (left.len(), left[0].0, left[0].1),
            (1, "helm", "2026-03-02T08:00:00Z")
        );
        assert_eq!(left[0].2["f:data"], json!({".": {}, "f:level": {}}));
    }

    #[test]
    fn a_container_is_known_by_its_name() {
        let pod = |image: &str| json!({"apiVersion": "v1", "spec": {"containers": [{"name": "a", "image": image}, {"name": "b", "image": "1"}]}});
        let mut first = pod("1");
        note(
            None,
            &mut first,
            Writer::updates("argocd-controller"),
            &json!("2026-03-02T08:00:00Z"),
        );
        let mut second = pod("2");
        note(
            Some(&first),
            &mut second,
            Writer::updates("kubectl-set"),
            &json!("2026-03-02T09:00:00Z"),
        );
        let own = json!({"f:spec": {"f:containers": {"k:{\"name\":\"a\"}": {"f:image": {}}}}});
        assert_eq!(managers(&second)[1].2, &own);
    }
}
