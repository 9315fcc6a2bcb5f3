//! What a change of `[[risks]]` comes to: which incidents count as more or less risky than before, and what that lets
//! through. Rows overlap and the highest counts, so it is not the rows that are compared but what they say of every kind
//! of incident that any of them tells from another.

use std::collections::BTreeMap;

use super::{Alone, Risk};
use crate::domain::alert::Severity;
use crate::domain::ids::{Environment, Service};
use crate::domain::matching::Confidence;

/// Incidents like these are of another risk than before, and what that changes in one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RiskShift {
    pub severities: Vec<Severity>,
    pub environments: Where<Environment>,
    pub services: Where<Service>,
    pub old: Risk,
    pub new: Risk,
    /// From how sure on a match by a search is proposed, before and now, where that differs in this direction.
    pub sure: Option<(Confidence, Confidence)>,
    /// How many changes may run without a person, before and now, where that differs in this direction. `None` inside is as
    /// many as budgets allow.
    pub most: Option<(Option<u32>, Option<u32>)>,
}

/// Some of what there is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Where<T> {
    All,
    Only(Vec<T>),
    /// All others.
    But(Vec<T>),
}

const SEVERITIES: [Severity; 5] = [
    Severity::Unknown,
    Severity::Low,
    Severity::Medium,
    Severity::High,
    Severity::Critical,
];

/// What is possible since the risk is another one, and what no longer is.
pub(super) fn shifts(was: &Alone, is: &Alone) -> (Vec<RiskShift>, Vec<RiskShift>) {
    let rows = || was.risks.iter().chain(&is.risks);
    let environments = each(rows().flat_map(|row| &row.environments));
    let services = each(rows().flat_map(|row| &row.services));
    // Severities of each place, then services and environments that have the same, together.
    let mut severities: BTreeMap<_, Vec<Severity>> = BTreeMap::new();
    for environment in &environments {
        for service in &services {
            for severity in SEVERITIES {
                let risk = |alone: &Alone| alone.risk_there(severity, service.as_ref(), environment.as_ref());
                let (old, new) = (risk(was), risk(is));
                if old != new {
                    let place = (environment.clone(), service.clone(), old, new);
                    severities.entry(place).or_default().push(severity);
                }
            }
        }
    }
    let mut of_services: BTreeMap<_, Vec<Option<Service>>> = BTreeMap::new();
    for ((environment, service, old, new), severities) in severities {
        let alike = (environment, old, new, severities);
        of_services.entry(alike).or_default().push(service);
    }
    let mut of_environments: BTreeMap<_, Vec<Option<Environment>>> = BTreeMap::new();
    for ((environment, old, new, severities), here) in of_services {
        let alike = (old, new, severities, Where::of(&here, &services));
        of_environments.entry(alike).or_default().push(environment);
    }
    let all = of_environments
        .into_iter()
        .map(|((old, new, severities, services), here)| RiskShift {
            severities,
            environments: Where::of(&here, &environments),
            services,
            old,
            new,
            sure: Some((was.sure_at(old), is.sure_at(new))),
            most: Some((was.most_at(old), is.most_at(new))),
        });
    let all: Vec<RiskShift> = all.collect();
    (
        all.iter().filter_map(|one| one.half(true)).collect(),
        all.iter().filter_map(|one| one.half(false)).collect(),
    )
}

/// Each name once, and `None` for whatever no row names.
fn each<'n, T: Clone + Ord + 'n>(names: impl Iterator<Item = &'n T>) -> Vec<Option<T>> {
    let mut all: Vec<Option<T>> = names.cloned().map(Some).chain([None]).collect();
    all.sort();
    all.dedup();
    all
}

impl<T: Clone + PartialEq> Where<T> {
    fn of(here: &[Option<T>], all: &[Option<T>]) -> Self {
        let missing = all.iter().filter(|one| !here.contains(one)).flatten();
        match (here.contains(&None), here.len() == all.len()) {
            (true, true) => Self::All,
            (true, false) => Self::But(missing.cloned().collect()),
            (false, _) => Self::Only(here.iter().flatten().cloned().collect()),
        }
    }
}

impl RiskShift {
    /// Only what lets more through, or less.
    fn half(&self, more: bool) -> Option<Self> {
        let count = |most: Option<u32>| most.unwrap_or(u32::MAX);
        let half = Self {
            sure: self
                .sure
                .filter(|(old, new)| if more { new < old } else { new > old }),
            most: self.most.filter(|(old, new)| match more {
                true => count(*new) > count(*old),
                false => count(*new) < count(*old),
            }),
            ..self.clone()
        };
        (half.sure.is_some() || half.most.is_some()).then_some(half)
    }
}

#[cfg(test)]
mod tests {
    use super::super::RiskRule;
    use super::*;

    fn rule(environments: &[&str], services: &[&str], risk: Risk) -> RiskRule {
        RiskRule {
            severities: Vec::new(),
            environments: environments.iter().map(|&name| Environment::new(name)).collect(),
            services: services.iter().map(|&name| Service::new(name)).collect(),
            risk,
        }
    }

    #[test]
    fn a_row_that_goes_is_what_it_held_back_and_stands_on_one_side_alone() {
        let is = Alone {
            most: [Some(10), Some(5), Some(2)],
            ..Alone::default()
        };
        let was = Alone {
            risks: vec![rule(&["production"], &["billing"], Risk::Critical)],
            ..is.clone()
        };
        let (more, less) = shifts(&was, &is);
        assert!(less.is_empty(), "{less:?}");
        let medium = more.iter().find(|shift| shift.new == Risk::Medium).unwrap();
        assert_eq!(medium.severities, [Severity::Medium]);
        assert_eq!(
            medium.environments,
            Where::Only(vec![Environment::new("production")])
        );
        assert_eq!(medium.services, Where::Only(vec![Service::new("billing")]));
        assert_eq!(medium.most, Some((Some(0), Some(5))));
        assert_eq!(shifts(&is, &was).0, [], "the way back lets nothing through");
    }

    #[test]
    fn a_row_that_changes_nothing_is_not_told() {
        let is = Alone::default();
        // As its severity has it already, or below a row that counts.
        let low = RiskRule {
            severities: vec![Severity::Low],
            ..rule(&[], &[], Risk::Low)
        };
        let was = Alone {
            risks: vec![low],
            ..is.clone()
        };
        assert_eq!(shifts(&was, &is), (Vec::new(), Vec::new()));
    }
}
