//! Queries to Prometheus (and what speaks its API): one call, bounded, and what an expression is now.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::{Client, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

/// Series that are kept of an answer.
pub const SERIES: usize = 20;
/// Bytes of an answer that are read.
const ANSWER_BYTES: usize = 1024 * 1024;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    #[error("`{0}` is not the address of a Prometheus: write `http://host:9090`")]
    Address(String),
    #[error("no HTTP client can be made: {0}")]
    Client(String),
    #[error("Prometheus could not be asked: {0}")]
    Unreachable(String),
    #[error("Prometheus refused the query: {0}")]
    Refused(String),
    #[error("the answer of Prometheus can't be read: {0}")]
    Unreadable(String),
}

/// One series with its value now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub labels: BTreeMap<String, String>,
    /// As Prometheus wrote it; may be `NaN` or `+Inf`.
    pub value: String,
}

/// The answer to an instant query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// At most [`SERIES`].
    pub samples: Vec<Sample>,
    /// Series beyond those.
    pub more: usize,
}

/// A Prometheus.
pub struct Prometheus {
    client: Client,
    api: Url,
    bearer: Option<String>,
    /// For one query.
    within: Duration,
}

impl Prometheus {
    /// `base` is its address without `/api/v1`; `bearer` a token if it wants one; `within` how long one query may take.
    ///
    /// # Errors
    /// The address is none, or TLS can't be set up.
    pub fn new(base: &str, bearer: Option<String>, within: Duration) -> Result<Self, QueryError> {
        let bad = || QueryError::Address(base.to_owned());
        let api = Url::parse(&format!("{}/api/v1", base.trim_end_matches('/'))).map_err(|_| bad())?;
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
            client,
            api,
            bearer,
            within,
        })
    }

    /// Asks what an expression is now.
    ///
    /// # Errors
    /// It can't be asked in time, refuses, or answers something else than series, a scalar or a text.
    pub async fn query(&self, expression: &str) -> Result<Answer, QueryError> {
        let envelope: Envelope<Data> = self.ask("query", expression, &[]).await?;
        answer(envelope.data()?)
    }

    /// One call of its API, bounded in time and size.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        what: &str,
        expression: &str,
        more: &[(&str, String)],
    ) -> Result<Envelope<T>, QueryError> {
        let mut url = self.api.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.push(what);
        }
        url.query_pairs_mut()
            .append_pair("query", expression)
            .append_pair("timeout", &format!("{}s", self.within.as_secs()))
            .extend_pairs(more);
        let mut asking = self.client.get(url);
        if let Some(bearer) = &self.bearer {
            asking = asking.bearer_auth(bearer);
        }
        let unreachable = |error: reqwest::Error| {
            QueryError::Unreachable(if error.is_timeout() {
                format!("no answer within {} s", self.within.as_secs())
            } else if error.is_connect() {
                "nobody answers at its address".to_owned()
            } else {
                error.without_url().to_string()
            })
        };
        let mut response = asking.send().await.map_err(unreachable)?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(unreachable)? {
            if body.len() + piece.len() > ANSWER_BYTES {
                return Err(QueryError::Unreadable(
                    "it is larger than 1 MiB; aggregate the query".to_owned(),
                ));
            }
            body.extend_from_slice(&piece);
        }
        match serde_json::from_slice(&body) {
            Ok(envelope) => Ok(envelope),
            Err(_) if !status.is_success() => Err(QueryError::Refused(format!("HTTP {status}"))),
            Err(error) => Err(QueryError::Unreadable(error.to_string())),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Envelope<T> {
    status: Success,
    data: Option<T>,
    error: Option<String>,
}

impl<T> Envelope<T> {
    /// What was asked for, or why there is none.
    pub(super) fn data(self) -> Result<T, QueryError> {
        match (self.status, self.data, self.error) {
            (Success::Success, Some(data), _) => Ok(data),
            (_, _, Some(error)) => Err(QueryError::Refused(error)),
            (_, _, None) => Err(QueryError::Unreadable(
                "it has neither data nor an error".to_owned(),
            )),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Success {
    Success,
    Error,
}

/// The kinds of result that an instant query has; see <https://prometheus.io/docs/prometheus/latest/querying/api/>.
#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Data {
    Vector(Vec<Series>),
    Scalar((f64, String)),
    String((f64, String)),
    Matrix(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Series {
    metric: BTreeMap<String, String>,
    /// Left out for a native histogram.
    value: Option<(f64, String)>,
}

fn answer(data: Data) -> Result<Answer, QueryError> {
    match data {
        Data::Vector(series) => {
            let more = series.len().saturating_sub(SERIES);
            let samples = series.into_iter().take(SERIES).map(|one| Sample {
                labels: one.metric,
                value: one
                    .value
                    .map_or_else(|| "a histogram".to_owned(), |(_, value)| value),
            });
            Ok(Answer {
                samples: samples.collect(),
                more,
            })
        }
        Data::Scalar((_, value)) | Data::String((_, value)) => Ok(Answer {
            samples: vec![Sample {
                labels: BTreeMap::new(),
                value,
            }],
            more: 0,
        }),
        Data::Matrix(_) => Err(QueryError::Unreadable(
            "it is a range of values: ask for one value at a time".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Answer, QueryError> {
        let envelope: Envelope<Data> = serde_json::from_str(body).expect("an envelope");
        answer(envelope.data.expect("data"))
    }

    #[test]
    fn series_and_scalars_are_read() {
        let body = r#"{"status":"success","data":{"resultType":"vector","result":[
            {"metric":{"__name__":"up","job":"redis"},"value":[1763690000.1,"0"]}]}}"#;
        let answer = read(body).expect("an answer");
        assert_eq!(answer.samples[0].value, "0");
        assert_eq!(answer.samples[0].labels["job"], "redis");
        let body = r#"{"status":"success","data":{"resultType":"scalar","result":[1763690000.1,"NaN"]}}"#;
        assert_eq!(read(body).expect("an answer").samples[0].value, "NaN");
        let body = r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#;
        assert!(matches!(read(body), Err(QueryError::Unreadable(_))));
    }

    #[test]
    fn only_an_address_is_taken() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        assert!(Prometheus::new("http://prometheus.monitoring:9090/", None, Duration::from_secs(3)).is_ok());
        assert!(matches!(
            Prometheus::new("prometheus", None, Duration::from_secs(3)),
            Err(QueryError::Address(_))
        ));
        assert!(matches!(
            Prometheus::new("file:///x", None, Duration::from_secs(3)),
            Err(QueryError::Address(_))
        ));
    }
}
