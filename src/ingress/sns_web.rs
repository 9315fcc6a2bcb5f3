//! What is fetched from SNS: certificates, kept for a day, and the confirmation of a subscription. Only `SnsUrl`s are fetched,
//! and only this file makes them: https, a host of SNS, the usual port, no user. One fetch at a time, a few a minute, small,
//! short, and never a redirect, so that a stranger's requests can't make this a hammer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use regex::Regex;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::sync::Mutex;
use url::Url;

use crate::ports::Pending;
use crate::tls::{self, TlsError};

/// Bytes of one answer.
const MOST_BYTES: usize = 32 * 1024;
/// One fetch; the sender waits 15 s, and the engine needs its part of that.
const WITHIN: Duration = Duration::from_secs(3);
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);
const MOST_KEPT: usize = 16;
/// Fetches of certificates in a minute, over all senders.
const MOST_A_MINUTE: usize = 10;

/// An address that SNS itself stands behind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnsUrl(Url);

impl SnsUrl {
    /// An address of SNS.
    pub(super) fn any(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let host = Regex::new(r"^sns\.[a-z0-9-]{3,}\.amazonaws\.com(\.cn)?$").ok()?;
        let fits = url.scheme() == "https"
            && url.host_str().is_some_and(|name| host.is_match(name))
            && url.port().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        fits.then_some(Self(url))
    }

    /// An address of a certificate of SNS.
    pub(super) fn certificate(text: &str) -> Option<Self> {
        Self::any(text).filter(|Self(url)| {
            url.path().strip_suffix(".pem").is_some_and(|name| {
                let file = name.strip_prefix('/').unwrap_or(name);
                file.starts_with("SimpleNotificationService-") && !file.contains(['/', '%'])
            }) && url.query().is_none()
        })
    }

    /// Whether it confirms a subscription to this topic, and does nothing else.
    pub(super) fn confirms(&self, topic: &str) -> bool {
        let is = |key: &str, wanted: &str| {
            let mut values = self.0.query_pairs().filter(|(name, _)| name == key);
            matches!((values.next(), values.next()), (Some((_, value)), None) if value == wanted)
        };
        is("Action", "ConfirmSubscription") && is("TopicArn", topic)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// SNS, as far as this side asks it for anything.
pub trait SnsWeb: Send + Sync {
    /// The body of a 200; everything else is a reason, for people.
    fn get<'a>(&'a self, url: &'a SnsUrl) -> Pending<'a, Result<Vec<u8>, String>>;
}

/// Over the network.
pub struct SnsOverHttps {
    client: reqwest::Client,
}

impl SnsOverHttps {
    /// # Errors
    /// TLS can't be set up on this machine.
    pub fn new() -> Result<Self, TlsError> {
        let client = tls::http_client(|client| {
            client
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .https_only(true)
                .pool_max_idle_per_host(0)
                .timeout(WITHIN)
        })?;
        Ok(Self { client })
    }
}

impl SnsWeb for SnsOverHttps {
    fn get<'a>(&'a self, url: &'a SnsUrl) -> Pending<'a, Result<Vec<u8>, String>> {
        Box::pin(async move {
            let plain = |error: reqwest::Error| error.without_url().to_string();
            let mut answer = self.client.get(url.0.clone()).send().await.map_err(plain)?;
            if answer.status() != reqwest::StatusCode::OK {
                return Err(format!("it answered {}", answer.status()));
            }
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await.map_err(plain)? {
                if body.len().saturating_add(chunk.len()) > MOST_BYTES {
                    return Err(format!("it answered more than {MOST_BYTES} bytes"));
                }
                body.extend_from_slice(&chunk);
            }
            Ok(body)
        })
    }
}

/// Why something could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    #[error("the certificate of SNS can't be had ({0})")]
    Certificate(String),
    #[error("too many certificates were asked for in this minute")]
    TooMany,
    #[error("the subscription can't be confirmed ({0})")]
    Confirmation(String),
}

/// Public keys by the address of their certificate.
pub(super) struct Certificates {
    web: Arc<dyn SnsWeb>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    keys: BTreeMap<SnsUrl, (Timestamp, Vec<u8>)>,
    fetched: Vec<Timestamp>,
}

impl Certificates {
    pub fn new(web: Arc<dyn SnsWeb>) -> Self {
        Self {
            web,
            kept: Mutex::default(),
        }
    }

