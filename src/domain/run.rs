//! The run of an approved plan: which step is next, and how it all ended. One machine, one total function (`next`);
//! the states change only by the journal's entries. Longer than other files, since a run is read together with all that it can come to.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::action::{Budget, BudgetKey, Cost, EffectClass};
use super::event::{Cause, Judgement};
use super::ids::{AttemptId, StepNo};
use super::incident::{Incident, Phase, PlanTrack};
use super::plan::{Plan, PlannedStep, Role};
use super::policy::Reason;
use super::runbook::{FailureAction, When};
use crate::planted::{self, Bug};
use crate::ports::TargetState;

/// Where one step stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum StepState {
    Waiting,
    /// A durable start record exists and no result yet.
    Started {
        attempt: u8,
        at: Timestamp,
    },
    Succeeded {
        attempt: u8,
        at: Timestamp,
    },
    /// The last attempt failed, known as such.
    Failed {
        attempt: u8,
        at: Timestamp,
        reason: String,
    },
    /// Nobody knows whether it happened. Always stops; only a person moves it on.
    Unknown {
        attempt: u8,
        at: Timestamp,
        reason: String,
    },
    Skipped {
        why: String,
    },
    /// Everything was checked again at the start and something said no.
    Refused {
        reasons: Vec<Reason>,
    },
}

/// The run of one plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub steps: BTreeMap<StepNo, StepState>,
    /// What the attempts so far took from the budget.
    pub spent: Cost,
    /// Attempts started that were to change something.
    #[serde(default)]
    pub changes: u32,
    pub started_at: Option<Timestamp>,
    /// When the first step of what was last approved started; earlier parts of the plan don't count.
    #[serde(default)]
    pub part_started_at: Option<Timestamp>,
    /// When a person last judged a step: until then the plan waited for that, and did not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_at: Option<Timestamp>,
    /// Names of those under whose approval each step last started.
    #[serde(default)]
    pub approved_by: BTreeMap<StepNo, Vec<String>>,
    /// When the last attempt at each step started; none of what started under an earlier version.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub begun_at: BTreeMap<StepNo, Timestamp>,
    pub last_ended_at: Option<Timestamp>,
    pub result: Option<RunResult>,
    /// Steps whose outcome was Unknown until a person judged it.
    #[serde(default)]
    pub judged: BTreeSet<StepNo>,
    /// Who judged it, and how; none of what was judged under an earlier version.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub judged_by: BTreeMap<StepNo, Judged>,
    /// Steps of unknown outcome around which Interlock has frozen what they may have broken.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub contained: BTreeSet<StepNo>,
    /// What people say was wrong with those.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub causes: BTreeMap<StepNo, Cause>,
    /// What our own changes of this run left, by [`ObjectRef::key`](super::action::ObjectRef::key): from then on the
    /// target must look like that, and no longer like the card.
    #[serde(default)]
    pub left: BTreeMap<String, TargetState>,
    /// People were told that it has been running for long.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told_long: bool,
    /// The next step waits until somebody else is done with its target.
    #[serde(default)]
    pub waits: Option<WaitsFor>,
    /// The freezes that keep it from beginning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Reason>,
}

/// A plan that runs longer than this is a human's, too: something takes longer than its author thought.
const RUNS_LONG: SignedDuration = SignedDuration::from_mins(10);

impl Incident {
    /// When people are told that the plan has been running for long. A plan that waits for a person's word on an Unknown
    /// step is not running: they were told at once.
    #[must_use]
    pub fn runs_long_at(&self) -> Option<Timestamp> {
        let run = &self.current()?.run;
        let unknown = || {
            run.steps
                .values()
                .any(|state| matches!(state, StepState::Unknown { .. }))
        };
        let runs =
            matches!(self.phase, Phase::Running) && run.result.is_none() && !run.told_long && !unknown();
        let since = run.part_started_at.max(run.judged_at);
        since.filter(|_| runs)?.checked_add(RUNS_LONG).ok()
    }

