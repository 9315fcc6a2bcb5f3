//! Whether a source is served at all, and what its requests must prove: any one of the tokens, and, where a secret is
//! set, the sender's signature as well.

use http::{HeaderMap, HeaderName};
use jiff::Timestamp;

use super::room;
use super::signature::{Proof, Scheme, basic_holds, bearer_holds, header_holds, proof, url_holds};
use crate::config::{Secrets, WebhookSource};

/// What a source's requests must carry.
#[derive(Clone, Debug)]
pub(super) enum Gate {
    /// No secret is set: the source is not served.
    Closed,
    /// No secret is set, and the operator allowed that on loopback.
    Open,
    Guarded(Box<Guard>),
}

#[derive(Clone, Debug)]
pub(super) struct Guard {
    bearer: Secrets,
    basic: Secrets,
    header: Option<(HeaderName, Secrets)>,
    url: Secrets,
    signature: Secrets,
    scheme: Scheme,
}

impl Guard {
    fn asks_in_head(&self) -> bool {
        let tokens = [&self.bearer, &self.basic, &self.url];
        self.header.is_some() || !tokens.into_iter().all(Secrets::is_empty)
    }
}

impl Gate {
    pub(super) fn new(source: &WebhookSource, scheme: Scheme, open_without_secret: bool) -> Self {
        if source.is_guarded() {
            let name = source.header.as_deref();
            let name = name.and_then(|name| name.to_ascii_lowercase().parse().ok());
            return Self::Guarded(Box::new(Guard {
                bearer: source.bearer_token.clone(),
                basic: source.basic.clone(),
                header: name.map(|name| (name, source.header_token.clone())),
                url: source.url_token.clone(),
                signature: source.secret.clone(),
                scheme,
            }));
        }
        if open_without_secret {
            Self::Open
        } else {
            Self::Closed
        }
    }

    /// Whose room a body takes once its head is admitted: who sends it is known where a token is asked for there.
    pub(super) fn room(&self) -> room::From {
        match self {
            Self::Guarded(guard) if guard.asks_in_head() => room::From::Known,
            Self::Guarded(_) | Self::Closed | Self::Open => room::From::Unproved,
        }
    }

    /// What can be told before the body is read.
    pub(super) fn admits_head(&self, headers: &HeaderMap, query: Option<&str>) -> bool {
        let guard = match self {
            Self::Closed => return false,
            Self::Open => return true,
            Self::Guarded(guard) => guard,
        };
        if !guard.asks_in_head() {
            return true;
        }
        let by_header = guard
            .header
            .as_ref()
            .is_some_and(|(name, tokens)| header_holds(headers, name, tokens));
        by_header
            | bearer_holds(headers, &guard.bearer)
            | basic_holds(headers, &guard.basic)
            | url_holds(query, &guard.url)
    }

    /// What `WWW-Authenticate` says to a request that was refused. Google Cloud Monitoring sends user and password only after it
    /// was asked for them: <https://cloud.google.com/monitoring/support/notification-options#webhooks>.
    pub(super) fn challenge(&self) -> &'static str {
        match self {
            Self::Guarded(guard) if !guard.basic.is_empty() && guard.bearer.is_empty() => {
                "Basic realm=\"interlock\""
            }
            Self::Guarded(guard) if !guard.basic.is_empty() => "Bearer, Basic realm=\"interlock\"",
            Self::Guarded(_) | Self::Open | Self::Closed => "Bearer",
        }
    }

    /// Whether a token may stand in the address.
    pub(super) fn takes_url_token(&self) -> bool {
        match self {
            Self::Guarded(guard) => !guard.url.is_empty(),
            Self::Open | Self::Closed => false,
        }
    }

    /// What a request lacks that was refused, by the names of headers and of keys; no secret is in it. `section` is the source's,
    /// `webhooks.opsgenie`, and `place` says where its sender is told a token.
    pub(super) fn advice(&self, section: &str, place: &str) -> String {
        let Self::Guarded(guard) = self else {
            return "nothing is asked of it".to_owned();
        };
        let mut tokens = Vec::new();
        if !guard.bearer.is_empty() {
            tokens.push(format!(
                "the header `Authorization` with `Bearer` and the token of `{section}.bearer_token`"
            ));
        }
        if let Some((name, _)) = guard.header.as_ref().filter(|(_, values)| !values.is_empty()) {
            tokens.push(format!(
                "the header `{name}` with the value of `{section}.header_token`"
            ));
        }
        if !guard.basic.is_empty() {
            tokens.push(format!(
                "the header `Authorization` with `Basic` and the user and password of `{section}.basic`"
            ));
        }
        if let Some(last) = tokens.last_mut() {
            last.push_str(&format!(", set {place}"));
        }
        if !guard.url.is_empty() {
            tokens.push(format!(
                "the parameter `token` in its address, set as `?token=…` in the address that its sender posts to, with the token of `{section}.url_token`"
            ));
        }
        let signed = (!guard.signature.is_empty()).then(|| {
            let key = format!("`{section}.secret`");
            guard.scheme.said(&key)
        });
        let sent = (!tokens.is_empty()).then(|| format!("it must carry {}", tokens.join(", or ")));
        let all: Vec<String> = sent.into_iter().chain(signed).collect();
        if all.is_empty() {
            return "it must be signed by Amazon SNS".to_owned();
        }
        all.join("; and ")
    }

    /// Whether the body is by who holds the secret.
    pub(super) fn proof(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Proof {
        match self {
            Self::Closed => Proof::Fails,
            Self::Open => Proof::Holds,
            Self::Guarded(guard) if guard.signature.is_empty() => Proof::Holds,
            Self::Guarded(guard) => proof(&guard.scheme, headers, body, &guard.signature, now),
        }
    }
}
