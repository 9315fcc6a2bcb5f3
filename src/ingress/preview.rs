//! What a body would be understood as, without a server: for `interlock ingest`. The same parsers and settings as for a
//! request; authenticity is looked at as far as its headers are there, and nothing is fetched.

use http::HeaderMap;
use jiff::Timestamp;

use super::auth::Gate;
use super::endpoint::{Endpoint, Request};
use super::error::ParseError;
use super::mapping::Mapping;
use super::read::Read;
use super::signature::Proof;
use super::sns;
use super::sources::Reader;
use crate::config::Settings;

/// A request as somebody recorded it.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// Whether a request would have been let in, as far as a file tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authenticity {
    /// Its headers carry what they must.
    Holds,
    /// What is missing or wrong.
    Fails(String),
    /// Signed by the right one, at another time.
    Stale,
    /// No headers were given, or its proof takes more than them.
    NotTold,
    /// Nothing has to be proved: no secret is configured.
    NotAsked,
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
) -> Result<(Read, Authenticity), NotUnderstood> {
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
    let authenticity = authenticity(endpoint, sample, now);
    let read = match endpoint.reader {
        Reader::Parser(parser) => endpoint.read(parser, &request)?,
        Reader::Sns => {
            let message =
                sns::unchecked(&sample.body).map_err(|error| NotUnderstood::Envelope(error.to_string()))?;
            endpoint.read_message(message, &request)
        }
    };
    Ok((read, authenticity))
}

fn authenticity(endpoint: &Endpoint, sample: &Sample, now: Timestamp) -> Authenticity {
    match (&endpoint.gate, endpoint.reader) {
        (Gate::Open | Gate::Closed, _) => Authenticity::NotAsked,
        // Its signature is in the envelope, and takes Amazon's certificate.
        (Gate::Guarded(_), Reader::Sns) => Authenticity::NotTold,
        (Gate::Guarded(_), Reader::Parser(_)) if sample.headers.is_empty() => Authenticity::NotTold,
        (Gate::Guarded(_), Reader::Parser(_)) => {
            let proof = endpoint.gate.proof(&sample.headers, &sample.body, now);
            match (endpoint.gate.admits_head(&sample.headers, None), proof) {
                (true, Proof::Holds) => Authenticity::Holds,
                (true, Proof::Stale) => Authenticity::Stale,
                (false, _) | (true, Proof::Fails) => Authenticity::Fails(endpoint.advice()),
            }
        }
    }
}
