//! Silences at an Alertmanager, over its API v2. A silence of ours carries a mark in its comment; before one is made it is
//! looked for, so that an answer that got lost makes no second one. Only the configured address is called; redirects are
//! not followed. What the API does was seen with Alertmanager 0.25, 0.28 and 0.33.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Client, RequestBuilder, StatusCode, redirect};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::domain::silence::Matcher;
use crate::tls;

/// One call takes at most this long.
const WITHIN: Duration = Duration::from_secs(5);
/// Bytes of an answer that are read: ten thousand silences are about 4 MiB.
const ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// Characters of its own words that are told.
const WORDS: usize = 200;

/// Why Alertmanager did not do it. Texts hold no secrets and no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, strum::VariantNames)]
pub enum SilenceError {
    #[error("`{0}` is not the address of an Alertmanager: write `http://host:9093`")]
    Address(String),
    #[error("no HTTP client can be made: {0}")]
    Client(String),
    /// It may have been done; looking tells.
    #[error("Alertmanager could not be asked: {0}")]
    Unreachable(String),
    /// The same again would be refused again.
    #[error("Alertmanager refused: {0}")]
    Refused(String),
}

/// A silence as Alertmanager has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub id: String,
    pub ends_at: Timestamp,
    /// False once it has ended, by itself or by hand.
    pub holds: bool,
}

/// What is to be silenced.
pub struct Wanted<'a> {
    pub matchers: &'a [Matcher],
    pub from: Timestamp,
    pub until: Timestamp,
    /// Who proposed it, for people.
    pub created_by: &'a str,
    /// For people; has to end with `mark`.
    pub comment: &'a str,
    /// What tells this silence from every other.
    pub mark: &'a str,
}

/// An Alertmanager.
pub struct Alertmanager {
    client: Client,
    base: String,
    bearer: Option<String>,
}

#[derive(Deserialize)]
struct Silence {
    id: String,
    comment: String,
    #[serde(rename = "endsAt")]
    ends_at: Timestamp,
    status: Status,
}

/// `active`, `pending` or `expired`.
#[derive(Deserialize)]
struct Status {
    state: String,
}

#[derive(Deserialize)]
struct Posted {
    #[serde(rename = "silenceID")]
    id: String,
}

impl Silence {
    fn read(self) -> Made {
        Made {
            holds: self.status.state != "expired",
            id: self.id,
            ends_at: self.ends_at,
        }
    }
}

impl Alertmanager {
    /// `base` is its address without `/api/v2`; `bearer` a token if it stands behind a proxy that wants one.
    ///
    /// # Errors
    /// The address is none, or TLS can't be set up.
    pub fn new(base: &str, bearer: Option<String>) -> Result<Self, SilenceError> {
        let url = Url::parse(base).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.host().is_some() && url.query().is_none()
        });
        if url.is_none() {
            return Err(SilenceError::Address(base.to_owned()));
        }
        let client = tls::http_client(|client| {
            client
                .redirect(redirect::Policy::none())
                .no_proxy()
                .timeout(WITHIN)
        })
        .map_err(|error| SilenceError::Client(error.to_string()))?;
        Ok(Self {
            client,
            base: format!("{}/api/v2", base.trim_end_matches('/')),
            bearer,
        })
    }

    /// Makes it, unless one with this mark is there already, ended or not.
    ///
    /// # Errors
    /// `Unreachable`, after which it may have been made: asking again finds out. `Refused` is final.
    pub async fn make(&self, wanted: &Wanted<'_>) -> Result<Made, SilenceError> {
        if let Some(made) = self.find(wanted.mark).await? {
            return Ok(made);
        }
        let matchers: Vec<_> = wanted
            .matchers
            .iter()
            .map(|one| json!({"name": one.name, "value": one.value, "isRegex": false, "isEqual": true}))
            .collect();
        let body = json!({
            "matchers": matchers, "startsAt": wanted.from.to_string(), "endsAt": wanted.until.to_string(),
            "createdBy": wanted.created_by, "comment": wanted.comment,
        });
        let url = format!("{}/silences", self.base);
        let (_, body) = self.call(self.client.post(url).json(&body)).await?;
        let posted: Posted = read(&body)?;
        Ok(Made {
            id: posted.id,
            ends_at: wanted.until,
            holds: true,
        })
    }

    /// The silence whose comment ends with this mark: what people write stands before it.
    async fn find(&self, mark: &str) -> Result<Option<Made>, SilenceError> {
        let (_, body) = self
            .call(self.client.get(format!("{}/silences", self.base)))
            .await?;
        let all: Vec<Silence> = read(&body)?;
        let ours = all.into_iter().find(|silence| silence.comment.ends_with(mark));
        Ok(ours.map(Silence::read))
    }

    /// How a silence stands; `None` when Alertmanager has none of this id any more.
    ///
    /// # Errors
    /// When it could not be asked or refuses.
    pub async fn look(&self, id: &str) -> Result<Option<Made>, SilenceError> {
        let Ok(mut url) = Url::parse(&self.base) else {
            return Err(SilenceError::Address(self.base.clone()));
        };
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(["silence", id]);
        }
        match self.call(self.client.get(url)).await? {
            (StatusCode::NOT_FOUND, _) => Ok(None),
            (_, body) => read::<Silence>(&body).map(|silence| Some(silence.read())),
        }
    }

    /// How many alerts with these labels fire and are heard: neither silenced nor inhibited.
    ///
    /// # Errors
    /// When it could not be asked or refuses.
    pub async fn firing(&self, matchers: &[Matcher]) -> Result<u32, SilenceError> {
        let fixed = [("active", "true"), ("silenced", "false"), ("inhibited", "false")];
        let filters = matchers.iter().map(|one| ("filter", one.to_string()));
        let query = fixed
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .chain(filters);
        let url = Url::parse_with_params(&format!("{}/alerts", self.base), query)
            .map_err(|_| SilenceError::Address(self.base.clone()))?;
        let (_, body) = self.call(self.client.get(url)).await?;
        let all: Vec<serde::de::IgnoredAny> = read(&body)?;
        Ok(u32::try_from(all.len()).unwrap_or(u32::MAX))
    }

    /// The status and body of a 2xx or 404.
    async fn call(&self, request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), SilenceError> {
        let request = match &self.bearer {
            Some(bearer) => request.bearer_auth(bearer),
            None => request,
        };
        let unreachable = |error: reqwest::Error| {
            SilenceError::Unreachable(if error.is_timeout() {
                format!("no answer within {} s", WITHIN.as_secs())
            } else if error.is_connect() {
                "nobody answers at its address".to_owned()
            } else {
                error.without_url().to_string()
            })
        };
        let mut answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(unreachable)? {
            if body.len().saturating_add(piece.len()) > ANSWER_BYTES {
                return Err(SilenceError::Refused(
                    "its answer is larger than 8 MiB".to_owned(),
                ));
            }
            body.extend_from_slice(&piece);
        }
        if status.is_success() || status == StatusCode::NOT_FOUND {
            return Ok((status, body));
        }
        let words: String = String::from_utf8_lossy(&body)
            .chars()
            .filter(|c| !c.is_control())
            .take(WORDS)
            .collect();
        let why = format!("HTTP {}: {}", status.as_u16(), words.trim().trim_matches('"'));
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            Err(SilenceError::Unreachable(why))
        } else {
            Err(SilenceError::Refused(why))
        }
    }
}

fn read<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, SilenceError> {
    serde_json::from_slice(body)
        .map_err(|_| SilenceError::Refused("its answer can't be read: check `alertmanager.url`".to_owned()))
}
