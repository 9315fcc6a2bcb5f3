//! Proofs that a request comes from who holds the secret. Every comparison takes the same time whatever differs, and
//! every valid secret is tried, so that nothing is learnt from how long a refusal takes.

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::config::Secrets;

const PAGERDUTY: &str = "x-pagerduty-signature";
/// During rotation PagerDuty sends one signature for each secret; more than these are not looked at.
const MOST_SIGNATURES: usize = 8;

/// Whether `Authorization: Bearer …` holds one of the tokens.
pub(super) fn bearer_holds(headers: &HeaderMap, tokens: &Secrets) -> bool {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let Some((scheme, token)) = value.to_str().ok().and_then(|text| text.split_once(' ')) else {
        return false;
    };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return false;
    }
    // Digests have one length: the comparison can't tell how long the true token is.
    let given = Sha256::digest(token.trim().as_bytes());
    tokens.iter().fold(false, |found, token| {
        let wanted = Sha256::digest(token.expose().as_bytes());
        bool::from(given.as_slice().ct_eq(wanted.as_slice())) | found
    })
}

/// Whether one of the `v1=` signatures over the raw body is by one of the secrets. Other versions are ignored.
/// Format: <https://developer.pagerduty.com/docs/webhooks/webhook-signatures/>.
pub(super) fn pagerduty_holds(headers: &HeaderMap, body: &[u8], secrets: &Secrets) -> bool {
    let given: Vec<Vec<u8>> = headers
        .get_all(PAGERDUTY)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .filter_map(|part| part.trim().strip_prefix("v1="))
        .take(MOST_SIGNATURES)
        .filter_map(|digits| hex::decode(digits).ok())
        .collect();
    let mut found = false;
    for secret in secrets.iter() {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else {
            continue;
        };
        mac.update(body);
        let wanted = mac.finalize().into_bytes();
        for signature in &given {
            found |= bool::from(signature.as_slice().ct_eq(wanted.as_slice()));
        }
    }
    found
}
