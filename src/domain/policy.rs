//! Who may let what happen. One pure question (`ask`), one answer with every reason; any doubt is no. Here is the matrix
//! of people: rows of approvers, and how many of whom are enough. `guards` is what holds whoever asks, `calendar` when.

mod access;
mod alone;
mod ask;
mod beside;
mod calendar;
mod compare;
mod guards;
mod named;
mod reason;
mod shift;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::action::Tier;
use super::approval::Vote;
use super::ids::{Environment, GroupId, PersonId, Revision};
use super::plan::{Plan, PlannedStep};
use crate::planted::{self, Bug};
use crate::ports::{Person, Standing};

pub use access::{Access, Cell, OpenGlass, StepAccess};
pub use alone::{Alone, AutonomyLimit, Risk, RiskRule};
pub use ask::{Asking, Circumstances, Question, Who};
pub use calendar::{Calendar, Span, SpanError};
pub use compare::{Change, Comparison, compare};
pub use guards::{CalendarFreeze, Counts, Cover, Guards, LimitOf, Limits, NamePattern, Place, Start, Window};
pub use reason::Reason;
pub use shift::{RiskShift, Where};

/// The group of those who are on call now, as the pager says. Without `@`, so that it is no handle of Slack's.
pub const ON_CALL_NOW: &str = "on-call-now";

/// One row of the matrix. Rows for one cell are alternatives: any one that is satisfied is enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApproverRow {
    pub tiers: Vec<Tier>,
    pub environments: Vec<Environment>,
    /// Slack user ids.
    pub users: Vec<String>,
    pub groups: Vec<GroupId>,
    /// How many distinct people; at least 1.
    pub approvals: u8,
    /// Whether the requester (or modifier) counts. `None`: up to Tier 1 yes, from Tier 2 no.
    pub requester_may: Option<bool>,
    /// Whether a vote counts here only with a reason. At Tier 3 it takes one in any case.
    #[serde(default, skip_serializing_if = "is_false")]
    pub reason: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// The matrix. No row for a cell means nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub rows: Vec<ApproverRow>,
    pub guards: Guards,
    pub alone: Alone,
    pub revision: Revision,
}

/// What approving a plan takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Nothing but looking.
    Allow,
    RequireApproval {
        approvals: u8,
    },
    Deny {
        reasons: Vec<Reason>,
    },
}

/// A plan and everybody who asked for it or changed it on the way.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub plan: &'a Plan,
    pub behind: &'a BTreeSet<PersonId>,
    /// Who broke the glass for it, while that lasts.
    pub glass: Option<&'a PersonId>,
}

impl Policy {
    /// Rows that cover this cell. Whoever may approve anything here may let it look, too: so taking a row away never
    /// lets more through.
    fn rows_for(&self, tier: Tier, environment: &Environment) -> impl Iterator<Item = &ApproverRow> {
        self.rows.iter().filter(move |row| {
            let covers = if tier == Tier::Zero {
                !row.tiers.is_empty()
            } else {
                row.tiers.contains(&tier)
            };
            covers && row.environments.contains(environment)
        })
    }

