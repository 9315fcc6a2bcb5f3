//! Searches of Jaeger: which traces of the last minutes have a span that fits. One call, bounded in time, traces and size.
//! API: the one that Jaeger's own page uses (<https://www.jaegertracing.io/docs/latest/architecture/apis/#internal-http-json>).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use url::Url;

use super::server::{QueryError, Server};
use super::tempo::page;
use super::traces::{Trace, Traces, Window, link};
use crate::domain::runbook::{JAEGER_TRACES, JaegerSearch};

/// MiB of an answer: traces come whole.
const ANSWER: usize = 8;

/// How to reach one.
pub struct JaegerSettings<'a> {
    /// Its address without `/api`.
    pub base: &'a str,
    pub bearer: Option<String>,
    /// How long one search may take.
    pub within: Duration,
    /// How far back it looks.
    pub back: SignedDuration,
    /// Where people open its page.
    pub page: Option<&'a str>,
}

/// A Jaeger.
pub struct Jaeger {
    server: Server,
    back: SignedDuration,
    page: Option<Url>,
}

#[derive(Deserialize)]
struct Answer {
    data: Option<Vec<Whole>>,
    #[serde(default)]
    errors: Option<Vec<Wrong>>,
}

#[derive(Deserialize)]
struct Wrong {
    #[serde(default)]
    msg: String,
}

/// A trace with all its spans.
#[derive(Deserialize)]
struct Whole {
    #[serde(rename = "traceID")]
    id: String,
    spans: Vec<Span>,
    #[serde(default)]
    processes: BTreeMap<String, Process>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Span {
    #[serde(rename = "spanID")]
    id: String,
    operation_name: String,
    #[serde(default)]
    references: Vec<Reference>,
    /// Microseconds since 1970.
    start_time: i64,
    /// Microseconds.
    duration: u64,
    #[serde(rename = "processID", default)]
    process: String,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "spanID")]
    span: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Process {
    service_name: String,
}

impl Jaeger {
    /// # Errors
    /// An address is none, or TLS can't be set up.
    pub fn new(settings: JaegerSettings<'_>) -> Result<Self, QueryError> {
        let JaegerSettings {
            base,
            bearer,
            within,
            back,
            page: of_people,
        } = settings;
        Ok(Self {
            server: Server::new("Jaeger", (base, "/api"), bearer, within)?.up_to(ANSWER),
            back,
            page: of_people.map(|address| page(address, "Jaeger")).transpose()?,
        })
    }

    /// The traces that a search finds.
    ///
    /// # Errors
    /// It can't be asked in time, refuses, or answers something else.
    pub async fn search(&self, search: &JaegerSearch, now: Timestamp) -> Result<Traces, QueryError> {
        let parameters = parameters(search, Window::before(now, self.back));
        let answered = self.server.call("traces", &parameters).await?;
        let Answer { data, errors } = match serde_json::from_slice(&answered.body) {
            Ok(answer) => answer,
            Err(error) => return Err(self.server.no_answer(&answered, &error)),
        };
        let wrong: Vec<String> = errors.into_iter().flatten().map(|error| error.msg).collect();
        match data {
            Some(data) if wrong.is_empty() || !data.is_empty() => Ok(Traces {
                more: data.len() >= usize::from(JAEGER_TRACES),
                found: data.into_iter().filter_map(told).collect(),
                partial: wrong.into_iter().next(),
            }),
            _ if !wrong.is_empty() => Err(self.server.refused(&wrong.join("; "))),
            Some(_) | None => Err(self.server.unreadable("it has neither data nor an error")),
        }
    }

    /// The same search on Jaeger's page, for people; `None` where none is configured.
    #[must_use]
    pub fn link(&self, search: &JaegerSearch, now: Timestamp) -> Option<String> {
        opened(self.page.as_ref()?, search, Window::before(now, self.back))
    }
}

fn opened(page: &Url, search: &JaegerSearch, window: Window) -> Option<String> {
    let mut parameters = parameters(search, window);
    parameters.push(("lookback", "custom".to_owned()));
    link(page, "search", &parameters)
}

