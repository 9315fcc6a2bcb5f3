//! The matrix against cases: taking a row away never lets more through, and doubt is no. `specification` is the whole
//! table, written a second time; `less` is what any further rule may do.

mod less;
mod specification;

use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;

use super::{Alone, ApproverRow, Decision, Guards, Policy, Reason, Request, standing_reason};
use crate::domain::action::Tier;
use crate::domain::approval::Vote;
use crate::domain::ids::{Environment, GroupId, PersonId, Revision};
use crate::domain::plan::{Plan, PlannedStep};
use crate::domain::samples;
use crate::ports::{Person, Standing};

const TEAM: &str = "T1";
const TIERS: [Tier; 4] = [Tier::Zero, Tier::One, Tier::Two, Tier::Three];

fn row() -> impl Strategy<Value = ApproverRow> {
    let some = |names: &'static [&'static str]| proptest::sample::subsequence(names, 0..=names.len());
    (
        proptest::sample::subsequence(TIERS.to_vec(), 0..=4),
        some(&["production", "staging"]),
        some(&["U1", "U2", "U3"]),
        some(&["S1", "S2"]),
        0..4_u8,
        proptest::option::of(any::<bool>()),
        any::<bool>(),
    )
        .prop_map(
            |(tiers, environments, users, groups, approvals, requester_may, reason)| ApproverRow {
                tiers,
                environments: environments.into_iter().map(Environment::new).collect(),
                users: users.into_iter().map(str::to_owned).collect(),
                groups: groups.into_iter().map(GroupId::new).collect(),
                approvals,
                requester_may,
                reason,
            },
        )
}

pub(super) fn policy() -> impl Strategy<Value = Policy> {
    proptest::collection::vec(row(), 0..5).prop_map(|rows| Policy {
        rows,
        guards: Guards::default(),
        alone: Alone::default(),
        revision: Revision::new("r"),
    })
}

fn plan() -> impl Strategy<Value = Plan> {
    let place = prop_oneof![4 => Just(Some("production")), 2 => Just(Some("staging")), 1 => Just(None)];
    proptest::collection::vec((0..4_usize, place), 1..4).prop_map(|steps| {
        let made = (1..).zip(steps).map(|(no, (tier, place))| PlannedStep {
            tier: TIERS[tier],
            environment: place.map(Environment::new),
            ..samples::step(no)
        });
        samples::plan(made.collect())
    })
}

fn people() -> Vec<Person> {
    let groups: [&[&str]; 4] = [&[], &["S1"], &["S2"], &["S1", "S2"]];
    (1..=4)
        .zip(groups)
        .map(|(no, groups)| Person {
            id: samples::person(&format!("U{no}")),
            name: format!("p{no}"),
            standing: Standing::Member,
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        })
        .collect()
}

fn vote(person: &Person) -> Vote {
    Vote {
        by: person.id.clone(),
        name: person.name.clone(),
        at: Timestamp::UNIX_EPOCH,
        groups: person.groups.clone(),
        ceremony: Some(Box::new(samples::ceremony())),
        reason: None,
    }
}

/// Whether these people's clicks together let the plan through.
fn through(policy: &Policy, plan: &Plan, behind: &BTreeSet<PersonId>, voters: &[Person]) -> bool {
    let request = Request {
        plan,
        behind,
        glass: None,
    };
    let counting: Vec<Vote> = voters
        .iter()
        .filter(|person| policy.may_vote(person, TEAM, request).is_ok())
        .map(vote)
        .collect();
    let denied = matches!(policy.decide(plan.live_steps()), Decision::Deny { .. });
    !denied && !counting.is_empty() && policy.missing(request, &counting, None) == 0
}

