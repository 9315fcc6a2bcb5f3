//! Which database a button or a view belongs to. Incidents are numbered from 1 in each, and the same runbook gives the same
//! digest, so without this an old card of the channel would point at a new incident that happens to look alike.
//!
//! It is no secret and proves nothing: who forges one is stopped by what is checked behind it, as with the rest of a value.

use crate::domain::command::PlanRef;
use crate::domain::ids::{IncidentId, RunbookName, StepNo};
use crate::domain::silence::SilenceRef;

use super::values;

/// Hex digits of a database's name that stand in a value: enough that two of one channel are told apart.
const DIGITS: usize = 8;

/// The beginning of a database's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// Where a value says that it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PointsInto {
    /// It points at nothing that a database has: a slash command, a form of the app's home.
    Nothing,
    /// It points at something and doesn't say where: cards had no mark in earlier versions.
    Unmarked,
    Database(Origin),
}

impl Origin {
    /// Of the name that [`crate::store::Store::name`] gives.
    #[must_use]
    pub fn of(database: &str) -> Self {
        Self(database.chars().take(DIGITS).collect())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `42.1.0123456789ab/9f86d081`
    #[must_use]
    pub fn plan(&self, at: &PlanRef) -> String {
        self.mark(&values::plan(at))
    }

    #[must_use]
    pub fn step(&self, at: &PlanRef, step: StepNo) -> String {
        self.mark(&values::step(at, step))
    }

    #[must_use]
    pub fn incident(&self, incident: IncidentId) -> String {
        self.mark(&values::incident(incident))
    }

    #[must_use]
    pub fn runbook(&self, incident: IncidentId, runbook: &RunbookName) -> String {
        self.mark(&values::runbook(incident, runbook))
    }

    #[must_use]
    pub fn tick(&self, incident: IncidentId, item: u16, done: bool) -> String {
        self.mark(&values::tick(incident, item, done))
    }

    #[must_use]
    pub fn episode(&self, incident: IncidentId, mark: &str) -> String {
        self.mark(&values::episode(incident, mark))
    }

    #[must_use]
    pub fn silence(&self, at: &SilenceRef) -> String {
        self.mark(&values::silence(at))
    }

    fn mark(&self, value: &str) -> String {
        format!("{value}/{}", self.0)
    }
}

/// A value without its mark, and the mark.
#[must_use]
pub fn split(text: &str) -> (&str, PointsInto) {
    let marked = text.rsplit_once('/').filter(|(_, mark)| is_mark(mark));
    match marked {
        Some((value, mark)) => (value, PointsInto::Database(Origin(mark.to_owned()))),
        None => (text, PointsInto::Unmarked),
    }
}

fn is_mark(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::PlanNo;

    #[test]
    fn a_value_says_which_database_it_is_from() {
        let here = Origin::of("9f86d081884c7d65");
        let at = PlanRef {
            incident: IncidentId(42),
            plan: PlanNo(3),
            digest: "0123456789ab".to_owned(),
        };
        let written = here.plan(&at);
        assert_eq!(written, "42.3.0123456789ab/9f86d081");
        assert_eq!(
            split(&written),
            ("42.3.0123456789ab", PointsInto::Database(here.clone()))
        );
        let named = here.runbook(IncidentId(7), &RunbookName::from("team-a/redis"));
        assert_eq!(split(&named), ("7.team-a/redis", PointsInto::Database(here)));
        for unmarked in [
            "42.3.0123456789ab",
            "7.team-a/redis",
            "42/9f86d08",
            "42/9F86D081",
            "",
        ] {
            assert_eq!(split(unmarked), (unmarked, PointsInto::Unmarked));
        }
    }
}