/// With the time and the number, in microseconds as the page writes them, too.
fn parameters(search: &JaegerSearch, window: Window) -> Vec<(&'static str, String)> {
    let mut all = search.parameters();
    all.extend([
        ("start", window.from.as_microsecond().to_string()),
        ("end", window.to.as_microsecond().to_string()),
        ("limit", JAEGER_TRACES.to_string()),
    ]);
    all
}

/// Told by its root: the earliest of the spans whose parents are not there. `None` for a trace without spans.
fn told(whole: Whole) -> Option<Trace> {
    let Whole { id, spans, processes } = whole;
    let known: BTreeSet<&str> = spans.iter().map(|span| span.id.as_str()).collect();
    let is_root = |span: &&Span| !span.references.iter().any(|of| known.contains(of.span.as_str()));
    let earliest = |span: &&Span| span.start_time;
    let root = spans
        .iter()
        .filter(is_root)
        .min_by_key(earliest)
        .or_else(|| spans.iter().min_by_key(earliest))?;
    let starts = spans.iter().map(|span| span.start_time).min()?;
    let end = |span: &Span| {
        let took = i64::try_from(span.duration).unwrap_or(i64::MAX);
        span.start_time.saturating_add(took)
    };
    let ends = spans.iter().map(end).max()?;
    let took = u64::try_from(ends.saturating_sub(starts)).unwrap_or(0);
    let service = processes.get(&root.process);
    Some(Trace {
        service: service.map_or_else(
            || "unknown service".to_owned(),
            |process| process.service_name.clone(),
        ),
        name: root.operation_name.clone(),
        started: Timestamp::from_microsecond(starts).unwrap_or(Timestamp::UNIX_EPOCH),
        took: Duration::from_micros(took),
        id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_told_by_its_root_and_takes_as_long_as_all_of_it() {
        let body = r#"{"data":[{"traceID":"4bf9","spans":[
            {"traceID":"4bf9","spanID":"b","operationName":"SELECT","references":[{"refType":"CHILD_OF","traceID":"4bf9","spanID":"a"}],
             "startTime":1763690000500000,"duration":2500000,"tags":[],"logs":[],"processID":"p2","warnings":null},
            {"traceID":"4bf9","spanID":"a","operationName":"GET /cart","references":[{"refType":"CHILD_OF","traceID":"4bf9","spanID":"gone"}],
             "startTime":1763690000000000,"duration":1000000,"tags":[],"logs":[],"processID":"p1","warnings":null}],
            "processes":{"p1":{"serviceName":"api-gateway","tags":[]},"p2":{"serviceName":"postgres","tags":[]}},"warnings":null}],
            "total":0,"limit":0,"offset":0,"errors":null}"#;
        let answer: Answer = serde_json::from_str(body).expect("an answer");
        let traces: Vec<Trace> = answer.data.into_iter().flatten().filter_map(told).collect();
        assert_eq!(
            traces,
            [Trace {
                id: "4bf9".to_owned(),
                service: "api-gateway".to_owned(),
                name: "GET /cart".to_owned(),
                started: Timestamp::from_second(1_763_690_000).expect("a time"),
                took: Duration::from_secs(3),
            }]
        );
    }

    #[test]
    fn a_link_opens_the_same_search() {
        let page = page("https://jaeger.example.com/ui", "Jaeger").expect("a page");
        let now: Timestamp = "2026-03-02T10:15:00Z".parse().expect("a time");
        let search =
            JaegerSearch::parse("service=checkout operation=\"POST /pay\" tag=error:true").expect("a search");
        let window = Window::before(now, SignedDuration::from_mins(15));
        assert_eq!(
            opened(&page, &search, window).as_deref(),
            Some(
                "https://jaeger.example.com/ui/search?service=checkout&operation=POST%20%2Fpay&tags=%7B%22error%22%3A%22true%22%7D&start=1772445600000000&end=1772446500000000&limit=20&lookback=custom"
            )
        );
    }
}
