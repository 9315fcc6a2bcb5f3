//! What may run without a person: how far autonomy goes where, how risky an incident is, and how much a plan may change
//! alone at that risk. Every row only ever takes away; critical never runs alone.

use serde::{Deserialize, Serialize};

use crate::domain::action::EffectClass;
use crate::domain::alert::Severity;
use crate::domain::ids::{Environment, RunbookName, Service};
use crate::domain::matching::Confidence;
use crate::domain::plan::{Plan, PlannedStep};
use crate::domain::runbook::Autonomy;
use crate::planted::{self, Bug};

/// How much is at stake in an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    Low,
    Medium,
    High,
    /// Always a human's.
    Critical,
}

impl Risk {
    /// The word of the policy file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// At most this autonomy where it holds. An empty list covers everything; of several rows the lowest counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutonomyLimit {
    pub environments: Vec<Environment>,
    pub services: Vec<Service>,
    pub runbooks: Vec<RunbookName>,
    pub at_most: Autonomy,
}

/// The risk of incidents like these. An empty list covers everything; of several rows the highest risk counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RiskRule {
    pub severities: Vec<Severity>,
    pub environments: Vec<Environment>,
    pub services: Vec<Service>,
    pub risk: Risk,
}

/// By default nothing takes anything away, but for critical, which never runs alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alone {
    pub limits: Vec<AutonomyLimit>,
    pub risks: Vec<RiskRule>,
    /// Changes that may be made alone in an incident of low, medium and high risk. `None`: as many as its budgets allow.
    pub most: [Option<u32>; 3],
    /// How sure a match by a search has to be at low, medium, high and critical risk to be proposed.
    pub sure: [Confidence; 4],
}

/// What is not known is covered by every row about it.
fn among<T: PartialEq>(named: &[T], here: Option<&T>) -> bool {
    named.is_empty() || here.is_none_or(|here| named.contains(here))
}

impl Alone {
    /// How far a plan of these steps may go, as far as rows say.
    #[must_use]
    pub fn at_most(
        &self,
        runbook: &RunbookName,
        service: Option<&Service>,
        steps: &[PlannedStep],
    ) -> Autonomy {
        let holds = |row: &&AutonomyLimit| {
            among(&row.services, service)
                && among(&row.runbooks, Some(runbook))
                && steps
                    .iter()
                    .any(|step| among(&row.environments, step.environment.as_ref()))
        };
        let rows = self.limits.iter().filter(holds);
        rows.map(|row| row.at_most)
            .filter(|_| !planted::is(Bug::AutonomyRowsIgnored))
            .min()
            .unwrap_or(Autonomy::Auto)
    }

    /// The risk of an incident of this severity with this plan. Without a row for it, as its severity; a severity that
    /// nobody knows counts as the worst.
    #[must_use]
    pub fn risk(&self, severity: Severity, service: Option<&Service>, plan: &Plan) -> Risk {
        self.risk_in(severity, service, |row| {
            plan.live_steps()
                .any(|step| among(&row.environments, step.environment.as_ref()))
        })
    }

    /// How sure a match by a search has to be to be proposed for an alert from there. Where that is is not known before
    /// there is a plan, every row about an environment holds.
    #[must_use]
    pub fn sure_from(
        &self,
        severity: Severity,
        service: Option<&Service>,
        environment: Option<&Environment>,
    ) -> (Risk, Confidence) {
        let risk = self.risk_in(severity, service, |row| among(&row.environments, environment));
        (risk, self.sure_at(risk))
    }

    /// How sure a match by a search has to be at this risk.
    pub(super) fn sure_at(&self, risk: Risk) -> Confidence {
        let [low, medium, high, critical] = self.sure;
        match risk {
            Risk::Low => low,
            Risk::Medium => medium,
            Risk::High => high,
            Risk::Critical => critical,
        }
    }

    /// How many changes may run alone at this risk, none at critical; `None` is as many as budgets allow.
    pub(super) fn most_at(&self, risk: Risk) -> Option<u32> {
        let [low, medium, high] = self.most;
        match risk {
            Risk::Low => low,
            Risk::Medium => medium,
            Risk::High => high,
            Risk::Critical => Some(0),
        }
    }

    /// The risk of an incident of this severity where service and environment are these; `None` is one that no row names.
    pub(super) fn risk_there(
        &self,
        severity: Severity,
        service: Option<&Service>,
        environment: Option<&Environment>,
    ) -> Risk {
        let named = |row: &RiskRule| {
            (row.services.is_empty() || service.is_some_and(|name| row.services.contains(name)))
                && (row.environments.is_empty()
                    || environment.is_some_and(|name| row.environments.contains(name)))
        };
        // What holds here is decided by `named` alone: a service that no row names must not count as unknown.
        let rows = Self {
            risks: self.risks.iter().filter(|row| named(row)).cloned().collect(),
            ..Self::default()
        };
        rows.risk_in(severity, None, |_| true)
    }

