//! Small readers and writers for JSON objects: a missing field reads as empty, a missing parent is made when written.
//! Nothing here knows Kubernetes beyond where metadata lies.

use serde_json::{Map, Value};

/// What is at a JSON pointer. `Value::pointer` makes two texts of each part of it in case something is escaped there; the
/// controllers look at every object after each change.
pub(super) fn at<'a>(value: &'a Value, pointer: &str) -> Option<&'a Value> {
    if pointer.contains('~') || !pointer.starts_with('/') {
        return value.pointer(pointer);
    }
    let mut parts = pointer.split('/').skip(1);
    parts.try_fold(value, |value, part| match value {
        Value::Object(map) => map.get(part),
        // Few are looked up by number.
        Value::Array(_) => value.pointer(&format!("/{part}")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

/// The text at a JSON pointer, or `""`.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    at(value, pointer).and_then(Value::as_str).unwrap_or("")
}

/// The whole number at a JSON pointer, if there is one.
pub(super) fn int(value: &Value, pointer: &str) -> Option<i64> {
    at(value, pointer).and_then(Value::as_i64)
}

/// The list at a JSON pointer, or an empty one.
pub(super) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    at(value, pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Whether the boolean at a JSON pointer is true.
pub(super) fn truth(value: &Value, pointer: &str) -> bool {
    at(value, pointer).and_then(Value::as_bool).unwrap_or(false)
}

/// Writes `new` at a path of keys; what is in the way and is not an object is replaced by one.
pub(super) fn set(value: &mut Value, path: &[&str], new: Value) {
    let Some((first, rest)) = path.split_first() else {
        *value = new;
        return;
    };
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    if let Value::Object(map) = value {
        set(map.entry((*first).to_owned()).or_insert(Value::Null), rest, new);
    }
}

/// Takes away the key at a path, if it is there.
pub(super) fn remove(value: &mut Value, path: &[&str]) {
    match path {
        [] => {}
        [last] => {
            if let Value::Object(map) = value {
                map.remove(*last);
            }
        }
        [first, rest @ ..] => {
            if let Some(inner) = value.get_mut(*first) {
                remove(inner, rest);
            }
        }
    }
}

/// An annotation of an object.
pub(super) fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.get("metadata")?.get("annotations")?.get(key)?.as_str()
}

/// The labels of an object, if it has any.
pub(super) fn labels(object: &Value) -> Option<&Map<String, Value>> {
    at(object, "/metadata/labels").and_then(Value::as_object)
}

/// The uid of the owner that controls an object, or `""`.
pub(super) fn controller_uid(object: &Value) -> &str {
    controller(object).map_or("", |owner| text(owner, "/uid"))
}

/// The owner reference that controls an object.
pub(super) fn controller(object: &Value) -> Option<&Value> {
    list(object, "/metadata/ownerReferences")
        .iter()
        .find(|owner| truth(owner, "/controller"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pointer_leads_where_it_leads_by_the_standard() {
        let value = json!({"a": {"b": [{"c/d": 1}, 2]}, "": {"e": 3}, "~": 4});
        for pointer in [
            "",
            "/",
            "/a",
            "/a/b",
            "/a/b/0",
            "/a/b/1",
            "/a/b/01",
            "/a/b/-",
            "/a/b/0/c~1d",
            "/a/b/2",
            "/a/x/b",
            "//e",
            "/~0",
            "a",
            "/a/b/1/x",
        ] {
            assert_eq!(at(&value, pointer), value.pointer(pointer), "{pointer}");
        }
    }
}
