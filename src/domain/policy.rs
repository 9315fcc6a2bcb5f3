//! Who may let what happen. One pure question, one answer with every reason; any doubt is no.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::action::Tier;
use super::ids::{Environment, GroupId, PersonId, Revision};
use super::plan::{Plan, PlannedStep, Requester};
use crate::ports::{Person, Standing};

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
}

/// The matrix. No row for a cell means nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    pub rows: Vec<ApproverRow>,
    pub revision: Revision,
}

/// Why something is not allowed. Worded for people in `render::explain`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Reason {
    /// No `[[environments]]` row covers the step's cluster and namespace.
    NoEnvironment {
        step: u16,
    },
    /// No approver row for this tier here.
    NoRow {
        step: u16,
        tier: Tier,
        environment: Environment,
    },
    /// The person is in none of the rows that could approve this step.
    NotApprover {
        step: u16,
        tier: Tier,
        environment: Environment,
    },
    /// The person stands in no approver row at all.
    NotResponder,
    /// The person asked for it or changed it.
    OwnRequest,
    Guest,
    Bot,
    Stranger,
    Deactivated,
    /// Group membership or the person could not be read.
    DirectoryUnreadable,
    /// More approvals are needed.
    Quorum {
        have: u8,
        need: u8,
    },
    Frozen {
        by: String,
        reason: String,
    },
    FreezeFileUnreadable,
    /// The plan that runs would not be the plan that was approved.
    DigestDiffers,
    PolicyChanged,
    AlertResolved,
    TargetMoved {
        what: String,
    },
    SurveyStale {
        seconds: i64,
    },
    OverBudget {
        what: String,
    },
    TargetBusy {
        with: String,
    },
    /// The target could not be looked at just before the start.
    SurveyFailed {
        why: String,
    },
    /// The step is not the one whose turn it is: started before, or the run has moved on.
    NotItsTurn,
    DryRun,
    Expired,
    /// The clock stepped back since the approval: its deadlines mean nothing.
    ClockWentBack,
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

impl Policy {
    fn rows_for(&self, tier: Tier, environment: &Environment) -> impl Iterator<Item = &ApproverRow> {
        self.rows
            .iter()
            .filter(move |row| row.tiers.contains(&tier) && row.environments.contains(environment))
    }

    /// What it takes to approve `steps` in one go: the most that any of them needs.
    #[must_use]
    pub fn decide<'a>(&self, steps: impl Iterator<Item = &'a PlannedStep>) -> Decision {
        let mut reasons = BTreeSet::new();
        let mut needed = 0;
        for step in steps {
            let Some(environment) = &step.environment else {
                reasons.insert(Reason::NoEnvironment { step: step.no.0 });
                continue;
            };
            match self
                .rows_for(step.tier, environment)
                .map(|row| row.approvals.max(1))
                .min()
            {
                Some(approvals) => needed = needed.max(approvals),
                // Looking needs no row of its own: whoever may approve the rest, may let it look.
                None if step.tier == Tier::Zero => needed = needed.max(1),
                None => {
                    reasons.insert(Reason::NoRow {
                        step: step.no.0,
                        tier: step.tier,
                        environment: environment.clone(),
                    });
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

    /// Whether this person's vote on this plan counts, and if not, every reason why.
    ///
    /// # Errors
    /// All the reasons, never just the first.
    pub fn may_vote(&self, person: &Person, team: &str, plan: &Plan) -> Result<(), Vec<Reason>> {
        let mut reasons = BTreeSet::new();
        reasons.extend(standing_reason(person, team));
        for step in plan.live_steps() {
            self.may_vote_on(person, plan, step, &mut reasons);
        }
        if plan.live_steps().all(|step| step.tier == Tier::Zero) && !self.is_known(person) {
            reasons.extend(plan.live_steps().filter_map(|step| {
                step.environment.clone().map(|environment| Reason::NotApprover {
                    step: step.no.0,
                    tier: step.tier,
                    environment,
                })
            }));
        }
        if reasons.is_empty() {
            Ok(())
        } else {
            Err(reasons.into_iter().collect())
        }
    }

    fn may_vote_on(&self, person: &Person, plan: &Plan, step: &PlannedStep, reasons: &mut BTreeSet<Reason>) {
        let Some(environment) = &step.environment else {
            reasons.insert(Reason::NoEnvironment { step: step.no.0 });
            return;
        };
        let own = matches!(&plan.requester, Requester::Person(id) if *id == person.id);
        let mut any_row = false;
        let mut listed = false;
        let mut counted = false;
        for row in self.rows_for(step.tier, environment) {
            any_row = true;
            if row.lists(person) {
                listed = true;
                counted |= !own || row.requester_may.unwrap_or(step.tier < Tier::Two);
            }
        }
        if !any_row && step.tier == Tier::Zero {
            return;
        }
        let cell = || (step.no.0, step.tier, environment.clone());
        if !any_row {
            let (step, tier, environment) = cell();
            reasons.insert(Reason::NoRow {
                step,
                tier,
                environment,
            });
        } else if !listed {
            let (step, tier, environment) = cell();
            reasons.insert(Reason::NotApprover {
                step,
                tier,
                environment,
            });
        } else if !counted {
            reasons.insert(Reason::OwnRequest);
        }
    }

    /// Whether the person stands in any row at all: enough to freeze, to take over, to reject.
    #[must_use]
    pub fn is_known(&self, person: &Person) -> bool {
        self.rows.iter().any(|row| row.lists(person))
    }

    /// Ids and handles of all groups that rows name: what the directory has to look up.
    pub fn groups(&self) -> impl Iterator<Item = &GroupId> {
        self.rows.iter().flat_map(|row| row.groups.iter())
    }
}

impl ApproverRow {
    fn lists(&self, person: &Person) -> bool {
        self.users.contains(&person.id.user)
            || self
                .groups
                .iter()
                .any(|group| person.groups.iter().any(|name| name == group.as_str()))
    }
}

/// Guests, bots and people of other workspaces never count, whatever a row says.
#[must_use]
pub fn standing_reason(person: &Person, team: &str) -> Option<Reason> {
    match person.standing {
        Standing::Member if person.id.team == team => None,
        Standing::Member | Standing::Stranger => Some(Reason::Stranger),
        Standing::Guest => Some(Reason::Guest),
        Standing::Bot => Some(Reason::Bot),
        Standing::Deactivated => Some(Reason::Deactivated),
        Standing::Unreadable => Some(Reason::DirectoryUnreadable),
    }
}

/// How many distinct people of `votes` count now.
#[must_use]
pub fn counted<'a>(
    policy: &Policy,
    team: &str,
    plan: &Plan,
    people: impl Iterator<Item = &'a Person>,
) -> BTreeSet<PersonId> {
    people
        .filter(|person| policy.may_vote(person, team, plan).is_ok())
        .map(|person| person.id.clone())
        .collect()
}
