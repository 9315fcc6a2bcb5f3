//! Looks at the world for evidence: Prometheus and Loki for queries, the reader for commands. Everything that comes back
//! is redacted here before anybody else sees it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::actions::redact::Redactor;
use crate::domain::action::Action;
use crate::domain::evidence::{Ask, Finding, Found, Look};
use crate::domain::ids::IncidentId;
use crate::evidence::loki::Loki;
use crate::evidence::prometheus::Prometheus;
use crate::evidence::shape;
use crate::ports::{Clock, Ended, EvidenceSource, Observation, Pending, Reader};

/// Looks of all incidents at the same time, at most: a storm must not become one at Prometheus.
const AT_ONCE: usize = 16;

/// Everybody who can be asked.
pub struct Looks {
    pub prometheus: Option<Prometheus>,
    pub loki: Option<Loki>,
    pub reader: Arc<dyn Reader>,
    pub redactor: Arc<Redactor>,
    pub clock: Arc<dyn Clock>,
    pub turns: Semaphore,
}

impl Looks {
    #[must_use]
    pub fn new(
        (prometheus, loki): (Option<Prometheus>, Option<Loki>),
        reader: Arc<dyn Reader>,
        redactor: Arc<Redactor>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            prometheus,
            loki,
            reader,
            redactor,
            clock,
            turns: Semaphore::new(AT_ONCE),
        }
    }

    async fn ask(&self, incident: IncidentId, look: &Look, within: Duration) -> Found {
        // Never closed; and a turn that is waited for counts against the look's own time.
        let _turn = self.turns.acquire().await;
        match &look.ask {
            Ask::Promql(query) => self.promql(query, look).await,
            Ask::Logql(query) => self.logql(query, look).await,
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
        let Some(prometheus) = &self.prometheus else {
            return missing("no Prometheus is configured; set prometheus.url");
        };
        match prometheus.query(query).await {
            Ok(answer) => shape::of_answer(&answer, look.limit.as_ref(), look.required),
            Err(error) => missing(&error.to_string()),
        }
    }

    async fn logql(&self, query: &str, look: &Look) -> Found {
        let Some(loki) = &self.loki else {
            return missing("no Loki is configured; set loki.url");
        };
        match loki.query(query, self.clock.now()).await {
            Ok(logs) => shape::of_logs(&logs, look.limit.as_ref(), look.required),
            Err(error) => missing(&error.to_string()),
        }
    }

    fn clean(&self, found: Found) -> Found {
        let clean = |text: &str| self.redactor.clean(text).into_owned();
        match found {
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
            let found = self.ask(incident, look, within).await;
            let mut finding = look.found(self.clock.now(), self.clean(found));
            finding.query = self.redactor.clean(&finding.query).into_owned();
            finding
        })
    }
}