    /// What it takes to approve `steps` in one go: the fewest people who could be enough for all of them.
    #[must_use]
    pub fn decide<'a>(&self, steps: impl Iterator<Item = &'a PlannedStep>) -> Decision {
        let mut reasons = BTreeSet::new();
        let mut needed = 0;
        for step in steps {
            let Some(environment) = &step.environment else {
                reasons.insert(Reason::NoEnvironment { step: step.no.0 });
                continue;
            };
            for tier in step.tiers() {
                let rows = self.rows_for(tier, environment);
                match rows.map(|row| row.approvals.max(1)).min() {
                    Some(approvals) => needed = needed.max(approvals),
                    None if planted::is(Bug::GapMeansYes) => {}
                    None => {
                        let (step, environment) = (step.no.0, environment.clone());
                        reasons.insert(Reason::NoRow {
                            step,
                            tier,
                            environment,
                        });
                    }
                }
            }
        }
        if !reasons.is_empty() {
            return Decision::Deny {
                reasons: reasons.into_iter().collect(),
            };
        }
        match needed {
            0 => Decision::Allow,
            approvals => Decision::RequireApproval { approvals },
        }
    }

    /// How many more people it takes beside those who voted; 0 is enough. Rows are alternatives, and each counts only
    /// its own people: two of the one row and a third of another don't make up a quorum of three of either. At Tier 3 only
    /// votes with their ceremony count, in a row that asks for a reason only those with one; that of `own`, whose vote is
    /// asked about, is taken as given.
    #[must_use]
    pub fn missing(&self, request: Request<'_>, votes: &[Vote], own: Option<&Person>) -> u8 {
        let voters: BTreeMap<&PersonId, Cast<'_>> = votes
            .iter()
            .map(|vote| (&vote.by, Cast::of(vote)))
            .chain(own.map(|person| (&person.id, Cast::given(person))))
            .collect();
        let of_cell = |tier: Tier, environment: &Environment| {
            let of_row = |row: &ApproverRow| {
                let counting = voters
                    .iter()
                    .filter(|(_, cast)| cast.is_enough(row, tier))
                    .filter(|(by, cast)| row.counts(by, cast.groups, tier, request.behind, request.glass));
                let alone = |by: &PersonId| tier < Tier::Three && request.glass == Some(by);
                if counting.clone().any(|(by, _)| alone(by)) {
                    return 0;
                }
                let have = counting.count();
                row.approvals
                    .max(1)
                    .saturating_sub(u8::try_from(have).unwrap_or(u8::MAX))
            };
            // A cell without a row never has enough.
            self.rows_for(tier, environment)
                .map(of_row)
                .min()
                .unwrap_or(u8::MAX)
        };
        let of_step = |step: &PlannedStep| {
            let environment = step.environment.as_ref()?;
            step.tiers().map(|tier| of_cell(tier, environment)).max()
        };
        request
            .plan
            .live_steps()
            .map(|step| of_step(step).unwrap_or(u8::MAX))
            .max()
            .unwrap_or(1)
    }

    /// Whether this person has to say why: they stand in a row that asks for it.
    #[must_use]
    pub fn wants_reason(&self, person: &Person, request: Request<'_>) -> bool {
        let asked = |tier: Tier, environment: &Environment| {
            self.rows_for(tier, environment).any(|row| {
                row.wants_reason(tier)
                    && row.counts(&person.id, &person.groups, tier, request.behind, request.glass)
            })
        };
        request.plan.live_steps().any(|step| {
            let environment = step.environment.as_ref();
            environment.is_some_and(|environment| step.tiers().any(|tier| asked(tier, environment)))
        })
    }

    /// Whether this person's vote on this plan counts, and if not, every reason why.
    ///
    /// # Errors
    /// All the reasons, never just the first.
    pub fn may_vote(&self, person: &Person, team: &str, request: Request<'_>) -> Result<(), Vec<Reason>> {
        let mut reasons = BTreeSet::new();
        reasons.extend(standing_reason(person, team));
        for step in request.plan.live_steps() {
            for tier in step.tiers() {
                reasons.extend(self.objection(person, request, step, tier));
            }
        }
        if reasons.is_empty() {
            Ok(())
        } else {
            Err(reasons.into_iter().collect())
        }
    }

    fn objection(
        &self,
        person: &Person,
        request: Request<'_>,
        step: &PlannedStep,
        tier: Tier,
    ) -> Option<Reason> {
        let Some(environment) = step.environment.clone() else {
            return Some(Reason::NoEnvironment { step: step.no.0 });
        };
        let no = step.no.0;
        let rows: Vec<&ApproverRow> = self.rows_for(tier, &environment).collect();
        if rows.is_empty() {
            Some(Reason::NoRow {
                step: no,
                tier,
                environment,
            })
        } else if !rows.iter().any(|row| row.lists(&person.id, &person.groups)) {
            Some(Reason::NotApprover {
                step: no,
                tier,
                environment,
            })
        } else if !rows
            .iter()
            .any(|row| row.counts(&person.id, &person.groups, tier, request.behind, request.glass))
        {
            Some(Reason::OwnRequest)
        } else {
            None
        }
    }

    /// Whether the person stands in any row at all: enough to freeze, to take over, to reject.
    #[must_use]
    pub fn is_known(&self, person: &Person) -> bool {
        self.rows.iter().any(|row| row.lists(&person.id, &person.groups))
    }

    /// Tiers below the one that is for humans which nobody may approve in these environments, since no row has them.
    #[must_use]
    pub fn gaps<'e>(
        &self,
        environments: impl IntoIterator<Item = &'e Environment>,
    ) -> Vec<(&'e Environment, Tier)> {
        let tiers = |environment| [Tier::One, Tier::Two].map(|tier| (environment, tier));
        let cells = environments.into_iter().flat_map(tiers);
        cells
            .filter(|(environment, tier)| self.rows_for(*tier, environment).next().is_none())
            .collect()
    }

    /// Ids and handles of all groups that rows name: what the directory has to look up.
    pub fn groups(&self) -> impl Iterator<Item = &GroupId> {
        let glass = self.guards.glass.iter().flat_map(|rule| &rule.groups);
        self.rows.iter().flat_map(|row| row.groups.iter()).chain(glass)
    }
}