    /// The step of the current plan whose outcome nobody knows.
    #[must_use]
    pub fn unknown_step(&self) -> Option<(&PlanTrack, StepNo)> {
        let track = self.current()?;
        let is_unknown = |step: &&PlannedStep| matches!(track.run.state(step.no), StepState::Unknown { .. });
        track
            .plan
            .steps
            .iter()
            .find(is_unknown)
            .map(|step| (track, step.no))
    }

    /// Until when the plan waits for a target that another incident works on.
    #[must_use]
    pub fn waits_until(&self) -> Option<Timestamp> {
        let run = &self.current()?.run;
        let waits = run.waits.filter(|_| run.result.is_none())?;
        matches!(self.phase, Phase::Running).then_some(waits.until)
    }
}

/// A person's word on a step of unknown outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    pub by: String,
    pub judgement: Judgement,
}

/// A step whose target another incident works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitsFor {
    pub step: StepNo,
    pub attempt: u8,
    /// What holds the target.
    pub with: AttemptId,
    /// Then a human gets it.
    pub until: Timestamp,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "result")]
pub enum RunResult {
    /// Every verification step succeeded.
    Verified,
    /// The verification says that it did not help.
    NotVerified { why: String },
    /// A step stopped the run; the person who takes over is told why.
    Stopped { step: StepNo, why: String, page: bool },
    /// Nothing ran: the mode is dry-run.
    DryRun,
    /// What a step did was taken back by its Rollback; whether that was enough, people say.
    TakenBack { step: StepNo },
}

/// What a run wants next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    Start {
        step: StepNo,
        attempt: u8,
        not_before: Option<Timestamp>,
    },
    Skip {
        step: StepNo,
        why: String,
    },
    /// A step is running.
    Wait,
    /// A step's outcome is Unknown: a person decides.
    AskHuman {
        step: StepNo,
    },
    Finish(RunResult),
}

impl Run {
    /// Something became of its next step: nothing is waited for any more.
    pub(super) fn no_longer_waits(&mut self) {
        self.waits = None;
        self.held.clear();
    }

    /// The state of a step; Waiting when nothing has happened to it.
    #[must_use]
    pub fn state(&self, step: StepNo) -> &StepState {
        self.steps.get(&step).unwrap_or(&StepState::Waiting)
    }

    /// Total: every plan in every state has exactly one next thing.
    #[must_use]
    pub fn next(&self, plan: &Plan) -> Next {
        if let Some(result) = &self.result {
            return Next::Finish(result.clone());
        }
        let mut previous: Option<&StepState> = None;
        for step in &plan.steps {
            let state = self.state(step.no);
            if let Some(next) = self.step_next(plan, step, state, previous) {
                return next;
            }
            previous = Some(state);
        }
        Next::Finish(self.verdict(plan))
    }

    /// `None` when this step is over and the one after it is asked.
    fn step_next(
        &self,
        plan: &Plan,
        step: &PlannedStep,
        state: &StepState,
        previous: Option<&StepState>,
    ) -> Option<Next> {
        match state {
            StepState::Waiting => Some(self.first(step, previous)),
            StepState::Started { .. } => Some(Next::Wait),
            StepState::Unknown { .. } => Some(Next::AskHuman { step: step.no }),
            StepState::Succeeded { .. } | StepState::Skipped { .. } => None,
            StepState::Refused { reasons } => Some(Next::Finish(RunResult::Stopped {
                step: step.no,
                why: refused(reasons),
                page: true,
            })),
            StepState::Failed { attempt, reason, .. } => {
                let last = *attempt >= step.attempts;
                let against = self.against_another(plan, step).filter(|_| !last);
                if !last && against.is_none() {
                    return Some(Next::Start {
                        step: step.no,
                        attempt: attempt.saturating_add(1),
                        not_before: self.not_before(step),
                    });
                }
                match step.on_failure {
                    _ if planted::is(Bug::FailureAlwaysContinues) => None,
                    FailureAction::Continue => None,
                    FailureAction::Escalate => Some(stopped(step, *attempt, reason, against, true)),
                    FailureAction::Stop => Some(stopped(step, *attempt, reason, against, false)),
                }
            }
        }
    }

