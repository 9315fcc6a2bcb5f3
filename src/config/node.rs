//! Gives each value its type, and remembers where it came from. The `config` crate's own reading is lenient (`"yes"` is
//! a boolean, `"8080"` a number, `1` a text); here a value of a file must have the type it is written for, and only the
//! environment, which has nothing but text, is read as what the key asks for.

use config::{Value, ValueKind};
use serde::de::value::StringDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};

use super::node_error::{NodeError, Origin, listed};
use super::place::Segment;

/// One value of the merged layers.
pub(super) struct Node(pub Value);

impl Node {
    fn origin(&self) -> Origin {
        origin(&self.0)
    }

    /// The text, when it is one and came from the environment.
    fn loose_text(&self) -> Option<&str> {
        match (&self.0.kind, self.origin()) {
            (ValueKind::String(text), Origin::Environment) => Some(text.trim()),
            _ => None,
        }
    }

    fn integer<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        let origin = self.origin();
        match self.loose_text().map(str::parse::<i64>) {
            Some(Ok(number)) => visitor
                .visit_i64(number)
                .map_err(|error: NodeError| error.at_origin(origin)),
            Some(Err(_)) | None => self.deserialize_any(visitor),
        }
    }
}

/// Values that carry no origin are tables that both layers made: their parts carry one.
fn origin(value: &Value) -> Origin {
    if value.origin() == Some("the environment") {
        Origin::Environment
    } else {
        Origin::File
    }
}

/// Reads one entry of a table, and puts its key before whatever goes wrong inside.
struct Entry {
    key: String,
    value: Value,
}

struct Entries {
    rest: std::vec::IntoIter<(String, Value)>,
    next: Option<Entry>,
}

impl<'de> de::MapAccess<'de> for Entries {
    type Error = NodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, NodeError> {
        let Some((key, value)) = self.rest.next() else {
            return Ok(None);
        };
        let read = seed.deserialize(KeyText(key.clone())).map_err(|error| {
            error
                .at_origin(first_origin(&value))
                .under(Segment::Key(key.clone()))
        })?;
        self.next = Some(Entry { key, value });
        Ok(Some(read))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, NodeError> {
        let Some(Entry { key, value }) = self.next.take() else {
            return Err(NodeError::wrong("was read out of order"));
        };
        let origin = first_origin(&value);
        seed.deserialize(Node(value))
            .map_err(|error| error.at_origin(origin).under(Segment::Key(key)))
    }
}

/// Of a table that only the environment made, the environment.
fn first_origin(value: &Value) -> Origin {
    match &value.kind {
        ValueKind::Table(table) if !table.is_empty() => {
            if table
                .values()
                .all(|inner| first_origin(inner) == Origin::Environment)
            {
                Origin::Environment
            } else {
                Origin::File
            }
        }
        _ => origin(value),
    }
}

/// A table's key, which may be asked for as a number (tiers).
struct KeyText(String);

impl<'de> Deserializer<'de> for KeyText {
    type Error = NodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        visitor.visit_string(self.0)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        match self.0.parse() {
            Ok(number) => visitor.visit_u8(number),
            Err(_) => Err(NodeError::wrong(
                "is a key where a number from 0 to 255 is expected",
            )),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, NodeError> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

struct Items {
    rest: std::iter::Enumerate<std::vec::IntoIter<Value>>,
}

impl<'de> de::SeqAccess<'de> for Items {
    type Error = NodeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, NodeError> {
        let Some((index, value)) = self.rest.next() else {
            return Ok(None);
        };
        let origin = first_origin(&value);
        seed.deserialize(Node(value))
            .map(Some)
            .map_err(|error| error.at_origin(origin).under(Segment::Index(index)))
    }
}

impl<'de> Deserializer<'de> for Node {
    type Error = NodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        let origin = self.origin();
        let read = match self.0.kind {
            ValueKind::Nil => visitor.visit_unit(),
            ValueKind::Boolean(value) => visitor.visit_bool(value),
            ValueKind::I64(value) => visitor.visit_i64(value),
            ValueKind::I128(value) => visitor.visit_i128(value),
            ValueKind::U64(value) => visitor.visit_u64(value),
            ValueKind::U128(value) => visitor.visit_u128(value),
            ValueKind::Float(value) => visitor.visit_f64(value),
            ValueKind::String(text) => visitor.visit_string(text),
            ValueKind::Array(list) => visitor.visit_seq(Items {
                rest: list.into_iter().enumerate(),
            }),
            ValueKind::Table(table) => {
                let mut entries: Vec<(String, Value)> = table.into_iter().collect();
                entries.sort_by(|left, right| left.0.cmp(&right.0));
                return visitor.visit_map(Entries {
                    rest: entries.into_iter(),
                    next: None,
                });
            }
        };
        read.map_err(|error| error.at_origin(origin))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        match self.loose_text() {
            Some("true") => visitor.visit_bool(true),
            Some("false") => visitor.visit_bool(false),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        self.integer(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        self.integer(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        self.integer(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        self.integer(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        self.integer(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        match self.0.kind {
            ValueKind::Nil => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, NodeError> {
        visitor.visit_newtype_struct(self)
    }

    /// A list in the environment is parted by commas.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        let Some(text) = self.loose_text() else {
            return self.deserialize_any(visitor);
        };
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let list: Vec<Value> = parts
            .map(|part| Value::new(self.0.origin().map(str::to_owned).as_ref(), ValueKind::from(part)))
            .collect();
        visitor.visit_seq(Items {
            rest: list.into_iter().enumerate(),
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NodeError> {
        let origin = self.origin();
        match self.0.kind {
            ValueKind::String(word) => {
                let word: StringDeserializer<NodeError> = word.into_deserializer();
                visitor.visit_enum(word).map_err(|error| error.at_origin(origin))
            }
            _ => Err(NodeError::wrong(format!("must be one of {}", listed(variants))).at_origin(origin)),
        }
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier
        ignored_any
    }
}
