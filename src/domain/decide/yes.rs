//! A yes with what was said beside it: a reason where a row of the policy asks why, and all that Tier 3 takes.

use super::act::Actor;
use super::{Context, Tx};
use crate::domain::approval::Vote;
use crate::domain::ceremony::{self, Problem, Said};
use crate::domain::command::{Form, PlanRef};
use crate::domain::event::Refusal;
use crate::domain::ids::StepNo;
use crate::domain::plan::PlanDigest;
use crate::domain::policy::Request;

/// A click that says yes.
#[derive(Clone, Copy)]
pub struct Yes<'a> {
    pub at: &'a PlanRef,
    /// `None` is all that is left.
    pub upto: Option<StepNo>,
    pub words: Words<'a>,
}

/// What was filled in beside it.
#[derive(Clone, Copy)]
pub enum Words<'a> {
    None,
    /// For a row that asks why.
    Why(&'a str),
    TierThree(&'a Said),
}

impl<'a> Yes<'a> {
    pub fn to(at: &'a PlanRef, upto: Option<StepNo>, words: Words<'a>) -> Self {
        Self { at, upto, words }
    }
}

/// Puts what was said into the vote, as Tier 3 and the policy's rows want it; `Some` is the form that asks for what was not.
pub(super) fn say(
    tx: &Tx<'_>,
    context: Context<'_>,
    actor: &Actor<'_>,
    yes: Yes<'_>,
    vote: &mut Vote,
    digest: &PlanDigest,
    request: Request<'_>,
) -> Result<Option<Form>, Refusal> {
    let Yes { at, upto, words } = yes;
    let (at, part) = (at.clone(), Box::new(request.plan.clone()));
    if let Some(wanted) = ceremony::to_type(&part) {
        let Words::TierThree(said) = words else {
            let target = wanted;
            return Ok(Some(Form::Ceremony {
                at,
                upto,
                part,
                target,
            }));
        };
        let given = ceremony::Given {
            by: &actor.who.id,
            wanted: &wanted,
            digest,
            now: context.now,
        };
        let done = ceremony::check(said, &tx.state().codes, &given);
        vote.ceremony = Some(Box::new(done.map_err(|problems| Refusal::Ceremony { problems })?));
        return Ok(None);
    }
    let why = match words {
        Words::None => None,
        Words::Why(why) => Some(why.trim()),
        Words::TierThree(said) => Some(said.reason.trim()),
    };
    match why {
        None if context.rules.policy.wants_reason(actor.person, request) => {
            return Ok(Some(Form::Why { at, upto, part }));
        }
        Some("") if context.rules.policy.wants_reason(actor.person, request) => {
            let problems = vec![Problem::NoReason];
            return Err(Refusal::Ceremony { problems });
        }
        None | Some("") => {}
        Some(why) => vote.reason = Some(why.to_owned()),
    }
    Ok(None)
}
