//! The tables of the policy about what may run without a person.

use serde::{Deserialize, Serialize};

use super::policy_file::PolicyRows;
use super::settings::Settings;
use crate::domain::alert::Severity;
use crate::domain::ids::{Environment, RunbookName, Service};
use crate::domain::matching::Confidence;
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

/// `[alone]`: how many changes may be made in an incident without a person, by its risk. Critical never runs alone. Where
/// it is not written: 10 at low, 5 at medium and 2 at high risk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AloneKeys {
    pub low: Option<u32>,
    pub medium: Option<u32>,
    pub high: Option<u32>,
}

/// What may be changed alone where nothing is written, by risk.
const ALONE: [u32; 3] = [10, 5, 2];

/// `[confidence]`: how sure a runbook that was found by its text has to be, in per cent, before Interlock proposes it; by
/// the incident's risk. What is less sure is a human's to choose. From 80, which the search asks for in any case, to 98;
/// where it is not written: 80 at low and medium, 85 at high and 90 at critical risk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConfidenceKeys {
    pub low: Option<u8>,
    pub medium: Option<u8>,
    pub high: Option<u8>,
    pub critical: Option<u8>,
}

/// How sure it has to be where nothing is written, in per cent, by risk.
const SURE: [u8; 4] = [80, 80, 85, 90];
/// What can be written: below, the search leaves it to people in any case; above is nothing that was found by its text.
pub(super) const SURE_FROM_TO: std::ops::RangeInclusive<u8> = 80..=98;

impl ConfidenceKeys {
    pub(super) fn all(&self) -> [(&'static str, Option<u8>); 4] {
        [
            ("low", self.low),
            ("medium", self.medium),
            ("high", self.high),
            ("critical", self.critical),
        ]
    }
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
        let [low, medium, high, _critical] = self.alone_by_risk();
        Alone {
            limits: self.autonomy_limits.iter().map(limit).collect(),
            risks: self.risks.iter().map(risk).collect(),
            most: [low, medium, high].map(|(_, most)| Some(most)),
            sure: self
                .confidence_by_risk()
                .map(|(_, sure)| Confidence::per_cent(sure)),
        }
    }

    /// How many changes may be made without a person, at each risk, written or not.
    #[must_use]
    pub fn alone_by_risk(&self) -> [(&'static str, u32); 4] {
        let [low, medium, high] = ALONE;
        let alone = &self.alone;
        [
            (Risk::Low.as_str(), alone.low.unwrap_or(low)),
            (Risk::Medium.as_str(), alone.medium.unwrap_or(medium)),
            (Risk::High.as_str(), alone.high.unwrap_or(high)),
            (Risk::Critical.as_str(), 0),
        ]
    }

    /// How sure a runbook that was found by its text has to be, in per cent, at each risk, written or not.
    #[must_use]
    pub fn confidence_by_risk(&self) -> [(&'static str, u8); 4] {
        let written = self.confidence.all();
        let mut otherwise = SURE.into_iter();
        written.map(|(risk, written)| {
            let otherwise = otherwise.next().unwrap_or(*SURE_FROM_TO.end());
            (risk, written.unwrap_or(otherwise))
        })
    }

    /// Adds those of `policy.path`. Of two numbers the stricter counts.
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
        for (own, other) in [
            (&mut self.confidence.low, rows.confidence.low),
            (&mut self.confidence.medium, rows.confidence.medium),
            (&mut self.confidence.high, rows.confidence.high),
            (&mut self.confidence.critical, rows.confidence.critical),
        ] {
            *own = (*own).max(other);
        }
    }

    /// A line for each rule, for the policy's revision.
    pub(super) fn alone_lines(&self) -> Vec<String> {
        let limits = self.autonomy_limits.iter().map(|row| format!("autonomy {row:?}"));
        let risks = self.risks.iter().map(|row| format!("risks {row:?}"));
        let alone = (self.alone != AloneKeys::default()).then(|| format!("alone {:?}", self.alone));
        let sure = self.confidence != ConfidenceKeys::default();
        let sure = sure.then(|| format!("confidence {:?}", self.confidence));
        limits.chain(risks).chain(alone).chain(sure).collect()
    }
}
