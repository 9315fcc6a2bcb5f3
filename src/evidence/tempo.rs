//! Searches of Tempo by TraceQL: which traces of the last minutes a query finds. One call, bounded in time, traces and size.
//! API: <https://grafana.com/docs/tempo/latest/api_docs/#search>.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::server::{QueryError, Server};
use super::traces::{Trace, Traces, Window, link};
use crate::domain::runbook::TEMPO_TRACES;

/// Where several tenants share one Tempo, it is told by this whose traces are meant.
const TENANT: HeaderName = HeaderName::from_static("x-scope-orgid");

/// How to reach one.
pub struct TempoSettings<'a> {
    /// Its address without `/api`.
    pub base: &'a str,
    pub bearer: Option<String>,
    /// Whose traces, where it has several tenants.
    pub tenant: Option<&'a str>,
    /// How long one search may take.
    pub within: Duration,
    /// How far back it looks.
    pub back: SignedDuration,
    /// Grafana's address and the uid of the data source there, for links.
    pub explore: Option<(&'a str, &'a str)>,
}

/// A Tempo.
pub struct Tempo {
    server: Server,
    back: SignedDuration,
    explore: Option<(Url, String)>,
}

/// Fields that are empty or zero are left out, as protobuf's JSON does.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    traces: Vec<Row>,
    /// Always there, so that what is no answer of Tempo's is not taken for "none".
    metrics: Metrics,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    #[serde(rename = "traceID")]
    id: String,
    #[serde(default)]
    root_service_name: String,
    #[serde(default)]
    root_trace_name: String,
    #[serde(default)]
    start_time_unix_nano: String,
    #[serde(default)]
    duration_ms: u64,
}

/// Into how many parts it cut the search, and how many of them answered.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metrics {
    #[serde(default)]
    completed_jobs: u64,
    #[serde(default)]
    total_jobs: u64,
}

impl Tempo {
    /// # Errors
    /// An address is none, the tenant is no text for a header, or TLS can't be set up.
    pub fn new(settings: TempoSettings<'_>) -> Result<Self, QueryError> {
        let TempoSettings {
            base,
            bearer,
            tenant,
            within,
            back,
            explore,
        } = settings;
        let tenant = tenant.map(HeaderValue::from_str).transpose();
        let tenant = tenant.map_err(|error| QueryError::Client(format!("the tenant: {error}")))?;
        let explore = explore.map(|(grafana, source)| Ok((page(grafana, "Grafana")?, source.to_owned())));
        Ok(Self {
            server: Server::new("Tempo", (base, "/api"), bearer, within)?
                .with(tenant.map(|tenant| (TENANT, tenant))),
            back,
            explore: explore.transpose()?,
        })
    }

    /// The traces that a query finds.
    ///
    /// # Errors
    /// It can't be asked in time, refuses, or answers something else.
    pub async fn search(&self, query: &str, now: Timestamp) -> Result<Traces, QueryError> {
        let Window { from, to } = Window::before(now, self.back);
        let parameters = [
            ("q", query.to_owned()),
            ("start", from.as_second().to_string()),
            // Whole seconds: the one that is under way is part of it.
            ("end", to.as_second().saturating_add(1).to_string()),
            ("limit", TEMPO_TRACES.to_string()),
            ("spss", "1".to_owned()),
        ];
        let answered = self.server.call("search", &parameters).await?;
        if let Some(refusal) = self.server.refusal(&answered) {
            return Err(refusal);
        }
        match serde_json::from_slice::<Answer>(&answered.body) {
            Ok(answer) => Ok(traces(answer)),
            Err(error) => Err(self.server.unreadable(&error.to_string())),
        }
    }

    /// The same search in Grafana, for people; `None` where none is configured.
    #[must_use]
    pub fn link(&self, query: &str, now: Timestamp) -> Option<String> {
        let (grafana, source) = self.explore.as_ref()?;
        explored(grafana, source, query, Window::before(now, self.back))
    }
}

/// As Grafana writes its own addresses since version 10: times as texts of milliseconds.
fn explored(grafana: &Url, source: &str, query: &str, window: Window) -> Option<String> {
    let Window { from, to } = window;
    let asked = json!({
        "refId": "A", "datasource": {"type": "tempo", "uid": source}, "queryType": "traceql",
        "query": query, "limit": TEMPO_TRACES, "tableType": "traces",
    });
    let range = json!({"from": from.as_millisecond().to_string(), "to": to.as_millisecond().to_string()});
    let panes = json!({"traces": {"datasource": source, "queries": [asked], "range": range}});
    let parameters = [("schemaVersion", "1".to_owned()), ("panes", panes.to_string())];
    link(grafana, "explore", &parameters)
}

