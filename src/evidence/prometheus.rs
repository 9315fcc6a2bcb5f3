//! Queries to Prometheus (and what speaks its API): one call, bounded, and what an expression is now.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::server::Server;

pub use super::server::QueryError;

/// Series that are kept of an answer.
pub const SERIES: usize = 20;

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
pub struct Prometheus(Server);

impl Prometheus {
    /// `base` is its address without `/api/v1`; `bearer` a token if it wants one; `within` how long one query may take.
    ///
    /// # Errors
    /// The address is none, or TLS can't be set up.
    pub fn new(base: &str, bearer: Option<String>, within: Duration) -> Result<Self, QueryError> {
        Server::new("Prometheus", (base, "/api/v1"), bearer, within).map(Self)
    }

    /// Asks what an expression is now.
    ///
    /// # Errors
    /// It can't be asked in time, refuses, or answers something else than series, a scalar or a text.
    pub async fn query(&self, expression: &str) -> Result<Answer, QueryError> {
        let data: Data = self.ask("query", expression, &[]).await?;
        data.answer().ok_or_else(|| self.0.unreadable(RANGE))
    }

    /// One call of its API, bounded in time and size.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        what: &str,
        expression: &str,
        more: &[(&str, String)],
    ) -> Result<T, QueryError> {
        let timeout = format!("{}s", self.0.within().as_secs());
        let mut parameters = vec![("query", expression.to_owned()), ("timeout", timeout)];
        parameters.extend_from_slice(more);
        self.0.ask(what, &parameters).await
    }
}

pub(super) const RANGE: &str = "it is a range of values: ask for one value at a time";

/// The kinds of result that an instant query has; see <https://prometheus.io/docs/prometheus/latest/querying/api/>.
#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
pub(super) enum Data {
    Vector(Vec<Series>),
    Scalar((f64, String)),
    String((f64, String)),
    Matrix(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
pub(super) struct Series {
    metric: BTreeMap<String, String>,
    /// Left out for a native histogram.
    value: Option<(f64, String)>,
}

impl Data {
    /// `None` for a range of values.
    pub(super) fn answer(self) -> Option<Answer> {
        match self {
            Self::Vector(series) => {
                let more = series.len().saturating_sub(SERIES);
                let samples = series.into_iter().take(SERIES).map(|one| Sample {
                    labels: one.metric,
                    value: one
                        .value
                        .map_or_else(|| "a histogram".to_owned(), |(_, value)| value),
                });
                Some(Answer {
                    samples: samples.collect(),
                    more,
                })
            }
            Self::Scalar((_, value)) | Self::String((_, value)) => Some(Answer {
                samples: vec![Sample {
                    labels: BTreeMap::new(),
                    value,
                }],
                more: 0,
            }),
            Self::Matrix(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Option<Answer> {
        let data: Data = serde_json::from_str(body).expect("data");
        data.answer()
    }

    #[test]
    fn series_and_scalars_are_read() {
        let body = r#"{"resultType":"vector","result":[
            {"metric":{"__name__":"up","job":"redis"},"value":[1763690000.1,"0"]}]}"#;
        let answer = read(body).expect("an answer");
        assert_eq!(answer.samples[0].value, "0");
        assert_eq!(answer.samples[0].labels["job"], "redis");
        let body = r#"{"resultType":"scalar","result":[1763690000.1,"NaN"]}"#;
        assert_eq!(read(body).expect("an answer").samples[0].value, "NaN");
        let body = r#"{"resultType":"matrix","result":[]}"#;
        assert_eq!(read(body), None);
    }

    #[test]
    fn only_an_address_is_taken() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        assert!(Prometheus::new("http://prometheus.monitoring:9090/", None, Duration::from_secs(3)).is_ok());
        assert!(matches!(
            Prometheus::new("prometheus", None, Duration::from_secs(3)),
            Err(QueryError::Address { .. })
        ));
        assert!(matches!(
            Prometheus::new("file:///x", None, Duration::from_secs(3)),
            Err(QueryError::Address { .. })
        ));
    }
}
