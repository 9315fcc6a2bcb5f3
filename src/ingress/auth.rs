//! Whether a source is served at all, and what its requests must prove.

use http::HeaderMap;

use super::signature::{bearer_holds, pagerduty_holds};
use crate::config::{Secrets, WebhookSource};

/// What a source's requests must carry. All that is configured must hold.
#[derive(Clone, Debug)]
pub(super) enum Gate {
    /// No secret is set: the source is not served.
    Closed,
    /// No secret is set, and the operator allowed that on loopback.
    Open,
    Guarded {
        bearer: Secrets,
        signature: Secrets,
    },
}

/// How the source proves itself, beyond a bearer token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Unsigned,
    PagerDuty,
}

impl Gate {
    pub(super) fn new(source: &WebhookSource, open_without_secret: bool) -> Self {
        if !source.bearer_token.is_empty() || !source.secret.is_empty() {
            return Self::Guarded {
                bearer: source.bearer_token.clone(),
                signature: source.secret.clone(),
            };
        }
        if open_without_secret {
            Self::Open
        } else {
            Self::Closed
        }
    }

    /// What can be told before the body is read.
    pub(super) fn admits_headers(&self, headers: &HeaderMap) -> bool {
        match self {
            Self::Closed => false,
            Self::Open => true,
            Self::Guarded { bearer, .. } => bearer.is_empty() || bearer_holds(headers, bearer),
        }
    }

    /// Whether the body is by who holds the secret.
    pub(super) fn admits_body(&self, scheme: Scheme, headers: &HeaderMap, body: &[u8]) -> bool {
        match (self, scheme) {
            (Self::Closed, _) => false,
            (Self::Open, _) => true,
            (Self::Guarded { signature, .. }, _) if signature.is_empty() => true,
            // A secret for a source that can't sign proves nothing.
            (Self::Guarded { .. }, Scheme::Unsigned) => false,
            (Self::Guarded { signature, .. }, Scheme::PagerDuty) => pagerduty_holds(headers, body, signature),
        }
    }
}
