//! A bucket of an S3-compatible store that keeps checkpoints, each as an object of its own, locked against everybody until a
//! date where the bucket has object lock.
//!
//! Sources: the API reference of `PutObject`, `GetObject` and `ListObjectsV2`, and "Using S3 Object Lock", of Amazon S3. A request with a retention needs a digest
//! of its body (`Content-MD5`), and every `x-amz-*` header has to be signed.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use md5::{Digest as _, Md5};
use rusty_s3::actions::ListObjectsV2;
use rusty_s3::{Bucket, Credentials, S3Action as _, UrlStyle};

use super::anchor::{ANSWER_WITHIN, AnchorError, Kept};
use crate::config::CheckpointBucket;
use crate::tls;

/// How long a signed request may be used.
const SIGNED_FOR: Duration = Duration::from_secs(60);

/// So many of the newest objects are looked into: whoever may put objects there may put others among them.
const NEWEST: usize = 20;
/// A list has a thousand names a page: room for a checkpoint a minute over a month.
const PAGES: usize = 50;
/// Bytes of an answer: a page of names has some hundred thousand.
const LARGEST: usize = 2 * 1_024 * 1_024;

/// Why nobody knows what a bucket holds.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotRead {
    /// It may answer later.
    #[error("{0}")]
    Away(String),
    #[error(
        "it answered {status} to {what}: give the key s3:ListBucket and s3:GetObject, or nobody notices at a start that the database was set back"
    )]
    Refused { what: &'static str, status: u16 },
    #[error("{0}")]
    Unusable(String),
}

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

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        self.bucket.name()
    }

    /// The newest objects, as they were put there. `from`: the journal itself knows of a checkpoint over so many entries, so
    /// that older ones need not be listed. None where it holds none.
    pub(super) async fn newest(&self, from: u64, now: Timestamp) -> Result<Vec<String>, NotRead> {
        let mut names = Vec::new();
        for back in [0, 1_000, 20_000, u64::MAX] {
            names = self.list(from.saturating_sub(back), now).await?;
            if !names.is_empty() || from <= back {
                break;
            }
        }
        let older = names.len().saturating_sub(NEWEST);
        let mut bodies = Vec::new();
        for name in names.split_off(older) {
            let url = self
                .bucket
                .get_object(Some(&self.credentials), &name)
                .sign_with_time(SIGNED_FOR, &now);
            bodies.push(self.get(url, "a look at an object").await?);
        }
        Ok(bodies)
    }

    /// Names of objects over at least so many entries, in order: the number of entries comes first in them.
    async fn list(&self, from: u64, now: Timestamp) -> Result<Vec<String>, NotRead> {
        let mut names = Vec::new();
        let mut next: Option<String> = None;
        for _ in 0..PAGES {
            let mut list = self.bucket.list_objects_v2(Some(&self.credentials));
            list.with_prefix(self.prefix.as_str());
            list.with_start_after(format!("{}{from:012}", self.prefix));
            if let Some(token) = next.take() {
                list.with_continuation_token(token);
            }
            let body = self
                .get(list.sign_with_time(SIGNED_FOR, &now), "a list of its objects")
                .await?;
            let page = ListObjectsV2::parse_response(&body)
                .map_err(|error| NotRead::Unusable(format!("its list of objects can't be read: {error}")))?;
            names.extend(page.contents.into_iter().map(|object| object.key));
            next = page.next_continuation_token;
            if next.is_none() {
                return Ok(names);
            }
        }
        Err(NotRead::Unusable(format!(
            "it holds more than {} objects that are newer than what the journal knows: set another checkpoints.s3.prefix",
            PAGES.saturating_mul(1_000)
        )))
    }

    async fn get(&self, url: url::Url, what: &'static str) -> Result<String, NotRead> {
        // The signature stands in the address, which is told to nobody.
        let away = |error: reqwest::Error| NotRead::Away(error.without_url().to_string());
        let answer = self.client.get(url).timeout(ANSWER_WITHIN).send().await;
        let mut answer = answer.map_err(away)?;
        let status = answer.status();
        if status.is_server_error() || status.as_u16() == 429 {
            return Err(NotRead::Away(format!(
                "it answered {} to {what}",
                status.as_u16()
            )));
        }
        if !status.is_success() {
            let status = status.as_u16();
            return Err(NotRead::Refused { what, status });
        }
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(away)? {
            body.extend_from_slice(&part);
            if body.len() > LARGEST {
                return Err(NotRead::Unusable(format!("its answer to {what} has no end")));
            }
        }
        String::from_utf8(body).map_err(|_| NotRead::Unusable(format!("its answer to {what} is no text")))
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
