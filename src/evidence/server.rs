//! One call to a server that is asked for evidence, bounded in time and size; and the envelope that Prometheus and Loki share.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Client, Response, StatusCode, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

/// Bytes of an answer that are read.
const ANSWER_BYTES: usize = 1024 * 1024;
/// Characters of a refusal that are kept.
const WHY: usize = 300;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, strum::VariantNames)]
pub enum QueryError {
    #[error("`{address}` is not the address of a {of}: write `http://host:port`")]
    Address { of: &'static str, address: String },
    #[error("no HTTP client can be made: {0}")]
    Client(String),
    #[error("{of} could not be asked: {why}")]
    Unreachable { of: &'static str, why: String },
    #[error("{of} refused the query: {why}")]
    Refused { of: &'static str, why: String },
    #[error("the answer of {of} can't be read: {why}")]
    Unreadable { of: &'static str, why: String },
}

/// Where it is and who we are there.
pub(super) struct Server {
    /// What it is, as people call it.
    of: &'static str,
    client: Client,
    api: Url,
    bearer: Option<String>,
    header: Option<(HeaderName, HeaderValue)>,
    within: Duration,
}

impl Server {
    /// `base` is its address without `path`; `within` is how long one call may take.
    ///
    /// # Errors
    /// The address is none, or TLS can't be set up.
    pub fn new(
        of: &'static str,
        (base, path): (&str, &str),
        bearer: Option<String>,
        within: Duration,
    ) -> Result<Self, QueryError> {
        let bad = || QueryError::Address {
            of,
            address: base.to_owned(),
        };
        let api = Url::parse(&format!("{}{path}", base.trim_end_matches('/'))).map_err(|_| bad())?;
        if !matches!(api.scheme(), "http" | "https") || api.host().is_none() {
            return Err(bad());
        }
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(within)
            .build()
            .map_err(|error| QueryError::Client(error.to_string()))?;
        Ok(Self {
            of,
            client,
            api,
            bearer,
            header: None,
            within,
        })
    }

    /// Sent with every call.
    pub fn with(self, header: Option<(HeaderName, HeaderValue)>) -> Self {
        Self { header, ..self }
    }

    pub fn within(&self) -> Duration {
        self.within
    }

    pub fn unreadable(&self, why: &str) -> QueryError {
        QueryError::Unreadable {
            of: self.of,
            why: why.to_owned(),
        }
    }

    /// One call of its API.
    ///
    /// # Errors
    /// It can't be asked in time, refuses, or answers something else.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        what: &str,
        parameters: &[(&str, String)],
    ) -> Result<T, QueryError> {
        let mut url = self.api.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.push(what);
        }
        url.query_pairs_mut().extend_pairs(parameters);
        let mut asking = self.client.get(url);
        if let Some(bearer) = &self.bearer {
            asking = asking.bearer_auth(bearer);
        }
        if let Some((name, value)) = &self.header {
            asking = asking.header(name, value);
        }
        let response = asking.send().await.map_err(|error| self.unreachable(error))?;
        let status = response.status();
        let plain = response
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
        let body = self.body(response).await?;
        let refused = |why: String| QueryError::Refused { of: self.of, why };
        match serde_json::from_slice(&body) {
            Ok(Envelope {
                status: Success::Success,
                data: Some(data),
                ..
            }) => Ok(data),
            Ok(Envelope { error: Some(why), .. }) => Err(refused(why)),
            Ok(Envelope { .. }) => Err(self.unreadable("it has neither data nor an error")),
            // Loki says in plain text what is wrong with a query.
            Err(_) if status == StatusCode::BAD_REQUEST && plain => {
                let text = String::from_utf8_lossy(&body);
                Err(refused(text.trim().chars().take(WHY).collect()))
            }
            Err(_) if !status.is_success() => Err(refused(format!("HTTP {status}"))),
            Err(error) => Err(self.unreadable(&error.to_string())),
        }
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, QueryError> {
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.unreachable(error))? {
            if body.len() + piece.len() > ANSWER_BYTES {
                return Err(self.unreadable("it is larger than 1 MiB; aggregate the query"));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    fn unreachable(&self, error: reqwest::Error) -> QueryError {
        let why = if error.is_timeout() {
            format!("no answer within {} s", self.within.as_secs())
        } else if error.is_connect() {
            "nobody answers at its address".to_owned()
        } else {
            error.without_url().to_string()
        };
        QueryError::Unreachable { of: self.of, why }
    }
}

#[derive(Deserialize)]
struct Envelope<T> {
    status: Success,
    data: Option<T>,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Success {
    Success,
    Error,
}
