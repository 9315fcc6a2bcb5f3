//! What a body would be understood as, without a server: for `interlock ingest`. The same parsers and settings as for a
//! request; authenticity is looked at as far as its headers are there, and nothing is fetched.

use http::HeaderMap;
use jiff::Timestamp;

use super::auth::Gate;
use super::changes::{self, ChangesRead, read_changes};
use super::endpoint::{Endpoint, Request};
use super::error::ParseError;
use super::mapping::Mapping;
use super::read::Read;
use super::signature::Proof;
use super::sns;
use super::sources::Reader;
use crate::config::{ChangeSource, Settings};

/// A request as somebody recorded it.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    pub headers: HeaderMap,
    /// What stands behind the `?` of the address, where that is known.
    pub query: Option<String>,
    pub body: Vec<u8>,
}

impl Sample {
    /// Whether its address is given with a token.
    fn has_token(&self) -> bool {
        let query = self.query.as_deref().unwrap_or_default();
        url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "token")
    }
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
    /// Not by its headers; a token may stand in its address, which was not given.
    InAddress,
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
        let alerts = endpoints.iter().map(|endpoint| endpoint.name.to_string());
        let known: Vec<String> = alerts.chain(all_changes()).collect();
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

/// Reads the sample as changes, as `/webhooks/changes/NAME` would.
///
/// # Errors
/// There is no such sender, or the body is not what it sends.
pub fn understand_changes(
    name: &str,
    sample: &Sample,
    settings: &Settings,
    now: Timestamp,
) -> Result<(ChangesRead, Authenticity), NotUnderstood> {
    let sender = ChangeSource::of(name).ok_or_else(|| NotUnderstood::NoSuchSource {
        given: format!("changes/{name}"),
        known: all_changes().join(", "),
    })?;
    let (gate, service) = changes::as_served(sender, &settings.webhooks, sample.query.as_deref());
    let advice = || changes::advice(sender, &gate);
    let authenticity = proved(&gate, sample, now, advice);
    let read = read_changes(sender, &sample.headers, &sample.body, service.as_deref(), now)?;
    Ok((read, authenticity))
}

fn all_changes() -> Vec<String> {
    let all = ChangeSource::ALL.iter();
    all.map(|sender| format!("changes/{}", sender.name())).collect()
}

fn authenticity(endpoint: &Endpoint, sample: &Sample, now: Timestamp) -> Authenticity {
    match (&endpoint.gate, endpoint.reader) {
        // Its signature is in the envelope, and takes Amazon's certificate.
        (Gate::Guarded(_), Reader::Sns) => Authenticity::NotTold,
        (gate, Reader::Sns | Reader::Parser(_)) => proved(gate, sample, now, || endpoint.advice()),
    }
}

fn proved(gate: &Gate, sample: &Sample, now: Timestamp, advice: impl Fn() -> String) -> Authenticity {
    match gate {
        Gate::Open | Gate::Closed => return Authenticity::NotAsked,
        Gate::Guarded(_) if sample.headers.is_empty() && !sample.has_token() => return Authenticity::NotTold,
        Gate::Guarded(_) => {}
    }
    let proof = gate.proof(&sample.headers, &sample.body, now);
    let admitted = gate.admits_head(&sample.headers, sample.query.as_deref());
    match (admitted, proof) {
        (true, Proof::Holds) => Authenticity::Holds,
        (true, Proof::Stale) => Authenticity::Stale,
        (false, Proof::Holds) if !sample.has_token() && gate.takes_url_token() => Authenticity::InAddress,
        (false, _) | (true, Proof::Fails) => Authenticity::Fails(advice()),
    }
}