    fn risk_in(
        &self,
        severity: Severity,
        service: Option<&Service>,
        there: impl Fn(&RiskRule) -> bool,
    ) -> Risk {
        let holds = |row: &&RiskRule| {
            (row.severities.is_empty() || row.severities.contains(&severity))
                && among(&row.services, service)
                && there(row)
        };
        let rows = self.risks.iter().filter(holds);
        rows.map(|row| row.risk).max().unwrap_or(match severity {
            Severity::Low => Risk::Low,
            Severity::Medium => Risk::Medium,
            Severity::High => Risk::High,
            Severity::Critical | Severity::Unknown => Risk::Critical,
        })
    }

    /// Whether so much may be changed alone at this risk, on top of what other plans of the incident have changed alone.
    #[must_use]
    pub fn allows(&self, risk: Risk, plan: &Plan, before: u32) -> bool {
        let most = match risk {
            Risk::Low => self.most[0],
            Risk::Medium => self.most[1],
            Risk::High => self.most[2],
            Risk::Critical if planted::is(Bug::CriticalRunsAlone) => None,
            Risk::Critical => return false,
        };
        let changes = plan
            .live_steps()
            .filter(|step| step.effect != EffectClass::Observe)
            .count();
        let unlimited = planted::is(Bug::AloneNotLimited);
        most.filter(|_| !unlimited).is_none_or(|most| {
            let changes = u32::try_from(changes).unwrap_or(u32::MAX);
            changes.saturating_add(before) <= most
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::samples;

    const SEVERITIES: [Severity; 5] = [
        Severity::Low,
        Severity::Medium,
        Severity::High,
        Severity::Critical,
        Severity::Unknown,
    ];
    const RISKS: [Risk; 4] = [Risk::Low, Risk::Medium, Risk::High, Risk::Critical];
    const AUTONOMIES: [Autonomy; 3] = [Autonomy::Shadow, Autonomy::Suggest, Autonomy::Auto];

    fn limit() -> impl Strategy<Value = AutonomyLimit> {
        let some = |names: &'static [&'static str]| proptest::sample::subsequence(names, 0..=1);
        (
            some(&["production", "staging"]),
            some(&["api", "web"]),
            some(&["restart", "flush"]),
            0..3_usize,
        )
            .prop_map(|(environments, services, runbooks, at_most)| AutonomyLimit {
                environments: environments.into_iter().map(Environment::new).collect(),
                services: services.into_iter().map(Service::new).collect(),
                runbooks: runbooks.into_iter().map(RunbookName::new).collect(),
                at_most: AUTONOMIES[at_most],
            })
    }

    proptest! {
        #[test]
        fn one_more_row_never_gives_more_autonomy(rows in proptest::collection::vec(limit(), 0..4), more in limit(), known in any::<bool>()) {
            let (plan, service) = (samples::plan(vec![samples::step(1)]), Service::new("api"));
            let service = known.then_some(&service);
            let mut alone = Alone { limits: rows, ..Alone::default() };
            let before = alone.at_most(&plan.runbook, service, &plan.steps);
            alone.limits.push(more);
            let after = alone.at_most(&plan.runbook, service, &plan.steps);
            prop_assert!(after <= before);
            alone.limits.reverse();
            prop_assert_eq!(alone.at_most(&plan.runbook, service, &plan.steps), after);
        }
    }

    #[test]
    fn critical_never_runs_alone_and_more_than_its_share_does_not_either() {
        let plan = samples::plan(vec![samples::step(1), samples::step(2)]);
        let alone = Alone {
            most: [Some(2), Some(1), None],
            ..Alone::default()
        };
        let allowed = RISKS.map(|risk| alone.allows(risk, &plan, 0));
        assert_eq!(allowed, [true, false, true, false]);
        assert!(
            !alone.allows(Risk::Low, &plan, 1),
            "what another plan of the incident changed alone counts"
        );
        let of_severity = SEVERITIES.map(|severity| alone.risk(severity, None, &plan));
        assert_eq!(
            of_severity,
            [
                Risk::Low,
                Risk::Medium,
                Risk::High,
                Risk::Critical,
                Risk::Critical
            ]
        );
    }

    #[test]
    fn the_highest_risk_of_the_rows_that_hold_counts() {
        let plan = samples::plan(vec![samples::step(1)]);
        let rule = |environment: &str, risk| RiskRule {
            severities: vec![Severity::High],
            environments: vec![Environment::new(environment)],
            services: Vec::new(),
            risk,
        };
        let mut alone = Alone {
            risks: vec![rule("production", Risk::Low), rule("staging", Risk::Critical)],
            ..Alone::default()
        };
        assert_eq!(alone.risk(Severity::High, None, &plan), Risk::Low);
        assert_eq!(
            alone.risk(Severity::Low, None, &plan),
            Risk::Low,
            "as its severity"
        );
        alone.risks.push(rule("production", Risk::High));
        assert_eq!(alone.risk(Severity::High, None, &plan), Risk::High);
    }
}
