//! Who counts and how many are enough, in other words than the policy's.

use std::collections::BTreeSet;

use interlock::domain::action::Tier;
use interlock::domain::ids::{PersonId, StepNo};
use interlock::domain::incident::Incident;
use interlock::domain::plan::{Plan, Requester};
use interlock::domain::policy::Policy;
use interlock::ports::{Person, Standing};

use super::cast;
use super::promises::must;

pub fn counts(person: &Person) -> bool {
    person.standing == Standing::Member && person.id.team == cast::TEAM
}

/// Whether these people are enough for this step and those after it, counted row by row: rows are alternatives, and a row
/// counts only its own people. What ran before had its own people then.
pub fn enough(
    policy: &Policy,
    incident: &Incident,
    plan: &Plan,
    from: StepNo,
    voters: &[&Person],
) -> Result<(), String> {
    let own = everybody_behind(incident, plan);
    for step in plan
        .live_steps()
        .skip_while(|step| step.no != from)
        .filter(|step| step.tier > Tier::Zero)
    {
        let Some(environment) = &step.environment else {
            return Err("a step without a place".to_owned());
        };
        let done = policy
            .rows
            .iter()
            .filter(|row| row.tiers.contains(&step.tier))
            .any(|row| {
                let may = row.requester_may.unwrap_or(step.tier < Tier::Two);
                let have = voters.iter().filter(|person| {
                    let listed = row.users.contains(&person.id.user)
                        || row
                            .groups
                            .iter()
                            .any(|group| person.groups.iter().any(|name| name == group.as_str()));
                    counts(person) && listed && (may || !own.contains(&person.id))
                });
                row.environments.contains(environment) && have.count() >= usize::from(row.approvals.max(1))
            });
        let names: Vec<&str> = voters.iter().map(|person| person.name.as_str()).collect();
        must(done, || {
            format!(
                "{names:?} are not enough for step {} of tier {}",
                step.no, step.tier
            )
        })?;
    }
    Ok(())
}

/// Whoever asked for the plan, or changed it on the way.
fn everybody_behind(incident: &Incident, plan: &Plan) -> BTreeSet<PersonId> {
    let mut people = BTreeSet::new();
    let mut next = Some(plan);
    while let Some(plan) = next {
        if let Requester::Person(id) = &plan.requester {
            people.insert(id.clone());
        }
        next = plan
            .modified_from
            .and_then(|no| incident.plan(no))
            .map(|track| &*track.plan);
    }
    people
}
