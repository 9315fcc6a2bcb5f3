//! Values that must never be shown: their `Debug`, `Display` and `Serialize` say `[secret]`, and nothing here compares
//! them. The one way to the text is `expose`, so that every use can be found by searching for it.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

const MASK: &str = "[secret]";

/// One secret text, never empty.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// `None` when nothing is left after trimming white space: an empty secret would open the door to everybody.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The text itself, for the header or the comparison that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).ok_or_else(|| de::Error::custom("is empty"))
    }
}

/// Secrets that are valid at the same time, so that a sender can be moved from the old one to the new one. Written as
/// one text or a list; in a file, one a line.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Secrets(Vec<Secret>);

impl Secrets {
    #[must_use]
    pub fn new(secrets: Vec<Secret>) -> Self {
        Self(secrets)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Secret> {
        self.0.iter()
    }
}

impl<'de> Deserialize<'de> for Secrets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;

        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Secrets;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Secrets, E> {
                let secrets: Vec<Secret> = text.lines().filter_map(Secret::new).collect();
                if secrets.is_empty() {
                    Err(E::custom("is empty"))
                } else {
                    Ok(Secrets(secrets))
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Secrets, A::Error> {
                let mut secrets = Vec::new();
                while let Some(secret) = list.next_element()? {
                    secrets.push(secret);
                }
                if secrets.is_empty() {
                    Err(de::Error::custom("is an empty list"))
                } else {
                    Ok(Secrets(secrets))
                }
            }
        }

        deserializer.deserialize_any(OneOrMore)
    }
}
