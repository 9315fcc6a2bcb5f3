//! Who counts and how many are enough, in other words than the policy's.

use std::collections::BTreeSet;

use interlock::domain::action::Tier;
use interlock::domain::ids::{PersonId, StepNo};
use interlock::domain::incident::Incident;
use interlock::domain::plan::{Plan, PlannedStep, Requester};
use interlock::domain::policy::{ApproverRow, Policy};
use interlock::ports::{Person, Standing};

use super::cast;
use super::promises::must;

pub fn counts(person: &Person) -> bool {
    person.standing == Standing::Member && person.id.team == cast::TEAM
}

/// What is on record of a yes, or what counts of it at a start.
pub struct Given<'a> {
    pub person: &'a Person,
    /// It came with a reason.
    pub reasoned: bool,
}

/// Whom the rows are asked about: who is behind the plan, and who has broken the glass for it.
pub struct Asked<'a> {
    pub behind: &'a BTreeSet<PersonId>,
    pub glass: Option<&'a PersonId>,
}

/// Whether these people are enough for this step and those after it. What ran before had its own people then.
pub fn enough(
    policy: &Policy,
    (incident, plan): (&Incident, &Plan),
    glass: Option<&PersonId>,
    from: StepNo,
    voters: &[&Person],
) -> Result<(), String> {
    let behind = &everybody_behind(incident, plan);
    let steps = plan.live_steps().skip_while(|step| step.no != from);
    // That a reason was given is asked about when somebody says yes.
    let given: Vec<Given<'_>> = voters
        .iter()
        .map(|person| Given {
            person,
            reasoned: true,
        })
        .collect();
    enough_for(policy, &Asked { behind, glass }, steps, &given)
}

/// Whether these people are enough for all of these steps, counted row by row: rows are alternatives, and a row counts
/// only its own people.
pub fn enough_for<'a>(
    policy: &Policy,
    asked: &Asked<'_>,
    steps: impl Iterator<Item = &'a PlannedStep>,
    voters: &[Given<'_>],
) -> Result<(), String> {
    for step in steps.filter(|step| step.tier > Tier::Zero) {
        let Some(environment) = &step.environment else {
            return Err("a step without a place".to_owned());
        };
        let mut rows = policy
            .rows
            .iter()
            .filter(|row| row.tiers.contains(&step.tier) && row.environments.contains(environment));
        let done = rows.any(|row| is_met(row, asked, step.tier, voters));
        let names: Vec<&str> = voters.iter().map(|given| given.person.name.as_str()).collect();
        must(done, || {
            format!(
                "{names:?} are not enough for step {} of tier {}",
                step.no, step.tier
            )
        })?;
    }
    Ok(())
}

fn is_met(row: &ApproverRow, asked: &Asked<'_>, tier: Tier, voters: &[Given<'_>]) -> bool {
    let broke = |person: &Person| tier < Tier::Three && asked.glass == Some(&person.id);
    let own = row.requester_may.unwrap_or(tier < Tier::Two);
    let counting: Vec<&Person> = voters
        .iter()
        .filter(|given| given.reasoned || !row.reason)
        .map(|given| given.person)
        .filter(|person| {
            let listed = row.users.contains(&person.id.user)
                || row
                    .groups
                    .iter()
                    .any(|group| person.groups.iter().any(|name| name == group.as_str()));
            let may = own || broke(person) || !asked.behind.contains(&person.id);
            counts(person) && listed && may
        })
        .collect();
    counting.iter().any(|person| broke(person)) || counting.len() >= usize::from(row.approvals.max(1))
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
