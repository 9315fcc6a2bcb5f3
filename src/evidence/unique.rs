//! JSON in which no object has the same key twice. `serde_json` lets the last one win, so that an answer could say two things and
//! whoever looks on would read the other.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// What a text says; `None` when it is no JSON, or says something twice.
#[must_use]
pub fn value(text: &[u8]) -> Option<Value> {
    let Unique(value) = serde_json::from_slice(text).ok()?;
    Some(value)
}

/// A value whose objects have each key once.
#[derive(Debug)]
pub(super) struct Unique(pub Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Once).map(Self)
    }
}

struct Once;

impl<'de> Visitor<'de> for Once {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON whose objects have each key once")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((key, Unique(value))) = pairs.next_entry::<String, Unique>()? {
            if object.insert(key, value).is_some() {
                return Err(A::Error::custom("the same key twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn what_says_everything_once_is_read_as_ever_and_nothing_else() {
        for text in [
            r#"{"order": [2, 1], "deep": {"a": -1, "b": [1.5, null, true, "x"]}}"#,
            r#"[{"a": 1}, {"a": 1}]"#,
            "7",
        ] {
            assert_eq!(value(text.as_bytes()), serde_json::from_str(text).ok(), "{text}");
        }
        for twice in [
            r#"{"order": [2, 1], "order": [1, 2]}"#,
            r#"{"order": [2, 1], "ord\u0065r": [2, 1]}"#,
            r#"[{"deep": {"a": 1, "a": 1}}]"#,
        ] {
            assert_eq!(value(twice.as_bytes()), None, "{twice}");
        }
    }
}
