//! Proofs that a request comes from who holds the secret. Every comparison takes the same time whatever differs, and
//! every valid secret is tried, so that nothing is learnt from how long a refusal takes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::incident_io;
use crate::config::Secrets;

const PAGERDUTY: &str = "x-pagerduty-signature";
/// Of Standard Webhooks, and their older names.
const STANDARD_TIME: [&str; 2] = ["webhook-timestamp", "svix-timestamp"];
const STANDARD_SIGNATURE: [&str; 2] = ["webhook-signature", "svix-signature"];
/// During rotation senders send one signature for each secret; more than these are not looked at.
const MOST_SIGNATURES: usize = 8;
/// How far a signed time may be from ours: what is signed with its time can't be replayed later.
const WINDOW: SignedDuration = SignedDuration::from_mins(5);

/// How a source signs, beyond a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Unsigned,
    /// `v1=<hex>[,v1=<hex>]`: <https://developer.pagerduty.com/docs/webhooks/webhook-signatures/>.
    PagerDuty,
    /// Hex digits in a header, after `sha256=` or bare; over `time:body` when a time is signed too (Grafana), else the body.
    Hex {
        header: HeaderName,
        time: Option<HeaderName>,
    },
    /// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
    Standard,
}

impl Scheme {
    /// What a body must be signed with, where `key` names the setting that holds the secret.
    pub(super) fn said(&self, key: &str) -> String {
        match self {
            Self::Unsigned => format!("it can't be signed by its sender, so {key} must not be set"),
            Self::PagerDuty => format!(
                "its body must be signed in `X-PagerDuty-Signature` with the secret of the webhook subscription, which {key} holds"
            ),
            Self::Hex { header, time: None } => format!(
                "its body must be signed in `{header}` (hex of HMAC-SHA256) with the secret that {key} holds"
            ),
            Self::Hex {
                header,
                time: Some(time),
            } => format!(
                "its time and body must be signed in `{header}` (hex of HMAC-SHA256 over the value of `{time}`, a colon and the body) with the secret that {key} holds"
            ),
            Self::Standard => format!(
                "it must be signed in `webhook-signature` with the endpoint's signing secret (`whsec_…`), which {key} holds"
            ),
        }
    }
}

/// What a signature is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    Holds,
    Fails,
    /// It holds, and was made at another time.
    Stale,
}

/// Whether the body is signed with one of the secrets.
pub(super) fn proof(
    scheme: &Scheme,
    headers: &HeaderMap,
    body: &[u8],
    secrets: &Secrets,
    now: Timestamp,
) -> Proof {
    match scheme {
        // A secret for a source that can't sign proves nothing.
        Scheme::Unsigned => Proof::Fails,
        Scheme::PagerDuty => {
            let given = given(headers, PAGERDUTY, ',', |part| {
                hex::decode(part.strip_prefix("v1=")?).ok()
            });
            fresh(holds(&given, keys(secrets), &[body]), None, now)
        }
        Scheme::Hex { header, time } => {
            let given = given(headers, header.as_str(), ',', |part| {
                hex::decode(part.strip_prefix("sha256=").unwrap_or(part)).ok()
            });
            match time {
                None => fresh(holds(&given, keys(secrets), &[body]), None, now),
                Some(time) => match one(headers, time.as_str()) {
                    None => Proof::Fails,
                    Some(at) => {
                        let held = holds(&given, keys(secrets), &[at.as_bytes(), b":", body]);
                        fresh(held, Some(at), now)
                    }
                },
            }
        }
        Scheme::Standard => standard(headers, body, secrets, now),
    }
}

