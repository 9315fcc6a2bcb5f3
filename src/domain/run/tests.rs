//! `next` against a walk through the runbook from its first step to its last, with the outcome of every attempt known beforehand.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;

use super::{Next, Run, RunResult, StepNo, StepState, says_nothing};
use crate::domain::action::{BudgetKey, EffectClass};
use crate::domain::plan::{Plan, PlannedStep, Role};
use crate::domain::runbook::{FailureAction, When};
use crate::domain::samples;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    Well,
    Badly,
    Unknown,
}

fn steps() -> impl Strategy<Value = Vec<PlannedStep>> {
    let action = prop_oneof![
        Just(FailureAction::Continue),
        Just(FailureAction::Escalate),
        Just(FailureAction::Stop)
    ];
    let when = prop_oneof![3 => Just(When::Always), 1 => Just(When::PreviousSucceeded), 1 => Just(When::PreviousFailed)];
    let role = prop_oneof![Just(Role::Remedy), Just(Role::Verification)];
    let one = (
        action,
        when,
        role,
        1..4_u8,
        0..3_u32,
        proptest::bool::weighted(0.15),
    );
    proptest::collection::vec(one, 1..5).prop_map(|made| {
        let step = |(no, (on_failure, when, role, attempts, cost, skip))| PlannedStep {
            on_failure,
            when,
            role,
            attempts,
            skip,
            cost: BTreeMap::from([(BudgetKey::MaxPodRestarts, cost)]),
            ..samples::step(no)
        };
        (1..).zip(made).map(step).collect()
    })
}

/// What happens, a line each, told without the machine.
fn walk(plan: &Plan, mut ends: impl FnMut() -> Ends) -> Vec<String> {
    let mut story = Vec::new();
    let mut left = plan.budget[&BudgetKey::MaxPodRestarts];
    let mut before = None;
    let mut verified = Some(true);
    let mut any = false;
    for step in &plan.steps {
        let verifies = step.role == Role::Verification;
        any |= verifies;
        let wanted = match step.when {
            When::Always => true,
            When::PreviousSucceeded => before.is_none_or(|before| before == "well"),
            When::PreviousFailed => before == Some("badly"),
        };
        if step.skip || !wanted {
            story.push(format!("skip {}", step.no));
            before = Some("skipped");
            verified = verified.map(|so_far| so_far && !verifies);
            continue;
        }
        let cost = step.cost[&BudgetKey::MaxPodRestarts];
        let mut attempt = 0;
        let end = loop {
            attempt += 1;
            story.push(format!("start {} {attempt}", step.no));
            left = left.saturating_sub(cost);
            match ends() {
                Ends::Badly if attempt < step.attempts && cost <= left => {}
                end => break end,
            }
        };
        match (end, step.on_failure) {
            (Ends::Well, _) => before = Some("well"),
            (Ends::Unknown, _) => {
                story.push(format!("ask {}", step.no));
                return story;
            }
            (Ends::Badly, FailureAction::Continue) => {
                before = Some("badly");
                verified = verified.map(|so_far| so_far && !verifies);
            }
            (Ends::Badly, on_failure) => {
                story.push(format!(
                    "stop {} page {}",
                    step.no,
                    on_failure == FailureAction::Escalate
                ));
                return story;
            }
        }
    }
    story.push(if any && verified == Some(true) {
        "verified".to_owned()
    } else {
        "not verified".to_owned()
    });
    story
}

/// The same told by the machine, one `next` after the other.
fn machine(plan: &Plan, mut ends: impl FnMut() -> Ends) -> (Vec<String>, Run) {
    let mut run = Run::default();
    let mut story = Vec::new();
    let at = Timestamp::UNIX_EPOCH;
    loop {
        match run.next(plan) {
            Next::Start { step, attempt, .. } => {
                story.push(format!("start {step} {attempt}"));
                for (key, need) in &plan.step(step).expect("a step").cost {
                    *run.spent.entry(*key).or_default() += need;
                }
                run.steps.insert(step, StepState::Started { attempt, at });
                assert_eq!(run.next(plan), Next::Wait, "nothing starts beside a running step");
                let reason = String::new();
                let state = match ends() {
                    Ends::Well => StepState::Succeeded { attempt, at },
                    Ends::Badly => StepState::Failed { attempt, at, reason },
                    Ends::Unknown => StepState::Unknown { attempt, at, reason },
                };
                run.steps.insert(step, state);
            }
            Next::Skip { step, why } => {
                story.push(format!("skip {step}"));
                run.steps.insert(step, StepState::Skipped { why });
            }
            Next::Wait => unreachable!("nothing runs"),
            Next::AskHuman { step } => {
                story.push(format!("ask {step}"));
                return (story, run);
            }
            Next::Finish(result) => {
                story.push(match result {
                    RunResult::Verified => "verified".to_owned(),
                    RunResult::NotVerified { .. } => "not verified".to_owned(),
                    RunResult::Stopped { step, page, .. } => format!("stop {step} page {page}"),
                    RunResult::DryRun | RunResult::TakenBack { .. } => "something else".to_owned(),
                });
                return (story, run);
            }
        }
    }
}

