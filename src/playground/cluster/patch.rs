//! The patch formats that clients send: JSON merge patch (RFC 7396), JSON patch (RFC 6902) and Kubernetes' strategic merge patch.
//! Merge keys are those of the built-in types; lists without one are replaced whole, as on the real server.

use serde_json::{Map, Value};

/// Which format a patch has, from its content type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PatchKind {
    Json,
    Merge,
    Strategic,
    /// Server-side apply, taken as a strategic merge that no other manager's field stops.
    Apply,
}

impl PatchKind {
    pub fn from_content_type(content_type: &str) -> Option<Self> {
        match content_type.split(';').next().unwrap_or("").trim() {
            "application/json-patch+json" => Some(Self::Json),
            "application/merge-patch+json" => Some(Self::Merge),
            "application/strategic-merge-patch+json" => Some(Self::Strategic),
            "application/apply-patch+yaml" => Some(Self::Apply),
            _ => None,
        }
    }

    /// As managed fields call it.
    pub fn operation(self) -> &'static str {
        match self {
            Self::Json | Self::Merge | Self::Strategic => "Update",
            Self::Apply => "Apply",
        }
    }
}

/// Applies a patch; the error is the text for a 400 or 422 answer.
pub(super) fn apply(kind: PatchKind, target: &mut Value, patch: &Value) -> Result<(), String> {
    match kind {
        PatchKind::Json => json_patch(target, patch),
        PatchKind::Merge => {
            merge(target, patch);
            Ok(())
        }
        PatchKind::Strategic | PatchKind::Apply => strategic(target, patch),
    }
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(map) = target {
        for (key, value) in fields {
            if value.is_null() {
                map.remove(key);
            } else {
                merge(map.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
    }
}

fn json_patch(target: &mut Value, patch: &Value) -> Result<(), String> {
    let operations = patch
        .as_array()
        .ok_or("json: cannot unmarshal object into Go value of type jsonpatch.Patch")?;
    for operation in operations {
        let field = |name: &str| operation.get(name).and_then(Value::as_str).unwrap_or("");
        let value = operation.get("value").cloned().unwrap_or(Value::Null);
        match field("op") {
            "add" => add(target, field("path"), value)?,
            "replace" => {
                let slot = target
                    .pointer_mut(field("path"))
                    .ok_or_else(|| missing("replace", field("path")))?;
                *slot = value;
            }
            "remove" => {
                take(target, field("path")).ok_or_else(|| missing("remove", field("path")))?;
            }
            "test" => {
                if target.pointer(field("path")) != Some(&value) {
                    return Err(format!("testing path {} failed", field("path")));
                }
            }
            "move" => {
                let taken = take(target, field("from")).ok_or_else(|| missing("move", field("from")))?;
                add(target, field("path"), taken)?;
            }
            "copy" => {
                let copied = target
                    .pointer(field("from"))
                    .cloned()
                    .ok_or_else(|| missing("copy", field("from")))?;
                add(target, field("path"), copied)?;
            }
            other => return Err(format!("Unexpected kind: {other}")),
        }
    }
    Ok(())
}

fn missing(operation: &str, path: &str) -> String {
    format!("{operation} operation does not apply: doc is missing path: {path}: missing value")
}

fn split_pointer(path: &str) -> Option<(&str, String)> {
    let (parent, last) = path.rsplit_once('/')?;
    Some((parent, last.replace("~1", "/").replace("~0", "~")))
}

fn add(target: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let Some((parent, last)) = split_pointer(path) else {
        *target = value;
        return Ok(());
    };
    match target.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.insert(last, value);
            Ok(())
        }
        Some(Value::Array(items)) => {
            let at = if last == "-" {
                Some(items.len())
            } else {
                last.parse().ok().filter(|at| *at <= items.len())
            };
            items.insert(at.ok_or_else(|| missing("add", path))?, value);
            Ok(())
        }
        _ => Err(missing("add", path)),
    }
}

fn take(target: &mut Value, path: &str) -> Option<Value> {
    let (parent, last) = split_pointer(path)?;
    match target.pointer_mut(parent)? {
        Value::Object(map) => map.remove(&last),
        Value::Array(items) => {
            let at: usize = last.parse().ok()?;
            (at < items.len()).then(|| items.remove(at))
        }
        _ => None,
    }
}

/// The key that tells the elements of a list apart, by the name of the list.
pub(super) fn merge_keys(field: &str) -> &'static [&'static str] {
    match field {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "env"
        | "volumes"
        | "imagePullSecrets"
        | "secrets" => &["name"],
        "volumeMounts" => &["mountPath"],
        "volumeDevices" => &["devicePath"],
        "ports" => &["containerPort", "port"],
        "conditions" => &["type"],
        "ownerReferences" => &["uid"],
        "hostAliases" => &["ip"],
        "topologySpreadConstraints" => &["topologyKey"],
        _ => &[],
    }
}

