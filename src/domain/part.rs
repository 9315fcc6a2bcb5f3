//! A part of a plan: people may approve as far as a step and decide on the rest when that is done. Steps run in order, so a
//! part is a beginning of what is left. Each part is approved for itself: by whom its own tiers need, no more and no less.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

use super::action::{EffectClass, Tier};
use super::approval::Approval;
use super::ids::StepNo;
use super::incident::PlanTrack;
use super::plan::{Plan, PlannedStep};
use super::policy::Decision;
use super::run::StepState;
use crate::planted::{self, Bug};

/// A part that can be approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its last step.
    pub upto: StepNo,
    /// Steps in it.
    pub steps: usize,
    /// The highest tier in it.
    pub tier: Tier,
}

impl PlanTrack {
    /// Whether the policy has anybody who may approve it.
    #[must_use]
    pub fn is_offered(&self) -> bool {
        !matches!(self.decision, Decision::Deny { .. })
    }

    /// Steps that are still to come, in their order.
    fn left(&self) -> impl Iterator<Item = &PlannedStep> {
        self.plan
            .live_steps()
            .filter(|step| matches!(self.run.state(step.no), StepState::Waiting))
    }

    /// The next step that is still to come.
    #[must_use]
    pub fn next_left(&self) -> Option<StepNo> {
        self.left().next().map(|step| step.no)
    }

    fn place(&self, step: StepNo) -> Option<usize> {
        self.plan.steps.iter().position(|planned| planned.no == step)
    }

    /// Whether this step is within what is approved, or is being approved.
    #[must_use]
    pub fn covers(&self, step: StepNo) -> bool {
        self.upto.is_none_or(|upto| self.place(step) <= self.place(upto)) || planted::is(Bug::PartIsAll)
    }

    /// The smaller of two parts. `None` is all that is left.
    #[must_use]
    pub fn smaller(&self, one: Option<StepNo>, other: Option<StepNo>) -> Option<StepNo> {
        match (one, other) {
            (Some(one), Some(other)) if self.place(other) < self.place(one) => Some(other),
            (Some(one), _) => Some(one),
            (None, other) => other,
        }
    }

    /// The plan as far as an approval up to this step is about it: what is over and what lies behind is left out.
    /// `starting` is in it whatever became of it, since it may be tried again.
    #[must_use]
    pub fn part(&self, upto: Option<StepNo>, starting: Option<StepNo>) -> Cow<'_, Plan> {
        if upto.is_none() && self.run.steps.is_empty() {
            return Cow::Borrowed(&self.plan);
        }
        let last = upto.and_then(|upto| self.place(upto));
        let mut part = Plan::clone(&self.plan);
        for (place, step) in part.steps.iter_mut().enumerate() {
            let waits = matches!(self.run.state(step.no), StepState::Waiting);
            let within = last.is_none_or(|last| place <= last);
            step.skip |= !within || !(waits || starting == Some(step.no));
        }
        Cow::Owned(part)
    }

    /// Names of those under whose approval something of it ran, and of those who approve what is left; each once.
    #[must_use]
    pub fn approvers(&self) -> Vec<&str> {
        let ran = self.run.approved_by.values().flatten().map(String::as_str);
        let now = self.approval.votes().iter().map(|vote| vote.name.as_str());
        let mut names = Vec::new();
        for name in ran.chain(now) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Whether something of it ran, or may run, that no person approved.
    #[must_use]
    pub fn runs_alone(&self) -> bool {
        let approved = matches!(&self.approval, Approval::Approved { votes, .. } if votes.is_empty());
        approved || self.run.approved_by.values().any(Vec::is_empty)
    }

    /// Whether something runs or ran on the approval that counts now.
    #[must_use]
    pub fn begun(&self) -> bool {
        self.run.started_at.is_some() && !self.part_waits
    }

    /// Until when this step must start under the approval that counts now, exclusive: the first one until the approval says, each
    /// other one within the same time, `execute_by`, of the moment from which it could. Who let steps run let them run one after
    /// the other, and not hours later, when a process is back or somebody has found out what became of the last one. `None` where
    /// nothing is approved, and where nothing that is left changes anything: looking on does no harm.
    #[must_use]
    pub fn start_by(&self, step: StepNo, execute_by: SignedDuration) -> Option<Timestamp> {
        let Approval::Approved {
            execute_by: until, ..
        } = &self.approval
        else {
            return None;
        };
        if !self.begun() {
            return Some(*until);
        }
        let changes = |step: &PlannedStep| step.effect != EffectClass::Observe;
        let next = self.plan.step(step)?;
        if !changes(next) && !self.left().any(changes) {
            return None;
        }
        let ended = self.run.last_ended_at.max(self.run.part_started_at);
        let could = ended.max(self.run.not_before(next))?;
        Some(could.checked_add(execute_by).unwrap_or(Timestamp::MAX))
    }

    /// The parts that are less than all: the next step, and for each tier the steps up to the first of a higher one.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        let left: Vec<&PlannedStep> = self.left().collect();
        let mut parts: Vec<Part> = Vec::new();
        let mut highest = Tier::Zero;
        for (steps, step) in (1..).zip(&left) {
            highest = highest.max(step.tier);
            let rises = left.get(steps).is_some_and(|next| next.tier > highest);
            if steps < left.len() && (steps == 1 || rises) {
                parts.push(Part {
                    upto: step.no,
                    steps,
                    tier: highest,
                });
            }
        }
        parts
    }
}
