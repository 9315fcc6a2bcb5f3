//! What people are told: every click has an answer, a pointer to another plan decides nothing, and a yes of Tier 3 takes the
//! target, a reason and a code that was not used before.

use std::collections::BTreeMap;

use interlock::domain::action::Tier;
use interlock::domain::ceremony::{Factor, Said};
use interlock::domain::command::{Answer, Intent, PlanRef, Reply};
use interlock::domain::ids::{PersonId, StepNo};
use interlock::ports::Person;
use jiff::Timestamp;

use super::asked::{Asked, Shown};
use super::promises::must;

/// Seconds that one code of a second factor is for.
const CODE: i64 = 30;
/// How many codes away from the one of now still counts, with one to spare.
const AWAY: u64 = 2;

#[derive(Clone, Default)]
pub struct Told {
    /// The last code that each person used.
    used: BTreeMap<PersonId, u64>,
}

/// The code that an app shows then.
pub fn code_at(now: Timestamp) -> u64 {
    u64::try_from(now.as_second() / CODE).unwrap_or(0)
}

/// What has to be typed for these steps.
pub fn to_type(shown: &Shown, upto: Option<StepNo>) -> Option<String> {
    let mut targets: Vec<String> = Vec::new();
    let steps = shown.part(shown.reaches(upto));
    for step in steps.filter(|step| step.tier == Tier::Three) {
        let target = step.action.names_target()?;
        let name = format!("{}/{}", target.namespace, target.name);
        if !targets.contains(&name) {
            targets.push(name);
        }
    }
    (!targets.is_empty()).then(|| targets.join(" "))
}

impl Told {
    /// A person clicked for the first time, and this is the answer. `typed` is what Tier 3 wanted typed when they clicked.
    pub fn answered(
        &mut self,
        (person, intent): (&Person, &Intent),
        reply: &Reply,
        asked: &mut Asked,
        typed: Option<&str>,
        now: Timestamp,
    ) -> Result<(), String> {
        must(!matches!(reply, Reply::Stored), || {
            format!("{} hears nothing of {intent:?}", person.name)
        })?;
        let refused = matches!(reply, Reply::Answer(Answer::Refused(_) | Answer::Again));
        if let (Some(at), false) = (points_to(intent), refused) {
            let shown = asked.digest(at.incident, at.plan);
            must(shown == Some(at.digest.as_str()), || {
                format!("{} decides a plan that was never shown: {at:?}", person.name)
            })?;
        }
        match (intent, reply) {
            (Intent::Modify { at, .. }, Reply::Answer(Answer::Modified { .. })) => {
                asked.changed(at.incident, at.plan, person.id.clone());
                Ok(())
            }
            (
                Intent::Approve(_) | Intent::ApprovePart { .. } | Intent::ApproveBecause { .. },
                Reply::Answer(Answer::Approved { .. }),
            ) => must(typed.is_none(), || {
                format!("{} approves tier 3 by a bare click", person.name)
            }),
            (Intent::ApproveWith { said, .. }, Reply::Answer(Answer::Approved { .. })) => match typed {
                Some(wanted) => self.proved(&person.id, said, wanted, now),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn proved(&mut self, by: &PersonId, said: &Said, wanted: &str, now: Timestamp) -> Result<(), String> {
        must(said.target == wanted, || {
            format!("{by} typed {:?} for {wanted}", said.target)
        })?;
        must(!said.reason.trim().is_empty(), || {
            format!("{by} gave no reason at tier 3")
        })?;
        let Factor::Proved { step } = &said.factor else {
            return Err(format!("{by} approves tier 3 with {:?}", said.factor));
        };
        must(code_at(now).abs_diff(*step) <= AWAY, || {
            format!("{by} approves tier 3 with a code of another time")
        })?;
        let before = self.used.insert(by.clone(), *step);
        must(before.is_none_or(|before| before < *step), || {
            format!("{by} approves tier 3 twice with one code")
        })
    }
}

pub fn points_to(intent: &Intent) -> Option<&PlanRef> {
    match intent {
        Intent::Approve(at)
        | Intent::ApprovePart { at, .. }
        | Intent::ApproveBecause { at, .. }
        | Intent::ApproveWith { at, .. }
        | Intent::AskReject(at)
        | Intent::Reject { at, .. }
        | Intent::AskModify(at)
        | Intent::Modify { at, .. }
        | Intent::ReviewPlan(at) => Some(at),
        _ => None,
    }
}