    /// The RSA key of a certificate, as PKCS #1 has it.
    pub async fn key(&self, url: &SnsUrl, now: Timestamp) -> Result<Vec<u8>, Unreachable> {
        // Held while fetching: the others want the same certificate.
        let mut kept = self.kept.lock().await;
        if let Some((at, key)) = kept.keys.get(url)
            && now.duration_since(*at) < KEPT_FOR
        {
            return Ok(key.clone());
        }
        kept.fetched
            .retain(|at| now.duration_since(*at) < SignedDuration::from_mins(1));
        if kept.fetched.len() >= MOST_A_MINUTE {
            return Err(Unreachable::TooMany);
        }
        kept.fetched.push(now);
        let pem = self.web.get(url).await.map_err(Unreachable::Certificate)?;
        let key = rsa_key(&pem).ok_or_else(|| {
            Unreachable::Certificate("what came is no certificate with an RSA key".to_owned())
        })?;
        if kept.keys.len() >= MOST_KEPT {
            kept.keys.clear();
        }
        kept.keys.insert(url.clone(), (now, key.clone()));
        Ok(key)
    }

    /// Asks for the address of a confirmation.
    pub async fn confirm(&self, url: &SnsUrl) -> Result<(), Unreachable> {
        self.web
            .get(url)
            .await
            .map(|_| ())
            .map_err(Unreachable::Confirmation)
    }
}

/// Out of the certificate's public key info: a sequence of the algorithm and of a string of bits, which holds the key.
fn rsa_key(pem: &[u8]) -> Option<Vec<u8>> {
    let certificate = CertificateDer::from_pem_slice(pem).ok()?;
    let certificate = webpki::EndEntityCert::try_from(&certificate).ok()?;
    let info = certificate.subject_public_key_info();
    let (0x30, info, _) = der(&info)? else { return None };
    let (0x30, _, rest) = der(info)? else { return None };
    let (0x03, bits, _) = der(rest)? else { return None };
    // The first byte counts unused bits, of which a key has none.
    bits.strip_prefix(&[0]).map(<[u8]>::to_vec)
}

/// One element: its tag, its content, and what follows.
fn der(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81 | 0x82 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = digits
                .iter()
                .fold(0, |sum, digit| (sum << 8) | usize::from(*digit));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::SnsUrl;

    #[test]
    fn only_hosts_of_sns_are_asked() {
        for good in [
            "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123.pem",
            "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0123.pem",
        ] {
            assert!(SnsUrl::certificate(good).is_some(), "{good}");
        }
        for bad in [
            "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123.pem",
            "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-0123.pem",
            "https://evil.example/sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123.pem",
            "https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-0123.pem",
            "https://u:p@sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123.pem",
            "https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-0123.pem",
            "https://xsns.eu-west-1.amazonaws.com/SimpleNotificationService-0123.pem",
            "https://sns.eu-west-1.amazonaws.com/bucket/SimpleNotificationService-0123.pem",
            "https://sns.eu-west-1.amazonaws.com/?x=/SimpleNotificationService-0123.pem",
            "https://sns.eu-west-1.amazonaws.com/other.txt",
            "https://169.254.169.254/SimpleNotificationService-0123.pem",
        ] {
            assert!(SnsUrl::certificate(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_confirmation_is_of_the_topic_and_of_nothing_else() {
        let topic = "arn:aws:sns:eu-west-1:123456789012:alerts";
        let confirms = |query: &str| {
            SnsUrl::any(&format!("https://sns.eu-west-1.amazonaws.com/?{query}"))
                .is_some_and(|url| url.confirms(topic))
        };
        assert!(confirms(&format!(
            "Action=ConfirmSubscription&TopicArn={topic}&Token=1"
        )));
        assert!(!confirms(&format!("Action=DeleteTopic&TopicArn={topic}")));
        assert!(!confirms(&format!(
            "Action=ConfirmSubscription&TopicArn={topic}x"
        )));
        assert!(!confirms(&format!(
            "Action=ConfirmSubscription&Action=DeleteTopic&TopicArn={topic}"
        )));
    }
}