proptest! {
    #[test]
    fn a_run_goes_as_its_runbook_says(
        steps in steps(),
        budget in 0..8_u32,
        ends in proptest::collection::vec(
            prop_oneof![4 => Just(Ends::Well), 5 => Just(Ends::Badly), 1 => Just(Ends::Unknown)], 20),
    ) {
        let mut plan = samples::plan(steps);
        plan.budget = BTreeMap::from([(BudgetKey::MaxPodRestarts, budget)]);
        let told = |mut ends: std::vec::IntoIter<Ends>| move || ends.next().unwrap_or(Ends::Well);
        let (story, run) = machine(&plan, told(ends.clone().into_iter()));
        prop_assert_eq!(&story, &walk(&plan, told(ends.into_iter())));
        let same = run.next(&plan);
        prop_assert_eq!(run.next(&plan), same, "asking twice changes nothing");
    }

    #[test]
    fn an_unknown_step_stops_whatever_the_runbook_says(steps in steps(), attempt in 1..4_u8) {
        let plan = samples::plan(steps);
        let first = plan.steps[0].no;
        let unknown =
            StepState::Unknown { attempt, at: Timestamp::UNIX_EPOCH, reason: String::new() };
        let run = Run { steps: BTreeMap::from([(first, unknown)]), ..Run::default() };
        prop_assert_eq!(run.next(&plan), Next::AskHuman { step: first });
    }
}

#[test]
fn a_skipped_verification_blocks_and_a_failed_continue_does_not() {
    let remedy = PlannedStep {
        on_failure: FailureAction::Continue,
        ..samples::step(1)
    };
    let check = PlannedStep {
        role: Role::Verification,
        cost: BTreeMap::new(),
        ..samples::step(2)
    };
    let mut ends = [Ends::Badly, Ends::Badly, Ends::Well].into_iter();
    let (story, _) = machine(&samples::plan(vec![remedy.clone(), check.clone()]), || {
        ends.next().unwrap()
    });
    assert_eq!(story, ["start 1 1", "start 1 2", "start 2 1", "verified"]);
    let skipped = PlannedStep { skip: true, ..check };
    let (story, _) = machine(&samples::plan(vec![remedy, skipped]), || Ends::Well);
    assert_eq!(story, ["start 1 1", "skip 2", "not verified"]);
}

#[test]
fn what_was_tried_in_vain_and_left_out_is_not_fixed_by_a_check_that_is_green() {
    let (remedy, other) = (samples::step(1), samples::step(2));
    let check = PlannedStep {
        role: Role::Verification,
        effect: EffectClass::Observe,
        cost: BTreeMap::new(),
        ..samples::step(3)
    };
    let plan = samples::plan(vec![remedy.clone(), other.clone(), check.clone()]);
    let at = Timestamp::UNIX_EPOCH;
    let well = || StepState::Succeeded { attempt: 1, at };
    let left_out = || StepState::Skipped {
        why: "the alert resolved before it started".to_owned(),
    };
    let ends = |tried: &[StepNo], second: StepState| {
        let run = Run {
            begun_at: tried.iter().map(|step| (*step, at)).collect(),
            steps: [(remedy.no, left_out()), (other.no, second), (check.no, well())].into(),
            ..Run::default()
        };
        run.next(&plan) == Next::Finish(RunResult::Verified)
    };
    assert!(!ends(&[remedy.no], left_out()));
    assert!(ends(&[remedy.no, other.no], well()), "another one worked");
    assert!(ends(&[], left_out()), "nothing was tried");
}

#[test]
fn what_a_step_said_when_it_failed_is_not_taken_for_a_verification_that_did_not_run() {
    for nothing in [
        "the runbook has no step with an expected output to verify by",
        "verification step 3 was skipped",
        "verification step 12 has no result",
    ] {
        assert!(says_nothing(nothing), "{nothing}");
    }
    for said in [
        "verification step 3 failed: the migration was skipped",
        "verification step 3 failed: query `up` has no result",
        "the job of step 3 was skipped",
        "verification step 3 was skipped, and failed",
    ] {
        assert!(!says_nothing(said), "{said}");
    }
}
