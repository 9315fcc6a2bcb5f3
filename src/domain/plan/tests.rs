use serde_json::Value;

use super::Plan;
use crate::domain::samples;

/// Every way to change one leaf of a JSON document a little.
fn changes(value: &Value, change: &mut dyn FnMut(Value)) {
    match value {
        Value::Null => change(Value::Bool(true)),
        Value::Bool(on) => change(Value::Bool(!on)),
        Value::Number(number) => change(Value::from(number.as_i64().unwrap_or(0) + 1)),
        Value::String(text) => {
            change(Value::from(format!("{text}x")));
            // Words of our own enums have no neighbour with another letter.
            for word in [
                "continue",
                "stop",
                "auto",
                "shadow",
                "previous_failed",
                "verification",
                "observe",
                "interlock",
            ] {
                if word != text {
                    change(Value::from(word));
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                changes(item, &mut |changed| {
                    let mut items = items.clone();
                    items[index] = changed;
                    change(Value::Array(items));
                });
            }
            change(Value::Array(items.iter().chain(items.last()).cloned().collect()));
            change(Value::Array(items.iter().skip(1).cloned().collect()));
        }
        Value::Object(fields) => {
            for (key, item) in fields {
                changes(item, &mut |changed| {
                    let mut fields = fields.clone();
                    fields.insert(key.clone(), changed);
                    change(Value::Object(fields));
                });
                let mut fewer = fields.clone();
                fewer.remove(key);
                change(Value::Object(fewer));
            }
        }
    }
}

#[test]
fn whatever_differs_gives_another_digest() {
    let plan = samples::plan(vec![samples::step(1), samples::step(2)]);
    let digest = plan.digest().unwrap();
    let (mut tried, mut keys) = (0, std::collections::BTreeSet::new());
    let whole = serde_json::to_value(&plan).unwrap();
    changes(&whole, &mut |changed| {
        let Ok(other) = serde_json::from_value::<Plan>(changed.clone()) else {
            return;
        };
        if other == plan {
            return;
        }
        tried += 1;
        keys.extend(
            changed
                .as_object()
                .unwrap()
                .iter()
                .filter(|(key, value)| whole[*key] != **value)
                .map(|(k, _)| k.clone()),
        );
        keys.extend(
            whole
                .as_object()
                .unwrap()
                .keys()
                .filter(|key| changed.get(*key).is_none())
                .cloned(),
        );
        assert_ne!(other.digest().unwrap(), digest, "{changed}");
    });
    assert!(tried > 60, "{tried} changes were tried");
    let all: std::collections::BTreeSet<String> = whole.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, all, "every field was changed at least once");
}

#[test]
fn a_plan_is_read_back_as_it_was_written() {
    let plan = samples::plan(vec![samples::step(1)]);
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
}
