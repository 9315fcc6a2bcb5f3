//! Who may let a plan go on, what stands in the way, and when that ends: the answer to "who", for people. It asks the
//! same question as a click does, so it can't say anything else.

use jiff::Timestamp;
use serde::Serialize;

use super::guards::Place;
use super::{ApproverRow, Decision, Policy, Question, Reason, Who};
use crate::domain::action::Tier;
use crate::domain::freeze::Scope;
use crate::domain::ids::{Environment, PersonId, StepNo};
use crate::domain::incident::Incident;

/// The rows of one cell; any of them is enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    pub tier: Tier,
    pub rows: Vec<ApproverRow>,
}

/// Who may approve one step: somebody of each of its cells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepAccess {
    pub step: StepNo,
    pub environment: Option<Environment>,
    pub cells: Vec<Cell>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Access {
    pub steps: Vec<StepAccess>,
    /// Whom the policy names for all of it: see [`Policy::named_for`].
    pub named: Vec<Vec<String>>,
    /// How many more people it takes; `None` when nobody could be enough.
    pub missing: Option<u8>,
    /// What keeps it from going on now, whoever asks.
    pub against: Vec<Reason>,
    /// When the calendar lets all of it start, if it does not now.
    pub opens: Option<Timestamp>,
    /// Of the person who is asked about: every reason why not. Empty means yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<Vec<Reason>>,
    /// The step of which nobody knows whether it happened: before anything else somebody has to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<StepNo>,
    /// What Interlock froze around a step of this incident, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub frozen: Vec<(Scope, String)>,
    /// Who has broken the glass, while that lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub glass: Option<OpenGlass>,
}

/// Broken glass that still opens the gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenGlass {
    pub by: PersonId,
    /// `None` where the incident was not asked: see [`Access::of`].
    pub until: Option<Timestamp>,
}

impl Access {
    /// With what only the incident knows: whether somebody has to say first what happened, and when its glass is whole again.
    #[must_use]
    pub fn of(mut self, incident: &Incident) -> Self {
        self.unknown = incident.unknown_step().map(|(_, step)| step);
        let until = incident.glass.as_ref().map(|glass| glass.until);
        if let Some(glass) = &mut self.glass {
            glass.until = until;
        }
        self
    }
}

impl Policy {
    /// Explains what [`Policy::answer`] says to this question.
    #[must_use]
    pub fn access(&self, question: &Question<'_>) -> Access {
        let anybody = self.answer(&Question {
            who: Who::Nobody,
            ..*question
        });
        let mut against = std::collections::BTreeSet::new();
        self.stands_against(question, |reason| {
            against.insert(reason);
        });
        let missing = match self.decide(question.plan.live_steps()) {
            Decision::Deny { reasons } => {
                against.extend(reasons);
                None
            }
            // What stands against it now hides how many are missing, and that is told all the same.
            Decision::Allow | Decision::RequireApproval { .. } => Some(match anybody {
                Decision::Allow => 0,
                Decision::RequireApproval { approvals } => approvals,
                Decision::Deny { .. } => self.missing(question.request(), question.circumstances.votes, None),
            }),
        };
        let person = match question.who {
            Who::Nobody | Who::Voters => None,
            Who::Person(_) => Some(match self.answer(question) {
                Decision::Deny { reasons } => {
                    reasons.into_iter().filter(|why| !against.contains(why)).collect()
                }
                Decision::Allow | Decision::RequireApproval { .. } => Vec::new(),
            }),
        };
        Access {
            steps: question
                .plan
                .live_steps()
                .map(|step| self.step_access(step))
                .collect(),
            named: self.named_for(question.plan),
            missing,
            against: against.into_iter().collect(),
            opens: self.all_open(question),
            person,
            unknown: None,
            frozen: around(question),
            glass: question.circumstances.glass.map(|by| OpenGlass {
                by: by.clone(),
                until: None,
            }),
        }
    }

    fn step_access(&self, step: &crate::domain::plan::PlannedStep) -> StepAccess {
        let cells = step.tiers().map(|tier| Cell {
            tier,
            rows: step
                .environment
                .iter()
                .flat_map(|environment| self.rows_for(tier, environment).cloned().collect::<Vec<_>>())
                .collect(),
        });
        StepAccess {
            step: step.no,
            environment: step.environment.clone(),
            cells: cells.collect(),
        }
    }

    /// The first moment at which the calendar lets every step start; `None` when that is now, or not within 400 days.
    fn all_open(&self, question: &Question<'_>) -> Option<Timestamp> {
        let now = question.circumstances.now;
        let (runbook, incident) = (&question.plan.runbook, question.circumstances.counts.of);
        let mut at = now;
        // Each round waits for the latest of the steps; it ends when none asks to wait longer.
        for _ in 0..16 {
            let opens = question
                .plan
                .live_steps()
                .map(|step| self.guards.opens(&Place::of(step, runbook, incident), at))
                .collect::<Option<Vec<_>>>()?;
            let latest = opens.into_iter().max().unwrap_or(at);
            if latest == at {
                break;
            }
            at = latest;
        }
        (at != now).then_some(at)
    }
}

fn around(question: &Question<'_>) -> Vec<(Scope, String)> {
    let circumstances = &question.circumstances;
    let Some(of) = circumstances.counts.of else {
        return Vec::new();
    };
    let own = circumstances
        .freeze
        .held()
        .iter()
        .filter(|held| held.over.is_some_and(|attempt| attempt.incident == of));
    own.map(|held| (held.scope.clone(), held.reason.clone()))
        .collect()
}
