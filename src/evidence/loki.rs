//! Queries to Loki: the lines that a log query finds in the last minutes, or what a metric query is now. One call, bounded in
//! time, lines and size. API: <https://grafana.com/docs/loki/latest/reference/loki-http-api/>.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::Value;

use super::prometheus::{Answer, Data, RANGE};
use super::server::{QueryError, Server};

/// Lines that are asked for.
pub const LINES: usize = 100;
/// Where several tenants share one Loki, it is told by this whose logs are meant.
const TENANT: HeaderName = HeaderName::from_static("x-scope-orgid");

/// What a query found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Logs {
    /// The newest lines, oldest first, at most [`LINES`].
    Lines {
        lines: Vec<String>,
        /// There may be older ones.
        more: bool,
    },
    /// Of a query that counts.
    Values(Answer),
}

/// A Loki.
pub struct Loki {
    server: Server,
    back: SignedDuration,
}

#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Found {
    Streams(Vec<Stream>),
    Matrix(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Stream {
    #[serde(default)]
    stream: BTreeMap<String, String>,
    /// Nanoseconds since 1970, the line, and, from newer ones, what else is known of it.
    values: Vec<Vec<Value>>,
}

impl Loki {
    /// `base` is its address without `/loki/api/v1`; `tenant` whose logs, where it has several; `within` how long one query may
    /// take; `back` how far a query for lines looks.
    ///
    /// # Errors
    /// The address is none, the tenant is no text for a header, or TLS can't be set up.
    pub fn new(
        base: &str,
        bearer: Option<String>,
        tenant: Option<&str>,
        within: Duration,
        back: SignedDuration,
    ) -> Result<Self, QueryError> {
        let tenant = tenant.map(HeaderValue::from_str).transpose();
        let tenant = tenant.map_err(|error| QueryError::Client(format!("the tenant: {error}")))?;
        let server = Server::new("Loki", (base, "/loki/api/v1"), bearer, within)?;
        Ok(Self {
            server: server.with(tenant.map(|tenant| (TENANT, tenant))),
            back,
        })
    }

    /// Asks for lines (the query begins with a selector, `{…}`) or for values.
    ///
    /// # Errors
    /// It can't be asked in time, refuses, or answers something else.
    pub async fn query(&self, expression: &str, now: Timestamp) -> Result<Logs, QueryError> {
        if !is_for_lines(expression) {
            let parameters = [
                ("query", expression.to_owned()),
                ("time", now.as_nanosecond().to_string()),
            ];
            let data: Data = self.server.ask("query", &parameters).await?;
            let answer = data.answer().ok_or_else(|| self.server.unreadable(RANGE))?;
            return Ok(Logs::Values(answer));
        }
        let from = now.checked_sub(self.back).unwrap_or(Timestamp::MIN);
        let parameters = [
            ("query", expression.to_owned()),
            ("start", from.as_nanosecond().to_string()),
            ("end", now.as_nanosecond().to_string()),
            ("limit", LINES.to_string()),
            ("direction", "backward".to_owned()),
        ];
        match self.server.ask("query_range", &parameters).await? {
            Found::Streams(streams) => Ok(in_order(streams)),
            Found::Matrix(_) => Err(self.server.unreadable(RANGE)),
        }
    }
}

/// A query for lines begins with what selects their streams; one that counts, with a function.
#[must_use]
pub fn is_for_lines(expression: &str) -> bool {
    expression.trim_start().starts_with('{')
}

/// Of several streams each line says which one it is from, where they differ.
fn in_order(streams: Vec<Stream>) -> Logs {
    let several = streams.len() > 1;
    let mut lines: Vec<(i128, String)> = Vec::new();
    for Stream { stream, values } in streams {
        let of = several.then(|| named(&stream)).filter(|name| !name.is_empty());
        for value in values {
            let (Some(at), Some(line)) = (
                value.first().and_then(Value::as_str),
                value.get(1).and_then(Value::as_str),
            ) else {
                continue;
            };
            let line = match &of {
                Some(of) => format!("{of}: {line}"),
                None => line.to_owned(),
            };
            lines.push((at.parse().unwrap_or_default(), line));
        }
    }
    lines.sort_by_key(|(at, _)| *at);
    let more = lines.len() >= LINES;
    let newest = lines.split_off(lines.len().saturating_sub(LINES));
    Logs::Lines {
        lines: newest.into_iter().map(|(_, line)| line).collect(),
        more,
    }
}

/// The pod says best where a line is from.
fn named(labels: &BTreeMap<String, String>) -> String {
    let best = ["pod", "instance", "container", "app", "job"];
    let best = best.into_iter().find_map(|name| labels.get(name));
    best.cloned().unwrap_or_else(|| super::shape::named(labels))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(body: &str) -> Logs {
        match serde_json::from_str(body).expect("an answer") {
            Found::Streams(streams) => in_order(streams),
            Found::Matrix(_) => panic!("lines were asked for"),
        }
    }

    #[test]
    fn lines_of_several_streams_stand_in_their_order_with_their_pod() {
        let body = r#"{"resultType":"streams","result":[
            {"stream":{"app":"gateway","pod":"gateway-1"},"values":[["1763690000000000003","third"],["1763690000000000001","first"]]},
            {"stream":{"app":"gateway","pod":"gateway-2"},"values":[["1763690000000000002","second",{"trace_id":"1"}]]}],
            "stats":{"summary":{"bytesProcessedPerSecond":1}}}"#;
        let lines = ["gateway-1: first", "gateway-2: second", "gateway-1: third"].map(str::to_owned);
        assert_eq!(
            found(body),
            Logs::Lines {
                lines: lines.to_vec(),
                more: false
            }
        );
        let one =
            r#"{"resultType":"streams","result":[{"stream":{"app":"gateway"},"values":[["1","alone"]]}]}"#;
        let lines = vec!["alone".to_owned()];
        assert_eq!(found(one), Logs::Lines { lines, more: false });
    }

    #[test]
    fn a_selector_asks_for_lines_and_a_function_for_values() {
        assert!(is_for_lines(" {app=\"gateway\"} |= \"error\""));
        assert!(!is_for_lines("sum(count_over_time({app=\"gateway\"}[5m]))"));
    }
}
