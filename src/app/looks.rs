//! Looks at the world for evidence: Prometheus, Loki and Tempo or Jaeger for queries, the reader for commands. Everything that
//! comes back is redacted here before anybody else sees it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Semaphore;

use crate::actions::redact::Redactor;
use crate::domain::action::Action;
use crate::domain::evidence::{Ask, Finding, Found, Look};
use crate::domain::ids::IncidentId;
use crate::domain::runbook::JaegerSearch;
use crate::evidence::jaeger::Jaeger;
use crate::evidence::loki::Loki;
use crate::evidence::prometheus::Prometheus;
use crate::evidence::shape;
use crate::evidence::tempo::Tempo;
use crate::evidence::traces::of_traces;
use crate::ports::{Clock, Ended, EvidenceSource, Observation, Pending, Reader};

/// Looks of all incidents at the same time, at most: a storm must not become one at Prometheus.
const AT_ONCE: usize = 16;

/// Where traces are searched.
pub enum Tracing {
    Tempo(Tempo),
    Jaeger(Jaeger),
}

/// The servers that are configured.
#[derive(Default)]
pub struct Servers {
    pub prometheus: Option<Prometheus>,
    pub loki: Option<Loki>,
    pub traces: Option<Tracing>,
}

/// Everybody who can be asked.
pub struct Looks {
    pub servers: Servers,
    pub reader: Arc<dyn Reader>,
    pub redactor: Arc<Redactor>,
    pub clock: Arc<dyn Clock>,
    pub turns: Semaphore,
}

impl Looks {
    #[must_use]
    pub fn new(
        servers: Servers,
        reader: Arc<dyn Reader>,
        redactor: Arc<Redactor>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            servers,
            reader,
            redactor,
            clock,
            turns: Semaphore::new(AT_ONCE),
        }
    }

    async fn ask(&self, incident: IncidentId, look: &Look, within: Duration, now: Timestamp) -> Found {
        // Never closed; and a turn that is waited for counts against the look's own time.
        let _turn = self.turns.acquire().await;
        match &look.ask {
            Ask::Promql(query) => self.promql(query, look).await,
            Ask::Logql(query) => self.logql(query, look, now).await,
            Ask::Traceql(query) => self.traceql(query, look, now).await,
            Ask::Jaeger(search) => self.jaeger(search, look, now).await,
            Ask::Command { action, filters, .. } => {
                let observation = Observation {
                    incident,
                    action: (**action).clone(),
                    filters: filters.clone(),
                    within,
                };
                match self.reader.observe(observation).await {
                    Ended::Done { output } => {
                        let found = shape::of_text(&output.text, look.limit.as_ref());
                        if matches!(**action, Action::Logs(_)) {
                            shape::said_by(&output.errors, found)
                        } else {
                            found
                        }
                    }
                    Ended::Failed { reason, .. } | Ended::Unknown { reason, .. } => {
                        Found::Missing { why: reason }
                    }
                }
            }
            Ask::Nobody { why, .. } => missing(why),
        }
    }

    async fn promql(&self, query: &str, look: &Look) -> Found {
        let Some(prometheus) = &self.servers.prometheus else {
            return missing("no Prometheus is configured; set prometheus.url");
        };
        match prometheus.query(query).await {
            Ok(answer) => shape::of_answer(&answer, look.limit.as_ref(), look.required),
            Err(error) => missing(&error.to_string()),
        }
    }

    async fn logql(&self, query: &str, look: &Look, now: Timestamp) -> Found {
        let Some(loki) = &self.servers.loki else {
            return missing("no Loki is configured; set loki.url");
        };
        match loki.query(query, now).await {
            Ok(logs) => shape::of_logs(&logs, look.limit.as_ref(), look.required),
            Err(error) => missing(&error.to_string()),
        }
    }

    async fn traceql(&self, query: &str, look: &Look, now: Timestamp) -> Found {
        let Some(Tracing::Tempo(tempo)) = &self.servers.traces else {
            return missing("no Tempo is configured; set tempo.url");
        };
        match tempo.search(query, now).await {
            Ok(traces) => of_traces(&traces, look.limit.as_ref()),
            Err(error) => missing(&error.to_string()),
        }
    }

    async fn jaeger(&self, search: &JaegerSearch, look: &Look, now: Timestamp) -> Found {
        let Some(Tracing::Jaeger(jaeger)) = &self.servers.traces else {
            return missing("no Jaeger is configured; set jaeger.url");
        };
        match jaeger.search(search, now).await {
            Ok(traces) => of_traces(&traces, look.limit.as_ref()),
            Err(error) => missing(&error.to_string()),
        }
    }

    /// Where people see the same, also when it could not be read here. A query that a secret is taken out of has none: in an
    /// address it would stand in other letters, which nobody would find.
    fn link(&self, look: &Look, now: Timestamp) -> Option<String> {
        let asked = look.asked();
        let clean = self.redactor.clean(&asked) == asked;
        match (&self.servers.traces, &look.ask) {
            (Some(Tracing::Tempo(tempo)), Ask::Traceql(query)) if clean => tempo.link(query, now),
            (Some(Tracing::Jaeger(jaeger)), Ask::Jaeger(search)) if clean => jaeger.link(search, now),
            _ => None,
        }
    }

    fn clean(&self, found: Found) -> Found {
        let clean = |text: &str| self.redactor.clean(text).into_owned();
        match found {
            // Nothing is learnt from it: whoever gets a text logged must not decide what is hidden elsewhere.
            Found::Read { short, number, whole } => Found::Read {
                short: clean(&short),
                number,
                whole: clean(&whole),
            },
            Found::Missing { why } => Found::Missing { why: clean(&why) },
        }
    }
}

fn missing(why: &str) -> Found {
    Found::Missing { why: why.to_owned() }
}

impl EvidenceSource for Looks {
    fn look<'a>(&'a self, incident: IncidentId, look: &'a Look, within: Duration) -> Pending<'a, Finding> {
        Box::pin(async move {
            let asked_at = self.clock.now();
            let found = self.ask(incident, look, within, asked_at).await;
            let mut finding = look.found(self.clock.now(), self.clean(found));
            finding.query = self.redactor.clean(&finding.query).into_owned();
            finding.link = self.link(look, asked_at);
            finding
        })
    }
}