proptest! {
    #[test]
    fn taking_a_row_away_never_lets_more_through(policy in policy(), plan in plan(), out in 0..5_usize, who in 0..16_usize, own in 0..5_usize) {
        prop_assume!(out < policy.rows.len());
        let voters: Vec<Person> =
            people().into_iter().enumerate().filter(|(index, _)| who & (1 << index) != 0).map(|(_, p)| p).collect();
        let behind: BTreeSet<PersonId> = people().get(own).map(|person| person.id.clone()).into_iter().collect();
        let mut fewer = policy.clone();
        fewer.rows.remove(out);
        prop_assert!(!through(&fewer, &plan, &behind, &voters) || through(&policy, &plan, &behind, &voters));
    }

    #[test]
    fn only_members_of_this_workspace_count(policy in policy(), plan in plan(), standing in 0..5_usize) {
        let all = [Standing::Guest, Standing::Bot, Standing::Stranger, Standing::Deactivated, Standing::Unreadable];
        let behind = BTreeSet::new();
        let request = Request { plan: &plan, behind: &behind, glass: None };
        for mut person in people() {
            person.standing = all[standing];
            prop_assert!(policy.may_vote(&person, TEAM, request).is_err());
            person.standing = Standing::Member;
            prop_assert!(policy.may_vote(&person, "T2", request).is_err(), "another workspace");
            prop_assert_eq!(standing_reason(&person, ""), Some(Reason::DirectoryUnreadable), "no workspace is known yet");
        }
    }

    #[test]
    fn who_asked_counts_from_tier_two_only_where_the_row_says_so(policy in policy(), plan in plan()) {
        let high = plan.live_steps().any(|step| step.tier >= Tier::Two);
        let said = policy.rows.iter().any(|row| row.requester_may == Some(true));
        for person in people() {
            let behind = BTreeSet::from([person.id.clone()]);
            let request = Request { plan: &plan, behind: &behind, glass: None };
            prop_assert!(!high || said || policy.may_vote(&person, TEAM, request).is_err());
        }
    }

    #[test]
    fn asking_for_a_reason_never_lets_more_through_and_a_bare_vote_is_none_there(policy in policy(), plan in plan(), who in 0..16_usize) {
        let everybody = people().into_iter().enumerate();
        let voters: Vec<Person> = everybody.filter(|(index, _)| who & (1 << index) != 0).map(|(_, p)| p).collect();
        let behind = BTreeSet::new();
        let request = Request { plan: &plan, behind: &behind, glass: None };
        let bare: Vec<Vote> = voters.iter().map(|person| Vote { ceremony: None, ..vote(person) }).collect();
        let said: Vec<Vote> = bare.iter().map(|vote| Vote { reason: Some("why".to_owned()), ..vote.clone() }).collect();
        let all = |reason: bool| {
            let rows = policy.rows.iter().map(|row| ApproverRow { reason, ..row.clone() });
            Policy { rows: rows.collect(), ..policy.clone() }
        };
        let (asks, plain) = (all(true), all(false));
        prop_assert!(policy.missing(request, &bare, None) >= plain.missing(request, &bare, None));
        prop_assert_eq!(policy.missing(request, &said, None), plain.missing(request, &said, None));
        let named = plan.live_steps().any(|step| step.tier > Tier::Zero);
        prop_assert!(!named || asks.missing(request, &bare, None) > 0, "nobody said why");
        for person in people() {
            let asked = policy.wants_reason(&person, request);
            prop_assert!(!asked || asks.wants_reason(&person, request));
            prop_assert!(!plain.wants_reason(&person, request));
        }
    }

    #[test]
    fn the_decision_is_the_fewest_people_that_can_be_enough(policy in policy(), plan in plan()) {
        let behind = BTreeSet::new();
        let none = policy.missing(Request { plan: &plan, behind: &behind, glass: None }, &[], None);
        match policy.decide(plan.live_steps()) {
            Decision::Allow => prop_assert!(false, "a plan with steps needs somebody"),
            Decision::RequireApproval { approvals } => prop_assert_eq!(approvals, none),
            Decision::Deny { .. } => prop_assert!(none >= 1),
        }
    }
}

#[test]
fn nobody_may_approve_without_rows() {
    let policy = Policy {
        rows: Vec::new(),
        guards: Guards::default(),
        alone: Alone::default(),
        revision: Revision::new("r"),
    };
    let plan = samples::plan(vec![samples::step(1)]);
    assert!(matches!(policy.decide(plan.live_steps()), Decision::Deny { .. }));
    let behind = BTreeSet::new();
    assert!(
        policy
            .may_vote(
                &people()[0],
                TEAM,
                Request {
                    plan: &plan,
                    behind: &behind,
                    glass: None,
                }
            )
            .is_err()
    );
}

#[test]
fn people_of_different_rows_do_not_add_up() {
    let of = |group: &str| ApproverRow {
        tiers: vec![Tier::One],
        environments: vec![Environment::new("production")],
        users: Vec::new(),
        groups: vec![GroupId::new(group)],
        approvals: 2,
        requester_may: None,
        reason: false,
    };
    let policy = Policy {
        rows: vec![of("S1"), of("S2")],
        guards: Guards::default(),
        alone: Alone::default(),
        revision: Revision::new("r"),
    };
    let plan = samples::plan(vec![samples::step(1)]);
    let everyone = people();
    let behind = BTreeSet::new();
    assert!(!through(&policy, &plan, &behind, &everyone[1..3]), "one of each");
    assert!(
        through(
            &policy,
            &plan,
            &behind,
            &[everyone[1].clone(), everyone[3].clone()]
        ),
        "two of the first"
    );
}