fn strategic(target: &mut Value, patch: &Value) -> Result<(), String> {
    let Value::Object(fields) = patch else {
        *target = patch.clone();
        return Ok(());
    };
    match fields.get("$patch").and_then(Value::as_str) {
        Some("replace") => {
            let mut whole = fields.clone();
            whole.remove("$patch");
            *target = Value::Object(whole);
            return Ok(());
        }
        Some("delete") => {
            *target = Value::Null;
            return Ok(());
        }
        Some("merge") | None => {}
        Some(other) => return Err(format!("Unknown patch type found: {other}")),
    }
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(map) = target else { return Ok(()) };
    retain_keys(map, fields);
    for (key, value) in fields {
        if let Some(list) = key.strip_prefix("$deleteFromPrimitiveList/") {
            if let (Some(Value::Array(have)), Value::Array(gone)) = (map.get_mut(list), value) {
                have.retain(|item| !gone.contains(item));
            }
        } else if key.starts_with('$') {
            continue;
        } else if value.is_null() {
            map.remove(key);
        } else if let Value::Array(items) = value {
            let slot = map.entry(key.clone()).or_insert_with(|| Value::Array(Vec::new()));
            strategic_list(key, slot, items)?;
        } else {
            let slot = map.entry(key.clone()).or_insert(Value::Null);
            strategic(slot, value)?;
            if slot.is_null() {
                map.remove(key);
            }
        }
    }
    Ok(())
}

fn retain_keys(map: &mut Map<String, Value>, patch: &Map<String, Value>) {
    if let Some(Value::Array(kept)) = patch.get("$retainKeys") {
        map.retain(|key, _| kept.iter().any(|name| name.as_str() == Some(key)));
    }
}

fn strategic_list(field: &str, target: &mut Value, patch: &[Value]) -> Result<(), String> {
    if !target.is_array() {
        *target = Value::Array(Vec::new());
    }
    let Value::Array(have) = target else { return Ok(()) };
    if field == "finalizers" {
        for item in patch {
            if !have.contains(item) {
                have.push(item.clone());
            }
        }
        return Ok(());
    }
    let replaces = patch
        .iter()
        .any(|item| item.get("$patch").and_then(Value::as_str) == Some("replace"));
    let key = merge_keys(field)
        .iter()
        .find(|key| patch.iter().any(|item| item.get(**key).is_some()));
    let Some(key) = key.filter(|_| !replaces) else {
        *have = patch
            .iter()
            .filter(|item| item.get("$patch").is_none())
            .cloned()
            .collect();
        return Ok(());
    };
    for item in patch {
        let id = item
            .get(*key)
            .ok_or_else(|| format!("map: {item} does not contain declared merge key: {key}"))?;
        let at = have.iter().position(|existing| existing.get(*key) == Some(id));
        let deletes = item.get("$patch").and_then(Value::as_str) == Some("delete");
        match (at, deletes) {
            (Some(at), true) => drop(have.remove(at)),
            (None, true) => {}
            (Some(at), false) => strategic(&mut have[at], item)?,
            (None, false) => have.push(item.clone()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_strategic_patch_merges_containers_by_name() {
        let mut target = json!({"containers": [{"name": "a", "image": "1", "env": [{"name": "X", "value": "1"}]}, {"name": "b"}]});
        let patch = json!({"$setElementOrder/containers": [{"name": "a"}], "containers": [{"name": "a", "image": "2"}]});
        apply(PatchKind::Strategic, &mut target, &patch).unwrap();
        assert_eq!(
            target["containers"][0],
            json!({"name": "a", "image": "2", "env": [{"name": "X", "value": "1"}]})
        );
        assert_eq!(target["containers"][1]["name"], "b");
    }

    #[test]
    fn strategic_directives_replace_and_delete() {
        let mut target = json!({"template": {"old": 1, "kept": 2}, "env": [{"name": "A"}, {"name": "B"}]});
        let patch =
            json!({"template": {"$patch": "replace", "new": 3}, "env": [{"$patch": "delete", "name": "A"}]});
        apply(PatchKind::Strategic, &mut target, &patch).unwrap();
        assert_eq!(target, json!({"template": {"new": 3}, "env": [{"name": "B"}]}));
    }

    #[test]
    fn a_json_patch_stops_at_the_first_failed_test() {
        let mut target = json!({"a": {"b/c": 1}, "list": [1, 3]});
        let patch = json!([{"op": "replace", "path": "/a/b~1c", "value": 2}, {"op": "add", "path": "/list/1", "value": 2}]);
        apply(PatchKind::Json, &mut target, &patch).unwrap();
        assert_eq!(target, json!({"a": {"b/c": 2}, "list": [1, 2, 3]}));
        let refused = apply(
            PatchKind::Json,
            &mut target,
            &json!([{"op": "test", "path": "/list/0", "value": 9}]),
        );
        assert!(refused.is_err());
    }

    #[test]
    fn a_merge_patch_deletes_with_null() {
        let mut target = json!({"a": 1, "b": {"c": 1}});
        apply(PatchKind::Merge, &mut target, &json!({"a": null, "b": {"d": 2}})).unwrap();
        assert_eq!(target, json!({"b": {"c": 1, "d": 2}}));
    }
}
