//! A search of Jaeger, as a runbook writes it: `service=checkout operation="POST /pay" tag=error:true minDuration=500ms`. The keys
//! are those of Jaeger's own API (<https://www.jaegertracing.io/docs/latest/architecture/apis/>); when and how many traces are not
//! the runbook's to say.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::words::did_you_mean;

/// Keys that a runbook may write.
const KEYS: [&str; 6] = [
    "service",
    "operation",
    "tag",
    "tags",
    "minDuration",
    "maxDuration",
];
/// Keys of the API that are not the runbook's.
const NOT_ITS_OWN: [&str; 6] = ["start", "end", "limit", "lookback", "traceID", "prettyPrint"];

/// Which traces of Jaeger's are meant. Made by [`JaegerSearch::parse`] alone, so that every value is one that Jaeger reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JaegerSearch {
    service: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    /// All of them are on one span.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
    /// As Go writes durations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_duration: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_duration: Option<String>,
}

/// What is wrong with a query, at which of its bytes, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryMistake {
    pub at: Range<usize>,
    pub message: String,
    pub help: String,
}

impl QueryMistake {
    pub(super) fn new(at: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
            help: help.into(),
        }
    }
}

impl JaegerSearch {
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, QueryMistake> {
        let mut reader = Reader { text, at: 0 };
        let mut given: BTreeMap<&'static str, (String, Range<usize>)> = BTreeMap::new();
        let mut tags = BTreeMap::new();
        while let Some((key, place)) = reader.key()? {
            if key == "tags" {
                tags.extend(reader.tags()?);
                continue;
            }
            let value = reader.value(key)?;
            let place = place.start..reader.at;
            if key == "tag" {
                tags.extend([tag(&value, place)?]);
            } else if value.is_empty() {
                return Err(QueryMistake::new(
                    place,
                    format!("`{key}` has no value"),
                    "write one behind `=`, or leave the key out",
                ));
            } else if given.insert(key, (value, place.clone())).is_some() {
                return Err(QueryMistake::new(
                    place,
                    format!("`{key}` stands there twice"),
                    "keep one of them; only `tag` may stand there again",
                ));
            }
        }
        durations(&given)?;
        let mut take = |key| given.remove(key).map(|(value, _)| value);
        let Some(service) = take("service") else {
            return Err(QueryMistake::new(
                0..text.len(),
                "Jaeger searches in one service, and this names none",
                "begin with `service=NAME`, as it stands in Jaeger's list of services",
            ));
        };
        Ok(Self {
            service,
            operation: take("operation"),
            tags,
            min_duration: take("minDuration"),
            max_duration: take("maxDuration"),
        })
    }

    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// What Jaeger's API is asked with, and its page: which traces, not when and how many. Tags are one JSON object.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut all = vec![("service", self.service.clone())];
        all.extend(self.operation.clone().map(|operation| ("operation", operation)));
        if !self.tags.is_empty() {
            let tags: serde_json::Map<_, _> = self
                .tags
                .iter()
                .map(|(key, value)| (key.clone(), value.clone().into()))
                .collect();
            all.push(("tags", serde_json::Value::Object(tags).to_string()));
        }
        all.extend(self.min_duration.clone().map(|least| ("minDuration", least)));
        all.extend(self.max_duration.clone().map(|most| ("maxDuration", most)));
        all
    }
}

impl fmt::Display for JaegerSearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "service={}", quoted(&self.service))?;
        if let Some(operation) = &self.operation {
            write!(f, " operation={}", quoted(operation))?;
        }
        for (key, value) in &self.tags {
            write!(f, " tag={}", quoted(&format!("{key}:{value}")))?;
        }
        for (key, value) in [
            ("minDuration", &self.min_duration),
            ("maxDuration", &self.max_duration),
        ] {
            if let Some(value) = value {
                write!(f, " {key}={value}")?;
            }
        }
        Ok(())
    }
}

/// A value as [`JaegerSearch::parse`] reads it.
fn quoted(value: &str) -> String {
    let plain = !value.is_empty()
        && !value.starts_with(['"', '{'])
        && !value.chars().any(|c| c.is_whitespace() || c.is_control());
    if plain {
        value.to_owned()
    } else {
        serde_json::Value::from(value).to_string()
    }
}

fn tag(value: &str, place: Range<usize>) -> Result<(String, String), QueryMistake> {
    match value.split_once(':') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(QueryMistake::new(
            place,
            format!("`{value}` is no tag"),
            "write `tag=KEY:VALUE`, such as `tag=error:true`, in double quotes where it has a space",
        )),
    }
}

