//! The action runner: takes an order, does it once, and says how it ended, with its output redacted.
//!
//! Never repeats anything by itself, and always answers within the order's time and two seconds.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::checked;
use super::http::HttpActions;
use super::kubernetes::clusters::Clusters;
use super::kubernetes::{perform, survey};
use super::output;
use super::redact::Redactor;
use super::verdict::{Raw, Verdict};
use crate::domain::action::{Action, Filter, Tier};
use crate::domain::ids::{AttemptId, PlanNo, StepNo};
use crate::domain::runbook::Expectation;
use crate::ports::{ActionRunner, Clock, Ended, Observation, Order, Output, Pending, Survey, SurveyError};

/// Runs actions on the configured clusters and hosts.
pub struct Runner {
    clusters: Clusters,
    http: HttpActions,
    redactor: Arc<Redactor>,
    clock: Arc<dyn Clock>,
}

impl Runner {
    /// `redactor` must know every secret that this process holds, those for HTTP headers included.
    #[must_use]
    pub fn new(
        clusters: Clusters,
        http: HttpActions,
        redactor: Arc<Redactor>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            clusters,
            http,
            redactor,
            clock,
        }
    }

    async fn look(&self, action: &Action) -> Result<Survey, SurveyError> {
        if let Action::Http(request) = action {
            self.http
                .check(request)
                .map_err(|refusal| SurveyError::Forbidden(refusal.to_string()))?;
        }
        let target = match tokio::time::timeout(survey::LIMIT, survey::target(&self.clusters, action)).await {
            Ok(target) => target.map_err(|error| self.clean_error(error))?,
            Err(_) => {
                return Err(SurveyError::Unreachable(
                    "the cluster did not answer within 5 s".to_owned(),
                ));
            }
        };
        Ok(Survey {
            target,
            taken_at: self.clock.now(),
        })
    }

    /// Looks for evidence. It has no attempt of a plan, so it goes by number 0 of everything in the server's audit log.
    async fn watch(&self, observation: Observation) -> Ended {
        let Observation {
            incident,
            action,
            filters,
            within,
        } = observation;
        if !action.only_looks() {
            return Ended::Failed {
                reason: "evidence only looks, and this command does more".to_owned(),
                output: Output::default(),
            };
        }
        let attempt = AttemptId {
            incident,
            plan: PlanNo(0),
            step: StepNo(0),
            attempt: 0,
        };
        let order = Order {
            attempt,
            action,
            tier: Tier::Zero,
            filters,
            expected: None,
            target: None,
            timeout_seconds: u32::try_from(within.as_secs()).unwrap_or(1).max(1),
        };
        self.by(order, Instant::now() + within).await
    }

    async fn run(&self, order: Order) -> Ended {
        let deadline = Instant::now() + Duration::from_secs(u64::from(order.timeout_seconds));
        self.by(order, deadline).await
    }

    async fn by(&self, order: Order, deadline: Instant) -> Ended {
        let (verdict, left) = match &order.action {
            Action::Http(request) => {
                let verdict = self.http.perform(request, &order.attempt, deadline).await;
                (verdict, None)
            }
            Action::Exec(_)
            | Action::Get(_)
            | Action::Logs(_)
            | Action::Describe { .. }
            | Action::RolloutStatus { .. }
            | Action::RolloutRestart { .. }
            | Action::RolloutUndo { .. }
            | Action::Scale { .. }
            | Action::DeletePod { .. }
            | Action::CreateJob { .. } => {
                perform::perform(&self.clusters, &order, deadline, self.clock.now()).await
            }
        };
        let mut ended = self.checked(verdict, order.filters, order.expected).await;
        match &mut ended {
            Ended::Done { output } | Ended::Failed { output, .. } | Ended::Unknown { output, .. } => {
                output.left = left;
            }
        }
        ended
    }

    /// Filters and the expectation see the whole output, already redacted; only what comes out of them is kept. A filter
    /// can put together what was no secret before (`@base64d`, joined strings), so what comes out is redacted again.
    async fn checked(&self, verdict: Verdict, filters: Vec<Filter>, expected: Option<Expectation>) -> Ended {
        let Verdict::Done(raw) = verdict else {
            return self.ended(verdict);
        };
        let text = self
            .redactor
            .clean(&String::from_utf8_lossy(&raw.text))
            .into_owned();
        let errors = self
            .redactor
            .clean(&String::from_utf8_lossy(&raw.errors))
            .into_owned();
        match checked::check(text, filters, expected).await {
            Ok(text) => Ended::Done {
                output: output::output(self.redactor.clean(&text).into_owned(), &errors),
            },
            Err((text, reason)) => Ended::Failed {
                reason: self.clean(&reason),
                output: output::output(self.redactor.clean(&text).into_owned(), &errors),
            },
        }
    }

    fn ended(&self, verdict: Verdict) -> Ended {
        match verdict {
            Verdict::Done(raw) => Ended::Done {
                output: self.output(raw),
            },
            Verdict::Failed { reason, raw } => Ended::Failed {
                reason: self.clean(&reason),
                output: self.output(raw),
            },
            Verdict::Unknown { reason, raw } => Ended::Unknown {
                reason: self.clean(&reason),
                output: self.output(raw),
            },
        }
    }

    fn output(&self, raw: Raw) -> Output {
        let text = String::from_utf8_lossy(&raw.text);
        let errors = String::from_utf8_lossy(&raw.errors);
        output::output(
            self.redactor.clean(&text).into_owned(),
            &self.redactor.clean(&errors),
        )
    }

    /// Reasons quote what a server said: redacted, made visible, and of a length for one line on a card.
    fn clean(&self, reason: &str) -> String {
        output::cut(
            &crate::domain::action::reveal_lines(&self.redactor.clean(reason)),
            output::REASON_BYTES,
        )
        .0
    }

    fn clean_error(&self, error: SurveyError) -> SurveyError {
        match error {
            SurveyError::NotThere(text) => SurveyError::NotThere(self.clean(&text)),
            SurveyError::Forbidden(text) => SurveyError::Forbidden(self.clean(&text)),
            SurveyError::Unreachable(text) => SurveyError::Unreachable(self.clean(&text)),
        }
    }
}

impl ActionRunner for Runner {
    fn survey<'a>(&'a self, action: &'a Action) -> Pending<'a, Result<Survey, SurveyError>> {
        Box::pin(self.look(action))
    }

    fn observe(&self, observation: Observation) -> Pending<'_, Ended> {
        Box::pin(self.watch(observation))
    }

    fn perform(&self, order: Order) -> Pending<'_, Ended> {
        Box::pin(self.run(order))
    }
}
