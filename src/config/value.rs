//! Values with a shape of their own: addresses to listen on, base addresses of APIs.

use std::fmt;
use std::net::SocketAddr;

use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};
use url::Url;

/// An address and port to listen on: `127.0.0.1:8080`, `[::]:8080`, `localhost:8080`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen(pub SocketAddr);

impl Listen {
    /// Whether only programs on this machine can connect.
    #[must_use]
    pub fn is_loopback(self) -> bool {
        self.0.ip().is_loopback()
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Listen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let address = match text.strip_prefix("localhost:") {
            Some(port) => format!("127.0.0.1:{port}"),
            None => text.clone(),
        };
        address.parse().map(Self).map_err(|_| {
            de::Error::custom(format!(
                "`{text}` is not an address with a port: write `127.0.0.1:8080` for this machine alone, `0.0.0.0:8080` for all"
            ))
        })
    }
}

/// The address that an API's paths are appended to: `http` or `https`, no query, no user, kept without a final slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// # Errors
    /// What is wrong with the text, as the end of a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| {
            format!("`{text}` is not an address ({error}): write it whole, like `https://api.example.com`")
        })?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(format!(
                "`{text}` is not an http address: write it like `https://api.example.com`"
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "holds a user or password: remove it, and set the token under its own key".to_owned(),
            );
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!(
                "`{text}` has a query or fragment: paths are appended to it, so remove them"
            ));
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// A default written in this crate; a test parses each of them.
    pub(super) fn of_default(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// Without a final slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for BaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for BaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