    /// What stands against another attempt, where the runbook would allow one.
    fn against_another(&self, plan: &Plan, step: &PlannedStep) -> Option<&'static str> {
        if !self.may_be_repeated(step) {
            return Some("nobody can know what the last attempt left");
        }
        let room = over_budget(&plan.budget, &self.spent, &step.cost).is_empty();
        (!room).then_some("its budget has no room for another attempt")
    }

    /// What can't be known to have happened is not done a second time, whatever a person found out about the first.
    fn may_be_repeated(&self, step: &PlannedStep) -> bool {
        match step.effect {
            EffectClass::Opaque => !self.judged.contains(&step.no),
            EffectClass::Observe | EffectClass::Converge | EffectClass::Marked => true,
        }
    }

    fn first(&self, step: &PlannedStep, previous: Option<&StepState>) -> Next {
        if let Some(why) = step.left_out_because() {
            return Next::Skip { step: step.no, why };
        }
        let failed = matches!(previous, Some(StepState::Failed { .. }));
        let why = match step.when {
            When::Always => None,
            When::PreviousSucceeded if matches!(previous, Some(StepState::Succeeded { .. }) | None) => None,
            When::PreviousSucceeded => Some("it runs only when the step before succeeded"),
            When::PreviousFailed if failed => None,
            When::PreviousFailed => Some("it runs only when the step before failed"),
        };
        match why {
            Some(why) => Next::Skip {
                step: step.no,
                why: why.to_owned(),
            },
            None => Next::Start {
                step: step.no,
                attempt: 1,
                not_before: self.not_before(step),
            },
        }
    }

    /// Whatever time is counted from later than this is counted from here.
    pub(super) fn counts_from(&mut self, latest: Timestamp) {
        let times = [
            &mut self.part_started_at,
            &mut self.judged_at,
            &mut self.last_ended_at,
        ];
        for time in times.into_iter().flatten() {
            *time = latest.min(*time);
        }
    }

    pub(super) fn not_before(&self, step: &PlannedStep) -> Option<Timestamp> {
        if step.wait_seconds == 0 {
            return None;
        }
        let since = self.last_ended_at.or(self.started_at)?;
        since
            .checked_add(SignedDuration::from_secs(i64::from(step.wait_seconds)))
            .ok()
    }

    fn verdict(&self, plan: &Plan) -> RunResult {
        if let Some(attempt) = plan.takes_back {
            return RunResult::TakenBack { step: attempt.step };
        }
        let mut any = planted::is(Bug::VerificationSkipped);
        if any {
            return RunResult::Verified;
        }
        if plan.mends_nothing() {
            return RunResult::NotVerified {
                why: NOTHING_MENDS.to_owned(),
            };
        }
        for step in plan.steps.iter().filter(|step| step.role == Role::Verification) {
            any = true;
            let why = match self.state(step.no) {
                StepState::Succeeded { .. } => continue,
                StepState::Failed { reason, .. } => format!("verification step {} failed: {reason}", step.no),
                StepState::Skipped { .. } => format!("verification step {} {WAS_SKIPPED}", step.no),
                StepState::Waiting
                | StepState::Started { .. }
                | StepState::Unknown { .. }
                | StepState::Refused { .. } => format!("verification step {} {HAS_NO_RESULT}", step.no),
            };
            return RunResult::NotVerified { why };
        }
        if self.only_tried(plan) {
            return RunResult::NotVerified {
                why: NOTHING_WORKED.to_owned(),
            };
        }
        if any {
            RunResult::Verified
        } else {
            RunResult::NotVerified {
                why: NOTHING_VERIFIES.to_owned(),
            }
        }
    }

    /// Whether something was tried, did not work, and was left out then, and nothing else that was to mend something worked: whatever
    /// is green now is not so because of this run.
    fn only_tried(&self, plan: &Plan) -> bool {
        let left_out = |step: &PlannedStep| {
            self.begun_at.contains_key(&step.no) && matches!(self.state(step.no), StepState::Skipped { .. })
        };
        let worked = |step: &PlannedStep| matches!(self.state(step.no), StepState::Succeeded { .. });
        plan.remedies().any(left_out) && !plan.remedies().any(worked)
    }

    /// Steps that were started, of those that were meant to run, and how many of these failed or may have.
    #[must_use]
    pub fn executed(&self, plan: &Plan) -> (usize, usize, usize) {
        let started = plan.live_steps().filter_map(|step| match self.state(step.no) {
            StepState::Started { .. } | StepState::Succeeded { .. } => Some(false),
            StepState::Failed { .. } | StepState::Unknown { .. } => Some(true),
            StepState::Waiting | StepState::Skipped { .. } | StepState::Refused { .. } => None,
        });
        let started: Vec<bool> = started.collect();
        let failed = started.iter().filter(|failed| **failed).count();
        (started.len(), plan.live_steps().count(), failed)
    }

    /// Steps that succeeded, of those that were meant to run.
    #[must_use]
    pub fn progress(&self, plan: &Plan) -> (usize, usize) {
        let meant = plan.live_steps().count();
        let done = plan
            .live_steps()
            .filter(|step| matches!(self.state(step.no), StepState::Succeeded { .. }))
            .count();
        (done, meant)
    }
}