fn standard(headers: &HeaderMap, body: &[u8], secrets: &Secrets, now: Timestamp) -> Proof {
    let of = |names: [&str; 2]| names.into_iter().find_map(|name| one(headers, name));
    let (Some(id), Some(at)) = (of(incident_io::ID), of(STANDARD_TIME)) else {
        return Proof::Fails;
    };
    let given: Vec<Vec<u8>> = STANDARD_SIGNATURE
        .into_iter()
        .flat_map(|name| {
            given(headers, name, ' ', |part| {
                STANDARD.decode(part.strip_prefix("v1,")?).ok()
            })
        })
        .collect();
    let keys = secrets.iter().filter_map(|secret| {
        let text = secret.expose();
        STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text)).ok()
    });
    let parts = [id.as_bytes(), b".", at.as_bytes(), b".", body];
    fresh(holds(&given, keys, &parts), Some(at), now)
}

fn keys(secrets: &Secrets) -> impl Iterator<Item = Vec<u8>> {
    secrets.iter().map(|secret| secret.expose().as_bytes().to_vec())
}

/// The signatures in a header, decoded.
fn given(
    headers: &HeaderMap,
    name: &str,
    between: char,
    decode: impl Fn(&str) -> Option<Vec<u8>>,
) -> Vec<Vec<u8>> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(between))
        .map(str::trim)
        .take(MOST_SIGNATURES)
        .filter_map(decode)
        .collect()
}

/// Whether one of the signatures over the parts, one after another, is by one of the keys.
fn holds(given: &[Vec<u8>], keys: impl Iterator<Item = Vec<u8>>, parts: &[&[u8]]) -> bool {
    let mut found = false;
    for key in keys {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else {
            continue;
        };
        for part in parts {
            mac.update(part);
        }
        let wanted = mac.finalize().into_bytes();
        for signature in given {
            found |= bool::from(signature.as_slice().ct_eq(wanted.as_slice()));
        }
    }
    found
}

/// The time counts only once the signature holds: before, it is anybody's word.
fn fresh(held: bool, at: Option<&str>, now: Timestamp) -> Proof {
    match (held, at) {
        (false, _) => Proof::Fails,
        (true, None) => Proof::Holds,
        (true, Some(seconds)) => {
            let at = seconds
                .parse()
                .ok()
                .and_then(|seconds| Timestamp::from_second(seconds).ok());
            match at {
                Some(at) if now.duration_since(at).abs() <= WINDOW => Proof::Holds,
                Some(_) | None => Proof::Stale,
            }
        }
    }
}

/// The value of a header that is there once.
fn one<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// Whether `Authorization: Bearer …` holds one of the tokens.
pub(super) fn bearer_holds(headers: &HeaderMap, tokens: &Secrets) -> bool {
    authorization(headers, "bearer").is_some_and(|token| is_one_of(token.as_bytes(), tokens))
}

/// Whether `Authorization: Basic …` holds one of the pairs of user and password.
pub(super) fn basic_holds(headers: &HeaderMap, pairs: &Secrets) -> bool {
    authorization(headers, "basic")
        .and_then(|text| STANDARD.decode(text).ok())
        .is_some_and(|pair| is_one_of(&pair, pairs))
}

/// Whether a header of the operator's choice holds one of the tokens.
pub(super) fn header_holds(headers: &HeaderMap, name: &HeaderName, tokens: &Secrets) -> bool {
    one(headers, name.as_str()).is_some_and(|token| is_one_of(token.trim().as_bytes(), tokens))
}

/// Whether the query has one `token`, and it is one of these.
pub(super) fn url_holds(query: Option<&str>, tokens: &Secrets) -> bool {
    let mut values = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .filter(|(name, _)| name == "token")
        .map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(token), None) => is_one_of(token.as_bytes(), tokens),
        _ => false,
    }
}

fn authorization<'h>(headers: &'h HeaderMap, scheme: &str) -> Option<&'h str> {
    let (given, rest) = one(headers, AUTHORIZATION.as_str())?.split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

/// Digests have one length: the comparison can't tell how long the true secret is.
fn is_one_of(given: &[u8], secrets: &Secrets) -> bool {
    let given = Sha256::digest(given);
    secrets.iter().fold(false, |found, secret| {
        let wanted = Sha256::digest(secret.expose().as_bytes());
        bool::from(given.as_slice().ct_eq(wanted.as_slice())) | found
    })
}
