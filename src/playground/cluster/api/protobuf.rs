//! Bodies in Kubernetes' protobuf envelope, turned into JSON. kubectl from 1.32 on sends them when it creates a Job or asks for its rights,
//! without asking whether the server knows them.
//!
//! Only the messages in `protobuf_schema` are known. A field that is not in its table and not empty is refused, never dropped.

use serde_json::{Map, Value, json};

use super::protobuf_schema::{self as schema, Field, Shape};

/// First bytes of the envelope.
const MAGIC: &[u8] = b"k8s\0";
/// Deepest nesting of messages; a pod template takes about eight.
const DEPTH: usize = 24;

/// Decodes an envelope. The error says what was not understood.
pub(super) fn to_json(body: &[u8]) -> Result<Value, String> {
    let unknown = body
        .strip_prefix(MAGIC)
        .ok_or("the protobuf envelope is missing")?;
    let (mut kind, mut version, mut raw) = (String::new(), String::new(), &[][..]);
    for (number, wire) in Fields(unknown) {
        match (number, wire?) {
            (1, Wire::Bytes(type_meta)) => {
                for (number, wire) in Fields(type_meta) {
                    match (number, wire?) {
                        (1, Wire::Bytes(text)) => version = String::from_utf8_lossy(text).into_owned(),
                        (2, Wire::Bytes(text)) => kind = String::from_utf8_lossy(text).into_owned(),
                        _ => {}
                    }
                }
            }
            (2, Wire::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let fields = schema::of_kind(&kind).ok_or_else(|| format!("{kind} can't be sent as protobuf here"))?;
    let mut object = message(raw, fields, &kind, DEPTH)?;
    object.insert("kind".to_owned(), json!(kind));
    object.insert("apiVersion".to_owned(), json!(version));
    Ok(Value::Object(object))
}

enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message, in order.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Result<u64, String> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or("the protobuf body ends early")?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("a protobuf number is too long".to_owned())
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], String> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let taken = self.0.get(..length).ok_or("the protobuf body ends early")?;
        self.0 = self.0.get(length..).unwrap_or(&[]);
        Ok(taken)
    }

    fn wire(&mut self, kind: u64) -> Result<Wire<'a>, String> {
        match kind {
            0 => Ok(Wire::Number(self.varint()?)),
            2 => {
                let length = self.varint()?;
                Ok(Wire::Bytes(self.take(length)?))
            }
            other => Err(format!("protobuf wire type {other} is not used here")),
        }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, Result<Wire<'a>, String>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let result = self.varint().map(|tag| (tag >> 3, tag & 7));
        let (number, wire) = match result {
            Ok((number, kind)) => (number, self.wire(kind)),
            Err(error) => (0, Err(error)),
        };
        if wire.is_err() {
            self.0 = &[];
        }
        Some((number, wire))
    }
}

fn message(bytes: &[u8], fields: &[Field], name: &str, depth: usize) -> Result<Map<String, Value>, String> {
    let depth = depth
        .checked_sub(1)
        .ok_or("the protobuf body is nested too deeply")?;
    let mut object = Map::new();
    for (number, wire) in Fields(bytes) {
        let wire = wire?;
        let Some(field) = fields.iter().find(|field| field.number == number) else {
            if matches!(wire, Wire::Number(0) | Wire::Bytes([])) {
                continue;
            }
            return Err(format!("field {number} of {name} can't be sent as protobuf here"));
        };
        let Some(value) = value(&wire, field, depth)? else {
            continue;
        };
        match (field.many, object.get_mut(field.name), value) {
            (_, Some(Value::Array(items)), value) => items.push(value),
            (_, Some(Value::Object(map)), Value::Object(more)) => map.extend(more),
            (true, _, value) => drop(object.insert(field.name.to_owned(), json!([value]))),
            (false, _, value) => drop(object.insert(field.name.to_owned(), value)),
        }
    }
    Ok(object)
}