const NOTHING_VERIFIES: &str = "the runbook has no step with an expected output to verify by";
const NOTHING_MENDS: &str = "the evidence left out every step that was to mend something";
const NOTHING_WORKED: &str = "what was tried did not work, and was left out then";
const WAS_SKIPPED: &str = "was skipped";
const HAS_NO_RESULT: &str = "has no result";

/// Whether [`RunResult::NotVerified`] is so because no verification ran, and not because one said no.
#[must_use]
pub fn says_nothing(why: &str) -> bool {
    // What a step said when it failed stands behind its number, and may end in the same words.
    let of_step = why.strip_prefix("verification step ").map(|rest| {
        let said = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        said.strip_prefix(' ') == Some(WAS_SKIPPED) || said.strip_prefix(' ') == Some(HAS_NO_RESULT)
    });
    why == NOTHING_VERIFIES || why == NOTHING_MENDS || why == NOTHING_WORKED || of_step == Some(true)
}

fn refused(reasons: &[Reason]) -> String {
    for reason in reasons {
        if let Reason::TargetBusy { with } = reason {
            return format!("it waited too long for its target, which {} held", holder(with));
        }
        if let Reason::SurveyFailed { why } = reason {
            return format!("its target could not be looked at: {why}");
        }
    }
    CHECKED_AGAIN.to_owned()
}

/// `INC-1 (its step 2)` for `INC-1.p1.s2.a1`, as an attempt writes itself.
#[must_use]
pub fn holder(attempt: &str) -> String {
    let mut parts = attempt.split('.');
    match (parts.next(), parts.nth(1).and_then(|part| part.strip_prefix('s'))) {
        (Some(incident), Some(step)) => format!("{incident} (its step {step})"),
        (_, _) => attempt.to_owned(),
    }
}

const CHECKED_AGAIN: &str = "it was refused when everything was checked again";

/// Whether [`RunResult::Stopped`] only says that a start was refused: why stands with its step.
#[must_use]
pub fn only_refused(why: &str) -> bool {
    why == CHECKED_AGAIN
}

fn stopped(step: &PlannedStep, attempts: u8, reason: &str, against: Option<&str>, page: bool) -> Next {
    let times = match attempts {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    };
    Next::Finish(RunResult::Stopped {
        step: step.no,
        why: match against {
            Some(against) => format!("it failed {times}: {reason}; it is not tried again, since {against}"),
            None => format!("it failed {times}: {reason}"),
        },
        page,
    })
}

/// A budget key that doesn't reach: what is needed and what is left of it.
pub type Shortfall = (BudgetKey, u32, u32);

/// What `cost` would take beyond what `spent` leaves of the budget. Empty when it fits. A missing key is 0.
#[must_use]
pub fn over_budget(budget: &Budget, spent: &Cost, cost: &Cost) -> Vec<Shortfall> {
    cost.iter()
        .filter(|_| !planted::is(Bug::BudgetNotChecked))
        .filter_map(|(key, need)| {
            let allowed = budget.get(key).copied().unwrap_or(0);
            let left = allowed.saturating_sub(spent.get(key).copied().unwrap_or(0));
            (*need > left).then_some((*key, *need, left))
        })
        .collect()
}

#[cfg(test)]
mod tests;
