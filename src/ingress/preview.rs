//! What a body would be understood as, without a server: for `interlock ingest`. The same parsers and settings as for a
//! request; authenticity is not looked at, and nothing is fetched.

use http::HeaderMap;
use jiff::Timestamp;

use super::endpoint::{Endpoint, Request};
use super::error::ParseError;
use super::mapping::Mapping;
use super::read::Read;
use super::sns;
use super::sources::Reader;
use crate::config::Settings;

/// A request as somebody recorded it.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// Why nothing was understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotUnderstood {
    #[error("`{given}` is no source; there are {known}")]
    NoSuchSource { given: String, known: String },
    #[error(transparent)]
    Malformed(#[from] ParseError),
    /// What the envelope is missing.
    #[error("{0}")]
    Envelope(String),
}

/// Reads the sample as the source of this name would: a name of `SourceKind`, or `custom/NAME` of the settings.
///
/// # Errors
/// There is no such source, or the body is not what it sends.
pub fn understand(
    name: &str,
    sample: &Sample,
    settings: &Settings,
    now: Timestamp,
) -> Result<Read, NotUnderstood> {
    let endpoints = Endpoint::all(&settings.webhooks, true);
    let Some(endpoint) = endpoints.iter().find(|endpoint| endpoint.name.as_str() == name) else {
        let known: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.name.as_str()).collect();
        return Err(NotUnderstood::NoSuchSource {
            given: name.to_owned(),
            known: known.join(", "),
        });
    };
    let mapping = Mapping::new(settings);
    let request = Request {
        headers: &sample.headers,
        body: &sample.body,
        mapping: &mapping,
        now,
    };
    match endpoint.reader {
        Reader::Parser(parser) => Ok(endpoint.read(parser, &request)?),
        Reader::Sns => {
            let message =
                sns::unchecked(&sample.body).map_err(|error| NotUnderstood::Envelope(error.to_string()))?;
            Ok(endpoint.read_message(message, &request))
        }
    }
}