/// A vote as far as rows look at it.
struct Cast<'a> {
    groups: &'a [String],
    /// It came with what Tier 3 takes.
    whole: bool,
    /// It says why.
    reasoned: bool,
}

impl<'a> Cast<'a> {
    fn of(vote: &'a Vote) -> Self {
        Self {
            groups: &vote.groups,
            whole: vote.ceremony.is_some(),
            reasoned: vote.because().is_some(),
        }
    }

    /// Of somebody who will say all that is asked for.
    fn given(person: &'a Person) -> Self {
        Self {
            groups: &person.groups,
            whole: true,
            reasoned: true,
        }
    }

    fn is_enough(&self, row: &ApproverRow, tier: Tier) -> bool {
        (self.whole || tier < Tier::Three) && (self.reasoned || !row.wants_reason(tier))
    }
}

impl ApproverRow {
    /// Whether a vote needs a reason to count here. Looking, which every row lets through, needs one where it is named.
    #[must_use]
    pub fn wants_reason(&self, tier: Tier) -> bool {
        self.reason && self.tiers.contains(&tier) && !planted::is(Bug::ReasonNotAsked)
    }

    fn lists(&self, id: &PersonId, groups: &[String]) -> bool {
        planted::is(Bug::AnybodyApproves)
            || self.users.contains(&id.user)
            || self
                .groups
                .iter()
                .any(|group| groups.iter().any(|name| name == group.as_str()))
    }

    /// Whether this person is one of the row's quorum for a step of this tier that the people `behind` it asked for, while
    /// the glass is broken by `glass`.
    fn counts(
        &self,
        id: &PersonId,
        groups: &[String],
        tier: Tier,
        behind: &BTreeSet<PersonId>,
        glass: Option<&PersonId>,
    ) -> bool {
        let may_own = self.requester_may.unwrap_or(tier < Tier::Two);
        let broke_glass = tier < Tier::Three && glass == Some(id);
        let may_own = may_own || broke_glass || planted::is(Bug::RequesterApproves);
        self.lists(id, groups) && (may_own || !behind.contains(id))
    }
}

/// Guests, bots and people of other workspaces never count, whatever a row says.
#[must_use]
pub fn standing_reason(person: &Person, team: &str) -> Option<Reason> {
    match person.standing {
        Standing::Bot if planted::is(Bug::BotsCount) => None,
        Standing::Unreadable if planted::is(Bug::UnreadableCounts) => None,
        Standing::Guest if planted::is(Bug::GuestsCount) => None,
        Standing::Stranger | Standing::Member if planted::is(Bug::StrangersCount) => None,
        // Which workspace is ours is not known yet, so neither is whether this is one of its members.
        Standing::Member if team.is_empty() => Some(Reason::DirectoryUnreadable),
        Standing::Member if person.id.team == team => None,
        Standing::Member | Standing::Stranger => Some(Reason::Stranger),
        Standing::Guest => Some(Reason::Guest),
        Standing::Bot => Some(Reason::Bot),
        Standing::Deactivated => Some(Reason::Deactivated),
        Standing::Unreadable => Some(Reason::DirectoryUnreadable),
    }
}

#[cfg(test)]
mod tests;
