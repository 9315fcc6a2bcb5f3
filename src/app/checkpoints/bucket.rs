//! A bucket of an S3-compatible store that keeps checkpoints, each as an object of its own, locked against everybody until a
//! date where the bucket has object lock.
//!
//! Sources: the API reference of `PutObject` and "Using S3 Object Lock" of Amazon S3. A request with a retention needs a digest
//! of its body (`Content-MD5`), and every `x-amz-*` header has to be signed.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use md5::{Digest as _, Md5};
use rusty_s3::{Bucket, Credentials, S3Action as _, UrlStyle};

use super::anchor::{ANSWER_WITHIN, AnchorError, Kept};
use crate::config::CheckpointBucket;
use crate::tls;

/// How long a signed request may be used.
const SIGNED_FOR: Duration = Duration::from_secs(60);

/// A bucket, and how long what is put there stays locked.
pub struct Keeper {
    bucket: Bucket,
    credentials: Credentials,
    prefix: String,
    /// From when it is put there; `None` leaves it to the bucket.
    locked_for: Option<SignedDuration>,
    client: reqwest::Client,
}

impl Keeper {
    /// `None` when no bucket is configured.
    ///
    /// # Errors
    /// What is missing or can't be used, as a sentence.
    pub fn new(wanted: &CheckpointBucket) -> Result<Option<Self>, String> {
        let Some(name) = &wanted.bucket else {
            return Ok(None);
        };
        let missing =
            |key: &str| format!("checkpoints.s3.bucket is set and checkpoints.s3.{key} is not: set both");
        let endpoint = wanted.endpoint.as_ref().ok_or_else(|| missing("endpoint"))?;
        let id = wanted
            .access_key_id
            .as_ref()
            .ok_or_else(|| missing("access_key_id"))?;
        let secret = wanted
            .secret_access_key
            .as_ref()
            .ok_or_else(|| missing("secret_access_key"))?;
        let url = endpoint
            .as_str()
            .parse()
            .map_err(|error| format!("checkpoints.s3.endpoint can't be used: {error}"))?;
        let style = match wanted.path_style {
            true => UrlStyle::Path,
            false => UrlStyle::VirtualHost,
        };
        let bucket = Bucket::new(url, style, name.clone(), wanted.region.clone())
            .map_err(|error| format!("checkpoints.s3 can't be used: {error}"))?;
        let client = tls::http_client(|client| client.redirect(reqwest::redirect::Policy::none()))
            .map_err(|error| error.to_string())?;
        Ok(Some(Self {
            bucket,
            credentials: Credentials::new(id.clone(), secret.expose()),
            prefix: wanted.prefix.clone(),
            locked_for: wanted
                .retain_days
                .map(|days| SignedDuration::from_hours(i64::from(days).saturating_mul(24))),
            client,
        }))
    }

    /// Puts it there, signed at `now`, under a name of its own: what is there already is never asked to be replaced.
    pub(super) async fn keep(&self, kept: &Kept, now: Timestamp) -> Result<(), AnchorError> {
        let url = self.bucket.base_url().to_string();
        let failed = |reason: String| AnchorError::Unreachable {
            url: url.clone(),
            reason,
        };
        let body = serde_json::to_vec(kept).map_err(|error| failed(error.to_string()))?;
        let object = format!("{}{:012}-{}.json", self.prefix, kept.size, kept.at.as_second());
        let headers = self.headers(&body, kept.at);
        let mut put = self.bucket.put_object(Some(&self.credentials), &object);
        for (name, value) in &headers {
            put.headers_mut().insert(*name, value.as_str());
        }
        let signed = put.sign_with_time(SIGNED_FOR, &now);
        let mut request = self.client.put(signed).timeout(ANSWER_WITHIN).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        // The signature stands in the address, which is told to nobody.
        let answer = request
            .send()
            .await
            .map_err(|error| failed(error.without_url().to_string()))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(AnchorError::Refused {
                url,
                status: status.as_u16(),
            }),
        }
    }

    /// Asks for the bucket itself, signed at `now`: what it is called, when it is there and our key opens it.
    pub(super) async fn ask(&self, now: Timestamp) -> Result<String, AnchorError> {
        let url = self.bucket.base_url().to_string();
        let signed = self
            .bucket
            .head_bucket(Some(&self.credentials))
            .sign_with_time(SIGNED_FOR, &now);
        let asked = self.client.head(signed).timeout(ANSWER_WITHIN).send().await;
        let answer = asked.map_err(|error| AnchorError::Unreachable {
            url: url.clone(),
            reason: error.without_url().to_string(),
        })?;
        match answer.status() {
            status if status.is_success() => Ok(format!("the bucket {}", self.bucket.name())),
            status => Err(AnchorError::Refused {
                url,
                status: status.as_u16(),
            }),
        }
    }

    fn headers(&self, body: &[u8], at: Timestamp) -> Vec<(&'static str, String)> {
        let mut headers = vec![("content-md5", STANDARD.encode(Md5::digest(body)))];
        if let Some(until) = self.locked_for.and_then(|span| at.checked_add(span).ok()) {
            headers.push(("x-amz-object-lock-mode", "COMPLIANCE".to_owned()));
            let until = until.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            headers.push(("x-amz-object-lock-retain-until-date", until));
        }
        headers
    }
}