fn durations(given: &BTreeMap<&'static str, (String, Range<usize>)>) -> Result<(), QueryMistake> {
    let read = |key| {
        let Some((value, place)) = given.get(key) else {
            return Ok(None);
        };
        seconds(value).map(Some).ok_or_else(|| {
            QueryMistake::new(
                place.clone(),
                format!("`{value}` is no duration"),
                "write a number and `us`, `ms`, `s`, `m` or `h`, such as `500ms` or `1.5s`",
            )
        })
    };
    let (least, most) = (read("minDuration")?, read("maxDuration")?);
    match (least, most, given.get("maxDuration")) {
        (Some(least), Some(most), Some((_, place))) if most < least => Err(QueryMistake::new(
            place.clone(),
            "`maxDuration` is below `minDuration`, so nothing is found",
            "exchange them, or leave one out",
        )),
        _ => Ok(()),
    }
}

/// A duration of Go: `1m30s`, `1.5s`, `500ms`.
fn seconds(text: &str) -> Option<f64> {
    let mut rest = text;
    let mut sum = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, behind) = rest.split_at_checked(end)?;
        let end = behind
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(behind.len());
        let (unit, behind) = behind.split_at_checked(end)?;
        let unit = match unit {
            "ns" => 1e-9,
            "us" | "µs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        sum += number.parse::<f64>().ok()? * unit;
        rest = behind;
    }
    (!text.is_empty()).then_some(sum)
}

struct Reader<'t> {
    text: &'t str,
    /// Bytes that are read.
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn go(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    /// The next key, behind whose `=` the reader stands then; `None` at the end.
    fn key(&mut self) -> Result<Option<(&'static str, Range<usize>)>, QueryMistake> {
        let blank = self.rest().len().saturating_sub(self.rest().trim_start().len());
        self.go(blank);
        let rest = self.rest();
        if rest.is_empty() {
            return Ok(None);
        }
        let end = rest
            .find(|c: char| c == '=' || c.is_whitespace())
            .unwrap_or(rest.len());
        let (word, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let place = self.at..self.at.saturating_add(word.len());
        if !behind.starts_with('=') {
            return Err(QueryMistake::new(
                place,
                format!("`{word}` is no `key=value`"),
                format!(
                    "write {}, parted by spaces; a value with a space in double quotes",
                    KEYS.map(|key| format!("`{key}=…`")).join(", ")
                ),
            ));
        }
        if let Some(key) = KEYS.into_iter().find(|key| *key == word) {
            self.go(end.saturating_add(1));
            return Ok(Some((key, place)));
        }
        let help = match did_you_mean(word, KEYS) {
            _ if NOT_ITS_OWN.contains(&word) => {
                "leave it out: how far back is `jaeger.minutes` of the configuration, and how many are counted is fixed".to_owned()
            }
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", KEYS.map(|key| format!("`{key}`")).join(", ")),
        };
        let message = format!("Jaeger's search has no `{word}` here");
        Err(QueryMistake::new(place, message, help))
    }

    /// A quoted value, or all until a space.
    fn value(&mut self, key: &str) -> Result<String, QueryMistake> {
        let rest = self.rest();
        if rest.starts_with('"') {
            let help = "close it with `\"`; a `\"` inside is written `\\\"`";
            return self.json(&format!("the value of `{key}` is not closed"), help);
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        self.go(end);
        Ok(rest.get(..end).unwrap_or_default().to_owned())
    }

    fn tags(&mut self) -> Result<BTreeMap<String, String>, QueryMistake> {
        let help = "write `tag=KEY:VALUE` for each, or all as JSON of texts: `tags={\"error\":\"true\"}`";
        self.json("these are no tags", help)
    }

    /// One JSON value, behind which there is a space or nothing.
    fn json<T: serde::de::DeserializeOwned>(&mut self, message: &str, help: &str) -> Result<T, QueryMistake> {
        let rest = self.rest();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<T>();
        let read = values.next();
        let end = values.byte_offset();
        let ends = rest
            .get(end..)
            .is_some_and(|behind| behind.is_empty() || behind.starts_with(char::is_whitespace));
        match read {
            Some(Ok(value)) if ends => {
                self.go(end);
                Ok(value)
            }
            _ => {
                let place = self.at..self.text.len();
                Err(QueryMistake::new(place, message, help))
            }
        }
    }
}

#[cfg(test)]
#[path = "jaeger_tests.rs"]
mod tests;
