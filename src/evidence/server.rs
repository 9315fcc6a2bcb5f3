//! One call to a server that is asked for evidence, bounded in time and size; and the envelope that Prometheus and Loki share.
//! Tempo and Jaeger have forms of their own.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Client, Response, StatusCode, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::domain::text::shortened;
use crate::tls;

const MIB: usize = 1024 * 1024;
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
    /// Of an answer, in MiB.
    most: usize,
}

/// An answer as it came.
pub(super) struct Answered {
    pub status: StatusCode,
    /// Plain text: how Loki and Tempo say what is wrong with a query.
    pub plain: bool,
    pub body: Vec<u8>,
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
        let client = tls::http_client(|client| {
            client
                .redirect(redirect::Policy::none())
                .no_proxy()
                .timeout(within)
        })
        .map_err(|error| QueryError::Client(error.to_string()))?;
        Ok(Self {
            of,
            client,
            api,
            bearer,
            header: None,
            within,
            most: 1,
        })
    }

    /// Sent with every call.
    pub fn with(self, header: Option<(HeaderName, HeaderValue)>) -> Self {
        Self { header, ..self }
    }

    /// Answers of up to so many MiB are read; of one without more.
    pub fn up_to(self, most: usize) -> Self {
        Self { most, ..self }
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

    pub fn refused(&self, why: &str) -> QueryError {
        QueryError::Refused {
            of: self.of,
            why: shortened(why.trim(), WHY),
        }
    }

    /// What an answer that is no JSON of its API says.
    pub fn no_answer(&self, answered: &Answered, error: &serde_json::Error) -> QueryError {
        self.refusal(answered)
            .unwrap_or_else(|| self.unreadable(&error.to_string()))
    }

    /// What an answer says whose status is no success: where it is about the query, in the server's words.
    pub fn refusal(&self, answered: &Answered) -> Option<QueryError> {
        let status = answered.status;
        if status == StatusCode::BAD_REQUEST && answered.plain {
            return Some(self.refused(&String::from_utf8_lossy(&answered.body)));
        }
        (!status.is_success()).then(|| self.refused(&format!("HTTP {status}")))
    }

    /// One call of an API with the envelope of Prometheus.
    ///
    /// # Errors
    /// It can't be asked in time, refuses, or answers something else.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        what: &str,
        parameters: &[(&str, String)],
    ) -> Result<T, QueryError> {
        let answered = self.call(what, parameters).await?;
        match serde_json::from_slice(&answered.body) {
            Ok(Envelope {
                status: Success::Success,
                data: Some(data),
                ..
            }) => Ok(data),
            Ok(Envelope { error: Some(why), .. }) => Err(self.refused(&why)),
            Ok(Envelope { .. }) => Err(self.unreadable("it has neither data nor an error")),
            Err(error) => Err(self.no_answer(&answered, &error)),
        }
    }

    /// One call, whatever the answer says.
    ///
    /// # Errors
    /// It can't be asked in time, or says too much.
    pub async fn call(&self, what: &str, parameters: &[(&str, String)]) -> Result<Answered, QueryError> {
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
        Ok(Answered { status, plain, body })
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, QueryError> {
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.unreachable(error))? {
            if body.len() + piece.len() > self.most * MIB {
                let why = format!("it is larger than {} MiB; make the query narrower", self.most);
                return Err(self.unreadable(&why));
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
