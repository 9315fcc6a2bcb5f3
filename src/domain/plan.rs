//! A Plan: a runbook resolved for one incident, no choice left open. It is what is shown, what is approved and what
//! runs; its digest ties the three together.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::action::{Action, Budget, Cost, EffectClass, Filter, Tier};
use super::evidence::{Condition, Seen};
use super::ids::{AttemptId, Environment, PersonId, PlanNo, Revision, RunbookName, StepNo};
use super::prechecks::Precheck;
use super::runbook::{Autonomy, Expectation, FailureAction, ParamValue, When};
use crate::ports::TargetState;

/// Who asked for a plan. A person who asks, or modifies, does not approve it from Tier 2 up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requester {
    /// The alert; Interlock proposed.
    Interlock,
    /// `/runbook run`, a choice on the card, or Modify.
    Person(PersonId),
}

/// Whether a step is checked as a verification of the whole plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Remedy,
    /// Of the Verification section, or the last step with an expected output.
    Verification,
}

/// One step with every choice made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    pub no: StepNo,
    pub title: String,
    /// The canonical command line; parses back to `action` and `filters`.
    pub command: String,
    pub action: Action,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expectation>,
    pub on_failure: FailureAction,
    pub attempts: u8,
    pub timeout_seconds: u32,
    pub wait_seconds: u32,
    pub when: When,
    /// What the evidence had to be for this step, and what it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    pub role: Role,
    pub tier: Tier,
    /// What the runbook raises it to at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier_at_least: Option<Tier>,
    pub tier_reason: String,
    /// What it would be if the policy's lists (irreversible, protected) did not raise it. Whoever may not approve that
    /// may not approve the raised one either, so that an entry on a list only ever takes away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier_unlisted: Option<Tier>,
    pub effect: EffectClass,
    /// Where it takes effect; `None` (no `[[environments]]` row) means that nobody may approve it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// Our own line of what the command does.
    pub plain: String,
    /// What one attempt takes from the budget, seen on the live cluster.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cost: Cost,
    /// For people: `restarts 6 of 6 pods`.
    pub blast: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetState>,
    /// Left out by Modify or for its condition; never starts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skip: bool,
    /// How to take it back, as a command line to copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<String>,
}

impl PlannedStep {
    /// By what work on its target is serialised: the workload that its target belongs to, as it was resolved, so that a
    /// deployment and its pods are one; else the target as it is written. `None` for what only looks.
    #[must_use]
    pub fn target_key(&self) -> Option<String> {
        let written = self.action.target_key()?;
        let workload = self.target.as_ref().and_then(|target| target.workload.clone());
        Some(workload.unwrap_or(written))
    }

    /// Every tier whose approvers it takes.
    pub fn tiers(&self) -> impl Iterator<Item = Tier> {
        let unlisted = self.tier_unlisted.filter(|tier| *tier != self.tier);
        std::iter::once(self.tier).chain(unlisted)
    }
}

/// A runbook resolved for one incident. Immutable: Modify makes another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub no: PlanNo,
    pub runbook: RunbookName,
    pub title: String,
    pub runbook_revision: Revision,
    pub policy_revision: Revision,
    pub requester: Requester,
    /// The plan that this one was made from by Modify.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified_from: Option<PlanNo>,
    /// Others who asked for it before whoever is its requester, and got no plan.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub asked_before: BTreeSet<PersonId>,
    /// The attempt that it takes back, by its runbook's Rollback; then there is nothing else in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes_back: Option<AttemptId>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, ParamValue>,
    /// Parameters that the advisor filled, with what would have stood in them else. A person approves what it touched.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub advised: BTreeMap<String, Option<ParamValue>>,
    pub budget: Budget,
    pub requires_human_approval: bool,
    pub autonomy: Autonomy,
    pub steps: Vec<PlannedStep>,
    /// The Escalation section, for the person who is paged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<String>,
    /// Whose runbook it is, as it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Prechecks that are asked before every change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Precheck>,
    /// Prechecks that only people can answer: who approves, says that they hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<String>,
}

/// SHA-256 over everything that is shown and run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanDigest(String);

impl PlanDigest {
    /// 64 hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 12 hex digits, as shown to people and carried in buttons. A button's text is a pointer, never authority.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl PlannedStep {
    /// Why it never starts, for a step that is left out.
    #[must_use]
    pub fn left_out_because(&self) -> Option<String> {
        self.skip.then(|| {
            self.condition_left_out()
                .unwrap_or_else(|| "left out when the plan was modified".to_owned())
        })
    }

    fn is_ruled_out(&self) -> bool {
        let seen = self.condition.as_ref().map(|condition| &condition.seen);
        matches!(seen, Some(Seen::Fails { .. }))
    }

    fn condition_left_out(&self) -> Option<String> {
        self.condition.as_ref().and_then(Condition::left_out_because)
    }
}

impl Plan {
    /// The digest of this plan. Serialisation is canonical: struct fields in order, ordered maps, no floats; a domain tag
    /// keeps it apart from every other hash of ours.
    ///
    /// # Errors
    /// When the plan can't be serialised, which its types rule out; the caller treats it as "can't be approved".
    pub fn digest(&self) -> Result<PlanDigest, serde_json::Error> {
        let body = serde_json::to_vec(self)?;
        let mut hasher = Sha256::new();
        hasher.update(b"interlock plan v1\n");
        hasher.update((body.len() as u64).to_be_bytes());
        hasher.update(&body);
        Ok(PlanDigest(hex::encode(hasher.finalize())))
    }

    #[must_use]
    pub fn step(&self, no: StepNo) -> Option<&PlannedStep> {
        self.steps.iter().find(|step| step.no == no)
    }

    /// Steps that would run: neither skipped by Modify nor for humans only.
    pub fn live_steps(&self) -> impl Iterator<Item = &PlannedStep> {
        self.steps.iter().filter(|step| !step.skip)
    }

    /// The steps that are to mend something: those that change something, and those that the evidence chooses. In a plan that
    /// only looks every step counts but its prechecks and its verification.
    pub fn remedies(&self) -> impl Iterator<Item = &PlannedStep> {
        let changes = |step: &PlannedStep| step.effect != EffectClass::Observe;
        let only_looks = !self.steps.iter().any(changes);
        self.steps.iter().filter(move |step| {
            let looks = only_looks && step.role == Role::Remedy;
            !step.no.is_precheck() && (changes(step) || step.condition.is_some() || looks)
        })
    }

    /// Whether nothing is left of it, or the evidence was read and rules out whatever was to mend something. What a person
    /// left out is as that person wants it, and where the evidence could not be read a person chooses.
    #[must_use]
    pub fn is_ruled_out(&self) -> bool {
        let ruled_out = |step: &PlannedStep| step.skip && step.is_ruled_out();
        self.all_remedies(ruled_out) || self.live_steps().next().is_none()
    }

    /// Whether the evidence left out whatever was to mend something, because it says no or because it could not be read: a
    /// check that is green then verifies nothing.
    #[must_use]
    pub fn mends_nothing(&self) -> bool {
        self.all_remedies(|step| step.skip && step.condition_left_out().is_some())
    }

    fn all_remedies(&self, are: impl Fn(&PlannedStep) -> bool) -> bool {
        let mut remedies = self.remedies().peekable();
        remedies.peek().is_some() && remedies.all(are)
    }

    /// The highest tier among the steps that would run; Tier 0 of an empty plan.
    #[must_use]
    pub fn tier(&self) -> Tier {
        self.live_steps()
            .map(|step| step.tier)
            .max()
            .unwrap_or(Tier::Zero)
    }
}

#[cfg(test)]
mod tests;
