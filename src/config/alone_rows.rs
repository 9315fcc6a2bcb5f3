//! The tables of the policy about what may run without a person.

use serde::{Deserialize, Serialize};

use super::policy_file::PolicyRows;
use super::settings::Settings;
use crate::domain::alert::Severity;
use crate::domain::ids::{Environment, RunbookName, Service};
use crate::domain::policy::{Alone, AutonomyLimit, Risk, RiskRule};
use crate::domain::runbook::Autonomy;

/// `[[autonomy_limits]]`: at most this autonomy where it holds. An empty list covers everything; the lowest counts, of
/// these rows, of `autonomy.mode` and of the runbook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutonomyRow {
    #[serde(default)]
    pub environments: Vec<Environment>,
    #[serde(default)]
    pub services: Vec<Service>,
    #[serde(default)]
    pub runbooks: Vec<RunbookName>,
    pub at_most: Autonomy,
}

/// `[[risks]]`: the risk of incidents like these, in place of their severity. An empty list covers everything; of
/// several rows the highest counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskRow {
    #[serde(default)]
    pub severities: Vec<Severity>,
    #[serde(default)]
    pub environments: Vec<Environment>,
    #[serde(default)]
    pub services: Vec<Service>,
    pub risk: Risk,
}

/// `[alone]`: how many changes a plan may make without a person, by the incident's risk. Critical never runs alone. As
/// many as the runbook's budget allows when not written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AloneKeys {
    pub low: Option<u32>,
    pub medium: Option<u32>,
    pub high: Option<u32>,
}

impl Settings {
    /// As the core needs them.
    #[must_use]
    pub fn alone(&self) -> Alone {
        let limit = |row: &AutonomyRow| AutonomyLimit {
            environments: row.environments.clone(),
            services: row.services.clone(),
            runbooks: row.runbooks.clone(),
            at_most: row.at_most,
        };
        let risk = |row: &RiskRow| RiskRule {
            severities: row.severities.clone(),
            environments: row.environments.clone(),
            services: row.services.clone(),
            risk: row.risk,
        };
        Alone {
            limits: self.autonomy_limits.iter().map(limit).collect(),
            risks: self.risks.iter().map(risk).collect(),
            most: [self.alone.low, self.alone.medium, self.alone.high],
        }
    }

    /// Adds those of `policy.path`. Of two numbers the lower counts.
    pub(super) fn add_alone(&mut self, rows: &PolicyRows) {
        self.autonomy_limits.extend(rows.autonomy_limits.iter().cloned());
        self.risks.extend(rows.risks.iter().cloned());
        for (own, other) in [
            (&mut self.alone.low, rows.alone.low),
            (&mut self.alone.medium, rows.alone.medium),
            (&mut self.alone.high, rows.alone.high),
        ] {
            *own = [*own, other].into_iter().flatten().min();
        }
    }

    /// A line for each rule, for the policy's revision.
    pub(super) fn alone_lines(&self) -> Vec<String> {
        let limits = self.autonomy_limits.iter().map(|row| format!("autonomy {row:?}"));
        let risks = self.risks.iter().map(|row| format!("risks {row:?}"));
        let alone = (self.alone != AloneKeys::default()).then(|| format!("alone {:?}", self.alone));
        limits.chain(risks).chain(alone).collect()
    }
}