/// A field's value; `None` for the zero values that Go writes for what was never set.
fn value(wire: &Wire<'_>, field: &Field, depth: usize) -> Result<Option<Value>, String> {
    let wrong = || format!("field {} has the wrong protobuf type", field.name);
    Ok(match (&field.shape, wire) {
        (Shape::Ignored, _) => None,
        (Shape::Text, Wire::Bytes(bytes)) => {
            let text = std::str::from_utf8(bytes).map_err(|_| format!("field {} is not text", field.name))?;
            (!text.is_empty() || field.many).then(|| json!(text))
        }
        (Shape::Int, Wire::Number(number)) => Some(json!(number.cast_signed())),
        (Shape::PlainInt, Wire::Number(number)) => (*number != 0).then(|| json!(number.cast_signed())),
        (Shape::Bool, Wire::Number(number)) => Some(json!(*number != 0)),
        (Shape::PlainBool, Wire::Number(number)) => (*number != 0).then_some(Value::Bool(true)),
        (Shape::Message(fields), Wire::Bytes(bytes)) => {
            let inner = message(bytes, fields, field.name, depth)?;
            (!inner.is_empty() || field.many).then_some(Value::Object(inner))
        }
        (Shape::Map(entry), Wire::Bytes(bytes)) => {
            let entry = message(bytes, entry, field.name, depth)?;
            let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
            let value = entry
                .get("quantity")
                .and_then(|quantity| quantity.get("string"))
                .cloned();
            Some(json!({text("key"): value.unwrap_or_else(|| json!(text("value")))}))
        }
        (Shape::Text | Shape::Message(_) | Shape::Map(_), Wire::Number(_))
        | (Shape::Int | Shape::PlainInt | Shape::Bool | Shape::PlainBool, Wire::Bytes(_)) => {
            return Err(wrong());
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2, u8::try_from(bytes.len()).unwrap()];
        out.extend_from_slice(bytes);
        out
    }

    fn envelope(kind: &str, raw: &[u8]) -> Vec<u8> {
        let type_meta = [field(1, b"batch/v1"), field(2, kind.as_bytes())].concat();
        [MAGIC.to_vec(), field(1, &type_meta), field(2, raw)].concat()
    }

    #[test]
    fn a_job_is_read_with_its_maps_lists_and_numbers() {
        let label = [field(1, b"app"), field(2, b"renewal")].concat();
        let metadata = [field(1, b"renew-1"), field(11, &label), field(6, b"")].concat();
        let container = [
            field(1, b"main"),
            field(2, b"image"),
            field(3, b"run"),
            field(3, b""),
        ]
        .concat();
        let template = field(2, &[field(2, &container), field(3, b"Never")].concat());
        let spec = [field(6, &template), vec![7 << 3, 0]].concat();
        let job = to_json(&envelope("Job", &[field(1, &metadata), field(2, &spec)].concat())).unwrap();
        let expected = json!({"kind": "Job", "apiVersion": "batch/v1",
            "metadata": {"name": "renew-1", "labels": {"app": "renewal"}},
            "spec": {"backoffLimit": 0, "template": {"spec": {"restartPolicy": "Never",
                "containers": [{"name": "main", "image": "image", "command": ["run", ""]}]}}}});
        assert_eq!(job, expected);
    }

    #[test]
    fn what_is_not_known_is_refused_and_nothing_runs_past_the_end() {
        assert!(to_json(&envelope("Gadget", b"")).unwrap_err().contains("Gadget"));
        let strange = to_json(&envelope("Job", &field(9, b"x"))).unwrap_err();
        assert!(strange.contains("field 9 of Job"), "{strange}");
        let whole = envelope("Job", &field(1, &field(1, b"renew-1")));
        for length in 0..whole.len() {
            let _ = to_json(&whole[..length]);
        }
        assert!(to_json(b"{}").is_err());
    }
}
