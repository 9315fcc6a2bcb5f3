//! The action runner: takes an order, does it once, and says how it ended, with its output redacted.
//!
//! Never repeats anything by itself, and always answers within the order's time and two seconds.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Mark;
use super::examine::{clean_reason, examine};
use super::http::HttpActions;
use super::kubernetes::clusters::{ClusterError, Clusters};
use super::kubernetes::{perform, survey};
use super::permit::Permit;
use super::redact::Redactor;
use super::verdict::Verdict;
use crate::domain::action::{Action, Filter, Tier};
use crate::domain::ids::{AttemptId, IncidentId, PlanNo, StepNo};
use crate::domain::runbook::Expectation;
use crate::ports::{
    ActionRunner, Clock, Ended, Observation, Order, Output, Pending, Reader, Survey, SurveyError, TargetState,
};

/// One thing to do: out of an order, or a look of ours.
pub(super) struct Task {
    attempt: AttemptId,
    pub(super) action: Action,
    pub(super) tier: Tier,
    filters: Vec<Filter>,
    expected: Option<Expectation>,
    pub(super) target: Option<TargetState>,
    /// `None` for a look of ours, which changes nothing.
    pub(super) permit: Option<Permit>,
}

impl Task {
    fn of(order: Order, clock: &Arc<dyn Clock>) -> Self {
        Self {
            permit: Some(Permit::new(order.permitted_at, clock.clone())),
            attempt: order.attempt,
            action: order.action,
            tier: order.tier,
            filters: order.filters,
            expected: order.expected,
            target: order.target,
        }
    }
}

/// Runs actions on the configured clusters and hosts.
pub struct Runner {
    clusters: Clusters,
    http: HttpActions,
    redactor: Arc<Redactor>,
    clock: Arc<dyn Clock>,
    database: Arc<str>,
}

impl Runner {
    /// `redactor` must know every secret that this process holds, those for HTTP headers included. `database` is the name
    /// of the database whose attempts these are.
    #[must_use]
    pub fn new(
        clusters: Clusters,
        http: HttpActions,
        redactor: Arc<Redactor>,
        clock: Arc<dyn Clock>,
        database: &str,
    ) -> Self {
        Self {
            clusters: clusters.telling(redactor.clone()),
            http,
            redactor,
            clock,
            database: database.into(),
        }
    }

    /// Whether the accounts of tiers up to `most` are given tokens by their clusters.
    ///
    /// # Errors
    /// The first account that gets none, and why.
    pub async fn gives_tokens(&self, most: Tier) -> Result<(), ClusterError> {
        self.clusters.gives_tokens(most, self.clock.now()).await
    }

    async fn look(&self, incident: IncidentId, action: &Action) -> Result<Survey, SurveyError> {
        if let Action::Http(request) = action {
            self.http
                .check(request)
                .map_err(|refusal| SurveyError::Forbidden(refusal.to_string()))?;
        }
        let mark = Mark::look(self.database.clone(), incident);
        let looking = survey::target(&self.clusters, action, &mark);
        let target = match tokio::time::timeout(survey::LIMIT, looking).await {
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
        let task = Task {
            attempt,
            action,
            tier: Tier::Zero,
            filters,
            expected: None,
            target: None,
            permit: None,
        };
        self.by(task, Instant::now() + within).await
    }

    async fn run(&self, order: Order) -> Ended {
        let deadline = Instant::now() + Duration::from_secs(u64::from(order.timeout_seconds));
        self.by(Task::of(order, &self.clock), deadline).await
    }

    async fn by(&self, task: Task, deadline: Instant) -> Ended {
        let mark = Mark::new(self.database.clone(), task.attempt);
        let (verdict, left) = match &task.action {
            Action::Http(request) => {
                let permit = task.permit.as_ref();
                let verdict = self.http.perform(request, permit, &mark, deadline).await;
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
                perform::perform(&self.clusters, &task, mark, deadline, self.clock.now()).await
            }
        };
        let mut ended = self.checked(verdict, task.filters, task.expected).await;
        match &mut ended {
            Ended::Done { output } | Ended::Failed { output, .. } | Ended::Unknown { output, .. } => {
                output.left = left.map(Box::new);
            }
        }
        ended
    }

    /// Filters compute, so they run off the async threads.
    async fn checked(&self, verdict: Verdict, filters: Vec<Filter>, expected: Option<Expectation>) -> Ended {
        if filters.is_empty() && expected.is_none() {
            return examine(&self.redactor, verdict, &[], None);
        }
        let (redactor, kept) = (Arc::clone(&self.redactor), verdict.clone());
        let examined =
            tokio::task::spawn_blocking(move || examine(&redactor, verdict, &filters, expected.as_ref()));
        match examined.await {
            Ok(ended) => ended,
            Err(error) => {
                let reason = format!("the output could not be filtered: {error}");
                let (Verdict::Done(raw) | Verdict::Failed { raw, .. } | Verdict::Unknown { raw, .. }) = kept;
                examine(&self.redactor, Verdict::Failed { reason, raw }, &[], None)
            }
        }
    }

    fn clean(&self, reason: &str) -> String {
        clean_reason(&self.redactor, reason)
    }

    fn clean_error(&self, error: SurveyError) -> SurveyError {
        match error {
            SurveyError::NotThere(text) => SurveyError::NotThere(self.clean(&text)),
            SurveyError::Forbidden(text) => SurveyError::Forbidden(self.clean(&text)),
            SurveyError::Unreachable(text) => SurveyError::Unreachable(self.clean(&text)),
        }
    }
}

impl Reader for Runner {
    fn survey<'a>(
        &'a self,
        incident: IncidentId,
        action: &'a Action,
    ) -> Pending<'a, Result<Survey, SurveyError>> {
        Box::pin(self.look(incident, action))
    }

    fn observe(&self, observation: Observation) -> Pending<'_, Ended> {
        Box::pin(self.watch(observation))
    }
}

impl ActionRunner for Runner {
    fn perform(&self, order: Order) -> Pending<'_, Ended> {
        Box::pin(self.run(order))
    }
}
