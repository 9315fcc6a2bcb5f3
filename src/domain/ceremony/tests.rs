//! Codes against a small model, and what has to be typed.

use proptest::prelude::*;

use super::*;
use crate::domain::event::{Deed, Event, Who};
use crate::domain::samples;
use crate::domain::state::State;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn said(factor: Factor) -> Said {
    Said {
        target: "production/api".to_owned(),
        reason: "it has to go".to_owned(),
        factor,
    }
}

fn given<'a>(by: &'a PersonId, digest: &'a PlanDigest, now: Timestamp) -> Given<'a> {
    Given {
        by,
        wanted: "production/api",
        digest,
        now,
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let (by, digest) = (samples::person("U1"), samples::ceremony().digest);
    let wrong = Said {
        target: "Production/api".to_owned(),
        reason: "  ".to_owned(),
        factor: Factor::Typed(Code::new("123456")),
    };
    let problems = check(&wrong, &Codes::default(), &given(&by, &digest, at(0))).unwrap_err();
    let wanted = "production/api".to_owned();
    assert_eq!(
        problems,
        [
            Problem::Target { wanted },
            Problem::NoReason,
            Problem::WrongCode { left: 4 }
        ]
    );
}

#[test]
fn a_code_shows_itself_nowhere() {
    let shown = format!("{:?}", said(Factor::Typed(Code::new("123 456"))));
    assert!(shown.contains("[code]") && !shown.contains("123"), "{shown}");
    assert_eq!(Code::new(" 123 456 ").expose(), "123456");
}

#[test]
fn what_has_to_be_typed_names_each_target_of_tier_three_once() {
    let tiers = [Tier::One, Tier::Three, Tier::Three];
    let steps = (1..).zip(tiers).map(|(no, tier)| PlannedStep {
        tier,
        ..samples::step(no)
    });
    let mut plan = samples::plan(steps.collect());
    assert_eq!(to_type(&plan).as_deref(), Some("production/api"));
    plan.steps.truncate(1);
    assert_eq!(to_type(&plan), None, "nothing of Tier 3");
}

/// What a person does: seconds later, with a code of that many steps away, or a wrong one.
fn tries() -> impl Strategy<Value = Vec<(i64, Option<i64>)>> {
    let code = proptest::option::weighted(0.5, -3..=3_i64);
    proptest::collection::vec((0..700_i64, code), 1..40)
}

proptest! {
    #[test]
    fn a_code_counts_once_and_never_while_locked(tries in tries()) {
        let (by, digest) = (samples::person("U1"), samples::ceremony().digest);
        let who = Who { id: by.clone(), name: "ana".to_owned() };
        let mut state = State::default();
        let (mut used, mut wrong, mut now): (Option<u64>, Vec<i64>, i64) = (None, Vec::new(), 0);
        for (later, code) in tries {
            now += later;
            let step = code.map(|beside| step_at(at(now)).saturating_add_signed(beside));
            let factor = step.map_or(Factor::Wrong, |step| Factor::Proved { step });
            let locked = wrong.iter().filter(|then| now - **then < 30 * 60).count() >= 5;
            let fresh = code.is_some_and(|beside| beside.abs() <= 2);
            let again = step.is_some_and(|step| used.is_some_and(|used| step <= used));
            let counts = !locked && fresh && !again;
            match check(&said(factor), &state.codes, &given(&by, &digest, at(now))) {
                Ok(ceremony) => {
                    prop_assert!(counts, "{now}: {ceremony:?}");
                    prop_assert_eq!(Some(ceremony.step), step);
                    used = step;
                    wrong.clear();
                    let vote = Vote { ceremony: Some(Box::new(ceremony)), ..vote(&by, at(now)) };
                    state.codes.voted(&vote);
                }
                Err(problems) => {
                    prop_assert!(!counts, "{now}: {problems:?}");
                    let counted = problems.iter().any(|problem| matches!(problem, Problem::WrongCode { .. }));
                    prop_assert_eq!(counted, !locked && !again);
                    if counted {
                        wrong.push(now);
                    }
                    let refusal = Refusal::Ceremony { problems };
                    let event = Event::Refused { incident: None, by: who.clone(), deed: Deed::Approve, refusal };
                    let seq = state.seq + 1;
                    state.apply(&crate::domain::event::Entry { seq, at: at(now), key: None, event });
                }
            }
            // A restart reads what was written.
            let text = serde_json::to_string(&state.codes).unwrap();
            state.codes = serde_json::from_str(&text).unwrap();
        }
    }
}

fn vote(by: &PersonId, at: Timestamp) -> Vote {
    Vote {
        by: by.clone(),
        name: "ana".to_owned(),
        at,
        groups: Vec::new(),
        ceremony: None,
        reason: None,
    }
}