/// An address that people open.
pub(super) fn page(address: &str, of: &'static str) -> Result<Url, QueryError> {
    let read = Url::parse(address).ok();
    read.filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
        .ok_or_else(|| QueryError::Address {
            of,
            address: address.to_owned(),
        })
}

fn traces(answer: Answer) -> Traces {
    let Metrics {
        completed_jobs,
        total_jobs,
    } = answer.metrics;
    let more = answer.traces.len() >= usize::from(TEMPO_TRACES);
    // With as many as were asked for it ends early.
    let partial = (completed_jobs < total_jobs && !more)
        .then(|| format!("only {completed_jobs} of {total_jobs} parts of Tempo's search answered"));
    let found = answer.traces.into_iter().map(|row| Trace {
        id: row.id,
        service: row.root_service_name,
        name: row.root_trace_name,
        started: row
            .start_time_unix_nano
            .parse()
            .ok()
            .and_then(|at| Timestamp::from_nanosecond(at).ok())
            .unwrap_or(Timestamp::UNIX_EPOCH),
        took: Duration::from_millis(row.duration_ms),
    });
    Traces {
        found: found.collect(),
        more,
        partial,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Traces, serde_json::Error> {
        serde_json::from_str(body).map(traces)
    }

    #[test]
    fn an_answer_of_tempos_is_read_and_nothing_else_is_none() {
        let body = r#"{"traces":[{"traceID":"2f3e0cee77ae5dc9c17ade3689eb2e54","rootServiceName":"shop-backend",
            "rootTraceName":"update-billing","startTimeUnixNano":"1684778327699392724","durationMs":557,
            "spanSets":[{"spans":[{"spanID":"563d623c76514f8e","startTimeUnixNano":"1684778327735077898",
            "durationNanos":"446979497","attributes":[{"key":"status","value":{"stringValue":"error"}}]}],"matched":1}]},
            {"traceID":"1b"}],"metrics":{"inspectedBytes":"3811736","totalBlocks":13,"completedJobs":2,"totalJobs":2}}"#;
        let found = read(body).expect("an answer");
        assert_eq!((found.found.len(), found.more, &found.partial), (2, false, &None));
        let first = &found.found[0];
        assert_eq!(
            (first.service.as_str(), first.took.as_millis()),
            ("shop-backend", 557)
        );
        assert_eq!(first.started.to_string(), "2023-05-22T17:58:47.699392724Z");
        assert_eq!(read(r#"{"metrics":{}}"#).expect("none"), Traces::default());
        for other in ["{}", "{\"status\":\"success\"}", "[]", "<html>"] {
            assert!(read(other).is_err(), "{other}");
        }
        let partial = read(r#"{"metrics":{"completedJobs":1,"totalJobs":4}}"#).expect("an answer");
        assert_eq!(
            partial.partial.as_deref(),
            Some("only 1 of 4 parts of Tempo's search answered")
        );
    }

    #[test]
    fn a_link_shows_the_same_search_over_the_same_time() {
        let grafana = page("https://grafana.example.com", "Grafana").expect("a page");
        let now: Timestamp = "2026-03-02T10:15:00Z".parse().expect("a time");
        let window = Window::before(now, SignedDuration::from_mins(15));
        let link = explored(&grafana, "tempo-uid", "{ status = error }", window).expect("a link");
        let url = Url::parse(&link).expect("an address");
        assert_eq!(
            (url.host_str(), url.path()),
            (Some("grafana.example.com"), "/explore")
        );
        let pairs: std::collections::BTreeMap<_, _> = url.query_pairs().into_owned().collect();
        let panes: serde_json::Value = serde_json::from_str(&pairs["panes"]).expect("JSON");
        assert_eq!(panes["traces"]["queries"][0]["query"], "{ status = error }");
        assert_eq!(
            panes["traces"]["queries"][0]["datasource"],
            json!({"type": "tempo", "uid": "tempo-uid"})
        );
        assert_eq!(
            panes["traces"]["range"],
            json!({"from": "1772445600000", "to": "1772446500000"})
        );
    }
}
